"""How metadata values are stored: each kind has a name and a plain form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cache
from typing import Any, ClassVar, TypeVar

from assetq.definitions.metadata_json import Place, with_odd_numbers, without_odd_numbers
from assetq.errors import DefinitionError, StorageError

V = TypeVar("V", bound="MetadataKind")

PLAIN = (str, int, float, bool, type(None))
KINDS: dict[str, type[MetadataKind]] = {}


class MetadataKind(ABC):
    """A kind of metadata value, a frozen dataclass.

    Attributes:
        kind: Names the class in what is stored; it never changes.
    """

    __slots__ = ()
    kind: ClassVar[str]

    def __init_subclass__(cls) -> None:
        if "kind" in cls.__dict__:
            KINDS[cls.kind] = cls

    @property
    @abstractmethod
    def value(self) -> Any:
        """The plain value, or the object itself when it has several parts."""

    def to_json(self) -> dict[str, Any]:
        """`{"type", "value"}`; numbers that the wire cannot hold become text, "numbers" says where in the value."""
        places: list[Place] = []
        document = {"type": self.kind, **self._stored()}
        document["value"] = without_odd_numbers(document["value"], places)
        nested = [list(place) for place in places if place]  # a number alone is known by its kind
        return {**document, "numbers": nested} if nested else document

    def _stored(self) -> dict[str, Any]:
        """The only field, or all by name."""
        names = _names_of(type(self))
        if len(names) == 1 and isinstance(value := getattr(self, names[0]), PLAIN):
            return {"value": value}
        parts = asdict(self)  # type: ignore[call-overload]  # every kind is a dataclass
        return {"value": parts if len(parts) > 1 else next(iter(parts.values()), None)}

    @classmethod
    def _restored(cls: type[V], stored: Mapping[str, Any]) -> V:
        names = _names_of(cls)
        if len(names) > 1:
            return cls(**stored["value"])
        return cls(stored["value"]) if names else cls()  # type: ignore[call-arg]


@cache
def _names_of(kind: type[MetadataKind]) -> tuple[str, ...]:
    return tuple(part.name for part in fields(kind))  # type: ignore[arg-type]  # every kind is a dataclass


def kind_from_json(data: Mapping[str, Any]) -> MetadataKind:
    """The value that `to_json` wrote.

    Raises:
        StorageError: Nothing was ever written so.
    """
    kind = KINDS.get(data.get("type", ""))
    if kind is None:
        raise StorageError(f"Stored metadata has the unknown type {data.get('type')!r}; read it with a newer assetq.")
    try:
        return kind._restored({**data, "value": with_odd_numbers(data["value"], data.get("numbers", []))})
    except (DefinitionError, LookupError, TypeError, ValueError) as error:
        raise StorageError(
            f"Stored metadata of type {kind.kind!r} cannot be read: {error!r}; materialize the asset again."
        ) from error
