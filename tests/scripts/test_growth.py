"""A run whose plan grows while it goes on: what a commit changes besides the step that it ends."""

from __future__ import annotations

import pytest

from assetq import (
    Definitions,
    DynamicOut,
    DynamicOutput,
    MultiPartitionsDefinition,
    PartitionScope,
    StaticPartitionsDefinition,
    graph_asset,
    op,
)
from assetq.broker.engine import NodeEntry, Outcome
from assetq.broker.growth import growth_entry, read_growth
from assetq.broker.submission import node_entries
from assetq.errors import StaleAttemptError
from assetq.partitions import IndexSet
from assetq.planning import Growth, make_plan

from .driver import Driver

SOURCE, OTHER, FIRST, SECOND, COLLECT = range(5)
COUNTED = ("succeeded", "failed", "skipped", "canceled")


@pytest.fixture
def driver(settings, instance):
    made = Driver(settings)
    yield made
    made.client.close()


def submit(driver: Driver) -> None:
    """A source, an op beside it, two ops mapped one behind the other, and a collect that waits for the source too."""
    virtual = {"bundle": "default", "steps": 1, "batch": 1, "fan": 0}
    driver.submit(
        "r",
        NodeEntry("default", 0, 1, 0, "2,4", 1, (0, 1)),
        NodeEntry("other", -1, 1, 0, "2", 1, (0, 1)),
        NodeEntry(order=-2, gates=2, opens="", ready=(0, 1), **virtual),
        NodeEntry(order=-3, gates=0, opens="4", ready=(), **virtual),
        NodeEntry("default", -4, 1, 2, "", 1, (0, 1)),
    )


def growth(*keys: str):
    return growth_entry(0, keys, [(FIRST, 1), (SECOND, 0)])


def take(driver: Driver, node: int):
    """The next grant of a node."""
    messages = driver.outbox.messages
    place = next(number for number, message in enumerate(messages) if message.node == node)
    return driver.claim(messages.pop(place))


def end(driver: Driver, node: int, state: str = "succeeded", **details):
    grant = take(driver, node)
    driver.commit(grant, state, **details)
    return grant


def grow(driver: Driver, *keys: str):
    return end(driver, SOURCE, grows=(growth(*keys),))


def count(driver: Driver, name: str) -> int:
    return int(driver.run("r").get(name, 0))


def ended(driver: Driver) -> dict[str, int]:
    return {name: count(driver, name) for name in COUNTED if count(driver, name)}


def steps_done(driver: Driver, node: int, state: str) -> IndexSet:
    return IndexSet.from_bitmap(driver.client.get(driver.keys("done", "r", node, state)) or b"")


def waiting_nodes(driver: Driver) -> set[int]:
    return {message.node for message in driver.outbox.messages}


def test_a_step_for_each_key(driver):
    submit(driver)
    assert count(driver, "total") == 5
    grow(driver, "a", "b", "c")
    assert (count(driver, "total"), count(driver, "unfinished")) == (9, 8)
    assert waiting_nodes(driver) == {OTHER} or not waiting_nodes(driver)  # the first op waits for the one beside it
    assert read_growth(driver.client, driver.keys, "r").keys == {0: ("a", "b", "c")}


def run_first(driver: Driver, states: dict[int, str] | None = None) -> None:
    """End the steps of the first mapped op; what succeeds lets the second one go."""
    for _ in range(3):
        grant = take(driver, FIRST)
        for step in range(grant.start, grant.stop):
            state = (states or {}).get(step, "succeeded")
            skips = {
                "failed": ((SECOND, step, step + 1), (COLLECT, 0, 1)),
                "left out": ((SECOND, step, step + 1),),
            }.get(state, ())
            good = state != "failed"
            outcome = Outcome(
                step, "succeeded" if good else "failed", 1, 0, skips=skips, cause="so",
                satisfied=((SECOND, step, step + 1, 1),) if good else (),
            )  # fmt: skip
            driver.engine.commit(grant, driver.worker, [outcome])


