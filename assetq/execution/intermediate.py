"""Loads what other ops of a graph gave: from this run, or from the run that it retries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from assetq.definitions import AssetsDefinition, OpInput, OpOutput
from assetq.definitions.op_source import AssetValue, ConfiguredInput, GivenValue, Several, Source, StepOutput
from assetq.errors import ConfigError, StorageError
from assetq.execution.dynamic_output import read_keys
from assetq.execution.op_section import op_section
from assetq.execution.placing import is_stored_as_asset, runs_folder
from assetq.io import InputContext, OutputContext
from assetq.partitions import IndexSet
from assetq.planning import Plan, PlanNode

if TYPE_CHECKING:
    from assetq.execution.session import ExecutionSession
    from assetq.execution.task import StepTask


class InputOmitted(Exception):
    """An argument comes from an optional output that was not given: the step is skipped."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The run in which an op ran whose output is read, and which of its steps."""

    run_id: str
    plan: Plan
    node: PlanNode
    step: int

    @property
    def step_key(self) -> str:
        """The step as people name it."""
        return self.plan.step_key(self.node.index, self.step)

    @property
    def is_fan(self) -> bool:
        """True when each value of the op is a step of its own."""
        return self.node.fan is not None

    def for_key(self, mapping_key: str) -> Origin | None:
        """The step of a mapping key; None where that step is in no plan of the run."""
        if self.node.fan is None:
            return self
        step = self.node.fan.find(mapping_key)
        return None if step is None or step not in self.node.steps else replace(self, step=step)


def origins_of(session: ExecutionSession, task: StepTask, step: str) -> Iterator[Origin]:
    """Where an op ran: in this run, and in those that it retries, the nearest first.

    Raises:
        StorageError: In none of them, or in no further one.
    """
    run_id, plan = task.run_id, task.plan
    start = (task.partition_range or (0, 1))[0]
    while True:
        node = next((n for n in plan.nodes if n.name == step and start in n.partitions), None)
        if node is not None:
            yield Origin(run_id, plan, node, node.step_of(start))
        parent = None if session.instance is None else session.instance.get_run(run_id).parent_run_id
        if parent is None or session.instance is None:
            raise StorageError(
                f"'{task.plan_node.name}' reads what '{step}' gives, which ran neither in this run nor in one that it "
                "retries. Run the whole graph."
            )
        run_id, plan = parent, session.instance.get_plan(parent)


