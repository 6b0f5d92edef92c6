"""At most so many starts in a period, by the server's clock."""

import itertools

import pytest

from assetq.execution.pool_limit import Rate

from ..waiting import eventually
from .driver import Driver, node


@pytest.fixture
def driver(settings, instance):
    made = Driver(settings, capacity=100, pools="default,db,api")
    yield made
    made.client.close()


def now_ms(driver):
    seconds, micros = driver.client.time()
    return seconds * 1000 + micros / 1000


def claim_all(driver):
    """Claim and commit whatever is published; the times of the claims, by the server."""
    times = []
    while driver.outbox.messages:
        grant = driver.claim()
        times.append(driver.client.zscore(driver.keys("starts", "api"), grant.fence))
        driver.commit(grant)
    return times


def finish(driver, run_id="r"):
    """Go on as a fleet does, with recovery at the time that it is asked for; the times of all claims."""
    times = []

    def step():
        driver.engine.recover()
        times.extend(claim_all(driver))
        return driver.run(run_id)["status"] == "SUCCESS"

    eventually(step)
    return times


def test_no_period_has_more_starts_than_the_rate(driver):
    driver.engine.set_pool_limit("api", 50, Rate(5, 200))
    driver.submit("r", node(16, pool="api"))
    assert len(driver.outbox.messages) == 5
    times = finish(driver)
    assert len(times) == 16
    for first, sixth in zip(times, itertools.islice(times, 5, None), strict=False):
        assert sixth - first >= 200
    assert times[-1] - times[0] < 1500


def test_a_late_claim_does_not_bunch_starts(driver):
    driver.engine.set_pool_limit("api", 50, Rate(2, 100))
    driver.submit("r", node(4, pool="api"))
    begun = now_ms(driver)
    eventually(lambda: now_ms(driver) > begun + 150)
    driver.engine.recover()
    assert len(driver.outbox.messages) == 2
    claim_all(driver)
    assert not driver.outbox.messages
    finish(driver)


def test_what_nobody_claimed_gives_its_token_back(driver):
    driver.engine.set_pool_limit("api", 50, Rate(1, 60_000))
    driver.submit("r", node(1, pool="api"))
    driver.engine.cancel("r")
    driver.outbox.messages.clear()
    driver.submit("s", node(2, pool="api"))
    claim_all(driver)
    assert driver.run("s")["status"] == "STARTED"
    driver.engine.set_pool_limit("api", 50)
    claim_all(driver)
    assert driver.run("s")["status"] == "SUCCESS"


def test_recovery_says_when_the_next_token_comes(driver):
    driver.engine.set_pool_limit("api", 50, Rate(1, 5_000))
    driver.submit("r", node(2, pool="api"))
    claim_all(driver)
    assert 4_000 < driver.engine.recover().next_due_ms <= 5_020
    assert driver.client.zcard(driver.keys("wakes")) == 1


def test_a_token_that_is_due_is_not_kept_waiting_by_the_pace(settings, instance):
    driver = Driver(settings.model_copy(update={"recovery_ms": 60_000}), pools="api")
    driver.engine.set_pool_limit("api", 50, Rate(1, 100))
    driver.submit("r", node(2, pool="api"))
    driver.engine.recover()
    claim_all(driver)
    assert driver.engine.recover().was_busy
    finish(driver)
    driver.client.close()


def test_a_pool_without_tokens_delays_no_other(driver):
    driver.engine.set_pool_limit("api", 50, Rate(1, 60_000))
    driver.submit("r", node(5, pool="db+api"))
    driver.submit("s", node(20, pool="db"))
    claim_all(driver)
    assert driver.run("s")["status"] == "SUCCESS"
    assert int(driver.run("r")["succeeded"]) == 1


@pytest.mark.parametrize(
    ("text", "wire"), [("5/s", "5/1000"), ("100/m", "100/60000"), ("3/10s", "3/10000"), ("1/d", "1/86400000")]
)
def test_rates_are_read_and_written(text, wire):
    rate = Rate.parse(text)
    assert (rate.to_wire(), str(rate)) == (wire, text)
