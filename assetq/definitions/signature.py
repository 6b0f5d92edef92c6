"""Reads a function's arguments: context, config, resources, and what is loaded from assets."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from assetq.definitions.asset_dep import AssetIn
from assetq.definitions.asset_key import is_reserved
from assetq.definitions.check import AssetCheckResult
from assetq.definitions.config_schema import check_schema
from assetq.definitions.op import OpInput
from assetq.definitions.output import MaterializeResult, Nothing, Output
from assetq.definitions.resource import RESOURCE_MARKER, ConfigurableResource
from assetq.definitions.source_location import location_of
from assetq.errors import DefinitionError

CONTEXT_NAMES = ("context", "_context", "context_", "_", "__")


@dataclass(frozen=True, slots=True)
class OpSignature:
    """The roles of a function's arguments.

    Attributes:
        config_type: Class of the config argument.
        config_schema: Instead of it, a plain type that the config argument is annotated with.
    """

    context_param: str | None
    config_param: str | None
    config_type: type[BaseModel] | None
    config_schema: Any
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
    context = _context_of(fn, parameters, hints)
    named = [p for p in parameters if p.name != context and p.name not in not_loaded]
    rest = _without_variadic(fn, named)
    config = next((p.name for p in rest if p.name == "config"), None)
    resources = {p.name: p.name for p in rest if _is_resource(hints.get(p.name))}
    loaded = [p.name for p in rest if p.name != config and p.name not in resources]
    _check_ins(fn, ins, loaded, takes_any=any(p.kind is p.VAR_KEYWORD for p in named))
    _refuse_reserved(fn, loaded)
    inputs = [_input_of(name, hints.get(name), ins.get(name, AssetIn())) for name in loaded]
    inputs += [_input_of(name, None, asset_in) for name, asset_in in ins.items() if name not in loaded]
    return OpSignature(
        context,
        config,
        _config_class(hints.get(config)) if config else None,
        _config_schema(fn, hints.get(config)) if config else None,
        resources,
        tuple(inputs),
        hints.get("return", inspect.Parameter.empty),
    )


def _context_of(fn: Callable[..., Any], parameters: list[inspect.Parameter], hints: Mapping[str, Any]) -> str | None:
    if not parameters:
        return None
    first = parameters[0]
    hint = hints.get(first.name)
    is_context = getattr(hint, "__name__", "").endswith("ExecutionContext")
    if first.name in CONTEXT_NAMES and hint is not None and not is_context:
        raise DefinitionError(
            f"Argument '{first.name}' of '{fn.__name__}' is the context, annotated as {hint!r}; annotate it with "
            "AssetExecutionContext, or leave the annotation out.",
            asset=fn.__name__,
            location=location_of(fn),
        )
    return first.name if first.name in CONTEXT_NAMES or is_context else None


def _without_variadic(fn: Callable[..., Any], parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """The parameters without `**kwargs`, which takes whatever `ins` names, and without keywords that have a default."""
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            raise DefinitionError(
                f"Function '{fn.__name__}' takes *{parameter.name}, which no asset can be loaded into; "
                "name each argument.",
                asset=fn.__name__,
                location=location_of(fn),
            )
    return [p for p in parameters if p.kind is not p.VAR_KEYWORD and not _is_option(p)]


def _is_option(parameter: inspect.Parameter) -> bool:
    return parameter.kind is parameter.KEYWORD_ONLY and parameter.default is not parameter.empty


def _check_ins(fn: Callable[..., Any], ins: Mapping[str, AssetIn], arguments: list[str], takes_any: bool) -> None:
    for name, asset_in in ins.items():
        problem = _problem_of(name, asset_in, arguments, takes_any)
        if problem:
            raise DefinitionError(
                f"ins of '{fn.__name__}' names '{name}', {problem}", asset=fn.__name__, location=location_of(fn)
            )


def _problem_of(name: str, asset_in: object, arguments: list[str], takes_any: bool) -> str | None:
    if not isinstance(asset_in, AssetIn):
        return f"which is given {asset_in!r}; give AssetIn(key=...)."
    if name in arguments:
        is_dropped = is_nothing(asset_in.dagster_type)
        return "which is not loaded, being Nothing, and yet an argument; drop the argument." if is_dropped else None
    if takes_any or is_nothing(asset_in.dagster_type):
        return None
    return f"which is no argument of the function. Its arguments are: {', '.join(arguments) or 'none'}."


def is_nothing(declared: object) -> bool:
    """True when a declared type says that there is no value: nothing is loaded or stored."""
    return declared is Nothing or getattr(declared, "is_nothing", False) is True


def _refuse_reserved(fn: Callable[..., Any], arguments: list[str]) -> None:
    for name in arguments:
        if is_reserved(name):
            raise DefinitionError(
                f"Argument '{name}' of '{fn.__name__}' has a reserved name; rename it"
                + (", or make it the first." if name == "context" else " and say in ins what it loads."),
                asset=fn.__name__,
                location=location_of(fn),
            )


def _is_resource(hint: Any) -> bool:
    if get_origin(hint) is Annotated and RESOURCE_MARKER in get_args(hint)[1:]:
        return True
    return inspect.isclass(hint) and issubclass(hint, ConfigurableResource)


def _config_class(hint: Any) -> type[BaseModel] | None:
    return hint if inspect.isclass(hint) and issubclass(hint, BaseModel) else None


def _config_schema(fn: Callable[..., Any], hint: Any) -> Any:
    """What the config argument is annotated with, if that is no class of `Config`."""
    if _config_class(hint) is not None:
        return None
    if hint is None:
        raise DefinitionError(
            f"Argument 'config' of '{fn.__name__}' must be annotated: with a subclass of Config, or a type like dict.",
            asset=fn.__name__,
            location=location_of(fn),
        )
    schema = _plain_schema(hint)
    check_schema(schema, f"Argument 'config' of '{fn.__name__}'", location_of(fn))
    return schema


def _plain_schema(hint: Any) -> Any:
    """An annotation as config_schema has it: `{str: int}` for `dict[str, int]`, `[int]` for `list[int]`."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is dict and inner:
        return {inner[0]: _plain_schema(inner[1])}
    return [_plain_schema(inner[0])] if origin is list and inner else hint


