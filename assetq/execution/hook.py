"""Runs hooks behind a step. What a hook raises is recorded and changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions import AssetsDefinition, HookDefinition, Op
from assetq.definitions.hook import HookTrigger
from assetq.execution.context import AssetExecutionContext, Resources, RunInfo
from assetq.execution.event import EventType, StepEvent
from assetq.execution.failure import error_info
from assetq.execution.report import now_ms


@dataclass(frozen=True, slots=True)
class HookContext:
    """What a hook is told. Mirrors Dagster's `HookContext`.

    Attributes:
        hook_def: The hook itself.
        step_key: The step, as people name it.
        context: What the op was told.
        op: The computation.
        op_exception: What it raised, if it failed.
        op_output_values: Output name -> value.
        op_output_metadata: Output name -> metadata that came with it.
        job_name: Name of the job, when the run is of one.
    """

    hook_def: HookDefinition
    step_key: str
    context: AssetExecutionContext
    op: Op | None = None
    op_exception: BaseException | None = None
    op_output_values: Mapping[str, Any] = field(default_factory=dict)
    op_output_metadata: Mapping[str, Any] = field(default_factory=dict)
    job_name: str = "__ephemeral_asset_job__"

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.context.run_id

    @property
    def log(self) -> logging.Logger:
        """Logger of the step."""
        return self.context.log

    @property
    def resources(self) -> Any:
        """Resources as attributes."""
        return self.context.resources

    @property
    def required_resource_keys(self) -> frozenset[str]:
        """Resources that the hook asked for."""
        return self.hook_def.required_resource_keys

    @property
    def op_config(self) -> Any:
        """Config of the op."""
        return self.context.op_config

    @property
    def instance(self) -> Any:
        """The instance of the run."""
        return self.context.instance


def run_hooks(
    definition: AssetsDefinition,
    context: AssetExecutionContext,
    step_key: str,
    events: list[StepEvent],
    *,
    error: BaseException | None = None,
    values: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Run the hooks of a step that has ended: those for failures when there is an error."""
    trigger = HookTrigger.SUCCESS if error is None else HookTrigger.FAILURE
    for hook in sorted((h for h in definition.hooks if h.trigger is trigger), key=lambda h: h.name):
        told = HookContext(
            hook, step_key, context, definition.op, error, dict(values or {}), op_output_metadata=dict(metadata or {})
        )
        try:
            hook.hook_fn(told)
        except Exception as raised:
            data = {"error": error_info(raised).to_json()}
            events.append(StepEvent(EventType.HOOK_ERRORED, now_ms(), message=f"{hook.name}: {raised}", data=data))
        else:
            events.append(StepEvent(EventType.HOOK_COMPLETED, now_ms(), message=hook.name))


NO_HOOK = HookDefinition("hook", lambda _context: None, HookTrigger.SUCCESS)


def build_hook_context(
    resources: Mapping[str, Any] | None = None,
    op: Any = None,
    run_id: str | None = None,
    job_name: str | None = None,
    op_exception: BaseException | None = None,
    instance: Any = None,
) -> HookContext:
    """A context for calling a hook directly in a test. Mirrors Dagster's `build_hook_context`."""
    given = dict(resources or {})
    context = AssetExecutionContext(
        run=RunInfo(run_id or "ephemeral"), resources=Resources(given.__getitem__, list(given)), instance=instance
    )
    own = getattr(op, "op", op)
    return HookContext(NO_HOOK, getattr(own, "name", ""), context, own, op_exception, job_name=job_name or "")
