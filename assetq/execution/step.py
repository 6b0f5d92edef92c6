"""Runs one step: load inputs, call the op, store outputs, report. Knows nothing of who called."""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any

from assetq.definitions import AssetsDefinition, MaterializeResult, MetadataValue, OpOutput, Output
from assetq.definitions.config import parse_config
from assetq.definitions.output import NO_VALUE
from assetq.errors import DefinitionError, StaleAttemptError, StepFailedError
from assetq.execution.context import AssetExecutionContext, RunInfo
from assetq.execution.event import EventType, StepEvent
from assetq.execution.failure import error_info, retry_delay_s
from assetq.execution.inputs import load_input
from assetq.execution.session import ExecutionSession
from assetq.execution.step_log import StepLog
from assetq.execution.task import Guard, StepResult, StepStatus, StepTask, no_guard
from assetq.io import OutputContext


def now_ms() -> int:
    """This machine's time in ms since the epoch."""
    return time.time_ns() // 1_000_000


def execute_step(session: ExecutionSession, task: StepTask, *, guard: Guard = no_guard) -> StepResult:
    """Run one attempt at a step.

    Args:
        session: Definitions and opened resources.
        task: Which step.
        guard: Called before an output becomes visible; raises when the attempt was overtaken.

    Returns:
        How it ended. Errors of user code and of storage are in it, not raised.

    Raises:
        StaleAttemptError: The attempt was overtaken.
        StepInterrupted: The step was told to stop.
    """
    attempt = _Attempt(session, task, guard)
    try:
        produced = attempt.run()
    except StaleAttemptError:
        raise
    except Exception as error:
        return attempt.failed(error)
    status = StepStatus.SUCCEEDED if produced else StepStatus.SKIPPED
    return StepResult(status, tuple(attempt.events))


class _Attempt:
    def __init__(self, session: ExecutionSession, task: StepTask, guard: Guard) -> None:
        self.session = session
        self.task = task
        self.guard = guard
        self.events: list[StepEvent] = []
        self.definition: AssetsDefinition = session.defs.get_op(task.plan_node.name)
        self.log = StepLog(task.step_key, self.events)
        self.context = self._context()

    def _context(self) -> AssetExecutionContext:
        task = self.task
        return AssetExecutionContext(
            run=RunInfo(task.run_id, task.run_tags),
            assets_def=self.definition,
            partitions_def=task.plan_node.partitions_def,
            partition_range=task.partition_range,
            selected=task.plan_node.assets,
            resources=self.session.resources(),
            op_config=(self.task.run_config.get("ops", {}).get(self.definition.op.name) or {}).get("config"),
            attempt=task.attempt,
            log=self.log.logger,
            instance=self.session.instance,
        )

    def run(self) -> bool:
        """Call the op and store what it gives; False when it gave nothing that was required."""
        op = self.definition.op
        arguments: dict[str, Any] = {}
        if op.context_param:
            arguments[op.context_param] = self.context
        if op.config_param and op.config_type:
            arguments[op.config_param] = parse_config(
                op.config_type, self.context.op_config, op=op.name, location=op.location
            )
        for parameter, key in op.resource_params.items():
            arguments[parameter] = self.session.resource(key)
        for op_input in op.inputs:
            arguments[op_input.name] = load_input(self.session, self.task, self.definition, op_input, self.events)
        produced = {output.name for output, _ in self._outputs(op.fn(**arguments))}
        missing = [output for output in op.outputs if output.is_required and output.name not in produced]
        if missing:
            raise StepFailedError(
                f"'{op.name}' did not give output '{missing[0].name}' of asset '{missing[0].key}', which is required. "
                "Yield it, or set output_required=False."
            )
        return bool(produced)

    def _outputs(self, result: Any) -> Iterator[tuple[OpOutput, Any]]:
        op = self.definition.op
        if inspect.isgenerator(result):
            for item in result:
                output = self._output_of(item)
                self._store(output, item)
                yield output, item
            return
        if len(op.outputs) == 1:
            self._store(op.outputs[0], result)
            yield op.outputs[0], result
            return
        raise DefinitionError(f"'{op.name}' has {len(op.outputs)} outputs; yield each of them.", asset=op.name)

    def _output_of(self, item: Any) -> OpOutput:
        op = self.definition.op
        if isinstance(item, MaterializeResult):
            found = op.output_for(item.asset_key) if item.asset_key else op.output("result")
        elif isinstance(item, Output):
            found = op.output(item.output_name)
        else:
            raise StepFailedError(
                f"'{op.name}' yielded {type(item).__name__}; a generator yields Output or MaterializeResult."
            )
        if found is None:
            raise StepFailedError(f"'{op.name}' yielded an output that it does not have.")
        return found

    def _store(self, output: OpOutput, item: Any) -> None:
        metadata: dict[str, MetadataValue] = {}
        value, data_version, tags = item, None, {}
        if isinstance(item, Output | MaterializeResult):
            metadata.update(item.metadata)
            value, data_version, tags = item.value, item.data_version, item.tags
        if value is not NO_VALUE and not output.is_nothing:
            metadata.update(self._handle_output(output, value))
        for name in (None, output.name, str(output.key)):
            metadata.update(self.context.output_metadata.get(name, {}))
        self._materialized(output, metadata, data_version.value if data_version else None, tags)

    def _handle_output(self, output: OpOutput, value: Any) -> dict[str, MetadataValue]:
        task = self.task
        keys = task.plan.partition_keys_of(task.node, task.step) if task.partition_range else None
        context = OutputContext(
            name=output.name,
            asset_key=output.key,
            run_id=task.run_id,
            partition_keys=keys,
            definition_metadata=output.spec.metadata,
            annotation=output.annotation,
            resources=self.context.resources,
            storage=self.session.storage,
            log=self.log.logger,
            step_key=task.step_key,
            fence=task.fence,
            guard=self.guard,
            metadata=output.spec.metadata,
        )
        self.session.io_manager(output.io_manager_key).handle_output(context, value)
        self._event(EventType.HANDLED_OUTPUT, output, {"io_manager_key": output.io_manager_key})
        return context.recorded

    def _materialized(
        self,
        output: OpOutput,
        metadata: Mapping[str, MetadataValue],
        data_version: str | None,
        tags: Mapping[str, str],
    ) -> None:
        data: dict[str, Any] = {"metadata": {name: value.to_json() for name, value in metadata.items()}}
        if output.spec.code_version:
            data["code_version"] = output.spec.code_version
        if data_version:
            data["data_version"] = data_version
        if tags:
            data["tags"] = dict(tags)
        self._event(EventType.ASSET_MATERIALIZATION, output, data)

    def _event(self, kind: EventType, output: OpOutput, data: Mapping[str, Any]) -> None:
        self.events.append(StepEvent(kind, now_ms(), asset=str(output.key), data=data))

    def failed(self, error: Exception) -> StepResult:
        """The result of an attempt that raised."""
        events = tuple(e for e in self.events if e.type is not EventType.ASSET_MATERIALIZATION)
        delay_s = retry_delay_s(error, self.definition.op.retry_policy, self.task.attempt)
        status = StepStatus.FAILED if delay_s is None else StepStatus.RETRY
        logging.getLogger("assetq.step").info("%s %s: %s", self.task.step_key, status, error)
        return StepResult(status, events, error_info(error), int((delay_s or 0) * 1000), error)
