"""A worker under Python's own tools: what watches each call must not make it stand still."""

from __future__ import annotations

import pstats

from assetq.workers.launch import worker_command


def test_a_worker_runs_under_the_profiler(fleet, tmp_path):
    import work_chain

    found = tmp_path / "found"
    python, *rest = worker_command("work_chain", None, pools=(), concurrency=1, pool_class="solo")
    fleet.launch([python, "-m", "cProfile", "-o", str(found), *rest])
    fleet.await_joined()
    record = fleet.instance.submit(work_chain.defs, selection="rate").wait(20)
    assert record.status == "SUCCESS"
    (worker,) = fleet.processes
    fleet.stop()
    assert worker.returncode == 0
    called = {name for _, _, name in pstats.Stats(str(found)).stats}
    assert "execute_step" in called
