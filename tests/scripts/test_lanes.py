"""At most so many steps for each value of a concurrency key, on a real server."""

from collections import Counter
from dataclasses import replace

import pytest

from assetq import MultiPartitionsDefinition, StaticPartitionsDefinition
from assetq.broker.lane import Lanes, node_key
from assetq.broker.pool_reader import PoolReader
from assetq.broker.run_reader import RunReader
from assetq.broker.submission import node_entries
from assetq.partitions import IndexSet
from assetq.planning import Plan, PlanNode

from .driver import Driver, node

DAYS = StaticPartitionsDefinition([f"d{n}" for n in range(7)])
CUSTOMERS = StaticPartitionsDefinition(["acme", "bolt", "cook"])
GRID = MultiPartitionsDefinition({"customer": CUSTOMERS, "day": DAYS})


@pytest.fixture
def driver(settings, instance):
    made = Driver(settings, capacity=100, pools="default,db,api")
    yield made
    made.client.close()


def keyed(steps, value, **options):
    return replace(node(steps, **options), key=value)


def by_dimension(key, *, is_reversed=False, partitions=None):
    chosen = GRID.all_indices() if partitions is None else IndexSet.from_indices(partitions)
    return PlanNode(0, "a", ("a",), "db", GRID, chosen, key=key, is_reversed=is_reversed)


@pytest.mark.parametrize("key", ["customer", "day", "partition"])
@pytest.mark.parametrize("is_reversed", [False, True])
def test_every_step_is_in_the_lane_of_its_value(key, is_reversed):
    made = by_dimension(key, is_reversed=is_reversed, partitions=[1, 2, 5, 9, 10, 11, 17])
    found = node_key(made, {})
    values = dict(zip(found.lane_keys[::2], found.lane_keys[1::2], strict=True))
    lanes = Lanes.parse(found.lanes)
    for step in made.steps:
        partition = GRID.key_at(made.partitions_of(step)[0])
        wanted = partition if key == "partition" else partition.keys_by_dimension[key]
        assert values[lanes.lane_of(step)] == f"{key}={wanted}"


@pytest.mark.parametrize("key", ["customer", "day"])
@pytest.mark.parametrize("is_reversed", [False, True])
def test_one_step_at_once_for_each_value_of_a_dimension(driver, key, is_reversed):
    driver.engine.set_pool_limit(f"{key}=*", 1)
    made = by_dimension(key, is_reversed=is_reversed)
    (entry,) = node_entries(Plan((made,), ()))
    driver.submit("r", entry)
    done, running = Counter(), []
    while driver.outbox.messages or running:
        while driver.outbox.messages:
            running.append(driver.claim())
        names = [GRID.key_at(made.partitions_of(g.start)[0]).keys_by_dimension[key] for g in running]
        assert len(names) == len(set(names))
        grant = running.pop(0)
        done[grant.start] += 1
        driver.commit(grant)
    assert done == Counter(made.steps)
    assert driver.run("r")["status"] == "SUCCESS"
    assert not list(driver.client.scan_iter(f"{driver.keys.root}:run:r:ready*"))


def test_lanes_hold_ranges_not_steps(driver):
    wide = MultiPartitionsDefinition(
        {"customer": CUSTOMERS, "day": StaticPartitionsDefinition([str(n) for n in range(40_000)])}
    )
    made = PlanNode(0, "a", ("a",), "db", wide, wide.all_indices(), key="customer")
    driver.engine.set_pool_limit("customer=*", 1)
    driver.submit("r", *node_entries(Plan((made,), ())))
    assert len(driver.outbox.messages) == 3
    sizes = [driver.client.zcard(driver.keys("ready", "r", f"0|{lane}")) for lane in range(3)]
    assert sizes == [1, 1, 1]
    assert int(driver.run("r")["ready"]) == 3 * 40_000 - 3


