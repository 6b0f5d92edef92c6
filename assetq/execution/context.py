"""What an op is told about its run, and how it reports back: the execution contexts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import fields
from functools import lru_cache
from typing import Any, Self, TypeVar

from assetq.definitions import AssetCheckSpec, AssetKey, DataProvenance, DataVersion, MetadataValue
from assetq.definitions.metadata import normalize_metadata
from assetq.definitions.op_step import OpStep
from assetq.definitions.signature import type_hints
from assetq.errors import UnknownAssetError, UsageError, suggest
from assetq.execution.partition_context import PartitionContext
from assetq.execution.step_context import RunInfo, StepContext

__all__ = [
    "AssetCheckExecutionContext",
    "AssetExecutionContext",
    "ExecutionContext",
    "OpExecutionContext",
    "RunInfo",
    "context_class",
    "current",
]


ContextT = TypeVar("ContextT", bound="ExecutionContext")


class ExecutionContext(PartitionContext):
    """What the contexts of assets, ops and checks share."""

    __slots__ = ()

    @classmethod
    def get(cls) -> Self:
        """The context of the step that runs now, from anywhere in its code.

        Raises:
            UsageError: No step runs here.
        """
        context = _current.get()
        if context is None:
            raise UsageError(f"No step runs here, so there is no {cls.__name__}.")
        return context.seen_as(cls)

    def seen_as(self, cls: type[ContextT]) -> ContextT:
        """This context as one of another class; what is reported to either is reported to both."""
        if type(self) is cls:
            return self
        return cls(**{each.name: getattr(self, each.name) for each in fields(StepContext)})

    @property
    def op_execution_context(self) -> OpExecutionContext:
        """This context, as ops see it."""
        return self.seen_as(OpExecutionContext)

    def add_output_metadata(
        self, metadata: Mapping[str, Any], output_name: str | None = None, mapping_key: str | None = None
    ) -> None:
        """Record metadata with the materialization; a key that was there is replaced.

        Raises:
            UsageError: There is no such output, or it was given already.
        """
        name = self._output_name(output_name)
        normalize_metadata(metadata)
        if name in self.produced:
            raise UsageError(
                f"'{self.op.name}' has given output '{name}' already; add its metadata before it is yielded."
            )
        known = self.output_metadata.setdefault(name, {})
        if mapping_key is not None and self.is_direct:
            known[mapping_key] = dict(metadata)
        elif known and self.is_direct:
            raise UsageError(f"'{self.op.name}' has added metadata to output '{name}' already; add all of it at once.")
        else:
            known.update(metadata)

    def get_output_metadata(self, output_name: str, mapping_key: str | None = None) -> Mapping[str, Any] | None:
        """What was added to an output; after a direct call, what the call added."""
        found = self.output_metadata.get(output_name)
        if found is None or mapping_key is None:
            return found if found is not None or self.is_direct else {}
        return found.get(mapping_key)

    def metadata_of(self, output_name: str, asset_key: AssetKey) -> dict[str, MetadataValue]:
        """Everything that was added for an output and its asset."""
        own = self.output_metadata.get(output_name, {})
        return normalize_metadata({**own, **self.output_metadata.get(f"asset {asset_key}", {})})

    def set_data_version(self, asset_key: AssetKey, data_version: DataVersion) -> None:
        """Set the data version of an asset that the op makes."""
        self.data_versions[str(asset_key)] = data_version.value

    def get_asset_provenance(self, asset_key: AssetKey) -> DataProvenance | None:
        """From which code and data an asset was last made; of this step's partition where it has one.

        Returns:
            None when it was never made.
        """
        if self.instance is None:
            return None
        partition = self.partition_key if self.has_partition_key and asset_key in self._definition().keys else None
        try:
            latest = self.instance.latest_materialization(asset_key, partition)
        except UnknownAssetError:
            return None
        return None if latest is None else latest.provenance

    def log_event(self, event: Any) -> None:
        """Record an `AssetMaterialization`, `AssetObservation`, `ExpectationResult` or `AssetCheckEvaluation`.

        Raises:
            UsageError: The context was built for direct calls and is in none.
        """
        self._definition()
        if self.log_event_to is not None:
            self.log_event_to(event)
        self.user_events.append(event)

    def has_events(self) -> bool:
        """True when something was logged that `consume_events` has not given."""
        return bool(self.user_events)

    def consume_events(self) -> Iterator[Any]:
        """What was logged since the last call. In a run it is recorded already."""
        found, self.user_events[:] = list(self.user_events), []
        yield from found

    def get_events(self) -> list[Any]:
        """What was logged; after a direct call, what the call logged."""
        return list(self.user_events)

    def has_seen_output(self, output_name: str, mapping_key: str | None = None) -> bool:
        """True when the output was given already."""
        return output_name in self.produced

    def _output_name(self, output_name: str | None) -> str:
        outputs = self.op.outputs
        if output_name is None and len(outputs) == 1:
            return outputs[0].name
        names = [output.name for output in outputs]
        if output_name is None:
            raise UsageError(f"'{self.op.name}' has {len(names)} outputs; give output_name: {', '.join(names)}.")
        found = self.op.output(output_name)
        if found is None:
            raise UsageError(f"'{self.op.name}' has no output '{output_name}'.{suggest(output_name, names)}")
        return found.name


class OpExecutionContext(ExecutionContext):
    """The `context` argument of an op. Mirrors Dagster's `OpExecutionContext`."""

    __slots__ = ()

    @property
    def has_partitions(self) -> bool:
        """True when the step has partitions."""
        return self.given_range is not None or self.partition_range is not None


