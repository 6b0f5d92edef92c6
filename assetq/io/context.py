"""What I/O managers are told: which asset, which partitions, and whether the attempt may still publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from assetq.definitions import AssetMaterialization, AssetObservation, AssetSpec, MetadataValue
from assetq.definitions.metadata import normalize_metadata
from assetq.errors import UsageError
from assetq.io.partitioned import PartitionedContext

NO_RUN = "__EPHEMERAL_RUN_ID"
"""What run_id is outside of a run, as in Dagster."""
NO_JOB = "__ephemeral_asset_job__"
"""What job_name is in a run: there are no jobs, so it is what Dagster says in `materialize`."""


def always_current() -> None:
    """The guard of an attempt that nobody can overtake."""


class OutputContext(PartitionedContext):
    """For `handle_output`. Mirrors Dagster's `OutputContext`.

    Args:
        step_key: The step that gives the value.
        mapping_key: Always None for assets.
        version: Always None for assets.
        asset_spec: What is known of the asset.
        output_metadata: What the op has recorded with the value.
        is_by_partition: True when the value is a mapping by partition key, even of a single one.
        fence: Number of the attempt; part of temporary names.
        guard: Raises `StaleAttemptError` when the attempt has lost its lease; call it before a value
            becomes visible.
        told: The arguments of `PartitionedContext`.
    """

    noun = "output"

    def __init__(
        self,
        *,
        step_key: str | None = None,
        mapping_key: str | None = None,
        version: str | None = None,
        asset_spec: AssetSpec | None = None,
        output_metadata: Mapping[str, Any] | None = None,
        is_by_partition: bool = False,
        fence: int = 0,
        guard: Callable[[], None] = always_current,
        **told: Any,
    ) -> None:
        super().__init__(**told)
        self.mapping_key = mapping_key
        self.version = version
        self.output_metadata: dict[str, Any] = dict(output_metadata or {})
        self.is_by_partition = is_by_partition
        self.fence = fence
        self.guard = guard
        self.recorded: dict[str, MetadataValue] = {}
        self._step_key, self._asset_spec = step_key, asset_spec
        self._logged: list[AssetMaterialization | AssetObservation] = []
        self._consumed = 0

    @property
    def step_key(self) -> str:
        """The step that gives the value; names its partition too, where it has one."""
        return str(self._told(self._step_key, "step_key"))

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self._run_id

    @property
    def asset_spec(self) -> AssetSpec:
        """What is known of the asset."""
        spec: AssetSpec = self._told(self._asset_spec, "asset_spec")
        return spec

    def get_run_scoped_output_identifier(self) -> Sequence[str]:
        """Run, step and output; another run's output has another one."""
        parts = [self.run_id, self.step_key, self.name]
        return [*parts, self.mapping_key] if self.mapping_key else parts

    def get_identifier(self) -> Sequence[str]:
        """As `get_run_scoped_output_identifier`, unless the output has a version."""
        if self.version is None:
            return self.get_run_scoped_output_identifier()
        if self.mapping_key is not None:
            raise UsageError(f"Output '{self.name}' of step '{self.step_key}' has a mapping_key and a version.")
        return ["versioned_outputs", self.version, self.step_key, self.name]

    def get_output_identifier(self) -> Sequence[str]:
        """The older name of `get_identifier`."""
        return self.get_identifier()

    def get_asset_output_identifier(self) -> Sequence[str]:
        """The older name of `get_asset_identifier`."""
        return self.get_asset_identifier()

    def add_output_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Record metadata with the materialization.

        Raises:
            UsageError: An entry was added before.
        """
        twice = sorted(set(metadata) & set(self.recorded))
        if twice:
            raise UsageError(f"Metadata {twice} is added twice by one I/O manager{self._of()}; add each name once.")
        self.recorded.update(normalize_metadata(metadata))

    def get_logged_metadata(self) -> Mapping[str, MetadataValue]:
        """What was recorded with `add_output_metadata`."""
        return self.recorded

    def consume_logged_metadata(self) -> Mapping[str, MetadataValue]:
        """What was recorded since this was last called."""
        taken, self.recorded = self.recorded, {}
        return taken

    def log_event(self, event: AssetMaterialization | AssetObservation) -> None:
        """Record an event beside the materialization.

        Raises:
            UsageError: It is neither an `AssetMaterialization` nor an `AssetObservation`.
        """
        if not isinstance(event, AssetMaterialization | AssetObservation):
            raise UsageError(
                f"log_event takes an AssetMaterialization or AssetObservation, not {type(event).__name__} ({event!r})."
            )
        self._logged.append(event)

    def get_logged_events(self) -> Sequence[AssetMaterialization | AssetObservation]:
        """Everything that was logged."""
        return list(self._logged)

    def consume_events(self) -> Iterator[AssetMaterialization | AssetObservation]:
        """What was logged in a run and was not consumed yet; nothing outside of a run."""
        if self._job_name is None:
            return
        start, self._consumed = self._consumed, len(self._logged)
        yield from self._logged[start : self._consumed]


class InputContext(PartitionedContext):
    """For `load_input`. Mirrors Dagster's `InputContext`.

    Args:
        metadata: Of the `AssetIn`; the same as `definition_metadata`.
        upstream_output: Context of the output that is read.
        instance: The instance of the run.
        reader: Name of the asset that reads, for messages.
        told: The arguments of `PartitionedContext`.

    Attributes:
        has_told_partition: True once it was asked for the run's own partition.
    """

    noun = "input"

    def __init__(
        self,
        *,
        metadata: Mapping[str, Any] | None = None,
        upstream_output: OutputContext | None = None,
        instance: Any = None,
        reader: str = "",
        **told: Any,
    ) -> None:
        if metadata:
            told["definition_metadata"] = {**(told.get("definition_metadata") or {}), **metadata}
        super().__init__(**told)
        self.upstream_output = upstream_output
        self.reader = reader
        self._instance = instance
        self.has_told_partition = False
        self._recorded: dict[str, MetadataValue] = {}
        self._observations: list[AssetObservation] = []
        self._consumed = 0

    def _run_partition(self) -> str | None:
        self.has_told_partition = True
        return super()._run_partition()

    @property
    def has_input_name(self) -> bool:
        """True when an argument is loaded; false for a value that is loaded outside of a run."""
        return self._name is not None

    @property
    def instance(self) -> Any:
        """The instance of the run."""
        return self._told(self._instance, "instance")

    def get_identifier(self) -> Sequence[str]:
        """The identifier of the output that is read.

        Raises:
            UsageError: It is not known.
        """
        upstream: OutputContext = self._told(self.upstream_output, "upstream_output")
        return upstream.get_identifier()

    def add_input_metadata(self, metadata: Mapping[str, Any], description: str | None = None) -> None:
        """Record metadata with the loading, and an observation of the asset for each partition."""
        added = normalize_metadata(metadata)
        self._recorded.update(added)
        if self._asset_key is None:
            return
        for key in [None] if self.partition_keys is None else self.partition_keys:
            self._observations.append(AssetObservation(self._asset_key, description, added, partition=key))

    def get_observations(self) -> Sequence[AssetObservation]:
        """The observations that `add_input_metadata` made."""
        return list(self._observations)

    def consume_logged_metadata(self) -> Mapping[str, MetadataValue]:
        """What was recorded since this was last called."""
        taken, self._recorded = self._recorded, {}
        return taken

    def consume_events(self) -> Iterator[AssetObservation]:
        """The observations of a run that were not consumed yet; nothing outside of a run."""
        if self._job_name is None:
            return
        start, self._consumed = self._consumed, len(self._observations)
        yield from self._observations[start : self._consumed]