def _input_of(name: str, annotation: Any, asset_in: AssetIn) -> OpInput:
    declared = asset_in.dagster_type if asset_in.dagster_type is not None else annotation
    return OpInput(name, asset_in.key_for(name), declared, asset_in)


def by_name(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function, callable with every argument by name, positional-only ones included."""
    parameters = inspect.signature(fn).parameters
    hidden = [p.name for p in parameters.values() if p.kind is p.POSITIONAL_ONLY]
    if not hidden:
        return fn

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        first = [kwargs.pop(name) for name in hidden[len(args) :] if name in kwargs]
        return fn(*args, *first, **kwargs)

    return call


def value_type(annotation: Any) -> Any:
    """The type of the value that is stored: `int` for `Output[int]`; None when nothing is declared."""
    if annotation is inspect.Parameter.empty:
        return None
    origin = get_origin(annotation)
    if origin is tuple and AssetCheckResult in get_args(annotation):  # the value with results of the op's own checks
        values = [each for each in get_args(annotation) if each is not AssetCheckResult]
        return value_type(values[0]) if len(values) == 1 else None
    if origin in (Output, MaterializeResult):
        return get_args(annotation)[0]
    if annotation in (Output, MaterializeResult) or (origin is not None and _is_stream(origin)):
        return None
    return type(None) if annotation is None else annotation


def declares_output(fn: Callable[..., Any]) -> bool:
    """True when the function says that it returns an `Output`."""
    annotation = type_hints(fn).get("return")
    return Output in (annotation, get_origin(annotation))


def _is_stream(origin: Any) -> bool:
    name = getattr(origin, "__name__", "")
    return name in ("Generator", "Iterator", "Iterable", "AsyncGenerator", "AsyncIterator")