class AssetExecutionContext(ExecutionContext):
    """The `context` argument of an asset. Mirrors Dagster's `AssetExecutionContext`."""

    __slots__ = ()

    def get_op_execution_context(self) -> OpExecutionContext:
        """This context, as ops see it."""
        return self.op_execution_context

    def add_asset_metadata(
        self, metadata: Mapping[str, Any], asset_key: Any = None, partition_key: str | None = None
    ) -> None:
        """Record metadata with the materialization of an asset, or of all that are materialized.

        Args:
            metadata: It goes before metadata of the output under the same key.
            asset_key: Which asset.
            partition_key: Only for this partition.

        Raises:
            UsageError: The asset or the partition is not materialized now.
        """
        keys = {str(key) for key in self.selected_asset_keys}
        if asset_key is not None:
            keys = {self._materialized(AssetKey.from_coercible(asset_key), keys)}
        if partition_key is not None:
            self._check_partition(partition_key)
        normalize_metadata(metadata)
        for key in keys:
            self._note_metadata(key, metadata, partition_key)

    def _note_metadata(self, key: str, metadata: Mapping[str, Any], partition_key: str | None) -> None:
        name = f"asset {key}"
        if partition_key is None or self.has_partition_key:
            self.output_metadata.setdefault(name, {}).update(metadata)
        else:  # one record tells of all partitions of the step; it keeps those of each under its key
            self.partition_metadata.setdefault(key, {}).setdefault(partition_key, {}).update(metadata)

    def _materialized(self, key: AssetKey, keys: set[str]) -> str:
        if str(key) not in keys:
            raise UsageError(f"Asset '{key}' is not materialized by this step.{suggest(str(key), keys)}")
        return str(key)

    def _check_partition(self, partition_key: str) -> None:
        if self.partitions_def is None:
            raise UsageError(f"The asset is not partitioned; leave partition_key '{partition_key}' out.")
        if partition_key not in self.partition_keys:
            raise UsageError(f"Partition '{partition_key}' is not materialized by this step.")


class AssetCheckExecutionContext(ExecutionContext):
    """The `context` argument of a check. Mirrors Dagster's `AssetCheckExecutionContext`."""

    __slots__ = ()

    @property
    def check_specs(self) -> Sequence[AssetCheckSpec]:
        """The checks that the op evaluates."""
        return list(self._definition().check_specs)


_current: ContextVar[ExecutionContext | None] = ContextVar("assetq_context", default=None)


def running_context() -> ExecutionContext | None:
    """The context of the step that this thread executes; None outside of one."""
    return _current.get()


@contextlib.contextmanager
def current(context: ExecutionContext) -> Iterator[None]:
    """Make a context the one that `get` finds for as long as the block lasts."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def context_class(definition: Any) -> type[ExecutionContext]:
    """The class that the op's context argument asks for; by default that of assets, or of checks."""
    asked = _asked_for(definition.op.fn, definition.op.context_param)
    if asked is not None:
        return asked
    if isinstance(definition, OpStep):
        return OpExecutionContext
    return AssetExecutionContext if definition.keys else AssetCheckExecutionContext


@lru_cache(maxsize=4096)
def _asked_for(fn: Callable[..., Any], param: str | None) -> type[ExecutionContext] | None:
    asked = type_hints(fn).get(param) if param else None
    return asked if isinstance(asked, type) and issubclass(asked, ExecutionContext) else None
