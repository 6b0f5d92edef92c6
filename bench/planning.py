"""What plans cost: making and serialising them, asking them for edges, selections, keys and mappings."""

from __future__ import annotations

import gc
import importlib
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from assetq import (
    AssetDep,
    DailyPartitionsDefinition,
    Definitions,
    HourlyPartitionsDefinition,
    PartitionScope,
    TimeWindowPartitionMapping,
    asset,
)
from assetq.partitions import IndexSet
from assetq.planning import Plan, make_plan
from assetq.selection import select
from bench.figure import Figure

ROUNDS = 5
EVERYTHING = PartitionScope(all=True)
HOURS = ("2013-01-01-00:00", "2024-06-01-00:00")
TEN_YEARS = ("2013-01-01-00:00", "2022-12-29-00:00")
RSS = "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) / 1024)"
GROWTH = f"""
import re
import assetq, assetq.planning
from bench.planning import chain_of, EVERYTHING
{RSS}
plan = assetq.planning.make_plan(chain_of(10), scope=EVERYTHING)
plan.to_bytes()
{RSS}
"""


def median_ms(call: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Median time of a call, in milliseconds."""
    times = []
    for _ in range(rounds):
        gc.collect()
        before = time.perf_counter()
        call()
        times.append((time.perf_counter() - before) * 1e3)
    return statistics.median(times)


def peak_mib(call: Callable[[], Any]) -> float:
    """Most memory that Python held at once during a call, in MiB."""
    gc.collect()
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def figure(case: str, value: float, unit: str, ideal: float | None = None) -> Figure:
    """A figure of this benchmark; the ideal is what it should stay below."""
    return Figure("planning", case, value, unit, ideal)


def chain_of(count: int, grid: Any = None) -> Definitions:
    """Assets that each read the one before, hourly unless told otherwise."""
    hours = grid or HourlyPartitionsDefinition(HOURS[0], end_date=HOURS[1])
    made: list[Any] = []
    for number in range(count):
        made.append(_asset(f"a{number}", [made[-1]] if made else [], hours))
    return Definitions(made)


def _asset(name: str, deps: list[Any], grid: Any = None, module: ModuleType | None = None) -> Any:
    def compute():  # type: ignore[no-untyped-def]
        return None

    make = module.asset if module else asset
    return make(name=name, partitions_def=grid, deps=deps)(compute)


def graph_of(count: int, reads: int, grid: Any = None, module: ModuleType | None = None) -> list[Any]:
    """Assets that read some earlier ones each, the same ones every time."""
    chance = random.Random(7)
    made: list[Any] = []
    for number in range(count):
        deps = chance.sample(made[-200:], min(reads, len(made)))
        made.append(_asset(f"a{number}", deps, grid, module))
    return made


def measure_chain() -> Iterator[Figure]:
    """Ten assets times a hundred thousand hours."""
    defs = chain_of(10)
    plan = make_plan(defs, scope=EVERYTHING)
    case = f"10 assets x {len(plan.nodes[0].partitions):,} hours"
    both = median_ms(lambda: make_plan(defs, scope=EVERYTHING).to_bytes())
    yield figure(f"{case}, plan and serialise", both, "ms", 1000)
    yield figure(f"{case}, read again", median_ms(lambda: Plan.from_bytes(plan.to_bytes())), "ms")
    yield figure(f"{case}, size", len(plan.to_bytes()) / 1024, "KiB", 64)
    yield figure(f"{case}, most held at once", peak_mib(lambda: make_plan(defs, scope=EVERYTHING)), "MiB", 100)
    if not Path("/proc/self/status").exists():
        return
    done = subprocess.run([sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    yield figure(f"{case}, process above import", after - before, "MiB", 100)


def measure_graph() -> Iterator[Figure]:
    """Many assets, many edges."""
    days = DailyPartitionsDefinition("2020-01-01", end_date="2022-09-27")
    wide = graph_of(1000, 5, days)
    defs = Definitions(wide)
    plan = make_plan(defs, scope=EVERYTHING)
    case = f"{len(plan.nodes):,} assets, {len(plan.edges):,} edges, {days.count():,} days"
    yield figure(f"{case}, plan", median_ms(lambda: make_plan(defs, scope=EVERYTHING)), "ms", 3000)
    missing = PartitionScope(missing=True)
    half = IndexSet.of(*((i, i + 1) for i in range(0, 1000, 2)))
    states = lambda key, grid: (half, IndexSet())  # noqa: E731
    yield figure(
        f"{case}, plan every other day", median_ms(lambda: make_plan(defs, scope=missing, states=states)), "ms"
    )
    yield figure(f"{case}, serialise", median_ms(plan.to_bytes), "ms")
    yield figure(f"{case}, size", len(plan.to_bytes()) / 1024, "KiB")
    large = Definitions(graph_of(5000, 3))
    large.graph  # noqa: B018
    yield figure("select '+x+' of 5,000 assets", median_ms(lambda: select(large.graph, "+a2500+")), "ms", 50)
    yield figure(
        "define and load 2,000 assets", median_ms(lambda: Definitions(graph_of(2000, 3)).validate(), 3), "ms", 2000
    )


def measure_questions() -> Iterator[Figure]:
    """Edges of one step: 20 us for each one that is told, and 100 us."""
    hours = HourlyPartitionsDefinition(HOURS[0], end_date=HOURS[1])
    days = DailyPartitionsDefinition("2013-01-01", end_date="2024-06-01")
    above, below, whole = _asset("hourly", [], hours), _asset("daily", ["hourly"], days), _asset("total", ["daily"])
    wide = [_asset(f"also{i}", [AssetDep("hourly")], hours) for i in range(20)]
    plan = make_plan(Definitions([above, below, whole, *wide]), scope=EVERYTHING)
    place = {node.name: node.index for node in plan.nodes}
    for name, step in (("hourly", 50_000), ("daily", 2_000), ("also3", 50_000)):
        node = place[name]

        def ask(node: int = node, step: int = step) -> int:
            plan.in_degree(node, step)
            return len(plan.upstream_steps(node, step)) + len(plan.downstream_steps(node, step))

        took_us = median_ms(lambda ask=ask: [ask() for _ in range(50)]) / 50 * 1e3
        yield figure(f"edges of a step of '{name}', {ask()} of them", took_us, "us", 100 + 20 * ask())


def measure_keys() -> Iterator[Figure]:
    """Ten years of hours, onto days and back, and their keys."""
    hours = HourlyPartitionsDefinition(TEN_YEARS[0], end_date=TEN_YEARS[1])
    days = DailyPartitionsDefinition(TEN_YEARS[0][:10], end_date=TEN_YEARS[1][:10])
    mapping, every = TimeWindowPartitionMapping(), hours.all_indices()
    case = f"{len(every):,} hours"

    def there_and_back() -> IndexSet:
        return mapping.upstream(mapping.downstream(every, hours, days), days, hours)

    yield figure(f"{case} onto days and back", median_ms(there_and_back), "ms", 20)
    fresh = [HourlyPartitionsDefinition(TEN_YEARS[0], end_date=TEN_YEARS[1]) for _ in range(ROUNDS)]
    first = statistics.median(median_ms(grid.get_partition_keys, 1) for grid in fresh)
    yield figure(f"keys of {case}, first time", first, "ms", 150)
    yield figure(f"keys of {case}, again", median_ms(fresh[0].get_partition_keys), "ms")


def measure_growth() -> Iterator[Figure]:
    """A thousand times the partitions should cost about as much."""
    times = []
    for count in (1_000, 1_000_000):
        hours = HourlyPartitionsDefinition("1900-01-01-00:00", end_date="2023-01-01-00:00")
        defs = chain_of(10, hours)
        span = (hours.key_at(0), hours.key_at(count - 1))
        scope = PartitionScope(ranges=(span,))
        times.append(median_ms(lambda defs=defs, scope=scope: make_plan(defs, scope=scope).to_bytes(), 9))
        yield figure(f"10 assets x {count:,} hours by range", times[-1], "ms")
    yield figure("a million partitions over a thousand", times[1] / times[0], "x", 3)


def measure_dagster() -> Iterator[Figure]:
    """What Dagster has that compares."""
    dagster = importlib.import_module("dagster")

    def load() -> None:
        dagster.Definitions.validate_loadable(dagster.Definitions(graph_of(2000, 3, None, dagster)))

    yield figure("dagster: define and load 2,000 assets", median_ms(load, 1), "ms")
    graph = dagster.Definitions(graph_of(5000, 3, None, dagster)).resolve_asset_graph()
    selection = dagster.AssetSelection.assets("a2500")
    both = selection.upstream() | selection.downstream()
    yield figure("dagster: select '+x+' of 5,000 assets", median_ms(lambda: both.resolve(graph), 3), "ms")
    hours = dagster.HourlyPartitionsDefinition(TEN_YEARS[0], end_date=TEN_YEARS[1])
    yield figure("dagster: keys of 87,600 hours, first time", median_ms(hours.get_partition_keys, 1), "ms")
    days = dagster.DailyPartitionsDefinition(TEN_YEARS[0][:10], end_date=TEN_YEARS[1][:10])
    mapping = dagster.TimeWindowPartitionMapping()
    every = hours.subset_with_all_partitions()
    onto = lambda: mapping.get_downstream_partitions_for_partitions(every, hours, days)  # noqa: E731
    yield figure("dagster: 87,600 hours onto days", median_ms(onto, 3), "ms")


def measure() -> Iterator[Figure]:
    """Every figure; Dagster's beside them with `--with-dagster`."""
    for part in (measure_chain, measure_graph, measure_questions, measure_keys, measure_growth):
        yield from part()
    if "--with-dagster" in sys.argv and find_spec("dagster"):
        yield from measure_dagster()
