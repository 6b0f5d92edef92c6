"""Partitions that are added and deleted while time goes on; their keys lie in a store, such as an instance."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from assetq.errors import DefinitionError, InvariantError
from assetq.partitions.context import PartitionsStore, current_context, moment_of
from assetq.partitions.definition import PartitionsDefinition, refuse_bad_key
from assetq.partitions.index_set import IndexSet

PartitionFunction = Callable[[datetime | None], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class AddDynamicPartitionsRequest:
    """Keys to add to dynamic partitions. Mirrors Dagster's `AddDynamicPartitionsRequest`."""

    partitions_def_name: str
    partition_keys: Sequence[str]

    def __post_init__(self) -> None:
        _refuse_bad_keys(self.partition_keys)


@dataclass(frozen=True, slots=True)
class DeleteDynamicPartitionsRequest:
    """Keys to delete from dynamic partitions. Mirrors Dagster's `DeleteDynamicPartitionsRequest`."""

    partitions_def_name: str
    partition_keys: Sequence[str]

    def __post_init__(self) -> None:
        _refuse_no_list(self.partition_keys)


def _refuse_no_list(keys: object) -> None:
    if isinstance(keys, str) or not isinstance(keys, Sequence):
        raise DefinitionError(f"Dynamic partitions are given as a list of keys, not {keys!r}.")


def _refuse_bad_keys(keys: Sequence[str]) -> None:
    _refuse_no_list(keys)
    for key in keys:
        refuse_bad_key(key)


@dataclass(frozen=True, slots=True)
class Slots:
    """Keys in the order of their addition, and the number of each. A number is never given to another key."""

    of: Mapping[str, int]
    keys: Mapping[int, str] = field(init=False, repr=False, compare=False)
    live: IndexSet = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", {slot: key for key, slot in self.of.items()})
        object.__setattr__(self, "live", IndexSet.from_indices(self.of.values()))

    def to_wire(self) -> list[int]:
        """Flat list of half-open runs of slots, in the order of the keys."""
        runs: list[int] = []
        for slot in self.of.values():
            if runs and runs[-1] == slot:
                runs[-1] = slot + 1
            else:
                runs += [slot, slot + 1]
        return runs

    @classmethod
    def from_wire(cls, keys: Sequence[str], runs: Sequence[int]) -> Slots:
        """What `to_wire` wrote."""
        pairs = zip(runs[::2], runs[1::2], strict=True)
        slots = (slot for start, stop in pairs for slot in range(start, stop))
        return cls(dict(zip(keys, slots, strict=True)))


