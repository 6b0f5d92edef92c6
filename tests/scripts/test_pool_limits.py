"""Limits of pools on a real server: who gives them, and that they hold at once."""

import pytest

from .driver import Driver, node


@pytest.fixture
def driver(settings, instance):
    made = Driver(settings, pools="default,db,api")
    yield made
    made.client.close()


def limit_of(driver, pool):
    found = driver.client.hget(driver.keys("limits"), pool)
    return None if found is None else int(found)


def test_code_replaces_what_code_gave_before(driver):
    driver.engine.register_pools(["db"], {"db": 2})
    driver.engine.register_pools(["db"], {"db": 3})
    assert limit_of(driver, "db") == 3


def test_code_does_not_replace_what_was_set_by_hand(driver):
    driver.engine.register_pools(["db"], {"db": 2})
    driver.engine.set_pool_limit("db", 5)
    driver.engine.register_pools(["db"], {"db": 3})
    assert limit_of(driver, "db") == 5
    driver.engine.set_pool_limit("db", -1)
    driver.engine.register_pools(["db"], {"db": 3})
    assert limit_of(driver, "db") == 3


def test_a_limit_of_code_holds_at_once(driver):
    driver.submit("r", node(10, pool="db"))
    assert driver.in_use("db") == 5
    driver.engine.register_pools(["db"], {"db": 2})
    assert driver.in_use("db") == 2
    driver.engine.register_pools(["db"], {"db": 4})
    assert driver.in_use("db") == 4


def test_a_pool_without_a_limit_follows_the_default(driver):
    driver.submit("r", node(10, pool="db"), node(10, pool="api"), node(10))
    driver.engine.set_pool_limit("api", 4)
    driver.engine.set_pool_limit("*", 1)
    assert [driver.in_use(pool) for pool in ("db", "api", "default")] == [1, 4, 5]
    driver.engine.set_pool_limit("*", 3)
    assert driver.in_use("db") == 3
    driver.engine.set_pool_limit("*", -1)
    assert driver.in_use("db") == 5


def test_zero_pauses_and_kills_nothing(driver):
    driver.engine.set_pool_limit("db", 2)
    driver.submit("r", node(5, pool="db"))
    running = driver.claim()
    driver.engine.set_pool_limit("db", 0)
    assert driver.in_use("db") == 1
    driver.outbox.messages.clear()
    driver.commit(running)
    assert (driver.in_use("db"), driver.outbox.messages) == (0, [])
    driver.engine.set_pool_limit("db", 1)
    assert driver.in_use("db") == 1
