"""Calls an asset, op or check directly, as a unit test does: finds its arguments and checks its types."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions import AssetsDefinition, Op
from assetq.definitions.config import op_config, parse_config
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY
from assetq.errors import InvocationError, MissingResourceError, suggest
from assetq.execution.build_context import build_asset_context
from assetq.execution.context import ExecutionContext
from assetq.execution.direct_result import ResultCheck
from assetq.execution.resource_scope import ResourceScope
from assetq.execution.resources import Resources


def call_directly(definition: AssetsDefinition, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Call the function of a definition.

    Args:
        definition: The definition.
        args: The context, if the function takes one, then its other arguments in their order.
        kwargs: Arguments by name. Config and resources may be among them, or come from the context.

    Returns:
        What the function returns. The types of outputs are checked.

    Raises:
        InvocationError: An argument is missing, too much, or given twice.
        ConfigError: Config does not fit.
        MissingResourceError: A resource is given nowhere.
        TypeCheckError: A value is not of its declared type.
    """
    call = _DirectCall(definition, *_split_context(definition.op, args, dict(kwargs)))
    return call.run()


def _split_context(
    op: Op, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[ExecutionContext | None, tuple[Any, ...], dict[str, Any]]:
    if op.context_param is None:
        has_context = bool(args) and isinstance(args[0], ExecutionContext)
        return (args[0], args[1:], kwargs) if has_context else (None, args, kwargs)
    if op.context_param in kwargs and not args:
        context = kwargs.pop(op.context_param)
    elif args:
        context, args = args[0], args[1:]
    else:
        raise _refusal(op, "takes a context, and none is given. Give build_asset_context() first")
    context = build_asset_context() if context is None else context
    if not isinstance(context, ExecutionContext):
        raise _refusal(op, f"takes a context first, and is given {context!r}. Give build_asset_context(...)")
    return context, args, kwargs


def _refusal(op: Op, what: str) -> InvocationError:
    return InvocationError(f"'{op.name}' {what}.", asset=op.name, location=op.location)


@dataclass(slots=True)
class _DirectCall:
    definition: AssetsDefinition
    context: ExecutionContext | None
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def op(self) -> Op:
        return self.definition.op

    def run(self) -> Any:
        """Call the function; what the call opened is closed when its result is complete."""
        with contextlib.ExitStack() as until_called:
            until_called.enter_context(self.stack)
            arguments = self._arguments()
            checks = ResultCheck(self.op, self.context)
            checks.inputs(arguments)
            returned = self.op.fn(**arguments)
            if not (inspect.isgenerator(returned) or inspect.isawaitable(returned) or inspect.isasyncgen(returned)):
                return checks.result(returned)
            until_called.pop_all()
            return checks.later(returned, self.stack)

    def _arguments(self) -> dict[str, Any]:
        given = self._named()
        self._refuse_missing(given)
        given_config = given.pop(self._config_name, None)
        resources = self._resources({k: given.pop(p) for p, k in self.op.resource_params.items() if p in given})
        config = self._config(given_config)
        self._bind(resources, config)
        if self.op.context_param:
            given[self.op.context_param] = self.context
        if self.op.config_param:
            given[self.op.config_param] = config
        return {**given, **{p: getattr(resources, key) for p, key in self.op.resource_params.items()}}

    @property
    def _config_name(self) -> str:
        return self.op.config_param or ("config" if self.op.config_schema is not None else "")

    def _named(self) -> dict[str, Any]:
        names = [name for name in inspect.signature(self.op.fn).parameters if name != self.op.context_param]
        if len(self.args) > len(names):
            takes = ", ".join(names) or "no arguments"
            raise _refusal(self.op, f"is given {len(self.args)} arguments by position, and takes {takes}")
        for name in self.kwargs:
            if name not in {*names, self._config_name}:
                raise _refusal(
                    self.op, f"is given '{name}', which is none of its arguments: {', '.join(names) or 'none'}"
                )
        return {**dict(zip(names, self.args, strict=False)), **self.kwargs}

    def _refuse_missing(self, given: Mapping[str, Any]) -> None:
        parameters = inspect.signature(self.op.fn).parameters
        for name in (op_input.name for op_input in self.op.inputs):
            if name in parameters and name not in given and parameters[name].default is inspect.Parameter.empty:
                raise _refusal(self.op, f"is given no value for its input '{name}'")

    def _config(self, given: Any) -> Any:
        op, held = self.op, None if self.context is None else self.context.op_config
        if given is not None and held is not None and self.context is not None and self.context.is_direct:
            raise _refusal(op, "is given config by its context and by name; keep one")
        if op.config_type is not None and given is not None:
            return parse_config(op.config_type, given, op=op.name) if isinstance(given, Mapping) else given
        value = given if given is not None else held
        return op_config(op, {} if value is None else {"config": value})

    def _resources(self, given: dict[str, Any]) -> Resources:
        """All resources of the call: those given by name, of the context, and of the definition."""
        op, own = self.op, dict(self.definition.resource_defs)
        held = Resources(_nothing, ()) if self.context is None else self.context.resources
        is_direct = self.context is None or self.context.is_direct
        if given and is_direct and held._keys:
            raise _refusal(op, "is given resources by its context and by name; keep one")
        twice = sorted((set(own) - {DEFAULT_IO_MANAGER_KEY}) & {*given, *(held._keys if is_direct else ())})
        if twice:
            raise _refusal(op, f"has resource '{twice[0]}' in its definition and is given it; keep one")
        opened = self.stack.enter_context(ResourceScope({**own, **given}))
        keys = {*opened._keys, *held._keys}
        self._refuse_missing_resources(keys)
        return Resources(lambda key: getattr(opened if key in opened._keys else held, key), sorted(keys))

    def _refuse_missing_resources(self, keys: set[str]) -> None:
        needed = set(self.op.resource_params.values())
        if self.op.context_param:
            needed |= self.op.required_resource_keys
        for key in sorted(needed - keys):
            raise MissingResourceError(
                f"'{self.op.name}' needs resource '{key}', which is not given.{suggest(key, keys)} Give it by name, or "
                f"in the context: build_asset_context(resources={{'{key}': ...}}).",
                asset=self.op.name,
                location=self.op.location,
            )

    def _bind(self, resources: Resources, config: Any) -> None:
        if self.context is not None and self.context.is_direct:
            self.stack.enter_context(_bound(self.context, self.definition, resources, config))


def _nothing(key: str) -> Any:
    raise MissingResourceError(f"There is no resource '{key}'.")


@contextlib.contextmanager
def _bound(
    context: ExecutionContext, definition: AssetsDefinition, resources: Resources, config: Any
) -> Iterator[None]:
    """The context as one of the definition; what it was told in an earlier call is forgotten."""
    before = {name: getattr(context, name) for name in ("partitions_def", "resources", "op_config")}
    context.output_metadata, context.partition_metadata, context.data_versions = {}, {}, {}
    context.produced, context.user_events, context.failed_partitions = set(), [], {}
    context.definition, context.resources = definition, resources
    context.partitions_def = definition.partitions_def or context.partitions_def
    context.selected = tuple(sorted(str(key) for key in definition.keys))
    context.selected_checks = tuple(sorted(str(key) for key in definition.check_keys))
    if definition.op.config_param is None:
        context.op_config = config
    try:
        yield
    finally:
        context.definition = None
        for name, value in before.items():
            setattr(context, name, value)
