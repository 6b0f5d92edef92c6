"""Takes nested graphs apart: single ops, each with where its arguments come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from assetq.definitions.graph_definition import GraphDefinition
from assetq.definitions.hook import HookDefinition
from assetq.definitions.op_definition import OpDefinition
from assetq.definitions.op_source import GraphInput, Several, Source, StepOutput
from assetq.definitions.retry_policy import RetryPolicy
from assetq.errors import DefinitionError


@dataclass(frozen=True, slots=True)
class FlatOp:
    """One op of a graph.

    Attributes:
        path: Names from the outermost graph to the op.
        inputs: Input -> where it comes from; steps by their whole path. Those that are not connected are left out.
    """

    path: tuple[str, ...]
    op_def: OpDefinition
    inputs: Mapping[str, Source]
    tags: Mapping[str, str]
    hooks: frozenset[HookDefinition]
    retry_policy: RetryPolicy | None

    @property
    def name(self) -> str:
        """The path as text: the name of its steps."""
        return step_name(self.path)


def step_name(path: tuple[str, ...]) -> str:
    """Name of the steps of an op."""
    return ".".join(path)


@dataclass(frozen=True, slots=True)
class FlatGraph:
    """A graph as single ops, each after what it reads.

    Attributes:
        outputs: Output of the graph -> where it comes from.
    """

    ops: tuple[FlatOp, ...]
    outputs: Mapping[str, Source]


@dataclass(slots=True)
class _Level:
    path: tuple[str, ...]
    feed: Mapping[str, Source]
    hooks: frozenset[HookDefinition] = frozenset()
    retry_policy: RetryPolicy | None = None
    made: dict[tuple[str, str], Source] = field(default_factory=dict)

    def resolved(self, source: Source) -> Source | None:
        """The source from outside of the graph: None for an argument of it that is not connected."""
        if isinstance(source, GraphInput):
            return self.feed.get(source.name)
        if isinstance(source, Several):
            found = (self.resolved(one) for one in source.sources)
            return Several(tuple(one for one in found if one is not None))
        if isinstance(source, StepOutput):
            made = self.made[source.step, source.output]
            if isinstance(made, StepOutput):
                return replace(made, is_mapped=source.is_mapped, is_collected=source.is_collected or made.is_collected)
            return made
        return source


def flatten(graph: GraphDefinition, path: tuple[str, ...], feed: Mapping[str, Source]) -> FlatGraph:
    """A graph as single ops.

    Args:
        graph: The graph.
        path: Names of the graphs around its ops; empty for the graph of a job.
        feed: Input of the graph -> where it comes from.
    """
    return _flatten(graph, _Level(path, feed))


def _flatten(graph: GraphDefinition, level: _Level) -> FlatGraph:
    ops: list[FlatOp] = []
    for call in graph.body.invocations:
        found = ((name, level.resolved(source)) for name, source in call.inputs.items())
        inputs = {name: source for name, source in found if source is not None}
        path, hooks = (*level.path, call.name), level.hooks | call.hooks
        if isinstance(call.node, OpDefinition):
            ops.append(FlatOp(path, call.node, inputs, call.tags, hooks, call.retry_policy or level.retry_policy))
            level.made.update({(call.name, o): StepOutput(step_name(path), o) for o in call.node.output_names})
        elif isinstance(call.node, GraphDefinition):
            retry = call.retry_policy or level.retry_policy
            inner = _flatten(call.node, _Level(path, inputs, hooks, retry))
            ops += inner.ops
            level.made.update({(call.name, name): source for name, source in inner.outputs.items()})
        else:
            raise DefinitionError(f"Graph '{graph.name}' calls {call.node!r}, which is no op or graph.")
    outputs = {name: level.resolved(source) for name, source in graph.body.outputs.items()}
    return FlatGraph(tuple(ops), {name: source for name, source in outputs.items() if source is not None})
