"""What an instance in memory knows of assets: status, histories, latest events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assetq.execution.carry import carried, moves_status, pairs
from assetq.execution.event import Event, EventType
from assetq.execution.history import CHECK, KIND_OF, MATERIALIZATION, OBSERVATION, HistoryPage
from assetq.execution.step_versions import marked
from assetq.execution.task import StepResult, StepStatus, StepTask
from assetq.execution.version_memory import VersionMemory
from assetq.partitions import IndexSet, PartitionsDefinition

WHOLE, UNPARTITIONED = IndexSet.range(0, 1), "-"
Grid = PartitionsDefinition | None


def _identity(grid: Grid) -> str:
    return UNPARTITIONED if grid is None else grid.status_identity


def _places(grid: Grid, partitions: IndexSet) -> IndexSet:
    return WHOLE if grid is None else grid.to_status(partitions)


@dataclass(slots=True)
class AssetMemory:
    """Histories by asset and kind; status by asset and index space, in places of that space."""

    _history: defaultdict[tuple[str, str], list[Event]] = field(default_factory=lambda: defaultdict(list))
    _wiped: dict[tuple[str, str], int] = field(default_factory=dict)
    _latest: dict[str, Event] = field(default_factory=dict)
    _checks: defaultdict[str, dict[str, Event]] = field(default_factory=lambda: defaultdict(dict))
    _materialized: dict[tuple[str, str], IndexSet] = field(default_factory=dict)
    _failed: dict[tuple[str, str], IndexSet] = field(default_factory=dict)
    _by_place: defaultdict[tuple[str, str], dict[int, Event]] = field(default_factory=lambda: defaultdict(dict))
    versions: VersionMemory = field(default_factory=VersionMemory)

    def remember(self, event: Event) -> None:
        """Enter an event into the history of its asset."""
        kind = KIND_OF.get(event.type)
        if kind is None or event.asset is None:
            return
        self._history[event.asset, kind].append(event)
        if kind == CHECK:
            self._checks[event.asset][str(event.data["check_name"])] = event

    def materialized(self, event: Event, grid: Grid, partitions: IndexSet) -> None:
        """Partitions were materialized, as an event tells."""
        asset = str(event.asset)
        space, places = (asset, _identity(grid)), _places(grid, partitions)
        self._materialized[space] = self._materialized.get(space, IndexSet()) | places
        self._failed[space] = self._failed.get(space, IndexSet()) - places
        self._by_place[space].update(dict.fromkeys(places, event))
        self._latest[asset] = event

    def failed(self, asset: str, grid: Grid, partitions: IndexSet) -> None:
        """Partitions could not be materialized."""
        space = asset, _identity(grid)
        self._failed[space] = self._failed.get(space, IndexSet()) | _places(grid, partitions)

    def states(self, asset: str, grid: Grid) -> tuple[IndexSet, IndexSet]:
        """Materialized and failed partitions, as indices of the definition."""
        space = asset, _identity(grid)
        both = self._materialized.get(space, IndexSet()), self._failed.get(space, IndexSet())
        return both if grid is None else (grid.from_status(both[0]), grid.from_status(both[1]))

    def latest(self, asset: str, grid: Grid = None, index: int | None = None) -> Event | None:
        """The latest materialization of an asset, or of the partition with an index."""
        if index is None or grid is None:
            return self._latest.get(asset)
        space, places = (asset, _identity(grid)), _places(grid, IndexSet.range(index, index + 1))
        if not places & self._materialized.get(space, IndexSet()):
            return None
        return self._by_place[space].get(places.first)

    def read(self, asset: str, kind: str, page: HistoryPage) -> list[tuple[int, Event]]:
        """A page of a history."""
        start, events = self._wiped.get((asset, kind), 0), self._history.get((asset, kind), [])
        return [(position, events[position - start]) for position in page.within(start, start + len(events))]

    def exists(self, asset: str) -> bool:
        """Whether an asset was materialized or observed."""
        return any(self._history.get((asset, kind)) for kind in (MATERIALIZATION, OBSERVATION))

    def checks(self, asset: str) -> Mapping[str, Event]:
        """Name of a check -> its latest evaluation, by name."""
        return dict(sorted(self._checks[asset].items()))

    def forget_run(self, run_id: str) -> None:
        """Leave the events of a run out; positions of others stay."""
        for name, events in self._history.items():
            if any(event.run_id == run_id for event in events):
                self._history[name] = [event for event in events if event.run_id != run_id]

    def wipe(self, asset: str, grid: Grid, partitions: IndexSet | None) -> None:
        """Forget an asset, or that some of its partitions were materialized."""
        self.versions.forget(asset, grid, partitions)
        if partitions is not None:
            space, places = (asset, _identity(grid)), _places(grid, partitions)
            for states in (self._materialized, self._failed):
                states[space] = states.get(space, IndexSet()) - places
            return
        for kind in (MATERIALIZATION, OBSERVATION, CHECK):
            gone = len(self._history.pop((asset, kind), []))
            self._wiped[asset, kind] = self._wiped.get((asset, kind), 0) + gone
        self._latest.pop(asset, None)
        self._checks.pop(asset, None)
        for by_space in (self._materialized, self._failed, self._by_place):
            for space in [space for space in by_space if space[0] == asset]:
                del by_space[space]

    def carry(self, asset: str, old: Grid, new: Grid) -> None:
        """The asset's partitions get another definition: what has the same key keeps its status."""
        if old is None or new is None or not moves_status(old, new):
            return
        before, now = (asset, _identity(old)), (asset, _identity(new))
        done, _ = self.states(asset, old)
        for states in (self._materialized, self._failed):
            found = (grid.from_status(states.get(s, IndexSet())) for grid, s in ((old, before), (new, now)))
            states[now] = new.to_status(carried(old, new, *found))
        for first, second in pairs(old, new, done):
            if first in self._by_place[before]:
                self._by_place[now][second] = self._by_place[before][first]
            self.versions.carry(asset, old, new, first, second)


