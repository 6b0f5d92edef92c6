"""What input and output contexts share: the name, the asset, its partitions, its type, and whom to ask."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from assetq.definitions import AssetKey
from assetq.definitions.type_resolution import resolve_dagster_type
from assetq.errors import UsageError

DEFAULT_LOG = logging.getLogger("assetq.io")


class _Untold:
    def __repr__(self) -> str:
        return "<not told>"


UNTOLD: Any = _Untold()


class PartitionedContext:
    """Base of `InputContext` and `OutputContext`.

    Args:
        name: Of the input or output.
        asset_key: The asset that is stored or loaded.
        run_id: The run.
        partition_keys: Partitions of the asset that are meant; None for an asset without partitions.
        partition_key: The run's one partition; by default the one in `partition_keys`, if it is one.
        partitions_def: How the asset is partitioned.
        definition_metadata: Of the output's asset, or of the `AssetIn`.
        annotation: The declared Python type, None when there is none.
        dagster_type: The declared type; by default what `annotation` stands for.
        config: Config of the input or output.
        resource_config: Config of the I/O manager.
        resources: As attributes, or as a mapping.
        storage: Where I/O managers without a place of their own put things.
        log: A logger.
        op_def: The op that gives or reads the value.
        job_name: The job.
    """

    noun = "value"

    def __init__(
        self,
        *,
        name: str | None = None,
        asset_key: AssetKey | None = None,
        run_id: str = "",
        partition_keys: Sequence[str] | None = None,
        partition_key: str | None = UNTOLD,
        partitions_def: Any = None,
        definition_metadata: Mapping[str, Any] | None = None,
        annotation: Any = UNTOLD,
        dagster_type: Any = None,
        config: Any = None,
        resource_config: Mapping[str, Any] | None = None,
        resources: Any = None,
        storage: str | None = None,
        log: Any = DEFAULT_LOG,
        op_def: Any = None,
        job_name: str | None = None,
    ) -> None:
        self.partition_keys = partition_keys
        self.definition_metadata: Mapping[str, Any] = dict(definition_metadata or {})
        self.config = config
        self.resource_config = resource_config
        self.resources = resources
        self.storage = storage
        self.log = log
        self._name, self._asset_key, self._run_id = name, asset_key, run_id
        self._partition_key = partition_key
        self._partitions_def = partitions_def
        self._annotation, self._dagster_type = annotation, dagster_type
        self._op_def, self._job_name = op_def, job_name

    def _told(self, value: Any, what: str) -> Any:
        """A value that the context was made with.

        Raises:
            UsageError: It was made without.
        """
        if value is None:
            raise UsageError(
                f"This {type(self).__name__} has no {what}: it was not given when the context was built. In a test, "
                f"pass {what} to build_{self.noun}_context; in a run, ask for something that this {self.noun} has."
            )
        return value

    @property
    def name(self) -> str:
        """Name of the input or output."""
        return str(self._told(self._name, "name"))

    @property
    def job_name(self) -> str:
        """Name of the job."""
        return str(self._told(self._job_name, "job_name"))

    @property
    def op_def(self) -> Any:
        """The op that gives or reads the value."""
        return self._told(self._op_def, "op_def")

    @property
    def step_context(self) -> Any:
        """Not there.

        Raises:
            UsageError: Always; what it would tell is on this context.
        """
        raise UsageError("assetq has no step_context. Ask the context itself: run_id, log, resources, partition_key.")

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The older name of `definition_metadata`."""
        return self.definition_metadata

    @property
    def annotation(self) -> Any:
        """The declared Python type, or None."""
        if self._annotation is not UNTOLD:
            return self._annotation
        return getattr(self._dagster_type, "typing_type", None)

    @property
    def dagster_type(self) -> Any:
        """The declared type; one that takes anything when none was declared."""
        if self._dagster_type is None and self._annotation is not UNTOLD:
            self._dagster_type = resolve_dagster_type(self._annotation)
        return self._told(self._dagster_type, "dagster_type")

    @property
    def has_asset_key(self) -> bool:
        """True when the value belongs to an asset."""
        return self._asset_key is not None

    @property
    def asset_key(self) -> AssetKey:
        """The asset."""
        key: AssetKey = self._told(self._asset_key, "asset_key")
        return key

    @property
    def has_partition_key(self) -> bool:
        """True when the run is about exactly one partition."""
        return self._run_partition() is not None

    @property
    def partition_key(self) -> str:
        """The run's one partition; an input may well be read from others, see `asset_partition_keys`.

        Raises:
            UsageError: There is none, or there are several.
        """
        key = self._run_partition()
        if key is None:
            raise UsageError(f"There is not one partition that this run is about{self._of()}; see has_partition_key.")
        return key

    def _run_partition(self) -> str | None:
        if self._partition_key is not UNTOLD:
            return self._partition_key
        return self.partition_keys[0] if self.has_one_partition and self.partition_keys else None

    @property
    def has_one_partition(self) -> bool:
        """True when exactly one partition of the asset is meant."""
        return self.partition_keys is not None and len(self.partition_keys) == 1

    @property
    def has_asset_partitions(self) -> bool:
        """True when the asset is partitioned."""
        return self.partition_keys is not None

    @property
    def asset_partition_keys(self) -> Sequence[str]:
        """Keys of the asset's partitions that are meant.

        Raises:
            UsageError: The asset has no partitions.
        """
        if self.partition_keys is None:
            raise UsageError(f"The {self.noun} has no partitions{self._of()}; see has_asset_partitions.")
        return list(self.partition_keys)

    @property
    def asset_partition_key(self) -> str:
        """The one partition's key.

        Raises:
            UsageError: There is none, or there are several.
        """
        keys = self.asset_partition_keys
        if len(keys) != 1:
            raise UsageError(f"The {self.noun} has {len(keys)} partitions{self._of()}, not one: see its keys.")
        return keys[0]

    @property
    def asset_partition_key_range(self) -> Any:
        """First and last of the partitions.

        Raises:
            UsageError: There are none.
        """
        keys = self.asset_partition_keys
        if not keys:
            raise UsageError(f"The {self.noun} has no partition{self._of()}, so there is no range of them.")
        return _partitions().PartitionKeyRange(keys[0], keys[-1])

    @property
    def asset_partitions_def(self) -> Any:
        """How the asset is partitioned.

        Raises:
            UsageError: It is not, or the context was not told.
        """
        if self._partitions_def is None:
            raise UsageError(f"The {self.noun} has no partitions definition{self._of()}.")
        return self._partitions_def

    @property
    def asset_partitions_time_window(self) -> Any:
        """From the start of the first partition to the end of the last.

        Raises:
            UsageError: The asset is not partitioned by time.
        """
        span, grid = self.asset_partition_key_range, self._partitions_def
        if not hasattr(grid, "window_at"):
            raise UsageError(f"The {self.noun} is not partitioned by time{self._of()}, so it has no time window.")
        first, last = grid.index_of(span.start), grid.index_of(span.end)
        return _partitions().TimeWindow(grid.window_at(first).start, grid.window_at(last).end)

    def get_asset_identifier(self) -> Sequence[str]:
        """Parts of the asset key, and the partition key if there is one."""
        parts = list(self.asset_key.path)
        return [*parts, self.asset_partition_key] if self.has_asset_partitions else parts

    def _of(self) -> str:
        return "" if self._asset_key is None else f" (asset '{self._asset_key}')"


def _partitions() -> Any:
    return import_module("assetq.partitions")  # a neighbour in the layers, so not imported by this one
