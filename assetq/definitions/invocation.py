"""Calls an op's function directly, without a run: the unit test of an asset."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from assetq.definitions.config import parse_config
from assetq.definitions.op import Op


def call_directly(op: Op, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """What the function gives for these arguments; config and resources left out are taken from the context.

    Raises:
        ConfigError: Config was left out, and the context's does not validate.
        TypeError: An argument is missing.
    """
    context = kwargs.get(op.context_param) if op.context_param else None
    if context is None and args and _is_context(args[0]):
        context = args[0]
        args = args if op.context_param else args[1:]
    given = inspect.signature(op.fn).bind_partial(*args, **kwargs).arguments
    return op.fn(*args, **{**_from_context(op, context, given), **kwargs})


def _is_context(value: Any) -> bool:
    return type(value).__name__.endswith("ExecutionContext")


def _from_context(op: Op, context: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    if context is not None:
        missing = {name: key for name, key in op.resource_params.items() if name not in given}
        filled.update({name: getattr(context.resources, key) for name, key in missing.items()})
    if op.config_param and op.config_type and op.config_param not in given:
        data = getattr(context, "op_config", None)
        filled[op.config_param] = parse_config(op.config_type, data, op=op.name, location=op.location)
    return filled
