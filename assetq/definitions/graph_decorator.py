"""`@graph`: a function that connects ops."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from assetq.definitions.asset_key import check_name
from assetq.definitions.composition import Composition, OutputHandle, compose
from assetq.definitions.config_mapping import ConfigMapping
from assetq.definitions.graph_definition import GraphBody, GraphDefinition, require_outputs
from assetq.definitions.op_io import GraphIn, GraphOut
from assetq.definitions.op_source import GraphInput, Source
from assetq.definitions.output import DEFAULT_OUTPUT
from assetq.definitions.source_location import SourceLocation, location_of
from assetq.errors import DefinitionError


def graph(
    compose_fn: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    ins: Mapping[str, GraphIn] | None = None,
    out: GraphOut | Mapping[str, GraphOut] | None = None,
    tags: Mapping[str, str] | None = None,
    config: ConfigMapping | Mapping[str, Any] | None = None,
) -> Any:
    """Define a graph by a function that calls ops. Mirrors Dagster's `@graph`.

    The function runs once, now: what it gives to ops are handles, not values. It returns the output of an op, or of
    several outputs a mapping from name to the output of an op.

    Args:
        compose_fn: The function; given when the decorator stands bare.
        name: By default the function's name.
        description: By default the docstring.
        ins: Carried along; the arguments of the function are the inputs.
        out: Names of the outputs, where there are several.
        tags: Its tags.
        config: Config of its ops, or a `ConfigMapping` that makes it.

    Raises:
        DefinitionError: Something does not fit; names the graph, file and line.
    """
    wanted = list(out) if isinstance(out, Mapping) else None

    def make(fn: Callable[..., Any]) -> GraphDefinition:
        return graph_of(fn, name or fn.__name__, wanted, description=description, tags=tags, config=config)

    return make if compose_fn is None else make(compose_fn)


def graph_of(
    fn: Callable[..., Any],
    name: str,
    wanted: Sequence[str] | None,
    *,
    may_return: bool = True,
    not_inputs: frozenset[str] = frozenset(),
    **options: Any,
) -> GraphDefinition:
    """The graph that a function describes.

    Args:
        fn: The function.
        name: Name of the graph.
        wanted: Its outputs; None for what the function returns.
        may_return: False for the function of a job, whose outputs are nobody's.
        not_inputs: Arguments that are no inputs.
        options: Of the `GraphDefinition`.
    """
    location = location_of(fn)
    check_name(name, "graph", location)
    inputs = tuple(n for n in _arguments(fn, name, location) if n not in not_inputs)
    with compose(Composition(name, location)) as composition:
        returned = fn(**{argument: OutputHandle(GraphInput(argument), name) for argument in inputs})
    outputs = _outputs(composition, returned, wanted)
    if not may_return and outputs:
        raise composition.error("is the graph of a job, whose function returns nothing; leave the return out.")
    if wanted is not None:
        require_outputs(name, wanted, outputs, location)
    options["description"] = options.get("description") or inspect.getdoc(fn)
    body = GraphBody(tuple(composition.invocations.values()), inputs, outputs)
    return GraphDefinition(name, body=body, **options)


def _arguments(fn: Callable[..., Any], name: str, location: SourceLocation | None) -> list[str]:
    found = []
    for parameter in inspect.signature(fn).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DefinitionError(
                f"The function of graph '{name}' takes {parameter}; name each argument.", location=location
            )
        found.append(parameter.name)
    return found


def _outputs(composition: Composition, returned: Any, wanted: Sequence[str] | None) -> dict[str, Source]:
    if returned is None:
        return {}
    if isinstance(returned, OutputHandle):
        names = wanted if wanted is not None else [DEFAULT_OUTPUT]
        if len(names) != 1:
            raise composition.error(f"returns one output, and has {len(names)}: {', '.join(names)}. Return a mapping.")
        return {names[0]: _source(returned)}
    if isinstance(returned, tuple) and not hasattr(returned, "_fields"):
        names = list(wanted or ())
        if len(names) != len(returned):
            raise composition.error(f"returns {len(returned)} outputs, and declares {len(names)}; return a mapping.")
        returned = dict(zip(names, returned, strict=True))
    if hasattr(returned, "_asdict"):
        returned = returned._asdict()
    if not isinstance(returned, Mapping) or not all(isinstance(each, OutputHandle) for each in returned.values()):
        raise composition.error(f"returns {returned!r}; return outputs of ops, or a mapping from name to such.")
    return {str(key): _source(each) for key, each in returned.items()}


def _source(handle: OutputHandle) -> Source:
    return handle.source
