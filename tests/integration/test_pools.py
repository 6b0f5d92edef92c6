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
