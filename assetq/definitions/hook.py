"""Hooks: functions that run when a step has succeeded, or failed for good."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from assetq.definitions.asset_key import check_name
from assetq.definitions.source_location import location_of
from assetq.errors import DefinitionError, InvocationError, MissingResourceError


class HookTrigger(Enum):
    """When a hook runs."""

    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class HookDefinition:
    """A function of a `HookContext`. Make one with `@success_hook` or `@failure_hook`.

    Attributes:
        name: For events and logs.
        hook_fn: Called with the context; what it raises is recorded and changes nothing.
        trigger: When it runs.
        required_resource_keys: Resources used through `context.resources`.
    """

    name: str
    hook_fn: Callable[[Any], Any]
    trigger: HookTrigger
    required_resource_keys: frozenset[str] = frozenset()

    @property
    def decorated_fn(self) -> Callable[[Any], Any]:
        """The function itself."""
        return self.hook_fn

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function directly, as in a unit test, with a context from `build_hook_context`.

        Raises:
            InvocationError: It is given something else than one context.
            MissingResourceError: The context lacks a resource that the hook needs.
        """
        given = [*args, *kwargs.values()]
        if len(given) != 1:
            raise InvocationError(f"Hook '{self.name}' takes one argument, the context; it is given {len(given)}.")
        if given[0] is None and self.required_resource_keys:
            raise MissingResourceError(f"Hook '{self.name}' needs resources; give build_hook_context(resources=...).")
        bind = getattr(given[0], "bound_to", None)
        return self.hook_fn(bind(self) if bind else given[0])


def _hook(trigger: HookTrigger, fn: Any, name: str | None, keys: Iterable[str] | None) -> Any:
    if fn is None:
        return lambda function: _hook(trigger, function, name, keys)
    _require_context(fn)
    return HookDefinition(check_name(name or fn.__name__, "hook", location_of(fn)), fn, trigger, frozenset(keys or ()))


def _require_context(fn: Callable[..., Any]) -> None:
    first = next(iter(inspect.signature(fn).parameters.values()), None)
    if first is None or first.kind not in (first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD):
        raise DefinitionError(
            f"Hook '{fn.__name__}' takes no context: give the function one argument, 'context'.",
            location=location_of(fn),
        )


def success_hook(
    hook_fn: Callable[[Any], Any] | None = None,
    *,
    name: str | None = None,
    required_resource_keys: Iterable[str] | None = None,
) -> Any:
    """Define a hook that runs when a step has succeeded. Mirrors Dagster's `@success_hook`."""
    return _hook(HookTrigger.SUCCESS, hook_fn, name, required_resource_keys)


def failure_hook(
    name: Callable[[Any], Any] | str | None = None, required_resource_keys: Iterable[str] | None = None
) -> Any:
    """Define a hook that runs when a step has failed for good. Mirrors Dagster's `@failure_hook`."""
    if callable(name):
        return _hook(HookTrigger.FAILURE, name, None, required_resource_keys)
    return _hook(HookTrigger.FAILURE, None, name, required_resource_keys)
