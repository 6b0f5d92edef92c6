"""Limits of whole runs, and their priority, on a real server."""

from dataclasses import replace

import pytest

from assetq.errors import UnknownRunError, UsageError

from .driver import Driver, node


@pytest.fixture
def driver(settings, instance):
    made = Driver(settings, capacity=100, pools="default,db,api")
    yield made
    made.client.close()


def granted(driver):
    return [message.run_id for message in driver.outbox.messages]


def test_a_run_has_so_many_of_its_own_steps_at_once(driver):
    driver.submit("r", node(10, pool="db"), node(10, pool="api"), cap=3)
    driver.submit("s", node(5, pool="db"))
    assert sorted(granted(driver)) == ["r"] * 3 + ["s"] * 5
    while driver.outbox.messages:
        assert granted(driver).count("r") <= 3
        driver.commit(driver.claim())
    assert driver.run("r")["status"] == driver.run("s")["status"] == "SUCCESS"


def test_a_run_at_its_limit_keeps_no_value_from_others(driver):
    driver.engine.set_pool_limit("customer=*", 1)
    driver.submit("first", replace(node(1), key="customer=acme"))
    driver.submit("r", node(1, pool="db"), replace(node(2), key="customer=acme"), cap=1)
    driver.submit("s", replace(node(2), key="customer=acme"))
    driver.commit(driver.claim(next(m for m in driver.outbox.messages if m.run_id == "first")))
    assert "s" in granted(driver)


def test_runs_with_one_value_go_one_after_the_other(driver):
    driver.engine.set_run_limit("customer=*", 1)
    for name in ("a", "b"):
        driver.submit(name, node(2), tags={"customer": "acme"})
    driver.submit("c", node(2), tags={"customer": "bolt"})
    assert sorted(granted(driver)) == ["a", "a", "c", "c"]
    assert driver.run("b")["status"] == "QUEUED"
    driver.drain("a")
    assert all(driver.run(name)["status"] == "SUCCESS" for name in "abc")
    assert not list(driver.client.scan_iter(f"{driver.keys.root}:runs:ad*"))


def test_one_tag_for_all_values_and_all_runs(driver):
    driver.engine.set_run_limit("customer", 1)
    driver.engine.set_run_limit("*", 2)
    driver.submit("a", node(1), tags={"customer": "acme"})
    driver.submit("b", node(1), tags={"customer": "bolt"})
    driver.submit("c", node(1))
    driver.submit("d", node(1))
    assert granted(driver) == ["a", "c"]
    driver.commit(driver.claim())
    assert granted(driver) == ["c", "b"]
    driver.engine.set_run_limit("*", -1)
    assert granted(driver) == ["c", "b", "d"]


def test_a_larger_priority_is_admitted_first(driver):
    driver.engine.set_run_limit("*", 1)
    for name in ("a", "b", "c"):
        driver.submit(name, node(1))
    driver.engine.set_priority("c", 5)
    driver.drain("a")
    order = [driver.run(name)["ended"] for name in ("a", "c", "b")]
    assert order == sorted(order)


def test_a_canceled_run_gives_its_place_up(driver):
    driver.engine.set_run_limit("*", 1)
    for name in ("a", "b", "c"):
        driver.submit(name, node(1))
    driver.engine.cancel("b")
    assert driver.run("b")["status"] == "CANCELED"
    driver.engine.cancel("a")
    assert granted(driver)[-1] == "c"


def test_code_does_not_change_what_was_set_by_hand(driver):
    driver.engine.set_run_limit("*", 1, "hand")
    driver.engine.set_run_limit("*", 5, "code")
    driver.submit("a", node(1))
    driver.submit("b", node(1))
    assert granted(driver) == ["a"]


def test_the_priority_of_a_waiting_run_changes(driver):
    driver.engine.set_pool_limit("default", 1)
    for name in ("a", "b", "c"):
        driver.submit(name, node(3))
    driver.engine.set_priority("c", 5)
    order = []
    while driver.outbox.messages:
        grant = driver.claim()
        order.append(grant.run_id)
        driver.commit(grant)
    assert order[1:4] == ["c"] * 3
    driver.submit("d", node(1, pool="db"))
    driver.engine.set_priority("d", -1)
    with pytest.raises(UnknownRunError):
        driver.engine.set_priority("nothing", 1)
    with pytest.raises(UsageError):
        driver.engine.set_priority("a", 1)