@dataclass(slots=True)
class MemoryRecorder:
    """Keeps what a run in this process tells, as it happens."""

    memory: AssetMemory

    def noted(self, event: Event) -> None:
        """An event was appended."""
        self.memory.remember(event)

    def step_ended(self, task: StepTask, result: StepResult, events: Sequence[Event]) -> None:
        """A step ended and reported events."""
        node = task.plan_node
        span = task.plan.partitions_of(task.node, task.step)
        if result.status is StepStatus.SUCCEEDED or result.made:
            self._made(task, result, events)
        if result.status is StepStatus.FAILED:
            for asset in task.plan.assets_lost_with(task.node):
                self.memory.failed(asset, node.partitions_def, IndexSet.range(*span) - result.made)

    def _made(self, task: StepTask, result: StepResult, events: Sequence[Event]) -> None:
        node, span = task.plan_node, task.plan.partitions_of(task.node, task.step)
        for reported, event in zip(result.events, events, strict=True):
            if reported.marks and reported.asset:
                partitions = marked(node.partitions_def, reported.partition or span, reported)
                self.memory.versions.write(reported.asset, node.partitions_def, partitions, reported.marks)
            if event.type is EventType.ASSET_MATERIALIZATION and event.asset:
                is_own = event.asset in node.assets or not reported.data.get("is_logged")
                grid = node.partitions_def if is_own else None
                self.memory.materialized(event, grid, IndexSet.range(*(reported.partition or span)))

    def grew(self, fan: int, keys: Sequence[str], nodes: Sequence[int]) -> None:
        """The run holds its plan itself."""

    def steps_skipped(self, node: int, steps: IndexSet) -> None:
        """Steps will not run."""

    def flush(self) -> None:
        """Nothing waits."""
