"""Graphs without a function: their ops, and what is connected with what, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assetq.definitions.composition import Invocation
from assetq.definitions.hook import HookDefinition
from assetq.definitions.node_definition import NodeDefinition
from assetq.definitions.op_source import GraphInput, Several, Source, StepOutput
from assetq.definitions.output import DEFAULT_OUTPUT
from assetq.definitions.retry_policy import RetryPolicy
from assetq.errors import DefinitionError, suggest


@dataclass(frozen=True, slots=True)
class DependencyDefinition:
    """An input comes from an output of another op. Mirrors Dagster's class."""

    node: str
    output: str = DEFAULT_OUTPUT
    description: str | None = None

    def source(self) -> Source:
        """Where the input comes from."""
        return StepOutput(self.node, self.output)


@dataclass(frozen=True, slots=True)
class MultiDependencyDefinition:
    """An input is a list, with a value of each of several outputs. Mirrors Dagster's class."""

    dependencies: Sequence[DependencyDefinition]

    def source(self) -> Source:
        """Where the input comes from."""
        return Several(tuple(one.source() for one in self.dependencies))


@dataclass(frozen=True, slots=True)
class NodeInvocation:
    """An op or graph under a name, as a key of dependencies. Mirrors Dagster's class."""

    name: str
    alias: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    hook_defs: frozenset[HookDefinition] = frozenset()
    retry_policy: RetryPolicy | None = None


@dataclass(frozen=True, slots=True)
class InputMapping:
    """An input of a graph is the input of one of its ops. Mirrors Dagster's class."""

    graph_input_name: str
    mapped_node_name: str
    mapped_node_input_name: str
    fan_in_index: int | None = None
    graph_input_description: str | None = None
    dagster_type: Any = None


@dataclass(frozen=True, slots=True)
class OutputMapping:
    """An output of a graph is the output of one of its ops. Mirrors Dagster's class."""

    graph_output_name: str
    mapped_node_name: str
    mapped_node_output_name: str
    graph_output_description: str | None = None
    dagster_type: Any = None
    from_dynamic_mapping: bool = False


def invocations_of(
    nodes: Sequence[NodeDefinition],
    dependencies: Mapping[Any, Mapping[str, Any]],
    input_mappings: Sequence[InputMapping],
) -> dict[str, Invocation]:
    """Name in the graph -> the call of an op or graph.

    Raises:
        DefinitionError: Something names an op or input that does not exist.
    """
    by_name = {node.name: node for node in nodes}
    keys = {(k.alias or k.name if isinstance(k, NodeInvocation) else str(k)): k for k in dependencies}
    named = {k.name if isinstance(k, NodeInvocation) else str(k) for k in dependencies}
    keys.update({name: name for name in by_name if name not in named})
    made: dict[str, Invocation] = {}
    for name, key in keys.items():
        call = key if isinstance(key, NodeInvocation) else NodeInvocation(str(key))
        if call.name not in by_name:
            raise DefinitionError(f"dependencies name op '{call.name}', which is not there.{suggest(name, by_name)}")
        inputs = {n: dep.source() for n, dep in dependencies.get(key, {}).items()}
        for mapping in input_mappings:
            if mapping.mapped_node_name == name:
                inputs[mapping.mapped_node_input_name] = GraphInput(mapping.graph_input_name)
        made[name] = Invocation(name, by_name[call.name], inputs, dict(call.tags), call.hook_defs, call.retry_policy)
        _refuse_unknown(made[name])
    return made


def _refuse_unknown(call: Invocation) -> None:
    for name in call.inputs:
        if name not in call.node.input_names:
            raise DefinitionError(f"Op '{call.name}' has no input '{name}'.{suggest(name, call.node.input_names)}")


def mapped_to(mapping: OutputMapping, made: Mapping[str, Invocation]) -> Source:
    """Where an output of the graph comes from.

    Raises:
        DefinitionError: There is no such op or output.
    """
    call = made.get(mapping.mapped_node_name)
    if call is None or mapping.mapped_node_output_name not in call.node.output_names:
        raise DefinitionError(
            f"Output '{mapping.graph_output_name}' is mapped to '{mapping.mapped_node_name}."
            f"{mapping.mapped_node_output_name}', which does not exist."
        )
    return StepOutput(mapping.mapped_node_name, mapping.mapped_node_output_name)
