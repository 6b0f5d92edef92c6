"""What every execution context knows: its run, its op and assets, its resources."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assetq.definitions import AssetCheckKey, AssetKey, AssetsDefinition, Op, OpOutput
from assetq.errors import UsageError, suggest
from assetq.partitions import IndexSet, PartitionKeyRange, PartitionsDefinition

if TYPE_CHECKING:
    from pdb import Pdb

    from assetq.execution.instance import Instance
    from assetq.execution.step_reach import StepReach

JOB_NAME = "__ephemeral_asset_job__"


@dataclass(frozen=True, slots=True)
class RunInfo:
    """The run that a step belongs to."""

    run_id: str
    tags: Mapping[str, str] = field(default_factory=dict)
    run_config: Mapping[str, Any] = field(default_factory=dict)
    job_name: str = JOB_NAME
    is_finished: bool = False
    parent_run_id: str | None = None
    root_run_id: str | None = None


@dataclass(frozen=True, slots=True)
class NodeHandle:
    """Names an op in its run, and the graph that it is in. Mirrors Dagster's `NodeHandle`."""

    name: str
    parent: NodeHandle | None = None

    def __str__(self) -> str:
        return self.name if self.parent is None else f"{self.parent}.{self.name}"


@dataclass(slots=True)
class StepContext:
    """Base of all execution contexts.

    Attributes:
        run: The run; of a context that was built for a direct call, a stand-in.
        definition: The op with its assets; None while a built context is in no call.
        partitions_def, partition_range: The partitions of the step, as a half-open range of indices.
        made_before: Of these partitions those that earlier attempts made.
        failed_partitions: Key -> why it failed, as `partition` and `fail_partition` have noted it.
        given_range: Instead of them the keys that a built context was given.
        selected: Keys of the assets to materialize, as text.
        selected_checks: Keys of the checks to evaluate, as text.
        resources: Resources as attributes.
        op_config: Config of the op.
        attempt: Number of the try, from 1.
        log: Logger whose lines become events of the run.
        instance: The instance of the run.
        output_metadata: Output name, or "asset" and an asset key -> metadata.
        partition_metadata: Asset key as text -> partition key -> metadata, where a step has several partitions.
        data_versions: Asset key as text -> data version that the op has set.
        produced: Names of the outputs that were given already.
        log_event_to: Records events at once; None for a built context.
        user_events: What was logged.
        reach: What the step can look up; None for a built context.
        is_direct: True for a context that was built for direct calls.
        lifetime: Closes what a built context has opened.
        mapping_key: What a built context was given.
        typed_stream_error: Why the op must return or yield results, if it must.
    """

    run: RunInfo
    definition: AssetsDefinition | None = None
    partitions_def: PartitionsDefinition | None = None
    partition_range: tuple[int, int] | None = None
    made_before: IndexSet = field(default_factory=IndexSet)
    failed_partitions: dict[str, BaseException] = field(default_factory=dict)
    given_range: PartitionKeyRange | None = None
    selected: tuple[str, ...] = ()
    selected_checks: tuple[str, ...] = ()
    resources: Any = None
    op_config: Any = None
    attempt: int = 1
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("assetq.step"))
    instance: Instance | None = None
    output_metadata: dict[str, dict[str, Any]] = field(default_factory=dict)
    partition_metadata: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    data_versions: dict[str, str] = field(default_factory=dict)
    produced: set[str] = field(default_factory=set)
    log_event_to: Callable[[Any], None] | None = None
    user_events: list[Any] = field(default_factory=list)
    reach: StepReach | None = None
    is_direct: bool = False
    lifetime: Any = None
    mapping_key: str | None = None
    typed_stream_error: str | None = None

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.run.run_id

    @property
    def dagster_run(self) -> RunInfo:
        """The run."""
        return self.run

    @property
    def run_config(self) -> Mapping[str, Any]:
        """Config of the run."""
        return self.run.run_config

    @property
    def run_tags(self) -> Mapping[str, str]:
        """Tags of the run."""
        return self.run.tags

    @property
    def job_name(self) -> str:
        """Name of the job; the same for all runs that were not started from a job."""
        return self.run.job_name

    def has_tag(self, key: str) -> bool:
        """True when the run has the tag."""
        return key in self.run.tags

    def get_tag(self, key: str) -> str | None:
        """Value of a tag of the run."""
        return self.run.tags.get(key)

    @property
    def retry_number(self) -> int:
        """How often the step was tried before; 0 at first."""
        return self.attempt - 1

    @property
    def assets_def(self) -> AssetsDefinition:
        """The op with its assets.

        Raises:
            UsageError: The context was built for direct calls and is in none.
        """
        return self._definition().whole

    @property
    def has_assets_def(self) -> bool:
        """True when the op makes assets."""
        return bool(self._definition().whole.keys)

    @property
    def op(self) -> Op:
        """The computation."""
        return self._definition().public_op

    @property
    def op_def(self) -> Op:
        """The computation."""
        return self.op

    @property
    def op_handle(self) -> NodeHandle:
        """Name of the op in its run."""
        path = getattr(self._definition(), "path", ()) or (self.op.name,)
        handle = NodeHandle(path[0])
        for name in path[1:]:
            handle = NodeHandle(name, handle)
        return handle

    @property
    def node_handle(self) -> NodeHandle:
        """Name of the op in its run."""
        return self.op_handle

    def describe_op(self) -> str:
        """The op, for messages."""
        return f'op "{self.op.name}"'

    @property
    def asset_key(self) -> AssetKey:
        """Key of the one asset that is materialized now.

        Raises:
            UsageError: There are several, or none.
        """
        self._definition()
        keys = self.selected_asset_keys
        if len(keys) != 1:
            raise UsageError(f"'{self.op.name}' makes {len(keys)} assets here, not one; see selected_asset_keys.")
        return next(iter(keys))

    @property
    def selected_asset_keys(self) -> set[AssetKey]:
        """Assets of the op that are materialized now."""
        self._definition()
        return {AssetKey.from_user_string(key) for key in self.selected}

    @property
    def selected_asset_check_keys(self) -> set[AssetCheckKey]:
        """Checks that the op evaluates now."""
        definition = self._definition()
        own = [key for key in definition.check_keys if str(key.asset_key) in self.selected]
        return {*own, *(AssetCheckKey.from_user_string(key) for key in self.selected_checks)}

    @property
    def selected_output_names(self) -> set[str]:
        """Names of the outputs that are given now, checks included."""
        checks = {f"{key.asset_key.to_python_identifier()}_{key.name}" for key in self.selected_asset_check_keys}
        return {output.name for output in self.op.outputs if self._is_wanted(output)} | checks

    def _is_wanted(self, output: OpOutput) -> bool:
        part = self.reach.task.plan_node.part if self.reach is not None else None
        return str(output.key) in self.selected if part is None else output.name in part.outputs

    @property
    def is_subset(self) -> bool:
        """True when not all assets of the op are materialized."""
        return self.selected_asset_keys != self._definition().whole.keys

    def asset_key_for_output(self, output_name: str = "result") -> AssetKey:
        """Asset that an output becomes.

        Raises:
            UsageError: There is no such output.
        """
        found = self.op.output(output_name)
        if found is None:
            names = [output.name for output in self.op.outputs]
            raise UsageError(f"'{self.op.name}' has no output '{output_name}'.{suggest(output_name, names)}")
        return found.key

    def output_for_asset_key(self, asset_key: AssetKey) -> str:
        """Name of the output that becomes an asset.

        Raises:
            UsageError: The op does not make it.
        """
        found = self.op.output_for(asset_key)
        if found is None:
            raise UsageError(f"'{self.op.name}' does not make asset '{asset_key}'.")
        return found.name

    def asset_key_for_input(self, input_name: str) -> AssetKey:
        """Asset that an argument is loaded from, or that a dep names.

        Raises:
            UsageError: There is no such argument.
        """
        definition = self._definition()
        keys = {dep.asset_key.to_python_identifier(): dep.asset_key for dep in definition.deps}
        keys.update({op_input.name: op_input.key for op_input in definition.op.inputs})
        if input_name not in keys:
            raise UsageError(f"'{self.op.name}' has no input '{input_name}'.{suggest(input_name, keys)}")
        return keys[input_name]

    def load_asset_value(self, asset_key: Any, *, python_type: Any = None, partition_key: str | None = None) -> Any:
        """The stored value of any asset of the definitions, loaded by its I/O manager.

        Raises:
            UsageError: The context belongs to no step, or its partition is not said.
            UnknownAssetError: There is no such asset.
        """
        return self._reach().load_asset_value(asset_key, python_type, partition_key)

    @property
    def pdb(self) -> Pdb:
        """A debugger: `context.pdb.set_trace()`. Only where the process has a terminal."""
        from pdb import Pdb  # brings the module `code`, a name that users' files have

        return Pdb()

    @property
    def step_launcher(self) -> None:
        """Always None."""
        return None

    @property
    def job_def(self) -> Any:
        """Not there: a step knows its plan, not a job."""
        raise UsageError("A context has no job_def; see context.job_name, context.run and context.assets_def.")

    @property
    def repository_def(self) -> Any:
        """Not there: a step knows its own definitions."""
        raise UsageError("A context has no repository_def; use context.load_asset_value or context.assets_def.")

    def get_step_execution_context(self) -> Any:
        """Not there: what it offers is on the context itself."""
        raise UsageError("There is no step execution context; what it offers is on the context itself.")

    def get_mapping_key(self) -> str | None:
        """The value of a dynamic output for which the op is called; of a built context what it was given."""
        return self.mapping_key

    @property
    def requires_typed_event_stream(self) -> bool:
        """True when the op must return or yield `MaterializeResult` and the like for all that it makes."""
        return self.typed_stream_error is not None

    @property
    def typed_event_stream_error_message(self) -> str | None:
        """What is said when it does not."""
        return self.typed_stream_error

    def set_requires_typed_event_stream(self, *, error_message: str | None = None) -> None:
        """Demand that the op returns or yields `MaterializeResult` and the like for all that it makes."""
        self.typed_stream_error = error_message or ""

    def _definition(self) -> AssetsDefinition:
        if self.definition is None:
            raise UsageError("A context that was built for direct calls belongs to an asset only during a call.")
        return self.definition

    def _reach(self) -> StepReach:
        if self.reach is None:
            raise UsageError("A context that was built for direct calls cannot look up other assets.")
        return self.reach

    def __enter__(self) -> Any:
        if self.lifetime is not None:
            self.lifetime.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        if self.lifetime is not None:
            self.lifetime.__exit__(*exc)
