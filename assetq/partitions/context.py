"""The moment and the store for which partitions are asked, where a caller cannot pass them on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class PartitionsStore(Protocol):
    """Where the keys of dynamic partitions are kept: an instance."""

    def dynamic_partition_slots(self, partitions_def_name: str) -> Mapping[str, int]:
        """Keys that exist now, in the order of their addition, each with a number that it keeps for ever."""


@dataclass(frozen=True, slots=True)
class PartitionLoadingContext:
    """What holds inside a `partition_loading_context`.

    Attributes:
        effective_dt: The moment that is taken for now; None for the clock's.
        dynamic_partitions_store: Where keys of dynamic partitions come from.
    """

    effective_dt: datetime | None = None
    dynamic_partitions_store: PartitionsStore | None = None


_CURRENT: ContextVar[PartitionLoadingContext] = ContextVar("partition_loading_context")
_NONE = PartitionLoadingContext()


@contextmanager
def partition_loading_context(
    effective_dt: datetime | None = None,
    dynamic_partitions_store: PartitionsStore | None = None,
    *,
    new_ctx: PartitionLoadingContext | None = None,
) -> Iterator[PartitionLoadingContext]:
    """Inside, partitions are those of one moment and one store. Mirrors Dagster's `partition_loading_context`.

    Args:
        effective_dt: The moment; by default that of the context around, else the clock's.
        dynamic_partitions_store: An instance; by default that of the context around.
        new_ctx: Both at once.
    """
    outer = current_context()
    inner = new_ctx or PartitionLoadingContext(
        effective_dt or outer.effective_dt, dynamic_partitions_store or outer.dynamic_partitions_store
    )
    token = _CURRENT.set(inner)
    try:
        yield inner
    finally:
        _CURRENT.reset(token)


def current_context() -> PartitionLoadingContext:
    """The innermost context."""
    return _CURRENT.get(_NONE)


def moment_of(now: datetime | None) -> datetime:
    """A given moment, else the context's, else the clock's."""
    return now or current_context().effective_dt or datetime.now(UTC)
