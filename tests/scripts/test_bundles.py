"""Steps that need several pools, or several slots of one, on a real server."""

import pytest

from assetq.broker.event_form import unpack_fields
from assetq.broker.pool_reader import PoolReader
from assetq.broker.run_reader import RunReader

from .driver import Driver, node

POOLS = "default,db,api"


@pytest.fixture
def driver(settings, instance):
    made = Driver(settings, capacity=100, pools=POOLS)
    yield made
    made.client.close()


def used(driver, pool):
    return driver.client.zcard(driver.keys("holders", pool)) + driver.client.zcard(driver.keys("shares", pool))


def pools_waiting(driver):
    return sorted({message.pool for message in driver.outbox.messages})


def test_slots_are_taken_all_or_none(driver):
    driver.engine.set_pool_limit("db", 3)
    driver.engine.set_pool_limit("api", 1)
    driver.submit("r", node(4, pool="db*2+api"))
    assert (used(driver, "db"), used(driver, "api")) == (2, 1)
    assert pools_waiting(driver) == ["db"]
    grant = driver.claim()
    driver.commit(grant)
    assert (used(driver, "db"), used(driver, "api")) == (2, 1)
    driver.drain("r")
    assert (used(driver, "db"), used(driver, "api")) == (0, 0)
    assert driver.run("r")["status"] == "SUCCESS"


def test_a_slot_of_a_secondary_pool_grants_who_waits_for_it(driver):
    driver.engine.set_pool_limit("api", 1)
    driver.submit("r", node(1, pool="api"))
    driver.submit("s", node(1, pool="db+api"))
    (holder,) = driver.outbox.messages
    driver.commit(driver.claim())
    assert [(message.run_id, message.pool) for message in driver.outbox.messages] == [("s", "db")]
    assert holder.pool == "api"


def test_a_full_pool_delays_no_step_that_does_not_need_it(driver):
    driver.engine.set_pool_limit("api", 0)
    driver.submit("r", node(50, pool="db+api"))
    driver.submit("s", node(40, pool="db"))
    driver.drain("s")
    assert driver.run("s")["status"] == "SUCCESS"
    assert used(driver, "db") == 0


def test_a_heavy_step_is_not_starved_by_light_ones(driver):
    driver.engine.set_pool_limit("db", 4)
    driver.submit("light", node(1000, pool="db"))
    driver.submit("heavy", node(1, pool="db*4"))
    starts = 0
    while driver.run("heavy")["status"] == "QUEUED":
        message = driver.outbox.take()
        starts += message.run_id == "light"
        driver.commit(driver.claim(message))
        assert used(driver, "db") <= 4
    assert starts <= 4 + 8 + 1


def test_a_step_over_two_busy_pools_is_granted_in_the_end(driver):
    driver.engine.set_pool_limit("db", 1)
    driver.engine.set_pool_limit("api", 1)
    driver.submit("left", node(200, pool="db"))
    driver.submit("right", node(200, pool="api"))
    driver.submit("both", node(1, pool="db+api"))
    ended = 0
    while driver.run("both")["status"] == "QUEUED":
        driver.commit(driver.claim())
        ended += 1
    assert ended < 30
    driver.drain("left")
    assert all(driver.run(run)["status"] == "SUCCESS" for run in ("left", "right", "both"))
    assert not driver.client.exists(driver.keys("reserved"), driver.keys("passed"))


def test_what_can_never_fit_reserves_nothing(driver):
    driver.engine.set_pool_limit("db", 2)
    driver.submit("never", node(1, pool="db*3+api"))
    driver.submit("light", node(50, pool="db"), node(50, pool="api"))
    driver.drain("light")
    assert driver.run("light")["status"] == "SUCCESS"
    driver.engine.set_pool_limit("db", 3)
    assert [message.run_id for message in driver.outbox.messages] == ["never"]


def test_a_reservation_ends_when_its_pool_is_paused(driver):
    driver.engine.set_pool_limit("db", 1)
    driver.engine.set_pool_limit("api", 1)
    driver.submit("r", node(1, pool="db"))
    held = driver.claim()
    driver.submit("light", node(30, pool="api"))
    driver.submit("both", node(1, pool="db+api"))
    while driver.outbox.messages:
        driver.commit(driver.claim())
    assert driver.run("light")["status"] == "STARTED"  # api is kept for the step that waits for db
    driver.engine.set_pool_limit("db", 0)
    driver.drain("light")
    assert driver.run("light")["status"] == "SUCCESS"
    driver.commit(held)
    driver.engine.set_pool_limit("db", 1)
    driver.drain("both")
    assert driver.run("both")["status"] == "SUCCESS"


