"""Runs one step: load inputs, call the op, store outputs, report. Knows nothing of who called."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from typing import Any

from assetq.definitions import AssetsDefinition, OpInput
from assetq.definitions.config import op_config
from assetq.definitions.observable import ObservableSourceAsset
from assetq.definitions.op_step import OpStep
from assetq.definitions.time_limit import step_timeout_s
from assetq.definitions.type_check import TypeCheckError
from assetq.errors import (
    CheckFailedError,
    PartitionsFailedError,
    StaleAttemptError,
    StepInterrupted,
    StepTimedOut,
)
from assetq.execution.attempt_scope import AttemptScope
from assetq.execution.context import ExecutionContext, RunInfo, context_class, current
from assetq.execution.declared_type import check_input
from assetq.execution.dynamic_output import mapped_keys
from assetq.execution.event import EventType, StepEvent, now_ms
from assetq.execution.failure import ends_process, error_info, retry_delay_s
from assetq.execution.hook import run_hooks
from assetq.execution.input_cache import Loaded
from assetq.execution.inputs import given_event, load_input
from assetq.execution.intermediate import InputOmitted, SourceLoader
from assetq.execution.omission import readers_of_omitted
from assetq.execution.op_section import op_section
from assetq.execution.report import StepReport
from assetq.execution.session import ExecutionSession
from assetq.execution.step_log import StepLog
from assetq.execution.step_reach import StepReach
from assetq.execution.task import Guard, Limit, StepResult, StepStatus, StepTask, no_guard
from assetq.execution.time_limit import timeout_error
from assetq.partitions import IndexSet, partition_loading_context


def execute_step(
    session: ExecutionSession, task: StepTask, *, guard: Guard = no_guard, limit: Limit = nullcontext
) -> StepResult:
    """Run one attempt at a step.

    Args:
        session: Definitions and opened resources.
        task: Which step.
        limit: Holds while user code may run; an interruption inside it ends the step.
        guard: Called before an output becomes visible; raises when the attempt was overtaken.

    Returns:
        How it ended; `StepTimedOut` is a failure. Errors of user code and of storage are in it, not raised; so are
        `SystemExit` and `KeyboardInterrupt` of user code.

    Raises:
        StaleAttemptError: The attempt was overtaken.
        StepInterrupted: The step was told to stop.
        SystemExit: The process was told to end, by a signal.
    """
    # Definitions in the user's code know no keys of dynamic partitions by themselves.
    with partition_loading_context(dynamic_partitions_store=session.instance):
        return _execute(session, task, guard, limit)


def _execute(session: ExecutionSession, task: StepTask, guard: Guard, limit: Limit) -> StepResult:
    attempt = _Attempt(session, task, guard)
    try:
        with limit():
            attempt.run()
    except StepTimedOut as stop:
        error = timeout_error(task.step_key, step_timeout_s(attempt.definition.op.tags))
        return attempt.failed(error.with_traceback(stop.__traceback__))
    except InputOmitted:
        return StepResult(StepStatus.SKIPPED, tuple(attempt.events))
    except (StaleAttemptError, StepInterrupted):
        raise
    except BaseException as error:
        if ends_process(error):
            raise
        return attempt.failed(error)
    omitted = readers_of_omitted(session, task, attempt.report.produced)
    keys = attempt.report.dynamic_keys()
    return StepResult(StepStatus.SUCCEEDED, tuple(attempt.events), omitted=omitted, keys=keys)


class _Attempt:
    def __init__(self, session: ExecutionSession, task: StepTask, guard: Guard) -> None:
        self.session = session
        self.task = task
        self.events: list[StepEvent] = []
        self.definition: AssetsDefinition = session.defs.get_op(task.plan_node.name)
        self.section = op_section(self.definition, task.run_config)
        self.step_key = task.step_key
        self.log = StepLog(self.step_key, self.events)
        self.context = self._context()
        scope = AttemptScope(session, task, guard, self.definition, self.context, self.events)
        self.report = StepReport(scope)
        self.context.log_event_to, self.context.produced = self.report.note, self.report.produced

    def _context(self) -> ExecutionContext:
        task = self.task
        return context_class(self.definition)(
            run=RunInfo(task.run_id, {**task.run_tags, **partition_tags(task)}, task.run_config, self.session.job_name),
            definition=self.definition,
            partitions_def=task.plan_node.partitions_def,
            partition_range=task.partition_range,
            made_before=task.made,
            selected=self._selected(),
            selected_checks=task.plan_node.checks,
            resources=self.session.resources(),
            op_config=self.section.get("config"),
            attempt=task.attempt,
            log=self.log.logger,
            instance=self.session.instance,
            reach=StepReach(self.session, task, self.definition),
        )

    def _selected(self) -> tuple[str, ...]:
        """Assets of the op that it is called for; of an observation all, since it sees all at once."""
        node = self.task.plan_node
        if isinstance(self.definition, ObservableSourceAsset):
            return tuple(str(key) for key in sorted(self.definition.keys))
        return node.part.selected if node.part else node.assets

    def run(self) -> None:
        """Call the op and store what it gives, which may be nothing."""
        with current(self.context):
            self._run()

    def _run(self) -> None:
        definition, own_key = self.definition, self.task.mapping_key
        is_inside = isinstance(definition, OpStep) and definition.is_mapped and self.task.plan_node.fan is None
        if is_inside:
            self._call_for_each()
        else:
            self._call(own_key)
        if isinstance(definition, OpStep):
            self.report.write_keys(is_inside)
        self._run_hooks()
        self.session.keep_outputs(definition.op.name, self.report.values, own_key)

    def _call_for_each(self) -> None:
        """Call the function of a mapped op once for each value of the dynamic output."""
        assert isinstance(self.definition, OpStep)
        for key in mapped_keys(SourceLoader(self.session, self.task, self.definition), self.definition):
            self.report.begin(key)
            self._call(key)

    def _call(self, mapping_key: str | None) -> None:
        """Call the function, for one of the values of a dynamic output if it is mapped over one."""
        self.context.mapping_key = mapping_key
        arguments = self._arguments(mapping_key)
        self.report.take(self.definition.op.fn(**arguments))

    def _arguments(self, mapping_key: str | None) -> dict[str, Any]:
        op = self.definition.op
        for key in sorted(op.required_resource_keys):
            self.session.resource(key)
        arguments: dict[str, Any] = {}
        if op.context_param:
            arguments[op.context_param] = self.context
        config = op_config(op, self.section)
        if op.config_param:
            arguments[op.config_param] = config
        else:
            self.context.op_config = config
        for parameter, key in op.resource_params.items():
            arguments[parameter] = self.session.resource(key)
        for op_input in op.inputs:
            loaded = load_input(self.session, self.task, self.definition, op_input, self.events, mapping_key)
            self.report.outputs.note_read(op_input.key, loaded.marks)
            self._check_input(op_input, loaded)
            arguments[op_input.name] = loaded.value
        return arguments

    def _check_input(self, op_input: OpInput, loaded: Loaded) -> None:
        if loaded.check is None:
            try:
                loaded.check = check_input(op_input, loaded.value, self.context, self.definition.op.name)
            except TypeCheckError as error:
                self.events.append(given_event(op_input, error.check))
                raise
        if self.session.tells_all or loaded.check.metadata:
            self.events.append(given_event(op_input, loaded.check))

    def _run_hooks(self, error: BaseException | None = None) -> None:
        run_hooks(
            self.definition,
            self.context,
            self.step_key,
            self.events,
            error=error,
            values=self.report.values,
            metadata=self.report.given_metadata,
        )

    def failed(self, error: BaseException) -> StepResult:
        """The result of an attempt that raised."""
        made = self.report.parts.made_despite(error, self.definition.op.outputs)
        if not isinstance(error, CheckFailedError | PartitionsFailedError):
            # A blocking check fails when the asset was made; nothing else leaves more than single partitions.
            self.events[:] = [e for e in self.events if _stays(e, made)]
        if made or isinstance(error, PartitionsFailedError):
            self.events.append(self.report.parts.failure_event(error, made, now_ms()))
        delay_s = retry_delay_s(error, self.definition.op.retry_policy, self.task.attempt)
        status = StepStatus.FAILED if delay_s is None else StepStatus.RETRY
        if status is StepStatus.FAILED and not isinstance(error, KeyboardInterrupt):
            self._run_hooks(error)
        logging.getLogger("assetq.step").info("%s %s: %s", self.step_key, status, error)
        delay_ms, made = int((delay_s or 0) * 1000), made | self.task.made
        return StepResult(status, tuple(self.events), error_info(error), delay_ms, error, made)


def _stays(event: StepEvent, made: IndexSet) -> bool:
    """False for the materialization of what does not count as made."""
    if event.type is not EventType.ASSET_MATERIALIZATION:
        return True
    return event.partition is not None and not IndexSet.range(*event.partition) - made


def partition_tags(task: StepTask) -> dict[str, str]:
    """Tags by which code written for Dagster finds the partitions of its run."""
    if task.partition_range is None:
        return {}
    grid, left = task.plan_node.partitions_def, task.partitions
    assert grid is not None
    if len(left) == 1:
        return {"dagster/partition": grid.key_at(left.first)}
    return {
        "dagster/asset_partition_range_start": grid.key_at(left.first),
        "dagster/asset_partition_range_end": grid.key_at(left.last),
    }