def prepared(settings, *keys: str) -> Driver:
    made = Driver(settings, pools="default,other")
    submit(made)
    end(made, OTHER)
    grow(made, *keys)
    return made


@pytest.fixture
def wide(settings, instance):
    made = prepared(settings, "a", "b", "c")
    yield made
    made.client.close()


def test_the_collect_waits_for_all(wide):
    run_first(wide)
    assert waiting_nodes(wide) == {SECOND}
    for _ in range(2):
        end(wide, SECOND)
    assert COLLECT not in waiting_nodes(wide)
    end(wide, SECOND)
    assert waiting_nodes(wide) == {COLLECT}
    end(wide, COLLECT)
    assert wide.run("r")["status"] == "SUCCESS"
    assert ended(wide) == {"succeeded": 9}


def test_the_collect_goes_on_without_what_was_left_out(wide):
    run_first(wide, {1: "left out"})
    end(wide, SECOND)
    end(wide, SECOND)
    assert waiting_nodes(wide) == {COLLECT}
    end(wide, COLLECT)
    assert (wide.run("r")["status"], ended(wide)) == ("SUCCESS", {"succeeded": 8, "skipped": 1})


def test_the_collect_goes_on_where_everything_was_left_out(wide):
    run_first(wide, dict.fromkeys(range(3), "left out"))
    assert waiting_nodes(wide) == {COLLECT}
    end(wide, COLLECT, "skipped")
    assert (wide.run("r")["status"], ended(wide)) == ("SUCCESS", {"succeeded": 5, "skipped": 4})


@pytest.mark.parametrize("failed", [0, 1, 2])
def test_the_collect_does_not_go_on_where_one_failed(wide, failed):
    run_first(wide, {failed: "failed"})
    end(wide, SECOND)
    end(wide, SECOND)
    assert (wide.run("r")["status"], ended(wide)) == ("FAILURE", {"succeeded": 6, "failed": 1, "skipped": 2})


@pytest.mark.parametrize("is_last", [False, True])
def test_no_keys(settings, instance, is_last):
    driver = Driver(settings, pools="default,other")
    submit(driver)
    if is_last:
        end(driver, OTHER)
    grow(driver)
    if not is_last:
        assert count(driver, "total") == 3
        end(driver, OTHER)
    assert waiting_nodes(driver) == {COLLECT}
    end(driver, COLLECT)
    assert (driver.run("r")["status"], ended(driver), count(driver, "total")) == ("SUCCESS", {"succeeded": 3}, 3)
    driver.client.close()


SKIPPED = ((FIRST, 0, -1), (SECOND, 0, -1), (COLLECT, 0, 1))


@pytest.mark.parametrize("keys", [(), ("a",), ("a", "b", "c", "d")])
@pytest.mark.parametrize("grows_first", [False, True])
def test_what_fails_beside_it_skips_all_of_it(settings, instance, keys, grows_first):
    driver = Driver(settings, pools="default,other")
    submit(driver)
    if grows_first:
        grow(driver, *keys)
    end(driver, OTHER, "failed", skips=SKIPPED, cause="so")
    if not grows_first:
        assert steps_done(driver, FIRST, "skipped") == IndexSet.range(0, 1)
        grow(driver, *keys)
    assert driver.run("r")["status"] == "FAILURE"
    mapped = 2 * len(keys)
    assert ended(driver) == {"succeeded": 1, "failed": 1, "skipped": 1 + mapped}
    assert count(driver, "total") == 3 + mapped
    assert steps_done(driver, FIRST, "skipped") == steps_done(driver, SECOND, "skipped") == IndexSet.range(0, len(keys))
    driver.client.close()


def test_a_source_that_fails_skips_what_stands_for_all(settings, instance):
    driver = Driver(settings, pools="default,other")
    submit(driver)
    end(driver, OTHER)
    end(driver, SOURCE, "failed", skips=SKIPPED, cause="so")
    assert ended(driver) == {"succeeded": 1, "failed": 1, "skipped": 3}
    assert driver.run("r")["status"] == "FAILURE"
    assert read_growth(driver.client, driver.keys, "r").keys == {}
    driver.client.close()


