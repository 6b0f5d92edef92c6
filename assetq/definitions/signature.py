"""Reads a function's arguments: context, config, resources, and what is loaded from assets."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel

from assetq.definitions.annotation import annotations_of, parameters_of
from assetq.definitions.asset_dep import AssetIn
from assetq.definitions.op import OpInput
from assetq.definitions.output import MaterializeResult, Nothing, Output
from assetq.definitions.resource import RESOURCE_MARKER, ConfigurableResource
from assetq.errors import DefinitionError, suggest

CONTEXT_NAMES = ("context", "_context", "context_", "_", "__")
STREAMS = ("Generator", "Iterator", "Iterable", "AsyncGenerator", "AsyncIterator", "AsyncIterable")


@dataclass(frozen=True, slots=True)
class OpSignature:
    """The roles of a function's arguments."""

    context_param: str | None
    config_param: str | None
    config_type: type[BaseModel] | None
    resource_params: Mapping[str, str]
    inputs: tuple[OpInput, ...]
    result: Any


def read_signature(fn: Callable[..., Any], ins: Mapping[str, AssetIn]) -> OpSignature:
    """Sort a function's arguments into their roles.

    Args:
        fn: The decorated function.
        ins: How some arguments are loaded.

    Raises:
        DefinitionError: An argument has no possible role, or `ins` names one that does not exist.
    """
    hints = annotations_of(fn)
    parameters = parameters_of(fn)
    context = _context_of(parameters, hints)
    rest = [p for p in parameters if p.name != context]
    _refuse_variadic(fn, rest)
    config = "config" if any(p.name == "config" for p in rest) else None
    resources = {p.name: p.name for p in rest if _is_resource(hints.get(p.name))}
    loaded = [p.name for p in rest if p.name != config and p.name not in resources]
    _refuse_unknown_ins(fn, ins, loaded)
    inputs = [_input_of(name, hints.get(name), ins.get(name, AssetIn())) for name in loaded]
    inputs += [_input_of(name, Nothing, asset_in) for name, asset_in in ins.items() if name not in loaded]
    return OpSignature(
        context,
        config,
        _config_type(fn, config, hints),
        resources,
        tuple(inputs),
        hints.get("return", inspect.Parameter.empty),
    )


def _context_of(parameters: list[inspect.Parameter], hints: Mapping[str, Any]) -> str | None:
    if not parameters:
        return None
    first = parameters[0]
    hint = hints.get(first.name)
    annotated = hint if isinstance(hint, str) else getattr(hint, "__name__", "")
    return first.name if first.name in CONTEXT_NAMES or annotated.endswith("ExecutionContext") else None


def _refuse_variadic(fn: Callable[..., Any], parameters: list[inspect.Parameter]) -> None:
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DefinitionError(
                f"Function '{fn.__name__}' takes '{parameter}', which no asset can be loaded into; name each argument."
            )
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise DefinitionError(
                f"Argument '{parameter.name}' of '{fn.__name__}' is positional only; arguments are passed by name."
            )


def _refuse_unknown_ins(fn: Callable[..., Any], ins: Mapping[str, AssetIn], arguments: list[str]) -> None:
    for name, asset_in in ins.items():
        if not isinstance(asset_in, AssetIn):
            raise DefinitionError(
                f"ins of '{fn.__name__}' gives {asset_in!r} for '{name}'; give an AssetIn: AssetIn(key=...)."
            )
        if name not in arguments and asset_in.dagster_type is not Nothing:
            raise DefinitionError(
                f"ins of '{fn.__name__}' names '{name}', which is no argument of the function.{suggest(name, arguments)}"
                f" Its arguments are: {', '.join(arguments) or 'none'}."
            )


def _is_resource(hint: Any) -> bool:
    if get_origin(hint) is Annotated and RESOURCE_MARKER in get_args(hint)[1:]:
        return True
    return inspect.isclass(hint) and issubclass(hint, ConfigurableResource)


def _config_type(fn: Callable[..., Any], config: str | None, hints: Mapping[str, Any]) -> type[BaseModel] | None:
    if config is None:
        return None
    hint = hints.get(config)
    if inspect.isclass(hint) and issubclass(hint, BaseModel):
        return hint
    raise DefinitionError(f"Argument 'config' of '{fn.__name__}' must be annotated with a subclass of Config.")


def _input_of(name: str, annotation: Any, asset_in: AssetIn) -> OpInput:
    declared = asset_in.dagster_type if asset_in.dagster_type is not None else annotation
    return OpInput(name, asset_in.key_for(name), declared, asset_in)


def value_type(annotation: Any) -> Any:
    """The type of the value that is stored: `int` for `Output[int]`; None when nothing is declared."""
    if annotation is inspect.Parameter.empty:
        return None
    origin = get_origin(annotation)
    if origin in (Output, MaterializeResult):
        return get_args(annotation)[0]
    if annotation in (Output, MaterializeResult) or getattr(origin, "__name__", "") in STREAMS:
        return None
    return type(None) if annotation is None else annotation
