"""Assets that a graph of ops makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Self

from assetq.definitions.asset_dep import AssetDep, AssetIn, merge_deps
from assetq.definitions.asset_key import AssetKey, names_of
from assetq.definitions.assets_definition import AssetsDefinition
from assetq.definitions.check import AssetCheckSpec
from assetq.definitions.composition import Invocation
from assetq.definitions.graph_definition import GraphBody, GraphDefinition
from assetq.definitions.graph_flatten import flatten
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY, Op, OpInput, OpOutput
from assetq.definitions.op_definition import OpDefinition
from assetq.definitions.op_source import AssetValue, GraphInput, StepOutput
from assetq.definitions.op_step import GraphSteps, OpStep
from assetq.definitions.source_location import SourceLocation
from assetq.errors import DefinitionError


class GraphAssetsDefinition(AssetsDefinition):
    """Assets that a graph makes. Its `op` stands for the whole; each op of the graph is a step of its own.

    Attributes:
        graph_def: The graph.
        op_def: Instead of a graph, the one op that makes the assets.
    """

    graph_def: GraphDefinition
    op_def: OpDefinition | None = None

    @classmethod
    def around(cls, graph: GraphDefinition, op: Op, **options: Any) -> Self:
        """The definition of a graph's assets; options as for `AssetsDefinition`."""
        made = cls(op, **options)
        made.graph_def = graph
        return made

    def replace(self, **changes: Any) -> Self:
        """A copy with other attributes."""
        copy = super().replace(**changes)
        copy.graph_def, copy.op_def = self.graph_def, self.op_def
        if copy.op_def is not None and copy.op.name != copy.op_def.name:
            copy.op_def = copy.op_def.renamed(copy.op.name)
            copy.graph_def = graph_of_op(copy.op_def)
        return copy

    @property
    def node_def(self) -> Any:
        """The graph, or the op."""
        return self.op_def or self.graph_def

    @property
    def check_specs_by_output(self) -> dict[str, AssetCheckSpec]:
        """Output of the graph -> the check whose result it gives."""
        return {spec.get_python_identifier(): spec for spec in self.check_specs}

    @cached_property
    def steps(self) -> tuple[AssetsDefinition, ...]:
        """The ops of the graph, each after what it reads."""
        return self.op_steps

    @cached_property
    def op_steps(self) -> tuple[OpStep, ...]:
        """The ops of the graph, each after what it reads."""
        inputs = self.op.inputs
        return GraphSteps(
            self.graph_def,
            () if self.op_def is not None else (self.op.name,),
            self,
            feed={i.name: AssetValue(i.key) for i in inputs},
            loads={i.key: i.asset_in for i in inputs},
            makes={output.name: output for output in self.op.outputs},
            checks=self.check_specs_by_output,
            hooks=self.hooks,
            partitions_def=self.partitions_def,
            backfill_policy=self.backfill_policy,
        ).make()

    def closure(self, keys: frozenset[AssetKey]) -> tuple[OpStep, ...]:
        """The ops that some of the assets need: those that give them, and what these read, however far."""
        by_name = {step.op.name: step for step in self.op_steps}
        wanted = [step for step in self.op_steps if step.keys & keys]
        found: dict[str, OpStep] = {}
        while wanted:
            step = wanted.pop()
            if step.op.name not in found:
                found[step.op.name] = step
                wanted += [by_name[output.step] for output in step.above]
        return tuple(step for step in self.op_steps if step.op.name in found)


def graph_of_op(op_def: OpDefinition) -> GraphDefinition:
    """A graph of one op, with its inputs and outputs."""
    inputs = {name: GraphInput(name) for name in op_def.input_names}
    outputs = {name: StepOutput(op_def.name, name) for name in op_def.output_names}
    body = GraphBody((Invocation(op_def.name, op_def, inputs),), tuple(inputs), outputs)
    return GraphDefinition(op_def.name, description=op_def.description, body=body)