@pytest.mark.parametrize("keys", [(), ("a", "b", "c")])
def test_a_canceled_run_knows_what_it_has_found(settings, instance, keys):
    driver = Driver(settings, pools="default,other")
    submit(driver)
    source = take(driver, SOURCE)
    driver.engine.cancel("r")
    driver.commit(source, grows=(growth(*keys),))
    assert driver.run("r")["status"] == "CANCELED"
    mapped = 2 * len(keys)
    assert ended(driver) == {"succeeded": 1, "canceled": 2 + mapped}
    assert count(driver, "total") == 3 + mapped
    assert read_growth(driver.client, driver.keys, "r").keys == {0: keys}
    driver.client.close()


def test_it_grows_once(wide):
    before = wide.run("r")
    assert before["total"] == "9"
    grant = take(wide, FIRST)
    stale = type(grant)("default", "r", SOURCE, 0, 1, "1")
    with pytest.raises(StaleAttemptError):
        wide.commit(stale, grows=(growth("x", "y"),))
    assert wide.run("r")["total"] == "9"
    assert read_growth(wide.client, wide.keys, "r").keys == {0: ("a", "b", "c")}


def test_an_attempt_that_is_tried_again_grows_nothing(settings, instance):
    driver = Driver(settings, pools="default,other")
    submit(driver)
    end(driver, SOURCE, "retry", grows=(growth("x", "y"),))
    assert (count(driver, "total"), read_growth(driver.client, driver.keys, "r").keys) == (5, {})
    source = grow(driver, "a")
    found = read_growth(driver.client, driver.keys, "r")
    assert (found.keys, found.version) == ({0: ("a",)}, source.fence)
    driver.client.close()


def test_a_grant_names_the_growth(wide):
    version = read_growth(wide.client, wide.keys, "r").version
    assert version
    assert take(wide, FIRST).growth == version


def test_a_hundred_thousand_keys_are_one_range(settings, instance):
    driver = prepared(settings, *(f"k{number}" for number in range(100_000)))
    assert count(driver, "total") == 3 + 200_000
    assert driver.client.zcard(driver.keys("ready", "r", FIRST)) == 1
    end(driver, FIRST, "failed", skips=((COLLECT, 0, 1),))
    assert driver.client.zcard(driver.keys("ready", "r", FIRST)) == 1
    driver.client.close()


def test_a_deleted_run_leaves_no_growth(wide):
    wide.engine.cancel("r")
    wide.engine.run_script("delete_run", run_id="r", nodes=5, latest=[])
    assert not wide.client.exists(wide.keys("growth", "r"))


@pytest.mark.parametrize(("key", "value"), [("partition", "eu|mon"), ("region", "eu"), ("customer", "acme")])
def test_all_steps_of_a_fan_have_the_key_of_its_partition(key, value):
    @op(out=DynamicOut())
    def many():
        yield DynamicOutput(1, mapping_key="a")

    @op(tags={"assetq/concurrency_key": f"{key}:2"})
    def same(x):
        return x

    @op
    def total(numbers):
        return sum(numbers)

    grid = MultiPartitionsDefinition(
        {"region": StaticPartitionsDefinition(["us", "eu"]), "zday": StaticPartitionsDefinition(["sun", "mon"])}
    )

    @graph_asset(partitions_def=grid)
    def table():
        return total(many().map(same).collect())

    scope = PartitionScope(keys=("region=eu,zday=mon",))
    plan = make_plan(Definitions([table]), scope=scope).grown(Growth("1", {0: ("a", "b", "c")}))
    entry = node_entries(plan, {"customer": "acme"})[1]
    assert (entry.steps, entry.fan, entry.key, entry.lanes) == (3, 0, f"{key}={value}", "")
