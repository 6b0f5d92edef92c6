"""One op of a graph as a step: it makes no asset, or some of the graph's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from assetq.definitions.asset_dep import AssetDep, AssetIn
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.assets_definition import AssetsDefinition
from assetq.definitions.check import AssetCheckSpec
from assetq.definitions.graph_definition import GraphDefinition
from assetq.definitions.graph_flatten import FlatGraph, FlatOp, flatten
from assetq.definitions.graph_mapping import with_mapping
from assetq.definitions.hook import HookDefinition
from assetq.definitions.op import Op, OpInput, OpOutput
from assetq.definitions.op_io import In
from assetq.definitions.op_source import (
    AssetValue,
    ConfiguredInput,
    Source,
    StepOutput,
    assets_in,
    outputs_in,
)
from assetq.definitions.retry_policy import BackfillPolicy, RetryPolicy
from assetq.definitions.signature import is_nothing
from assetq.errors import DefinitionError


class OpStep(AssetsDefinition):
    """One op of a graph-backed asset or of a job.

    Attributes:
        path: Names from the outermost graph to the op; its steps are named by them.
        owner: What makes the graph's assets; None for an op of a job.
        graph: The outermost graph.
        above: Outputs of other steps that it reads or waits for.
        check_outputs: Output -> the check whose result it gives.
    """

    noun = "Op"
    path: tuple[str, ...] = ()
    owner: AssetsDefinition | None = None
    graph: GraphDefinition | None = None
    above: tuple[StepOutput, ...] = ()
    check_outputs: Mapping[str, AssetCheckSpec] = {}
    _public: tuple[Op, Op] | None = None

    @property
    def subject(self) -> str:
        """Its name, for messages."""
        return self.op.name

    @property
    def whole(self) -> AssetsDefinition:
        """What makes the graph's assets; of a job the op itself."""
        return self.owner or self

    @property
    def public_op(self) -> Op:
        """The op by its name in the graph."""
        known = self._public
        if known is None or known[0] is not self.op:
            known = self._public = self.op, replace(self.op, name=self.path[-1])
        return known[1]

    @property
    def is_mapped(self) -> bool:
        """True when it runs once for each value of a dynamic output."""
        return any(one.is_mapped for one in self.above)

    @property
    def sections(self) -> tuple[tuple[str, GraphDefinition | None], ...]:
        """Names under which its section of run config lies, each with its graph."""
        found, graph = list[tuple[str, GraphDefinition | None]](), self.graph
        names = self.path
        if self.owner is not None and len(names) > 1:
            found, names = [(names[0], graph)], names[1:]
        for name in names:
            node = graph.node_dict[name] if graph is not None else None
            graph = node if isinstance(node, GraphDefinition) else None
            found.append((name, graph))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class GraphSteps:
    """Makes the steps of a graph.

    Attributes:
        graph: The graph.
        prefix: Path of the graph; empty for that of a job.
        owner: The definition of its assets, if it makes any.
        feed: Input of the graph -> where it comes from.
        loads: Asset -> how the graph's argument loads it.
        makes: Output of the graph -> the asset that it becomes.
        checks: Output of the graph -> the check whose result it gives.
        hooks, retry_policy: Of every op, besides its own.
    """

    graph: GraphDefinition
    prefix: tuple[str, ...] = ()
    owner: AssetsDefinition | None = None
    feed: Mapping[str, Source] | None = None
    loads: Mapping[AssetKey, AssetIn] | None = None
    makes: Mapping[str, OpOutput] | None = None
    checks: Mapping[str, AssetCheckSpec] | None = None
    hooks: frozenset[HookDefinition] = frozenset()
    retry_policy: RetryPolicy | None = None
    partitions_def: Any = None
    backfill_policy: BackfillPolicy | None = None

    def make(self) -> tuple[OpStep, ...]:
        """The steps, each after what it reads."""
        flat = with_mapping(self.graph.name, flatten(self.graph, self.prefix, self.feed or {}))
        assets, checks = self._places(flat, self.makes or {}), self._places(flat, self.checks or {})
        roots_deps = self._unplaced_deps(flat)
        return tuple(self._step(op, assets, checks, roots_deps) for op in flat.ops)

    def _places(self, flat: FlatGraph, wanted: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
        """`(step, output) -> what it becomes`."""
        found: dict[tuple[str, str], Any] = {}
        for name, made in wanted.items():
            source = flat.outputs.get(name)
            if not isinstance(source, StepOutput) or source.is_collected:
                raise DefinitionError(f"Output '{name}' of graph '{self.graph.name}' is not the output of an op.")
            if (source.step, source.output) in found:
                raise DefinitionError(
                    f"Output '{source.output}' of '{source.step}' becomes two assets of graph '{self.graph.name}'; "
                    "give each asset an output of its own."
                )
            found[source.step, source.output] = made
        return found

    def _unplaced_deps(self, flat: FlatGraph) -> list[AssetDep]:
        """What the assets depend on besides the graph's arguments: the first ops wait for it."""
        if self.owner is None:
            return []
        placed = {key for op in flat.ops for source in op.inputs.values() for key in assets_in(source)}
        return [dep for dep in self.owner.deps if dep.asset_key not in placed | self.owner.keys]

    def _step(
        self,
        flat: FlatOp,
        assets: Mapping[tuple[str, str], OpOutput],
        checks: Mapping[tuple[str, str], AssetCheckSpec],
        roots_deps: list[AssetDep],
    ) -> OpStep:
        above = tuple(dict.fromkeys(o for s in flat.inputs.values() for o in outputs_in(s)))
        outputs = [_placed(flat, output, assets) for output in flat.op_def.op.outputs]
        loaded = [key for source in flat.inputs.values() for key in assets_in(source)]
        extra = [] if above else roots_deps
        step = OpStep(
            self._op(flat, outputs),
            specs=[output.spec for output in outputs if output.is_asset],
            deps=[*self._deps(loaded), *extra],
            partitions_def=self.partitions_def,
            backfill_policy=self.backfill_policy,
            check_specs=[spec for (name, _), spec in checks.items() if name == flat.name],
            hooks=self.hooks | flat.hooks,
        )
        step.path, step.owner, step.graph, step.above = flat.path, self.owner, self.graph, above
        step.check_outputs = {output: spec for (name, output), spec in checks.items() if name == flat.name}
        return step

    def _deps(self, keys: list[AssetKey]) -> list[AssetDep]:
        known = {dep.asset_key: dep for dep in self.owner.deps} if self.owner is not None else {}
        return [known.get(key) or AssetDep(key) for key in dict.fromkeys(keys)]

    def _op(self, flat: FlatOp, outputs: list[OpOutput]) -> Op:
        declared = flat.op_def.ins
        inputs = [
            replace(i, **self._loading(i, declared[i.name], flat.inputs.get(i.name))) for i in flat.op_def.op.inputs
        ]
        own = flat.op_def.op
        return replace(
            own,
            name=flat.name,
            inputs=tuple(inputs),
            outputs=tuple(outputs),
            retry_policy=flat.retry_policy or own.retry_policy or self.retry_policy,
            tags={**own.tags, **flat.tags},
        )

    def _loading(self, op_input: OpInput, declared: In, source: Source | None) -> dict[str, Any]:
        """What changes about an argument of the op because of where it comes from."""
        if source is None and declared.asset_key is not None and not declared.has_default:
            source = AssetValue(declared.asset_key)
        if source is None:
            return {"source": ConfiguredInput(declared.has_default, declared.default_value)}
        if not isinstance(source, AssetValue):
            return {"source": source}
        asset_in = (self.loads or {}).get(source.key, AssetIn(key=source.key))
        manager = op_input.asset_in.input_manager_key or asset_in.input_manager_key
        loading = AssetIn(
            key=source.key,
            metadata={**asset_in.metadata, **op_input.asset_in.metadata},
            input_manager_key=manager,
            partition_mapping=asset_in.partition_mapping,
            dagster_type=op_input.asset_in.dagster_type,
        )
        return {"key": source.key, "asset_in": loading, "source": None}


def _placed(flat: FlatOp, output: OpOutput, assets: Mapping[tuple[str, str], OpOutput]) -> OpOutput:
    """The output as the asset that it becomes, if it does."""
    made = assets.get((flat.name, output.name))
    if made is None:
        return replace(output, key=AssetKey([*flat.path, output.name]))
    is_typed = made.annotation is not None and not is_nothing(made.annotation)
    return OpOutput(
        output.name,
        made.key,
        made.io_manager_key,
        output.is_required,
        made.annotation if is_typed else output.annotation,
        made.spec,
    )
