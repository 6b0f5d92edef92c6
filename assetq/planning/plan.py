"""The symbolic plan: which steps run and how they depend on each other, without a list of steps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from assetq.errors import UnknownPartitionError, UsageError, suggest
from assetq.partitions import IndexSet, LastPartitionMapping, PartitionMapping
from assetq.planning.closure import closed
from assetq.planning.fan import Growth
from assetq.planning.node import PlanEdge, PlanNode
from assetq.planning.pinned import PinnedPartitionMapping
from assetq.planning.reach import fixed_need, read_steps, reading_steps, steps_reading
from assetq.planning.restriction import kept_edges, kept_nodes
from assetq.planning.wire import pack_plan, unpack_plan

Step = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """A selection of assets times sets of partitions.

    Its size follows the asset graph and the number of ranges, never the number of steps. A step is a
    pair (node, number); what it reads, and what reads it, is computed when asked for.

    Attributes:
        nodes: In topological order.
        edges: Between nodes of the plan.
        selection: What was selected, as text.
        job: Name of the job; empty for a run that belongs to none.
        growth: Version of what the run knew of its fans; empty for a plan that has not grown.
    """

    nodes: tuple[PlanNode, ...]
    edges: tuple[PlanEdge, ...]
    selection: str = ""
    job: str = ""
    growth: str = field(default="", compare=False)
    _into: Mapping[int, tuple[PlanEdge, ...]] = field(init=False, repr=False, compare=False)
    _out_of: Mapping[int, tuple[PlanEdge, ...]] = field(init=False, repr=False, compare=False)
    _maker: Mapping[str, PlanNode] = field(init=False, repr=False, compare=False)
    fans: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        into: dict[int, list[PlanEdge]] = {}
        out_of: dict[int, list[PlanEdge]] = {}
        for edge in self.edges:
            into.setdefault(edge.downstream, []).append(edge)
            out_of.setdefault(edge.upstream, []).append(edge)
        object.__setattr__(self, "_into", {node: tuple(edges) for node, edges in into.items()})
        object.__setattr__(self, "_out_of", {node: tuple(edges) for node, edges in out_of.items()})
        object.__setattr__(self, "_maker", {asset: node for node in self.nodes for asset in node.assets})
        object.__setattr__(self, "fans", tuple(dict.fromkeys(node.fan.name for node in self.nodes if node.fan)))

    @property
    def fingerprint(self) -> str:
        """16 hex digits over the definitions of all nodes."""
        joined = ",".join(node.fingerprint for node in self.nodes)
        return hashlib.sha256(joined.encode()).hexdigest()[:16]

    @property
    def step_count(self) -> int:
        """Number of steps."""
        return sum(len(node.steps) for node in self.nodes)

    @property
    def partition_count(self) -> int:
        """Number of partitions to materialize, over all nodes; an asset without partitions counts as one."""
        return sum(len(node.partitions) for node in self.nodes)

    def partitions_of(self, node: int, step: int) -> tuple[int, int]:
        """Half-open range of partition indices of a step."""
        return self.nodes[node].partitions_of(step)

    def partition_keys_of(self, node: int, step: int) -> list[str]:
        """Keys of the partitions of a step; empty for an asset without partitions."""
        definition = self.nodes[node].partitions_def
        if definition is None:
            return []
        return [definition.key_at(i) for i in range(*self.partitions_of(node, step))]

    def step_key(self, node: int, step: int) -> str:
        """A step as people name it: `name`, `name[key]` or `name[first...last]`."""
        return self.steps_key(node, step, step + 1)

    def steps_key(self, node: int, start: int, stop: int) -> str:
        """A range of steps as people name it."""
        name, definition, fan = self.nodes[node].name, self.nodes[node].partitions_def, self.nodes[node].fan
        if fan is not None:
            return f"{name}[{fan.label(start, stop)}]"
        if definition is None:
            return name
        ends = (*self.partitions_of(node, start), *self.partitions_of(node, stop - 1))
        first, last = min(ends), max(ends) - 1
        key = definition.key_at(first)
        return f"{name}[{key}]" if first == last else f"{name}[{key}...{definition.key_at(last)}]"

    def find_step(self, step_key: str) -> Step:
        """The step that `step_key` named.

        Raises:
            UsageError: The plan has no such node.
            UnknownPartitionError: The node has no such step.
        """
        name, _, inside = step_key.partition("[")
        node = next((node for node in self.nodes if node.name == name or name in node.assets), None)
        if node is None:
            raise UsageError(f"The run has no step '{step_key}'.{suggest(name, [n.name for n in self.nodes])}")
        if node.fan is not None:
            return node.index, self._find_mapped(node, inside.rstrip("]").partition("...")[0])
        if node.partitions_def is None:
            return node.index, 0
        index = node.partitions_def.find(inside.rstrip("]").partition("...")[0])
        if index is None or index not in node.partitions:
            raise UnknownPartitionError(
                f"The run has no step '{step_key}'; name one as {self.step_key(node.index, node.steps.first)}."
            )
        return node.index, node.step_of(index)

    def _find_mapped(self, node: PlanNode, key: str) -> int:
        assert node.fan is not None
        step = node.fan.find(key)
        if step is None:
            known = [self.step_key(node.index, step) for step in node.steps.slice(0, 500)]
            raise UsageError(f"The run has no step '{node.name}[{key}]'.{suggest(f'{node.name}[{key}]', known)}")
        return step

    def mapping_key(self, node: int, step: int) -> str | None:
        """The mapping key for which a step runs; None for one of no fan."""
        fan = self.nodes[node].fan
        return None if fan is None else fan.key_of(step)

    def source_of(self, node: PlanNode) -> PlanNode | None:
        """The node in the plan on which it depends how many steps a node of a fan has."""
        fan = node.fan
        return None if fan is None else next((n for n in self.nodes if n.name == fan.source), None)

    @property
    def has_open_fans(self) -> bool:
        """True while the steps of some fan are not known."""
        return bool(self.fans) and any(node.fan and node.fan.keys is None for node in self.nodes)

    def fans_from(self, node: int) -> list[tuple[int, str]]:
        """`(number, output)` of the fans over outputs of a node."""
        name = self.nodes[node].name
        return [(number, output) for number, (source, output) in enumerate(self.fans) if source == name]

    def fan_nodes(self, fan: int) -> list[PlanNode]:
        """The nodes of a fan."""
        return [node for node in self.nodes if node.fan is not None and node.fan.name == self.fans[fan]]

    def grown(self, growth: Growth) -> Plan:
        """The plan with the steps of the fans of which the run knows the keys."""
        known = {self.fans[fan]: keys for fan, keys in growth.keys.items()}
        nodes = (
            node.grown(known[node.fan.name]) if node.fan and node.fan.name in known else node for node in self.nodes
        )
        return Plan(tuple(nodes), self.edges, self.selection, self.job, growth.version)

    def ungrown(self) -> Plan:
        """The plan as it was before any op of it ran."""
        nodes = (node.ungrown() if self.source_of(node) else node for node in self.nodes)
        return Plan(tuple(nodes), self.edges, self.selection, self.job)

    def node_for_asset(self, key: str) -> PlanNode | None:
        """The node that makes an asset."""
        return self._maker.get(key)

    def assets_lost_with(self, node: int) -> tuple[str, ...]:
        """Assets that are not made when a step of the node fails: its own, and those of ops of its graph behind it."""
        first = self.nodes[node]
        if first.part is None:
            return first.assets
        found, reached = list(first.assets), {node}
        for edge in sorted(self.edges, key=lambda e: e.upstream):
            below = self.nodes[edge.downstream]
            is_inside = below.part is not None and below.part.graph == first.part.graph
            if edge.upstream in reached and edge.downstream not in reached and is_inside:
                reached.add(edge.downstream)
                found += below.assets
        return tuple(found)

    def pinned(self, upstream: int, downstream: int, mapping: PartitionMapping) -> PartitionMapping:
        """A mapping as the plan holds it: that of the last partition keeps to the one which was last at planning."""
        if not isinstance(mapping, LastPartitionMapping):
            return mapping
        between = (edge.mapping for edge in self._edges_into(downstream) if edge.upstream == upstream)
        return next((held for held in between if isinstance(held, PinnedPartitionMapping)), mapping)

    def _upstream_of(self, edge: PlanEdge, step: int) -> IndexSet:
        return read_steps(edge, self.nodes[edge.upstream], self.nodes[edge.downstream], step)

    def _downstream_of(self, edge: PlanEdge, steps: IndexSet) -> IndexSet:
        return reading_steps(edge, self.nodes[edge.upstream], self.nodes[edge.downstream], steps)

    def _edges_into(self, node: int) -> tuple[PlanEdge, ...]:
        return self._into.get(node, ())

    def _edges_out_of(self, node: int) -> tuple[PlanEdge, ...]:
        return self._out_of.get(node, ())

    def upstream_steps(self, node: int, step: int) -> list[Step]:
        """Every step of the plan that must succeed before this one."""
        above = {(edge.upstream, s) for edge in self._edges_into(node) for s in self._upstream_of(edge, step)}
        return sorted(above)

    def downstream_steps(self, node: int, step: int) -> list[Step]:
        """Every step of the plan that waits for this one."""
        one = IndexSet.range(step, step + 1)
        below = {(edge.downstream, s) for edge in self._edges_out_of(node) for s in self._downstream_of(edge, one)}
        return sorted(below)

    def in_degree(self, node: int, step: int) -> int:
        """How many steps of the plan must succeed before this one."""
        return self._count_upstream(node, step, self._edges_into(node))

    def _count_upstream(self, node: int, step: int, edges: Iterable[PlanEdge]) -> int:
        above: dict[int, IndexSet] = {}
        for edge in edges:
            above[edge.upstream] = above.get(edge.upstream, IndexSet()) | self._upstream_of(edge, step)
        return sum(len(steps) for steps in above.values())

    def pointwise_downstream(self, node: int, step: int) -> list[tuple[int, int, int]]:
        """`(node, step, need)` for each step that waits for this one in particular, gates apart.

        `need` is how many steps that step waits for in particular.
        """
        one = IndexSet.range(step, step + 1)
        found: dict[int, IndexSet] = {}
        for edge in self._edges_out_of(node):
            if not edge.is_gate:
                found[edge.downstream] = found.get(edge.downstream, IndexSet()) | self._downstream_of(edge, one)
        return [entry for below, steps in sorted(found.items()) for entry in self._with_need(below, steps)]

    def _with_need(self, node: int, steps: IndexSet) -> Iterator[tuple[int, int, int]]:
        """A need that is the same for all steps, as where all read one, is counted once."""
        edges = [edge for edge in self._edges_into(node) if not edge.is_gate]
        fixed = [fixed_need(edge, self.nodes[edge.upstream]) for edge in edges]
        if None in fixed or len({edge.upstream for edge in edges}) < len(edges):
            return ((node, step, self._count_upstream(node, step, edges)) for step in steps)
        need = sum(count for count in fixed if count is not None)
        return ((node, step, need) for step in steps)

    def gate_upstreams(self, node: int) -> tuple[int, ...]:
        """Nodes that must have succeeded wholly before any step of this one runs."""
        return tuple(sorted({edge.upstream for edge in self._edges_into(node) if edge.is_gate}))

    def gate_downstreams(self, node: int) -> tuple[int, ...]:
        """Nodes whose gate this one keeps."""
        return tuple(sorted({edge.downstream for edge in self._edges_out_of(node) if edge.is_gate}))

    def initial_ready(self, node: int) -> IndexSet:
        """Steps that wait for no step in particular; gates apart."""
        steps = self.nodes[node].steps
        for edge in self._edges_into(node):
            if not edge.is_gate:
                steps = steps - self._downstream_of(edge, self.nodes[edge.upstream].steps)
        return steps

    def ready_after(self, node: int, succeeded: Mapping[int, IndexSet]) -> IndexSet:
        """Steps whose upstream steps in particular are all among the succeeded ones; gates apart."""
        steps = self.nodes[node].steps
        for edge in self._edges_into(node):
            if not edge.is_gate:
                missing = self.nodes[edge.upstream].steps - succeeded.get(edge.upstream, IndexSet())
                steps = steps - self._downstream_of(edge, missing)
        return steps

    def touched_by(self, node: int, succeeded: Mapping[int, IndexSet]) -> IndexSet:
        """Steps with at least one upstream step in particular among the succeeded ones."""
        found = IndexSet()
        for edge in self._edges_into(node):
            if not edge.is_gate:
                found = found | self._downstream_of(edge, succeeded.get(edge.upstream, IndexSet()))
        return found

    def satisfied_count(self, node: int, step: int, succeeded: Mapping[int, IndexSet]) -> int:
        """How many of a step's upstream steps in particular are among the succeeded ones."""
        above: dict[int, IndexSet] = {}
        for edge in self._edges_into(node):
            if not edge.is_gate:
                done = self._upstream_of(edge, step) & succeeded.get(edge.upstream, IndexSet())
                above[edge.upstream] = above.get(edge.upstream, IndexSet()) | done
        return sum(len(steps) for steps in above.values())

    def downstream_closure(self, steps: Mapping[int, IndexSet], *, with_collects: bool = True) -> dict[int, IndexSet]:
        """Everything that cannot run when `steps` fail: transitive, as ranges, without `steps` themselves.

        Args:
            steps: Node -> steps.
            with_collects: False where they were only left out: what collects the others goes on.
        """
        reached = dict(steps)
        for node in range(min(steps, default=len(self.nodes)), len(self.nodes)):
            if not reached.get(node):
                continue
            if loops := [edge for edge in self._edges_out_of(node) if edge.is_loop]:
                reached[node] = closed(self.nodes[node], loops, reached[node])
            for edge in self._edges_out_of(node):
                if edge.is_loop or (edge.is_collect and not with_collects):
                    continue
                known = reached.get(edge.downstream, IndexSet())
                reached[edge.downstream] = known | self._downstream_of(edge, reached[node])
        closure = {node: found - steps.get(node, IndexSet()) for node, found in reached.items()}
        return {node: found for node, found in closure.items() if found}

    def readers_of(self, node: int, partitions: IndexSet) -> dict[int, IndexSet]:
        """Steps that read some partitions of a node, by node; by a loop also the step that makes them."""
        above, found = self.nodes[node], dict[int, IndexSet]()
        for edge in self._edges_out_of(node):
            read = steps_reading(edge, above, self.nodes[edge.downstream], partitions)
            found[edge.downstream] = found.get(edge.downstream, IndexSet()) | read
        return found

    def closure_without(self, node: int, step: int, lost: IndexSet) -> dict[int, IndexSet]:
        """Everything that cannot run when a step fails to make some of its partitions: transitive, as ranges.

        What reads only the other partitions is not in it.
        """
        one = IndexSet.range(step, step + 1)
        if lost == IndexSet.range(*self.partitions_of(node, step)):
            return self.downstream_closure({node: one})
        first = self.readers_of(node, lost)
        first[node] = first.get(node, IndexSet()) - one
        closure = self.downstream_closure(first)
        for below, steps in first.items():
            closure[below] = closure.get(below, IndexSet()) | steps
        return {below: steps for below, steps in closure.items() if steps}

    def satisfied_by(self, node: int, step: int, lost: IndexSet) -> list[tuple[int, int, int]]:
        """`pointwise_downstream` of a step without what reads, directly or not, partitions that it failed to make."""
        skipped = self.closure_without(node, step, lost) if lost else {}
        below = self.pointwise_downstream(node, step)
        return [entry for entry in below if entry[1] not in skipped.get(entry[0], IndexSet())]

    def partly_made(self, node: int, failed: IndexSet, made: IndexSet) -> tuple[IndexSet, IndexSet]:
        """Of failed steps those that made some of their partitions, and the partitions that these did not make."""
        own = made & self.nodes[node].partitions_in(failed)
        steps = self.nodes[node].steps_of(own)
        return steps, self.nodes[node].partitions_in(steps) - own

    def restrict(self, steps: Mapping[int, IndexSet], made: Mapping[int, IndexSet] | None = None) -> Plan:
        """The plan of only these steps; what they read from steps left out counts as done.

        Chunks stay as they are: where a chunked node keeps only some of them, each kept range is cut anew.

        Args:
            steps: Node -> steps to keep.
            made: Node -> partitions of these steps that are left out, because they were made already.
        """
        kept = kept_nodes(self.nodes, steps, made or {})
        nodes = tuple(replace(node, index=i) for i, node in enumerate(kept))
        return Plan(nodes, kept_edges(kept, self.edges), self.selection, self.job)

    def to_bytes(self) -> bytes:
        """msgpack; a few kilobytes however many steps there are."""
        return pack_plan(self.nodes, self.edges, self.selection, self.job)

    @classmethod
    def from_bytes(cls, data: bytes) -> Plan:
        """The plan that `to_bytes` wrote; needs none of the user's code."""
        return cls(*unpack_plan(data))