def test_a_tag_is_shared_by_runs_and_pools(driver):
    driver.engine.set_pool_limit("customer=*", 1)
    driver.submit("a", keyed(3, "customer=acme", pool="db"))
    driver.submit("b", keyed(3, "customer=acme", pool="api"))
    driver.submit("c", keyed(3, "customer=bolt", pool="db"))
    order = []
    while driver.outbox.messages:
        assert len(driver.outbox.messages) <= 2
        grant = driver.claim()
        order.append(grant.run_id)
        driver.commit(grant)
    assert Counter(order) == {"a": 3, "b": 3, "c": 3}
    assert [run for run in order if run != "c"] == ["a", "b"] * 3
    assert not driver.client.exists(driver.keys("parked_keys"))


def test_a_lane_that_waits_in_a_full_pool_blocks_no_other_pool(driver):
    driver.engine.set_pool_limit("customer=*", 1)
    driver.submit("first", keyed(1, "customer=acme", pool="db"))
    driver.submit("a", keyed(1, "customer=acme", pool="db"))
    driver.submit("b", keyed(1, "customer=acme", pool="api"))
    first = driver.claim()
    driver.engine.set_pool_limit("db", 0)
    driver.commit(first)
    assert [message.run_id for message in driver.outbox.messages] == ["b"]
    driver.commit(driver.claim())
    driver.engine.set_pool_limit("db", 1)
    assert [message.run_id for message in driver.outbox.messages] == ["a"]


def test_limits_of_keys_change_at_once(driver):
    driver.engine.set_pool_limit("customer=*", 1)
    driver.submit("a", keyed(10, "customer=acme"))
    assert len(driver.outbox.messages) == 1
    driver.engine.set_pool_limit("customer=*", 3)
    assert len(driver.outbox.messages) == 3
    driver.engine.set_pool_limit("customer=acme", 5)
    assert len(driver.outbox.messages) == 5
    driver.engine.set_pool_limit("customer=*", 0)
    driver.submit("b", keyed(1, "customer=bolt"))
    assert len(driver.outbox.messages) == 5


def test_a_cancel_leaves_no_lane_behind(driver):
    driver.engine.set_pool_limit("customer=*", 1)
    driver.submit("r", *node_entries(Plan((by_dimension("customer"),), ())))
    driver.submit("s", keyed(2, "customer=acme"))
    driver.engine.cancel("r")
    driver.outbox.messages = [message for message in driver.outbox.messages if message.run_id == "s"]
    driver.drain("s")
    assert driver.run("s")["status"] == "SUCCESS"
    assert driver.run("r")["status"] == "CANCELED"
    assert not list(driver.client.scan_iter(f"{driver.keys.root}:run:r:ready*"))
    assert int(driver.client.hget(driver.keys("pool_ready"), "db")) == 0


def test_a_value_shows_who_holds_it_and_who_waits(driver):
    driver.engine.set_pool_limit("customer=*", 1)
    driver.submit("a", keyed(1, "customer=acme"))
    driver.submit("b", keyed(1, "customer=acme"))
    reader = PoolReader(driver.client, driver.keys, RunReader(driver.client, driver.keys))
    (grant,) = reader.holders("customer=acme")
    assert grant.run_id == "a"
    assert [waiter.run_id for waiter in reader._parked("customer=acme")] == ["b"]


def test_a_chain_leaves_each_step_to_the_slot_of_its_value(driver):
    """Steps 0, 1, 2 are of x, y, z. While 1 is on its way, the slot of x is free: next is 3, and no earlier one."""
    driver.engine.set_pool_limit("k=*", 1)
    driver.engine.set_pool_limit("db", 3)
    driver.submit("r", replace(node(9, pool="db"), lanes="0:1:3", lane_keys=(0, "k=x", 1, "k=y", 2, "k=z")))
    first = driver.claim()
    assert first.start == 0
    chained = driver.commit(first, chain=True)
    assert chained.start == 3
    assert [message.start for message in driver.outbox.messages] == [1, 2]
