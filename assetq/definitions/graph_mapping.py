"""Which ops of a graph are mapped over a dynamic output, however long the chain between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assetq.definitions.graph_definition import GraphDefinition
from assetq.definitions.graph_flatten import FlatGraph, FlatOp, flatten
from assetq.definitions.op_source import GraphInput, Several, Source, StepOutput, outputs_in
from assetq.errors import DefinitionError

DynamicName = tuple[str, str]


def check_mapping(graph: GraphDefinition) -> None:
    """Raise where ops of a graph cannot be mapped as they are.

    Raises:
        DefinitionError: See `with_mapping`.
    """
    with_mapping(graph.name, flatten(graph, (), {name: GraphInput(name) for name in graph.input_names}))


def with_mapping(graph: str, flat: FlatGraph) -> FlatGraph:
    """The graph with every op mapped that reads what was mapped, unless it reads all of it.

    Raises:
        DefinitionError: An op is mapped over two outputs, or mapped and collects, or mapped and dynamic itself.
    """
    mapped: dict[str, DynamicName] = {}
    ops = []
    for op in flat.ops:
        inputs = {name: _mapped(source, mapped) for name, source in op.inputs.items()}
        read = [one for source in inputs.values() for one in outputs_in(source)]
        over = sorted({mapped.get(one.step, (one.step, one.output)) for one in read if one.is_mapped})
        if over:
            mapped[op.name] = over[0]
            if problem := _problem(op, over, read):
                raise DefinitionError(f"Op '{op.name}' of graph '{graph}' is mapped over {_named(over)} {problem}")
        ops.append(replace(op, inputs=inputs))
    return replace(flat, ops=tuple(ops))


def _named(outputs: list[DynamicName]) -> str:
    return " and ".join(f"'{output}' of '{step}'" for step, output in outputs)


def _problem(op: FlatOp, over: list[DynamicName], read: list[StepOutput]) -> str | None:
    if len(over) > 1:
        return "at once; map over one of them, and collect the others before, in an op of their own."
    if any(one.is_collected for one in read):
        return "and collects another; collect in an op of its own, and read what that gives."
    if any(out.is_dynamic for out in op.op_def.outs.values()):
        return "and has a dynamic output itself; give a list, and let an op behind the collect have the dynamic output."
    return None


def _mapped(source: Source, mapped: Mapping[str, Any]) -> Source:
    if isinstance(source, Several):
        return Several(tuple(_mapped(one, mapped) for one in source.sources))
    if isinstance(source, StepOutput) and source.step in mapped and not source.is_collected:
        return replace(source, is_mapped=True)
    return source
