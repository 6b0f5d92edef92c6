"""What a worker's process loads and opens once, however many steps and runs it takes."""

from __future__ import annotations

import importlib
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from assetq import Definitions, asset
from assetq.workers import process
from assetq.workers.board import Board
from assetq.workers.process import ProcessState, WorkerConfig


@pytest.mark.parametrize(("pool_class", "processes"), [("prefork", 2), ("threads", 1), ("solo", 1)])
def test_definitions_resources_and_io_managers(fleet, pool_class, processes):
    import trail

    fleet.start("work_opens", concurrency=2, pool_class=pool_class)
    defs = importlib.import_module("work_opens").defs
    for _ in range(2):
        assert fleet.instance.submit(defs, partitions="all").wait(60).status == "SUCCESS"
    told = Counter((what, int(pid)) for what, pid in trail.read() if int(pid) != os.getpid())
    assert sum(count for (what, _), count in told.items() if what == "step") == 120
    workers = {pid for what, pid in told if what == "step"}
    assert 1 <= len(workers) <= processes
    for what in ("resource", "manager"):
        assert {pid: count for (name, pid), count in told.items() if name == what} == dict.fromkeys(workers, 1)
    assert [count for (what, _), count in told.items() if what == "definitions"] == [1]


def test_the_plan_of_a_run(instance, monkeypatch):
    @asset
    def one(): ...

    defs, read, load = Definitions([one]), [], process.read_plan

    def counted(*where):
        read.append(where)
        return load(*where)

    monkeypatch.setattr(process, "read_plan", counted)
    run_id = instance.submit(defs).run_id
    state = ProcessState.open(WorkerConfig("w", instance.settings, defs, ("default",), 4, Board(4)))
    with ThreadPoolExecutor(4) as threads:
        contexts = list(threads.map(lambda _: state.run_context(run_id), range(40)))
    assert len(set(map(id, contexts))) == 1
    assert len(read) == 1
    state.close()
