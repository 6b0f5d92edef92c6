"""What a check of a value's type is given, says, and raises."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from assetq.definitions.metadata import MetadataValue, normalize_metadata
from assetq.errors import AssetqError, DefinitionError, InvariantError, UserCodeError

if TYPE_CHECKING:
    from assetq.definitions.dagster_type import DagsterType


@dataclass(frozen=True, slots=True, init=False)
class TypeCheck:
    """Whether a value is of a type, and what was found. Mirrors Dagster's `TypeCheck`.

    Args:
        success: True when the value is of the type.
        description: What was found.
        metadata: Recorded with the check.

    Raises:
        DefinitionError: An argument has the wrong type.
    """

    success: bool
    description: str | None
    metadata: Mapping[str, MetadataValue]

    def __init__(
        self, success: bool, description: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> None:
        if not isinstance(success, bool):
            raise DefinitionError(f"TypeCheck: success must be True or False, not {success!r}.")
        if description is not None and not isinstance(description, str):
            raise DefinitionError(f"TypeCheck: description must be text, not {description!r}.")
        object.__setattr__(self, "success", success)
        object.__setattr__(self, "description", description)
        object.__setattr__(self, "metadata", normalize_metadata(metadata))


PASSED = TypeCheck(True)
FAILED = TypeCheck(False)


class ScopedResources:
    """Those resources, as attributes, that a type declares.

    Args:
        source: All resources: a mapping, or an object that has them as attributes.
        keys: Keys that may be asked for.
    """

    __slots__ = ("_keys", "_source")

    def __init__(self, source: Any, keys: Iterable[str]) -> None:
        self._source = source
        self._keys = frozenset(keys)

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__") or key in self.__slots__:  # asked for by copies, before there are slots
            raise AttributeError(key)
        if key not in self._keys:
            raise AttributeError(
                f"Resource '{key}' is not declared here; add it to required_resource_keys of the type or its loader."
            )
        return self._source[key] if isinstance(self._source, Mapping) else getattr(self._source, key)


@dataclass(frozen=True, slots=True)
class TypeCheckContext:
    """The first argument of a type check function. Mirrors Dagster's `TypeCheckContext`.

    Attributes:
        run_id: Id of the run; "" outside of one.
        log: Logger of the step.
        resources: Resources as attributes.
    """

    run_id: str = ""
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("assetq.step"))
    resources: Any = field(default_factory=dict)

    def scoped_to(self, keys: Iterable[str]) -> TypeCheckContext:
        """The same with only these resources."""
        return replace(self, resources=ScopedResources(self.resources, keys))


class TypeCheckError(AssetqError):
    """A value is not of the type that was declared for it. Dagster: `DagsterTypeCheckDidNotPass`.

    Attributes:
        description: The message.
        metadata: Metadata of the failed check.
        dagster_type: The declared type.
        check: What the check found.
    """

    def __init__(
        self,
        description: str,
        *,
        metadata: Mapping[str, MetadataValue] | None = None,
        dagster_type: DagsterType | None = None,
        check: TypeCheck = FAILED,
    ) -> None:
        super().__init__(description)
        self.check = check
        self.description = description
        self.metadata = dict(metadata or {})
        self.dagster_type = dagster_type

    @classmethod
    def of(cls, dagster_type: DagsterType, value: object, check: TypeCheck, where: str) -> TypeCheckError:
        """The error for a failed check.

        Args:
            dagster_type: The declared type.
            value: The value that was checked.
            check: What was found.
            where: Which value it is, as in "output 'result' of op 'orders'".
        """
        found = f": {check.description.rstrip('.')}" if check.description else ""
        message = (
            f"{where[:1].upper()}{where[1:]} is declared as {dagster_type.display_name}, but a value of type "
            f"{type(value).__name__} did not pass its check{found}. Correct the value or the declared type."
        )
        return cls(message, metadata=check.metadata, dagster_type=dagster_type, check=check)


class TypeCheckFunctionError(UserCodeError, InvariantError):
    """A type check function raised, or returned something else than a bool or `TypeCheck`.

    What it raised is the `__cause__`.
    """
