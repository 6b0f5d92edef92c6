"""Reads a function's arguments: context, config, resources, and what is loaded from assets."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from assetq.definitions.asset_dep import AssetIn
from assetq.definitions.op import OpInput
from assetq.definitions.output import MaterializeResult, Nothing, Output
from assetq.definitions.resource import RESOURCE_MARKER, ConfigurableResource
from assetq.definitions.source_location import location_of
from assetq.errors import DefinitionError

CONTEXT_NAMES = ("context", "_context", "_", "__")


@dataclass(frozen=True, slots=True)
class OpSignature:
    """The roles of a function's arguments."""

    context_param: str | None
    config_param: str | None
    config_type: type[BaseModel] | None
    resource_params: Mapping[str, str]
    inputs: tuple[OpInput, ...]
    result: Any


def type_hints(fn: Callable[..., Any]) -> dict[str, Any]:
    """The function's annotations; those that cannot be resolved are left out."""
    try:
        return get_type_hints(fn, include_extras=True)
    except Exception:
        raw = getattr(fn, "__annotations__", {})
        return {name: value for name, value in raw.items() if not isinstance(value, str)}


def read_signature(
    fn: Callable[..., Any], ins: Mapping[str, AssetIn], not_loaded: frozenset[str] = frozenset()
) -> OpSignature:
    """Sort a function's arguments into their roles.

    Args:
        fn: The decorated function.
        ins: How some arguments are loaded.
        not_loaded: Arguments that take something else.

    Raises:
        DefinitionError: An argument has no possible role, or `ins` names one that does not exist.
    """
    hints = type_hints(fn)
    parameters = list(inspect.signature(fn).parameters.values())
    context = _context_of(parameters, hints)
    rest = [p for p in parameters if p.name != context and p.name not in not_loaded]
    _refuse_variadic(fn, rest)
    config = next((p.name for p in rest if p.name == "config"), None)
    resources = {p.name: p.name for p in rest if _is_resource(hints.get(p.name))}
    loaded = [p for p in rest if p.name != config and p.name not in resources]
    _refuse_unknown_ins(fn, ins, [p.name for p in loaded])
    inputs = [_input_of(p.name, hints.get(p.name), ins.get(p.name, AssetIn())) for p in loaded]
    inputs += [
        _input_of(name, Nothing, asset_in) for name, asset_in in ins.items() if name not in {p.name for p in loaded}
    ]
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
    annotated = getattr(hints.get(first.name), "__name__", "")
    return first.name if first.name in CONTEXT_NAMES or annotated.endswith("ExecutionContext") else None


def _refuse_variadic(fn: Callable[..., Any], parameters: list[inspect.Parameter]) -> None:
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DefinitionError(
                f"Function '{fn.__name__}' takes *{parameter.name}, which no asset can be loaded into; "
                "name each argument.",
                asset=fn.__name__,
                location=location_of(fn),
            )


def _refuse_unknown_ins(fn: Callable[..., Any], ins: Mapping[str, AssetIn], arguments: list[str]) -> None:
    for name, asset_in in ins.items():
        if name not in arguments and asset_in.dagster_type is not Nothing:
            raise DefinitionError(
                f"ins of '{fn.__name__}' names '{name}', which is no argument of the function. Its arguments are: "
                f"{', '.join(arguments) or 'none'}.",
                asset=fn.__name__,
                location=location_of(fn),
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
    raise DefinitionError(
        f"Argument 'config' of '{fn.__name__}' must be annotated with a subclass of Config.",
        asset=fn.__name__,
        location=location_of(fn),
    )


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
    if annotation in (Output, MaterializeResult) or (origin is not None and _is_stream(origin)):
        return None
    return type(None) if annotation is None else annotation


def _is_stream(origin: Any) -> bool:
    name = getattr(origin, "__name__", "")
    return name in ("Generator", "Iterator", "Iterable", "AsyncGenerator", "AsyncIterator")