def back_with_graph(
    graph: GraphDefinition,
    *,
    ins: Mapping[str, AssetIn],
    outputs: Sequence[OpOutput],
    location: SourceLocation | None,
    exact_deps: Mapping[str, Sequence[AssetDep]] | None = None,
    **options: Any,
) -> GraphAssetsDefinition:
    """The assets of a graph.

    Args:
        graph: The graph.
        ins: How its arguments are loaded; one not named here loads the asset of its own name.
        outputs: What its outputs become.
        location: Where it was defined.
        exact_deps: Output -> what exactly its asset is made from; by default everything that the graph reads.
        options: Of the `AssetsDefinition`.
    """
    given = {name: ins.get(name, AssetIn()) for name in graph.input_names}
    unloaded = {name: asset_in for name, asset_in in ins.items() if name not in given}
    inputs = tuple(
        OpInput(n, i.key_for(n), i.dagster_type, i) for n, i in {**given, **unloaded}.items()
    )  # fmt: skip
    common = [AssetDep(i.key, partition_mapping=i.asset_in.partition_mapping) for i in inputs]
    exact = exact_deps or {}
    outputs = [
        replace(o, spec=o.spec.replace_attributes(
            deps=merge_deps([*exact.get(o.name, common), *o.spec.deps], o.key, location)))
        for o in outputs
    ]  # fmt: skip
    keys = {output.key for output in outputs}
    _refuse_self(graph, keys & {dep.asset_key for dep in common}, location)
    every = [dep for output in outputs for dep in output.spec.deps if dep.asset_key not in keys]
    return GraphAssetsDefinition.around(
        graph,
        _whole(graph, inputs, outputs, location),
        specs=[output.spec for output in outputs],
        deps=merge_deps([*common, *every], min(keys), location),
        **options,
    )


def _refuse_self(graph: GraphDefinition, own: set[AssetKey], location: SourceLocation | None) -> None:
    if own:
        raise DefinitionError(
            f"Graph '{graph.name}' reads its own asset {names_of(own)}; only an asset of one op can.",
            asset=str(min(own)),
            location=location,
        )


def _whole(
    graph: GraphDefinition, inputs: Sequence[OpInput], outputs: Sequence[OpOutput], location: SourceLocation | None
) -> Op:
    """What stands for all ops together, where assets are looked at from outside."""
    ops = [flat.op_def.op for flat in flatten(graph, (graph.name,), {i.name: GraphInput(i.name) for i in inputs}).ops]
    managers = {output.io_manager_key for op in ops for output in op.outputs} - {DEFAULT_IO_MANAGER_KEY}
    needed = frozenset().union(*(op.required_resource_keys for op in ops)) if ops else frozenset[str]()
    return Op(
        name=graph.name,
        fn=_never_called(graph),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        context_param=None,
        config_param=None,
        config_type=None,
        config_schema=None,
        resource_params={},
        required_resource_keys=needed | managers,
        retry_policy=None,
        bundle=None,
        tags=dict(graph.tags),
        location=location,
    )


def _never_called(graph: GraphDefinition) -> Callable[..., Any]:
    def call(**_: Any) -> Any:
        return graph()

    call.__doc__ = graph.description
    return call


def own_types(graph: GraphDefinition, names: Iterator[str] | Sequence[str]) -> dict[str, tuple[Any, str | None]]:
    """Output of the graph -> declared type and I/O manager of the op that gives it."""
    flat = flatten(graph, (graph.name,), {name: GraphInput(name) for name in graph.input_names})
    by_name = {op.name: op for op in flat.ops}
    found: dict[str, tuple[Any, str | None]] = {}
    for name in names:
        source = flat.outputs.get(name)
        if isinstance(source, StepOutput):
            output = by_name[source.step].op_def.op.output(source.output)
            found[name] = (None, None) if output is None else (output.annotation, output.io_manager_key)
    return found