def test_a_lower_limit_takes_back_what_another_pool_published(driver):
    driver.engine.set_pool_limit("api", 3)
    driver.submit("r", node(5, pool="db+api"))
    assert used(driver, "api") == 3
    driver.engine.set_pool_limit("api", 1)
    assert (used(driver, "api"), used(driver, "db")) == (1, 1)


def test_cancel_gives_every_slot_back(driver):
    driver.engine.set_pool_limit("db", 4)
    driver.submit("r", node(10, pool="db*2+api"))
    running = driver.claim()
    driver.engine.cancel("r")
    driver.commit(running)
    assert (used(driver, "db"), used(driver, "api")) == (0, 0)
    assert int(driver.client.hget(driver.keys("pool_ready"), "db")) == 0


def test_use_is_shown_in_slots(driver):
    driver.engine.set_pool_limit("db", 5)
    driver.submit("r", node(10, pool="db*2+api"))
    reader = PoolReader(driver.client, driver.keys, RunReader(driver.client, driver.keys))
    shown = {pool.pool: pool for pool in reader.pools()}
    assert (shown["db"].in_use, shown["db"].queued, shown["db"].ready) == (4, 4, 8)
    assert (shown["api"].in_use, shown["api"].ready) == (2, 0)


def test_waiting_is_told_once_with_its_reason(driver):
    driver.engine.set_pool_limit("api", 1)
    driver.submit("r", node(1, pool="api"))
    driver.submit("s", node(3, pool="db+api"))
    driver.submit("t", node(1, pool="nobody"))
    told = {}
    for run in ("r", "s", "t"):
        entries = driver.client.xrange(driver.keys("events", run))
        fields = [unpack_fields(cursor.decode(), entry) for cursor, entry in entries]
        told[run] = [event["d"] for event in fields if event["t"] == "STEP_WAITING"]
    assert told["r"] == []
    assert [(d["missing"], d["of"], d["held"], d["position"]) for d in told["s"]] == [("limit", "api", 1, 0)]
    assert told["t"] == []  # its one step is published for whoever comes
    driver.submit("u", node(5, pool="nobody"))
    assert driver.client.hget(driver.keys("nodes", "u"), "told:worker:nobody") == b"1"


def test_figures_for_an_autoscaler(driver):
    driver.engine.set_pool_limit("db", 5)
    driver.submit("r", node(10, pool="db"))
    driver.submit("s", node(10, pool="nobody"))
    driver.claim()
    reader = PoolReader(driver.client, driver.keys, RunReader(driver.client, driver.keys))
    shown = {pool.pool: pool for pool in reader.pools()}
    db, nobody = shown["db"], shown["nobody"]
    assert (db.running, db.queued, db.ready, db.wanted_workers, db.workers, db.problem) == (1, 4, 5, 5, 100, None)
    assert db.oldest_wait_ms is not None
    assert shown["api"].oldest_wait_ms is None
    assert nobody.wanted_workers == 10
    assert "--pools nobody" in nobody.problem


def record_of(driver, pool):
    reader = PoolReader(driver.client, driver.keys, RunReader(driver.client, driver.keys))
    return next(record for record in reader.pools() if record.pool == pool)


def test_processes_are_wanted_where_the_messages_are(driver):
    """A step with two slots of db and one of api needs one process, and one that takes messages of db."""
    driver.submit("r", node(3, pool="db*2+api"))
    driver.engine.set_pool_limit("db", 4)
    driver.engine.retire("w")
    db, api = record_of(driver, "db"), record_of(driver, "api")
    assert (db.wanted_workers, api.wanted_workers) == (3, 0)
    assert "--pools db" in db.problem
    assert api.problem is None


def test_a_limit_below_the_weight_of_what_waits_is_a_problem(driver):
    driver.engine.set_pool_limit("db", 3)
    driver.submit("r", node(4, pool="db*3"))
    assert record_of(driver, "db").problem is None
    driver.engine.set_pool_limit("db", 2)
    assert record_of(driver, "db").problem == "a step that waits needs 3 slots at once; `assetq pools set db 3`"
    driver.engine.set_pool_limit("db", 0)
    assert record_of(driver, "db").problem is None
