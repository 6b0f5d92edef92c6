"""Limits on real workers, read from files that the bodies write."""

from __future__ import annotations

import importlib


def submit(fleet, **options):
    return fleet.instance.submit(importlib.import_module("work_pools").defs, **options)


def weighed(rows, weights):
    """The most slots that were held at once, of a pool of which each kind of step takes its weight."""
    edges = []
    for name, began, ended in rows:
        weight = weights.get(name.partition("/")[0], 0)
        edges += [(float(began), weight), (float(ended), -weight)]
    most = level = 0
    for _, change in sorted(edges):
        level += change
        most = max(most, level)
    return most


def test_steps_over_several_pools_hold_every_limit(fleet):
    import trail

    fleet.start("work_pools", workers=2, concurrency=3, pool_class="threads", pools=("db", "api"))
    runs = [submit(fleet, selection=name, partitions="all") for name in ("light", "heavy", "calls")]
    assert [run.wait(60).status for run in runs] == ["SUCCESS"] * 3
    rows = trail.read()
    assert len(rows) == 60
    assert weighed(rows, {"light": 1, "heavy": 2}) == 3
    assert weighed(rows, {"heavy": 1, "calls": 1}) == 2
    assert all(pool.in_use == 0 for pool in fleet.instance.list_pools())


def test_a_rate_holds_and_wakes_by_itself(fleet):
    import trail

    fleet.instance.set_pool_limit("api", 10, rate="4/500ms")
    fleet.start("work_pools", concurrency=4, pool_class="threads", pools=("api",))
    assert submit(fleet, selection="calls", partitions="all").wait(60).status == "SUCCESS"
    began = sorted(float(row[1]) for row in trail.read())
    assert len(began) == 20
    late = 0.05  # from the claim to the first line of the body
    assert all(fifth - first > 0.5 - late for first, fifth in zip(began, began[4:], strict=False))
    assert began[-1] - began[0] < 4


def test_one_step_at_once_for_each_value_of_a_dimension(fleet):
    import trail

    fleet.start("work_pools", concurrency=6, pool_class="threads")
    runs = [submit(fleet, selection="served", partitions="all") for _ in range(2)]
    assert [run.wait(60).status for run in runs] == ["SUCCESS"] * 2
    rows = trail.read()
    assert len(rows) == 36
    assert trail.most_at_once(rows) == 3
    for customer in ("acme", "bolt", "cook"):
        assert trail.most_at_once([row for row in rows if row[0] == customer]) == 1


def test_a_step_says_what_it_waits_for(fleet):
    fleet.instance.set_pool_limit("api", 0)
    fleet.start("work_pools", concurrency=2, pool_class="threads", pools=("db",))
    run = submit(fleet, selection="heavy", partitions="all", max_concurrent=1)
    wait = fleet.instance.explain_step(run.run_id, "heavy[p003]")
    assert (wait.state, wait.pools, wait.position) == ("ready", {"db": 2, "api": 1}, 0)
    assert wait.missing == {"limit": "the pool 'api' is paused (limit 0)"}
    assert [e.data["missing"] for e in fleet.instance.read_events(run.run_id) if e.type == "STEP_WAITING"] == ["limit"]
    fleet.instance.set_pool_limit("api", 2)
    assert run.wait(30).status == "SUCCESS"
