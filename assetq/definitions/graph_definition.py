"""`GraphDefinition`: ops that are connected with each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from assetq.definitions.composition import Invocation
from assetq.definitions.config_mapping import ConfigMapping
from assetq.definitions.dependency import DependencyDefinition, InputMapping, OutputMapping, invocations_of, mapped_to
from assetq.definitions.node_definition import NodeDefinition
from assetq.definitions.op_source import Source, StepOutput, outputs_in
from assetq.errors import CycleError, DefinitionError, InvariantError


@dataclass(frozen=True, slots=True)
class GraphBody:
    """What a graph is made of.

    Attributes:
        invocations: Ops and graphs, each after what it reads.
        inputs: Names of the graph's own inputs.
        outputs: Output -> where it comes from.
    """

    invocations: tuple[Invocation, ...]
    inputs: tuple[str, ...] = ()
    outputs: Mapping[str, Source] = field(default_factory=dict)


class GraphDefinition(NodeDefinition):
    """Ops that are connected with each other. Mirrors Dagster's `GraphDefinition`; made by `@graph`.

    Args:
        name: Its name.
        description: What it is.
        node_defs: Ops and graphs that it is made of.
        dependencies: Op -> input -> where it comes from.
        input_mappings: Inputs of the graph, and whose inputs they are.
        output_mappings: Outputs of the graph, and whose outputs they are.
        config: Config of its ops, or how it is made.
        tags: Its tags.
        body: Instead of nodes, dependencies and mappings: all of them together.
    """

    def __init__(
        self,
        name: str,
        *,
        description: str | None = None,
        node_defs: Sequence[NodeDefinition] | None = None,
        dependencies: Mapping[Any, Mapping[str, DependencyDefinition]] | None = None,
        input_mappings: Sequence[InputMapping] | None = None,
        output_mappings: Sequence[OutputMapping] | None = None,
        config: ConfigMapping | Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
        body: GraphBody | None = None,
    ) -> None:
        self.name, self.description = name, description
        self.config, self.tags = config, dict(tags or {})
        self.__name__ = name
        if body is None:
            made = invocations_of(node_defs or (), dependencies or {}, input_mappings or ())
            inputs = tuple(dict.fromkeys(m.graph_input_name for m in input_mappings or ()))
            outputs = {m.graph_output_name: mapped_to(m, made) for m in output_mappings or ()}
            body = GraphBody(tuple(made.values()), inputs, outputs)
        self.body = GraphBody(tuple(_sorted(name, body.invocations)), body.inputs, body.outputs)

    @property
    def input_names(self) -> Sequence[str]:
        """Names of the inputs."""
        return self.body.inputs

    @property
    def output_names(self) -> Sequence[str]:
        """Names of the outputs."""
        return list(self.body.outputs)

    @property
    def node_defs(self) -> Sequence[NodeDefinition]:
        """Ops and graphs that it is made of."""
        return list({id(i.node): i.node for i in self.body.invocations}.values())

    @property
    def node_dict(self) -> Mapping[str, NodeDefinition]:
        """Name in the graph -> op or graph."""
        return {i.name: i.node for i in self.body.invocations}

    def node_named(self, name: str) -> NodeDefinition:
        """The op or graph of a name in the graph."""
        return self.node_dict[name]

    def is_dynamic(self, output_name: str) -> bool:
        """True for an output of which there is any number of values."""
        source = self.body.outputs[output_name]
        if not isinstance(source, StepOutput) or source.is_collected:
            return False
        return self.node_dict[source.step].is_dynamic(source.output)

    def call_directly(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Not there.

        Raises:
            InvariantError: Always: a graph has no value outside of a run.
        """
        raise InvariantError(
            f"Graph '{self.name}' is called outside of a graph. Use it in the function of a @graph or @job, or run it: "
            f"{self.name}.execute_in_process()."
        )

    def to_job(self, name: str | None = None, **options: Any) -> Any:
        """A job that runs the graph; options as for `@job`. Mirrors Dagster's method."""
        jobs = import_module("assetq.definitions.job_definition")
        return jobs.JobDefinition(self, name=name, **options)

    def execute_in_process(
        self,
        run_config: Any = None,
        instance: Any = None,
        resources: Mapping[str, object] | None = None,
        raise_on_error: bool = True,
        op_selection: Sequence[str] | None = None,
        run_id: str | None = None,
        input_values: Mapping[str, object] | None = None,
    ) -> Any:
        """Run the graph in this process. Mirrors Dagster's method; see `JobDefinition.execute_in_process`."""
        return self.to_job(resource_defs=resources, input_values=input_values).execute_in_process(
            run_config=run_config,
            instance=instance,
            raise_on_error=raise_on_error,
            op_selection=op_selection,
        )

    def __repr__(self) -> str:
        return f"GraphDefinition({self.name})"


def _sorted(graph: str, invocations: Sequence[Invocation]) -> list[Invocation]:
    """The calls, each after what it reads; in their own order among equals."""
    done: set[str] = set()
    ordered: list[Invocation] = []
    left = list(invocations)
    while left:
        ready = next((i for i in left if all(o.step in done for s in i.inputs.values() for o in outputs_in(s))), None)
        if ready is None:
            names = ", ".join(f"'{i.name}'" for i in left)
            raise CycleError(f"Ops of graph '{graph}' wait for each other in a circle: {names}.")
        left.remove(ready)
        done.add(ready.name)
        ordered.append(ready)
    return ordered


def require_outputs(graph: str, wanted: Sequence[str], outputs: Mapping[str, Source], location: object | None) -> None:
    """Refuse a graph whose function does not give all outputs that are declared.

    Raises:
        DefinitionError: It does not.
    """
    for name in wanted:
        if name not in outputs:
            raise DefinitionError(
                f"The function of graph '{graph}' gives no output '{name}'. Return the output of an op for it.",
                location=location,
            )
    for name in outputs:
        if name not in wanted:
            raise DefinitionError(
                f"The function of graph '{graph}' gives output '{name}', which is not declared: {', '.join(wanted)}.",
                location=location,
            )
