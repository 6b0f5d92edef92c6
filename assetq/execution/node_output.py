"""What an op or graph has given in a run that is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from assetq.definitions import Definitions, OpInput
from assetq.definitions.asset_dep import AssetIn
from assetq.definitions.graph_definition import GraphDefinition
from assetq.definitions.graph_flatten import flatten
from assetq.definitions.op_source import GraphInput, StepOutput
from assetq.definitions.op_step import OpStep
from assetq.errors import UsageError, suggest
from assetq.execution.event import EventType
from assetq.execution.inputs import load_input
from assetq.execution.intermediate import SourceLoader
from assetq.execution.local_run import LocalRun
from assetq.execution.session import ExecutionSession
from assetq.execution.task import StepTask


@dataclass(frozen=True, slots=True)
class NodeOutputs:
    """Looks up outputs by the names of ops and graphs."""

    run: LocalRun
    defs: Definitions
    session: ExecutionSession

    def value(self, name: str, output_name: str) -> Any:
        """The stored output of an op or graph.

        Raises:
            UsageError: There is no such op or output, or the op did not give it.
        """
        names = [node.name for node in self.run.plan.nodes]
        if name in names:
            return self._op_value(name, output_name)
        source = self._graph_output(name, output_name)
        if source is None:
            raise UsageError(f"The run has no op '{name}'.{suggest(name, names)}")
        return self._op_value(source.step, source.output)

    def graph_value(self, graph: GraphDefinition, output_name: str) -> Any:
        """The output of the graph of a job.

        Raises:
            UsageError: It has none of that name.
        """
        source = graph.body.outputs.get(output_name)
        found = flatten(graph, (), {n: GraphInput(n) for n in graph.input_names}).outputs.get(output_name)
        if source is None or not isinstance(found, StepOutput):
            raise UsageError(f"Graph '{graph.name}' has no output '{output_name}'.")
        return self._op_value(found.step, found.output)

    def _op_value(self, name: str, output_name: str) -> Any:
        definition = self.defs.get_op(name)
        output = definition.op.output(output_name)
        if output is None:
            raise UsageError(f"Op '{name}' has no output '{output_name}'.")
        if not self._was_given(name, output.name):
            raise UsageError(f"Op '{name}' gave no output '{output_name}' in this run.")
        node = next(node for node in self.run.plan.nodes if node.name == name)
        task = StepTask(self.run.run_id, self.run.plan, node.index, node.steps.last if node.steps else 0)
        if not isinstance(definition, OpStep):
            read = OpInput("value", output.key, None, AssetIn(key=output.key))
            return load_input(self.session, task, definition, read, []).value
        source = StepOutput(name, output.name, is_collected=output.is_dynamic or definition.is_mapped)
        loader = SourceLoader(self.session, task, definition)
        read = OpInput("value", output.key, None, AssetIn(key=output.key), source)
        return loader.load_by_key(read, source) if source.is_collected else loader.load(read)

    def _was_given(self, name: str, output_name: str) -> bool:
        kinds = (EventType.HANDLED_OUTPUT, EventType.ASSET_MATERIALIZATION)
        definition = self.defs.get_op(name)
        for event in self.run.events:
            if event.type not in kinds or event.node_name != name:
                continue
            if event.data.get("output") == output_name:
                return True
            output = definition.op.output(output_name)
            if output is not None and event.type is EventType.ASSET_MATERIALIZATION and event.asset == str(output.key):
                return True
        return False

    def _graph_output(self, name: str, output_name: str) -> StepOutput | None:
        """Where the output of a graph comes from, by the steps around it."""
        path = tuple(name.split("."))
        for node in self.run.plan.nodes:
            step = self.defs.get_op(node.name)
            if isinstance(step, OpStep) and step.path[: len(path)] == path and step.graph is not None:
                prefix = () if step.owner is None else (step.path[0],)
                graph = _inner(step.graph, path[len(prefix) :])
                if graph is not None:
                    source = flatten(graph, path, {n: GraphInput(n) for n in graph.input_names}).outputs.get(
                        output_name
                    )
                    return source if isinstance(source, StepOutput) else None
        return None


def _inner(graph: GraphDefinition, names: tuple[str, ...]) -> GraphDefinition | None:
    for name in names:
        node = graph.node_dict.get(name)
        if not isinstance(node, GraphDefinition):
            return None
        graph = node
    return graph