@dataclass(frozen=True, slots=True)
class SourceLoader:
    """Loads the arguments of one step that do not come from assets."""

    session: ExecutionSession
    task: StepTask
    definition: AssetsDefinition
    mapping_key: str | None = None

    def load(self, op_input: OpInput) -> Any:
        """The value of an argument.

        Raises:
            InputOmitted: It comes from an optional output that was not given.
            ConfigError: It is to come from run config, which does not have it.
        """
        return self._value(op_input, op_input.source)

    def _value(self, op_input: OpInput, source: Source | None) -> Any:
        if isinstance(source, GivenValue):
            return source.value
        if isinstance(source, ConfiguredInput):
            return configured_input(self.definition, op_input, source, self.task.run_config)
        if isinstance(source, Several):
            return self._several(op_input, source)
        if isinstance(source, StepOutput):
            return self._output(op_input, source)
        assert isinstance(source, AssetValue)
        from assetq.execution.load import load_value

        return load_value(self.session, source.key)

    def place(self, source: StepOutput) -> tuple[str, str, str, str | None]:
        """Where the value of a single output lies: run, step, output, mapping key."""
        key = self.mapping_key if source.is_mapped else None
        _, origin = self._found(source, key)
        return origin.run_id, origin.step_key, source.output, key

    def load_by_key(self, op_input: OpInput, source: StepOutput) -> dict[str, Any]:
        """Mapping key -> value, of a dynamic output or of what was mapped over one."""
        output, origin = self._found(source)
        if origin.is_fan:
            return dict(self._load_fan(op_input, output, source))
        keys = read_keys(self.session, origin, origin.step_key, source.output)
        return {key: self._load(op_input, output, origin, key) for key in keys}

    def keys_of(self, source: StepOutput) -> list[str]:
        """Mapping keys of a dynamic output, or of what was mapped over one."""
        origin = next(origins_of(self.session, self.task, source.step))
        if origin.node.fan is not None:
            return list(origin.node.fan.keys or ())
        return read_keys(self.session, origin, origin.step_key, source.output)

    def _load_fan(self, op_input: OpInput, output: OpOutput, source: StepOutput) -> Iterator[tuple[str, Any]]:
        """What the steps of a fan gave, without those that gave nothing or were left out."""
        origins = list[Origin]()
        more = origins_of(self.session, self.task, source.step)
        for key in self.keys_of(source):
            while (own := next(filter(None, (one.for_key(key) for one in origins)), None)) is None:
                origins.append(next(more))
            try:
                yield key, self._load(op_input, output, own, key)
            except InputOmitted:
                continue

    def _several(self, op_input: OpInput, source: Several) -> list[Any]:
        """The values that were given; what was left out is left out."""
        values = []
        for one in source.sources:
            try:
                values.append(self._value(op_input, one))
            except InputOmitted:
                continue
        if not values and source.sources:
            raise InputOmitted
        return values

    def _output(self, op_input: OpInput, source: StepOutput) -> Any:
        if source.is_collected:
            return self._collected(op_input, source)
        key = self.mapping_key if source.is_mapped else None
        return self._load(op_input, *self._found(source, key), key)

    def _collected(self, op_input: OpInput, source: StepOutput) -> list[Any]:
        """All values, in the order of their keys.

        Raises:
            InputOmitted: There are keys, and none of their steps gave a value.
        """
        values = list(self.load_by_key(op_input, source).values())
        if not values and self.keys_of(source):
            raise InputOmitted
        return values

    def _found(self, source: StepOutput, key: str | None = None) -> tuple[OpOutput, Origin]:
        output = self.session.defs.get_op(source.step).op.output(source.output)
        assert output is not None
        origins = origins_of(self.session, self.task, source.step)
        if key is None:
            return output, next(origins)
        return output, next(one for one in (origin.for_key(key) for origin in origins) if one is not None)

    def _load(self, op_input: OpInput, output: OpOutput, origin: Origin, mapping_key: str | None) -> Any:
        manager_key = op_input.asset_in.input_manager_key or output.io_manager_key
        context = self._context(op_input, output, origin, manager_key, mapping_key)
        try:
            return self.session.io_manager(manager_key).load_input(context)
        except (StorageError, FileNotFoundError, KeyError):
            if output.is_required and not self._gave_nothing(origin):
                raise
            raise InputOmitted from None

    def _gave_nothing(self, origin: Origin) -> bool:
        """True for a step of a fan that was left out because what it reads was not given, or that failed."""
        if not origin.is_fan or self.session.instance is None:
            return False
        states = self.session.instance.step_states(origin.run_id).get(origin.node.index, {})
        return origin.step not in states.get("succeeded", IndexSet())

    def _context(
        self, op_input: OpInput, output: OpOutput, origin: Origin, manager_key: str, mapping_key: str | None
    ) -> InputContext:
        task, session = self.task, self.session
        keys = task.plan.partition_keys_of(task.node, task.step) if task.partition_range else None
        is_asset = is_stored_as_asset(origin.node, output)
        told: dict[str, Any] = {
            "asset_key": output.key if is_asset else None,
            "partition_keys": keys if is_asset else None,
            "partition_key": keys[0] if keys and len(keys) == 1 else None,
            "partitions_def": task.plan_node.partitions_def if is_asset else None,
            "storage": session.storage if is_asset else runs_folder(session.storage),
            "resource_config": session.resource_config(manager_key),
            "resources": session.resources(),
        }
        upstream = OutputContext(
            name=output.name,
            run_id=origin.run_id,
            step_key=origin.step_key,
            mapping_key=None if origin.is_fan else mapping_key,
            definition_metadata=output.spec.metadata,
            annotation=output.annotation,
            op_def=session.defs.get_op(origin.node.name).public_op,
            job_name=session.job_name,
            **told,
        )
        return InputContext(
            name=op_input.name,
            run_id=task.run_id,
            annotation=op_input.asset_in.dagster_type or op_input.annotation,
            op_def=self.definition.public_op,
            job_name=session.job_name,
            metadata=op_input.asset_in.metadata,
            upstream_output=upstream,
            instance=session.instance,
            reader=self.definition.op.name,
            **told,
        )


def configured_input(
    definition: AssetsDefinition, op_input: OpInput, source: ConfiguredInput, run_config: Mapping[str, Any]
) -> Any:
    """What run config says of an argument that nothing is connected with, else its default.

    Raises:
        ConfigError: It says nothing, and there is no default.
    """
    given = op_section(definition, run_config).get("inputs") or {}
    if op_input.name in given:
        value = given[op_input.name]
        return value["value"] if isinstance(value, Mapping) and set(value) == {"value"} else value
    if not source.has_default:
        raise ConfigError(
            f"Input '{op_input.name}' of op '{definition.op.name}' is connected with nothing, and has no default. Give "
            f"it in run config, under 'inputs' of the op.",
            asset=definition.op.name,
            location=definition.location,
        )
    return source.default
