"""Orders in which partitions run on a fleet."""

from __future__ import annotations

import pytest

from assetq import PartitionScope

from .test_fleet import stored, submit


def order_of(name):
    import trail

    return [row[1] for row in trail.read() if row[0] == name]


def test_days_that_need_the_day_before_run_in_order(fleet):
    fleet.start("work_loop", workers=2, concurrency=2)
    run = submit(fleet, "work_loop", selection="total or shown or weeks", partitions="all")
    record = run.wait(90)
    assert record.status == "SUCCESS", fleet.logs()
    assert record.steps.succeeded == 40 + 40 + 6
    assert len(order_of("total")) == 40
    assert order_of("total") == sorted(order_of("total"))
    assert stored(fleet, "shown", "2024-02-09") == 40
    weeks = order_of("weeks")
    assert weeks == ["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-22", "2024-01-29", "2024-02-05"]


def test_a_failed_day_skips_the_days_behind_it_and_a_retry_goes_on_from_there(fleet):
    fleet.start("work_loop")
    run = submit(fleet, "work_loop", selection="broken", partitions="all")
    record = run.wait(60)
    assert (record.steps.succeeded, record.steps.failed, record.steps.skipped) == (3, 1, 36), fleet.logs()
    again = run.retry().wait(60)
    assert (again.steps.total, again.steps.failed, again.steps.skipped) == (37, 1, 36)


@pytest.mark.parametrize("reverse", [False, True])
def test_partitions_go_in_order_where_nothing_limits_the_pool(fleet, reverse):
    """More messages are under way than the worker has hands: what it takes next is still the earliest."""
    fleet.start("work_loop")
    scope = PartitionScope(ranges=(("2024-01-01", "2024-02-09"),), reverse=reverse)
    run = submit(fleet, "work_loop", selection="single", partitions=scope)
    assert run.wait(60).status == "SUCCESS", fleet.logs()
    assert order_of("single") == sorted(order_of("single"), reverse=reverse)
    assert len(order_of("single")) == 40


def test_newest_first(fleet):
    fleet.instance.set_pool_limit("default", 1)
    fleet.start("work_loop")
    scope = PartitionScope(ranges=(("2024-01-05", "2024-01-20"),), reverse=True)
    run = submit(fleet, "work_loop", selection="single or total", partitions=scope)
    assert run.wait(60).status == "FAILURE"  # the first of the days reads a total that was never made
    single = order_of("single")
    assert len(single) == 16
    assert single == sorted(single, reverse=True)
    status = fleet.instance.asset_status("single")
    assert (status.materialized, status.missing) == (16, 24)
    assert fleet.instance.partition_states("single", fleet_grid())[0].ranges == ((4, 20),)


def fleet_grid():
    import work_loop

    return work_loop.days
