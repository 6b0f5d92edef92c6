"""Dynamic partitions: keys that an instance holds, added and deleted while the program runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assetq.errors import UsageError
from assetq.partitions.definition import FORBIDDEN_IN_KEYS


class DynamicPartitionsHolder(ABC):
    """Mixed into `Instance`: the keys of dynamic partitions. Mirrors the methods of Dagster's instance."""

    @abstractmethod
    def add_dynamic_partitions(self, partitions_def_name: str, partition_keys: Sequence[str]) -> None:
        """Add keys, in their order, behind those that exist; what exists already stays where it is.

        Raises:
            UsageError: A key is no string, is empty, or holds "..." or NUL; nothing was added.
        """

    @abstractmethod
    def delete_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> None:
        """Delete a key; nothing happens when there is none. What was recorded of it comes back with it."""

    @abstractmethod
    def dynamic_partition_slots(self, partitions_def_name: str) -> Mapping[str, int]:
        """Keys that exist now, in the order of their addition, each with a number that it keeps for ever."""

    def get_dynamic_partitions(self, partitions_def_name: str) -> Sequence[str]:
        """Keys in the order of their addition; empty when none were added."""
        return list(self.dynamic_partition_slots(partitions_def_name))

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        """Whether a key exists."""
        return partition_key in self.dynamic_partition_slots(partitions_def_name)


def checked_keys(name: str, keys: Iterable[str]) -> list[str]:
    """Keys to add, each once.

    Raises:
        UsageError: The name or a key cannot be one.
    """
    if not isinstance(name, str) or not name:
        raise UsageError(f"Dynamic partitions need a name that is text, not {name!r}.")
    if isinstance(keys, str):
        raise UsageError(f"Dynamic partitions '{name}': give a list of keys, not the one string {keys!r}.")
    found = list(dict.fromkeys(keys))
    for key in found:
        if not isinstance(key, str) or not key or any(part in key for part in FORBIDDEN_IN_KEYS):
            raise UsageError(
                f"Dynamic partitions '{name}': bad key {key!r}; keys are non-empty strings without '...' and NUL."
            )
    return found


@dataclass(slots=True)
class DynamicKeys:
    """The keys of one name, in memory."""

    now: dict[str, int] = field(default_factory=dict)
    ever: dict[str, int] = field(default_factory=dict)

    def add(self, keys: Iterable[str]) -> None:
        """Add what is not there."""
        for key in keys:
            slot = self.ever.setdefault(key, len(self.ever))
            self.now.setdefault(key, slot)


def pages(keys: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The keys in pieces of at most `size`."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
