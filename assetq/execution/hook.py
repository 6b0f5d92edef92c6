"""Runs hooks behind a step. What a hook raises is recorded and changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions import AssetsDefinition, HookDefinition, Op
from assetq.definitions.hook import HookTrigger
from assetq.errors import MissingResourceError, UsageError
from assetq.execution.context import ExecutionContext
from assetq.execution.event import EventType, StepEvent, now_ms
from assetq.execution.failure import error_info
from assetq.execution.resource_scope import ResourceScope


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
        given_metadata: Output name -> metadata that the op gave with it.
    """

    hook_def: HookDefinition
    step_key: str
    context: ExecutionContext
    op: Op | None = None
    op_exception: BaseException | None = None
    op_output_values: Mapping[str, Any] = field(default_factory=dict)
    given_metadata: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.context.run_id

    @property
    def job_name(self) -> str:
        """Name of the job."""
        return self.context.job_name

    @property
    def op_output_metadata(self) -> Mapping[str, Any]:
        """Output name -> metadata that the op gave with it or added to it."""
        outputs = self.op.outputs if self.op else ()
        return {
            output.name: {
                **self.given_metadata.get(output.name, {}),
                **self.context.metadata_of(output.name, output.key),
            }
            for output in outputs
        }

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


class BuiltHookContext(HookContext):
    """A context for calling a hook directly: it has what it was given."""

    __slots__ = ("_given", "_hook", "_lifetime")

    def __init__(self, lifetime: ResourceScope, given: Mapping[str, Any], hook: HookDefinition | None = None) -> None:
        for name, value in (("_lifetime", lifetime), ("_given", given), ("_hook", hook)):
            object.__setattr__(self, name, value)

    def bound_to(self, hook: HookDefinition) -> BuiltHookContext:
        """The context for a call of this hook.

        Raises:
            MissingResourceError: The hook needs a resource that is not given.
        """
        for key in sorted(hook.required_resource_keys - set(self.resources._keys)):
            raise MissingResourceError(f"Hook '{hook.name}' needs resource '{key}': build_hook_context(resources=...).")
        return BuiltHookContext(self._lifetime, self._given, hook)

    def __getattribute__(self, name: str) -> Any:
        if name in GIVEN:
            found = object.__getattribute__(self, "_given").get(name)
            if found is None and name != "op_exception":
                raise UsageError(f"build_hook_context was given no {name}.")
            return found
        if name in UNKNOWN:
            raise UsageError(f"A context from build_hook_context has no {name}.")
        return object.__getattribute__(self, name)

    @property
    def hook_def(self) -> HookDefinition:
        """The hook, during a call."""
        if self._hook is None:
            raise UsageError("A context from build_hook_context belongs to a hook only during a call.")
        return self._hook  # type: ignore[no-any-return]

    @property
    def log(self) -> logging.Logger:
        """A logger."""
        return logging.getLogger("assetq.step")

    @property
    def resources(self) -> Any:
        """Resources as attributes."""
        return self._lifetime.resources

    def __enter__(self) -> BuiltHookContext:
        self._lifetime.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._lifetime.__exit__(*exc)


GIVEN = frozenset({"op", "run_id", "job_name", "op_exception", "instance"})
UNKNOWN = frozenset({"context", "op_config", "op_output_values", "op_output_metadata", "step_key"})


def build_hook_context(
    resources: Mapping[str, Any] | None = None,
    op: Any = None,
    run_id: str | None = None,
    job_name: str | None = None,
    op_exception: Exception | None = None,
    instance: Any = None,
) -> HookContext:
    """A context for calling a hook directly. Mirrors Dagster's `build_hook_context`.

    Args:
        resources: Resource key -> resource.
        op, run_id, job_name, op_exception, instance: What the context says of them; it refuses what was not given.
    """
    given = {"op": op, "run_id": run_id, "job_name": job_name, "op_exception": op_exception, "instance": instance}
    return BuiltHookContext(ResourceScope(resources, None, instance), given)


def run_hooks(
    definition: AssetsDefinition,
    context: ExecutionContext,
    step_key: str,
    events: list[StepEvent],
    *,
    error: BaseException | None = None,
    values: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Run the hooks of a step that has ended: those for failures when there is an error."""
    trigger = HookTrigger.SUCCESS if error is None else HookTrigger.FAILURE
    for hook in sorted((h for h in definition.hooks if h.trigger is trigger), key=lambda h: h.name):
        told = HookContext(
            hook, step_key, context, definition.public_op, error, dict(values or {}), dict(metadata or {})
        )
        try:
            hook.hook_fn(told)
        except Exception as raised:
            data = {"error": error_info(raised).to_json()}
            events.append(StepEvent(EventType.HOOK_ERRORED, now_ms(), message=f"{hook.name}: {raised}", data=data))
        else:
            events.append(StepEvent(EventType.HOOK_COMPLETED, now_ms(), message=hook.name))
