"""Who may put an output in its place: only whoever holds the grant at that moment."""

import pytest

from assetq.broker.engine import Claimant

from .driver import Driver, node


@pytest.fixture
def driver(settings, instance):
    made = Driver(settings)
    yield made
    made.client.close()


def test_the_holder_of_a_grant_is_current_until_it_commits(driver):
    driver.submit("r", node(1))
    grant = driver.claim()
    assert driver.engine.is_current(grant.fence, driver.worker)
    driver.commit(grant)
    assert not driver.engine.is_current(grant.fence, driver.worker)


@pytest.mark.parametrize("other", [Claimant("v", 1, ("default",)), Claimant("w", 2, ("default",))])
def test_a_claim_that_redis_forgot_is_not_current(driver, other):
    """A crash that loses the last second forgets a claim and keeps the grant; the next one claims the same fence."""
    driver.submit("r", node(1))
    message = driver.outbox.messages[0]
    keys = (driver.keys("grant", message.fence), driver.keys("queued"), driver.keys("leases"))
    before = [driver.client.dump(key) for key in keys]
    driver.claim()
    for key, value in zip(keys, before, strict=True):
        driver.client.delete(key)
        if value is not None:
            driver.client.restore(key, 0, value)
    assert not driver.engine.is_current(message.fence, driver.worker)
    assert driver.engine.claim("r", message.fence, other)
    assert not driver.engine.is_current(message.fence, driver.worker)
    assert driver.engine.is_current(message.fence, other)