class DynamicPartitionsDefinition(PartitionsDefinition):
    """Partitions that are added and deleted on an instance. Mirrors Dagster's `DynamicPartitionsDefinition`.

    The index of a partition is its slot, which it keeps for ever: where keys were deleted the index space has
    holes. A definition that `bound` gave knows its keys; any other asks the store of the
    `partition_loading_context`.

    Args:
        partition_fn: Older form: a function from the moment to all keys. They are numbered in its order.
        name: Name under which the instance keeps the keys.

    Raises:
        DefinitionError: Neither or both of the arguments are given.
    """

    kind = "dynamic"

    def __init__(
        self, partition_fn: PartitionFunction | None = None, name: str | None = None, *, slots: Slots | None = None
    ) -> None:
        if partition_fn is None and name is None and slots is None:
            raise DefinitionError("DynamicPartitionsDefinition needs a name, under which the instance keeps its keys.")
        if partition_fn is not None and name is not None:
            raise DefinitionError("DynamicPartitionsDefinition takes a name or a partition_fn, not both.")
        self.partition_fn, self.name = partition_fn, name
        self._slots = slots

    def bound(self, store: PartitionsStore | None) -> DynamicPartitionsDefinition:
        store = store or current_context().dynamic_partitions_store
        if self.partition_fn is not None:
            return self._with(_listed(self.partition_fn, None))
        if store is None or self.name is None:
            return self
        return self._with(Slots(dict(store.dynamic_partition_slots(self.name))))

    @property
    def is_bound(self) -> bool:
        """True for a snapshot."""
        return self._slots is not None

    def _with(self, slots: Slots) -> DynamicPartitionsDefinition:
        return DynamicPartitionsDefinition(self.partition_fn, self.name, slots=slots)

    def _known(self, now: datetime | None = None) -> Slots:
        """The slots of the snapshot, else those of this moment."""
        if self._slots is not None:
            return self._slots
        if self.partition_fn is not None:
            return _listed(self.partition_fn, now)
        store = current_context().dynamic_partitions_store
        if store is None or self.name is None:
            raise InvariantError(
                f"The keys of the dynamic partitions '{self.name}' are kept on an instance, and none is given here. "
                "Pass dynamic_partitions_store=instance, or ask inside `with partition_loading_context("
                "dynamic_partitions_store=instance)`."
            )
        return Slots(dict(store.dynamic_partition_slots(self.name)))

    def count(self, now: datetime | None = None) -> int:
        live = self._known(now).live
        return live.last + 1 if live else 0

    def all_indices(self, now: datetime | None = None) -> IndexSet:
        return self._known(now).live

    def _near(self, key: str, known: IndexSet) -> str:
        near = super()._near(key, known)
        if near or self.name is None:
            return near
        return f" To add it: `assetq partitions add {self.name} {key}`, or instance.add_dynamic_partitions."

    def ordered_keys(self, now: datetime | None = None) -> list[str]:
        return list(self._known(now).of)

    def keys_between(self, start: str, end: str) -> list[str]:
        self.index_of(start), self.index_of(end)
        keys = self.ordered_keys()  # one that was added again stands behind, with its old index
        return keys[keys.index(start) : keys.index(end) + 1]

    def indices_between(self, start: str, end: str, now: datetime | None = None) -> IndexSet:
        return IndexSet.from_indices(self.index_of(key) for key in self.keys_between(start, end))

    def key_at(self, index: int) -> str:
        return self._known().keys[index]

    def keys_of(self, indices: IndexSet) -> list[str]:
        keys = self._known().keys
        return [keys[i] for i in indices]

    def find(self, key: str) -> int | None:
        return self._known().of.get(key)

    @property
    def identity(self) -> str:
        return hashlib.sha256(f"{self.kind} {self.name or self._known().to_wire()}".encode()).hexdigest()[:16]

    @property
    def status_identity(self) -> str:
        return f"{self.kind}.{self.identity}"

    def to_dict(self) -> dict[str, Any]:
        known = self._slots or (self._known() if self.partition_fn is not None else None)
        if known is None:
            return {"kind": self.kind, "name": self.name}
        return {"kind": self.kind, "name": self.name, "keys": list(known.of), "slots": known.to_wire()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DynamicPartitionsDefinition:
        slots = Slots.from_wire(data["keys"], data["slots"]) if "keys" in data else None
        return cls(name=data["name"], slots=slots)

    def __eq__(self, other: object) -> bool:
        """Equal by name: two snapshots of the same partitions number a key alike, whenever they were made."""
        if not isinstance(other, DynamicPartitionsDefinition):
            return False
        return self.name == other.name and (self.name is not None or self.to_dict() == other.to_dict())

    def __hash__(self) -> int:
        return hash((self.kind, self.name))

    def build_add_request(self, partition_keys: Sequence[str]) -> AddDynamicPartitionsRequest:
        """What a sensor returns to add keys.

        Raises:
            InvariantError: The partitions have no name.
        """
        return AddDynamicPartitionsRequest(self._named(), partition_keys)

    def build_delete_request(self, partition_keys: Sequence[str]) -> DeleteDynamicPartitionsRequest:
        """What a sensor returns to delete keys.

        Raises:
            InvariantError: The partitions have no name.
        """
        return DeleteDynamicPartitionsRequest(self._named(), partition_keys)

    def _named(self) -> str:
        if self.name is None:
            raise InvariantError("Dynamic partitions of a partition_fn cannot be added or deleted; give them a name.")
        return self.name

    def __str__(self) -> str:
        return f'Dynamic partitions: "{self.name}"' if self.name else "Dynamic partitions of a function"

    def __repr__(self) -> str:
        keys = f", {len(self._slots.of)} keys" if self._slots is not None else ""
        return f"DynamicPartitionsDefinition(name={self.name!r}{keys})"


def _listed(function: PartitionFunction, now: datetime | None) -> Slots:
    keys = [str(getattr(key, "name", key)) for key in function(moment_of(now))]
    return Slots({key: slot for slot, key in enumerate(keys)})
