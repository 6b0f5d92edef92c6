"""Each transition on a real server: what it changes, and what it refuses."""

from dataclasses import replace

import pytest

from assetq.broker.codes import Code
from assetq.broker.connection import connect
from assetq.broker.engine import Claimant, NodeEntry, Outcome
from assetq.broker.event_form import unpack_fields
from assetq.broker.message import Message
from assetq.errors import RunCanceledError, StaleAttemptError, UnknownRunError, UsageError
from assetq.partitions import IndexSet
from assetq.workers.regain import regained

from ..waiting import eventually
from .driver import Driver, node


@pytest.fixture
def driver(settings, instance):
    made = Driver(settings)
    yield made
    made.client.close()


def counts(driver, run_id="r"):
    fields = driver.run(run_id)
    return {
        k: int(fields.get(k, 0)) for k in ("ready", "queued", "running", "succeeded", "failed", "skipped", "canceled")
    }


def test_a_run_goes_from_submission_to_success(driver):
    driver.submit("r", node(10))
    assert driver.run("r")["status"] == "QUEUED"
    assert counts(driver)["ready"] + counts(driver)["queued"] == 10
    driver.drain("r")
    assert driver.run("r")["status"] == "SUCCESS"
    assert counts(driver) == dict.fromkeys(counts(driver), 0) | {"succeeded": 10}
    assert driver.in_use() == 0


def test_a_run_without_steps_succeeds_at_once(driver):
    driver.submit("r", node(0))
    assert driver.run("r")["status"] == "SUCCESS"


def test_grants_never_exceed_capacity_and_headroom(driver):
    driver.submit("r", node(100))
    assert len(driver.outbox.messages) == 5  # capacity 4, one more waiting
    assert driver.in_use() == 5


def test_a_limit_bounds_grants(driver):
    driver.engine.set_pool_limit("default", 2)
    driver.submit("r", node(100))
    assert driver.in_use() == 2
    driver.commit(driver.claim())
    assert driver.in_use() == 2


def test_a_lower_limit_takes_back_what_nobody_claimed(driver):
    driver.submit("r", node(100))
    running = driver.claim()
    driver.engine.set_pool_limit("default", 1)
    assert driver.in_use() == 1
    assert counts(driver)["ready"] == 99
    driver.engine.set_pool_limit("default", 0)
    driver.commit(running)
    assert driver.in_use() == 0


def test_a_stale_message_is_refused(driver):
    driver.submit("r", node(1))
    message = driver.outbox.messages[0]
    assert driver.engine.claim("r", message.fence, driver.worker) is not None
    assert driver.engine.claim("r", message.fence, Claimant("other", 2)) is None
    assert driver.engine.claim("r", "12345", driver.worker) is None


def test_who_claims_again_is_told_the_same(driver):
    """The reply was lost: nothing happens a second time, and the lease begins anew."""
    driver.submit("r", node(3))
    message = driver.outbox.messages[0]
    grant = driver.claim()
    before = driver.client.xlen(driver.keys("events", "r")), driver.run("r")
    driver.client.zadd(driver.keys("leases"), {grant.fence: 1}, xx=True)
    assert driver.engine.claim("r", message.fence, driver.worker) == grant
    assert (driver.client.xlen(driver.keys("events", "r")), driver.run("r")) == before
    assert driver.client.zscore(driver.keys("leases"), grant.fence) > 1e12
    assert driver.engine.claim("r", message.fence, Claimant(driver.worker.worker, driver.worker.pid + 1)) is None
    driver.commit(grant)
    assert driver.engine.claim("r", message.fence, driver.worker) is None


def test_a_refusal_expires_by_the_servers_clock(driver):
    """It begins anew while steps of the op end, or run elsewhere."""

    def refuse(grant):
        return driver.engine.refuse(grant.fence, grant_worker, reason="test")

    grant_worker, mark = driver.worker.worker, (driver.keys("nodes", "r"), "refused:0")
    driver.submit("r", node(9))
    assert refuse(driver.claim())
    since, good = driver.client.hget(*mark).decode().split(":")
    assert good == "0"
    assert refuse(driver.claim(driver.outbox.messages.pop()))
    assert driver.client.hget(*mark).decode() == f"{since}:0"
    long_ago = int(since) - driver.settings.drift_patience_ms
    driver.client.hset(*mark, f"{long_ago}:0")
    before, late = driver.client.xlen(driver.keys("events", "r")), driver.claim(driver.outbox.messages.pop())
    assert not refuse(late)
    assert driver.client.xlen(driver.keys("events", "r")) == before + 1  # its start
    driver.client.hset(*mark, f"{long_ago}:1")  # steps have succeeded since
    assert refuse(late)
    driver.client.hset(*mark, f"{long_ago}:0")
    elsewhere, late = driver.claim(driver.outbox.messages.pop()), driver.claim()
    driver.client.hset(driver.keys("grant", elsewhere.fence), "since", int(since) - 60_000)
    assert refuse(late)


def test_an_outcome_commits_once(driver):
    driver.submit("r", node(1))
    grant = driver.claim()
    driver.commit(grant)
    before = driver.client.xlen(driver.keys("events", "r"))
    with pytest.raises(StaleAttemptError):
        driver.commit(grant)
    assert driver.client.xlen(driver.keys("events", "r")) == before


def test_only_the_holder_commits(driver):
    driver.submit("r", node(1))
    grant = driver.claim()
    with pytest.raises(StaleAttemptError):
        driver.engine.commit(grant, Claimant("other", 9), [Outcome(0, "succeeded", 1, 0)])


def test_outcomes_must_be_in_order_and_inside_the_batch(driver):
    driver.submit("r", node(1))
    grant = driver.claim()
    with pytest.raises(StaleAttemptError):
        driver.engine.commit(grant, driver.worker, [Outcome(1, "succeeded", 1, 0)])
    assert counts(driver)["running"] == 1


def test_downstream_steps_wait_for_all_their_upstream_steps(driver):
    driver.submit("r", node(2), node(1, ready=False))
    first, second = driver.claim(), driver.claim()
    driver.commit(first, satisfied=((1, 0, 1, 2),))
    assert not driver.outbox.messages
    driver.commit(second, satisfied=((1, 0, 1, 2),))
    assert driver.outbox.messages[0].node == 1


def test_a_gate_opens_once_for_everything_behind_it(driver):
    driver.submit("r", node(1, opens="1"), node(100_000, gates=1))
    assert counts(driver)["ready"] == 0
    driver.commit(driver.claim())
    assert counts(driver)["ready"] + counts(driver)["queued"] == 100_000
    assert driver.client.zcard(driver.keys("ready", "r", 1)) == 1


def test_a_failure_skips_what_lies_downstream(driver):
    driver.submit("r", node(1, opens="1"), node(50, gates=1))
    driver.commit(driver.claim(), "failed", skips=((1, 0, 50),))
    assert driver.run("r")["status"] == "FAILURE"
    assert counts(driver)["skipped"] == 50
    assert driver.client.get(driver.keys("done", "r", 1, "skipped")) is not None


def test_a_skip_reaches_steps_that_wait_in_the_queue(driver):
    driver.submit("r", node(2), node(2, ready=False, gates=1), node(1, opens="1"))
    grants = {(g.node, g.start): g for g in (driver.claim() for _ in range(3))}
    driver.commit(grants[0, 0], satisfied=((1, 0, 1, 1),))
    driver.commit(grants[2, 0], "failed", skips=((1, 0, 2),))
    driver.commit(grants[0, 1], satisfied=((1, 1, 2, 1),))
    assert driver.run("r")["status"] == "FAILURE"
    assert counts(driver)["skipped"] == 2
    assert not driver.outbox.messages


def test_a_retry_waits_without_a_slot(driver):
    driver.submit("r", node(1))
    driver.commit(driver.claim(), "retry", delay_ms=20)
    assert driver.in_use() == 0
    assert not driver.outbox.messages
    while not driver.outbox.messages:
        driver.engine.recover()
    assert driver.claim().tries_of(0).retries == 1


def test_a_crash_returns_the_step_and_is_counted(driver):
    driver.submit("r", node(1))
    grant = driver.claim()
    assert driver.engine.hand_back(grant.fence, "w", crashed=True, reason="signal 9") == []
    again = driver.claim()
    assert again.fence != grant.fence
    assert again.tries_of(0).crashes == 1
    with pytest.raises(StaleAttemptError):
        driver.commit(grant)


def test_a_poison_step_is_held_for_its_failure(driver):
    driver.engine.set_pool_limit("default", 1)
    driver.submit("r", node(2))
    poisoned = []
    while not poisoned:
        grant = driver.claim(driver.outbox.messages.pop())
        poisoned = driver.engine.hand_back(grant.fence, "w", crashed=grant.start == 0, reason="signal 9")
    assert (poisoned[0].step, poisoned[0].crashes) == (0, driver.settings.max_crashes)
    held = type(grant)("", "r", 0, 0, 1, poisoned[0].fence)
    driver.engine.commit(held, Claimant("recovery", 0), [Outcome(0, "failed", 3, 0)])
    driver.drain("r")
    assert driver.run("r")["status"] == "FAILURE"
    assert counts(driver)["succeeded"] == 1


def test_an_expired_lease_returns_the_step(settings, instance):
    driver = Driver(settings.model_copy(update={"lease_ms": 500}))
    driver.submit("r", node(1))
    lost = driver.claim()
    while not driver.outbox.messages:
        driver.engine.recover()
    assert driver.claim().fence != lost.fence
    driver.client.close()


def test_a_heartbeat_keeps_what_runs_and_only_that(settings, instance):
    driver = Driver(settings.model_copy(update={"lease_ms": 800}))
    driver.submit("r", node(2))
    kept, lost = driver.claim(), driver.claim()
    while not driver.outbox.messages:
        driver.engine.heartbeat("w", {"pools": "default", "concurrency": 4}, [kept.fence])
        driver.engine.recover()
    assert driver.outbox.messages[0].start == lost.start
    driver.commit(kept)
    driver.client.close()


def test_unclaimed_grants_are_reported(settings, instance):
    driver = Driver(settings.model_copy(update={"republish_ms": 100}))
    driver.submit("r", node(1))
    sent = driver.outbox.take()
    found = ()
    while not found:
        found = driver.engine.recover().unclaimed
    assert found[0] == sent
    driver.client.close()


def test_cancel_stops_everything_that_has_not_started(driver):
    driver.submit("r", node(100))
    running, queued = driver.claim(), driver.outbox.messages[0]
    driver.engine.cancel("r")
    assert driver.run("r")["status"] == "CANCELING"
    assert driver.engine.claim("r", queued.fence, driver.worker) is None
    driver.commit(running)
    assert driver.run("r")["status"] == "CANCELED"
    assert counts(driver)["canceled"] == 99
    assert driver.in_use() == 0
    with pytest.raises(UsageError):
        driver.engine.cancel("r")
    with pytest.raises(UnknownRunError):
        driver.engine.cancel("nothing")


def test_runs_of_one_pool_take_turns(driver):
    driver.engine.set_pool_limit("default", 1)
    driver.submit("large", node(1000))
    driver.submit("small", node(1))
    order = []
    for _ in range(3):
        grant = driver.claim()
        order.append(grant.run_id)
        driver.commit(grant)
    assert "small" in order


def test_a_larger_priority_goes_first(driver):
    driver.engine.set_pool_limit("default", 1)
    driver.submit("low", node(10))
    driver.submit("high", node(5), priority=5)
    order = []
    for _ in range(6):
        grant = driver.claim()
        order.append(grant.run_id)
        driver.commit(grant)
    assert order == ["low", *["high"] * 5]


def test_a_blocked_pool_delays_no_other(driver):
    driver.engine.set_pool_limit("blocked", 0)
    driver.submit("r", node(10, pool="blocked"), node(10))
    driver.drain("r")
    assert counts(driver)["succeeded"] == 10
    assert counts(driver)["ready"] == 10


def test_batches_follow_what_commits_ask_for(driver):
    driver.submit("r", node(1000))
    grant = driver.claim()
    driver.engine.commit(grant, driver.worker, [Outcome(grant.start, "succeeded", 1, 0)], batch=16)
    assert driver.outbox.messages[-1].stop - driver.outbox.messages[-1].start == 16


def test_a_chained_grant_is_claimed_already(driver):
    driver.submit("r", node(100))
    grant = driver.claim()
    chained = driver.engine.commit(grant, driver.worker, [Outcome(grant.start, "succeeded", 1, 0)], chain=True)
    assert chained is not None
    assert chained.fence not in {message.fence for message in driver.outbox.messages}
    driver.commit(chained)


def test_a_chain_takes_what_has_waited_first(driver):
    driver.submit("r", node(100))
    grant = driver.claim()
    waiting = driver.outbox.take()
    granted = int(driver.client.hget(driver.keys("grant", waiting.fence), "since"))
    eventually(lambda: (time := driver.client.time())[0] * 1000 + time[1] / 1000 > granted + 150)
    chained = driver.engine.commit(grant, driver.worker, [Outcome(grant.start, "succeeded", 1, 0)], chain=True)
    assert chained.fence == waiting.fence
    grant = driver.engine.claim("r", waiting.fence, Claimant("w", 2))  # its message reaches another process
    assert grant is not None
    assert grant.fence == driver.outbox.messages[-1].fence  # and announces what was granted instead
    assert driver.outbox.messages[-1].carrier == waiting.fence


def test_long_chains_leave_no_stale_messages_behind(driver):
    """What a chain takes was published; the queue would grow by a message for each, before all that comes later."""
    driver.submit("r", node(2000))
    chained = [driver.claim() for _ in range(4)]
    queued = len(driver.outbox.messages)
    for _ in range(100):
        driver.client.zadd(driver.keys("queued"), dict.fromkeys(driver.client.zrange(driver.keys("queued"), 0, -1), 1))
        chained = [driver.commit(grant, chain=True) for grant in chained]
        assert all(chained)
    sent = [message for message in driver.outbox.messages if not message.carrier]
    assert len(sent) == queued
    for message in sent:  # each of them announces a grant
        assert driver.engine.claim(message.run_id, message.fence, driver.worker) is not None


def left_by_a_canceled_run(driver, steps: int) -> list[Message]:
    """Messages that announce nothing any more."""
    driver.submit("r", node(steps))
    canceled = list(driver.outbox.messages)
    driver.outbox.messages.clear()
    driver.engine.cancel("r")
    return canceled


def test_the_message_of_a_canceled_run_announces_what_comes_next(driver):
    canceled = left_by_a_canceled_run(driver, 5)
    driver.submit("other", node(5))  # more than can run at once
    assert [message.carrier for message in driver.outbox.messages] == [message.fence for message in canceled]
    for message in canceled:
        grant = driver.engine.claim(message.run_id, message.fence, driver.worker)
        assert grant is not None
        assert grant.run_id == "other"


def test_a_message_is_sent_where_somebody_may_be_idle(driver):
    """The one that announces nothing may lie with a worker that is busy for long."""
    left_by_a_canceled_run(driver, 5)
    driver.submit("other", node(4))
    assert [message.carrier for message in driver.outbox.messages] == [""] * 4


def test_whoever_is_busy_with_another_pool_is_not_idle(settings):
    driver = Driver(settings, pools="default,other")
    left_by_a_canceled_run(driver, 1)
    driver.submit("busy", node(4, pool="other"))
    for _ in range(4):
        driver.claim()
    driver.submit("r2", node(1))
    assert driver.outbox.take().carrier != ""


def test_a_message_that_announces_another_grant_can_come_twice(driver):
    message = left_by_a_canceled_run(driver, 5)[0]
    driver.submit("other", node(5))
    first = driver.engine.claim("r", message.fence, driver.worker)
    assert driver.engine.claim("r", message.fence, driver.worker) == first  # the answer was lost
    assert driver.engine.claim("r", message.fence, Claimant("w", 2)) is None
    driver.commit(first)
    assert driver.engine.claim("r", message.fence, driver.worker) is None
    assert not driver.client.hexists(driver.keys("carried"), message.fence)


@pytest.mark.parametrize(("steps", "announced"), [(4, 0), (100, 1)])
def test_a_chained_grant_whose_answer_was_lost_is_regained(driver, steps, announced):
    """Its message had waited for long: it is in the queue still, and announces nothing by now, or another grant."""
    driver.submit("r", node(steps))
    grant = driver.claim()
    queued = driver.keys("queued")
    driver.client.zadd(queued, dict.fromkeys(driver.client.zrange(queued, 0, -1), 1))
    chained = driver.commit(grant, chain=True)
    assert chained is not None
    assert sum(message.carrier == chained.fence for message in driver.outbox.messages) == announced
    assert regained(driver.engine, driver.worker) == chained
    driver.commit(chained)


def test_a_message_that_came_while_it_announced_nothing_announces_nothing_later(driver):
    canceled = left_by_a_canceled_run(driver, 5)
    for message in canceled:
        assert driver.engine.claim(message.run_id, message.fence, driver.worker) is None
    driver.submit("other", node(5))
    assert [message.carrier for message in driver.outbox.messages] == [""] * 5


def test_what_a_worker_took_that_is_gone_announces_nothing(driver):
    left_by_a_canceled_run(driver, 5)
    driver.engine.heartbeat("v", {"pools": "default", "concurrency": 1}, [])
    driver.engine.retire("v")
    driver.submit("other", node(5))
    assert [message.carrier for message in driver.outbox.messages] == [""] * 5


def test_a_cancel_leaves_the_step_that_has_begun_to_its_worker(driver):
    driver.submit("r", node(64))
    grant = driver.claim()
    driver.engine.commit(grant, driver.worker, [Outcome(0, "succeeded", 1, 0)], batch=8)
    while (grant := driver.claim()).stop - grant.start < 8:
        driver.commit(grant)
    driver.engine.cancel("r")
    begun = Outcome(grant.start, "succeeded", 1, 0)
    with pytest.raises(RunCanceledError):
        driver.engine.commit(grant, driver.worker, [begun], begun=True)
    assert driver.run("r")["status"] == "CANCELING"
    assert driver.run("r")["running"] == "1"
    driver.engine.hand_back(grant.fence, "w", crashed=False, reason="the run is canceled")
    assert driver.run("r")["status"] == "CANCELED"
    assert driver.run("r")["unfinished"] == "0"


def test_an_old_layout_is_refused(settings, instance):
    with connect(settings.redis_url) as client:
        client.set(instance.keys.root, "0")
    with pytest.raises(UsageError, match="layout 0"):
        instance.check()


def test_a_canceled_run_opens_no_gate(driver):
    driver.submit("r", node(1, opens="1"), node(50, gates=1), node(1))
    first, other = driver.claim(), driver.claim()
    driver.engine.cancel("r")
    driver.commit(first)
    assert counts(driver)["ready"] == 0
    driver.commit(other)
    assert int(driver.client.hget(driver.keys("pool_ready"), "default")) == 0


def test_a_gate_stays_closed_behind_a_failure(driver):
    driver.submit("r", node(2, opens="1"), node(2, gates=1), node(1))
    first, second, _ = driver.claim(), driver.claim(), driver.claim()
    driver.commit(first, "failed", skips=((1, 0, 2),))
    driver.commit(second)
    assert driver.client.hget(driver.keys("nodes", "r"), "gates:1") == b"1"


def events(driver):
    entries = driver.client.xrange(driver.keys("events", "r"))
    return [unpack_fields(cursor.decode(), fields) for cursor, fields in entries]


def event_types(driver):
    return [event["t"] for event in events(driver)]


def batch_of_three(driver):
    """A claimed batch of the steps 1 to 3."""
    driver.engine.set_pool_limit("default", 1)
    driver.submit("r", node(40))
    driver.engine.commit(driver.claim(), driver.worker, [Outcome(0, "succeeded", 1, 0)], batch=3)
    grant = driver.claim()
    assert (grant.start, grant.stop) == (1, 4)
    return grant


def test_a_chain_goes_on_with_the_earliest_steps_though_another_message_carries_them(driver):
    driver.engine.register_pools(["default"], {"default": 2})
    driver.submit("r", node(4))
    first, second = driver.outbox.take(), driver.outbox.take()
    claimant = Claimant("w", 1, ("default",))
    grant = driver.engine.claim("r", first.fence, claimant)
    chained = driver.engine.commit(grant, claimant, [Outcome(0, "succeeded", 1, 0)], chain=True)
    other = driver.engine.claim("r", second.fence, Claimant("other", 2))
    assert [(g.start, g.stop) for g in (grant, chained, other)] == [(0, 1), (1, 2), (2, 3)]
    assert driver.in_use() == 2


def test_events_tell_of_a_batch_where_it_begins(driver):
    grant = batch_of_three(driver)
    driver.engine.commit(grant, driver.worker, [Outcome(step, "succeeded", 1, 0) for step in (1, 2, 3)])
    starts = [event for event in events(driver) if event["t"] == "STEP_START"]
    assert [(event["s"], event["d"]) for event in starts] == [(0, {}), (1, {"batch": 3}), (2, {}), (3, {})]


def test_events_tell_of_a_batch_that_a_chain_takes(driver):
    grant = batch_of_three(driver)
    claimant = Claimant(driver.worker.worker, driver.worker.pid, ("default",))
    outcomes = [Outcome(step, "succeeded", 1, 0) for step in (1, 2, 3)]
    chained = driver.engine.commit(grant, claimant, outcomes, batch=2, chain=True)
    assert events(driver)[-1]["s"] == chained.start
    assert events(driver)[-1]["d"] == {"batch": chained.stop - chained.start}


def test_no_step_of_a_batch_begins_after_a_cancel(driver):
    grant = batch_of_three(driver)
    driver.engine.cancel("r")
    begun = event_types(driver).count("STEP_START")
    with pytest.raises(StaleAttemptError, match="canceled"):
        driver.engine.commit(grant, driver.worker, [Outcome(1, "succeeded", 1, 0)])
    assert event_types(driver).count("STEP_START") == begun
    assert driver.run("r")["status"] == "CANCELED"
    assert (counts(driver)["succeeded"], counts(driver)["canceled"], driver.in_use()) == (2, 38, 0)


def test_a_part_of_a_batch_is_recorded_once_however_often_it_is_sent(driver):
    grant = batch_of_three(driver)
    for _ in range(2):
        driver.engine.commit(grant, driver.worker, [Outcome(1, "succeeded", 1, 0)])
    driver.engine.commit(grant, driver.worker, [Outcome(2, "succeeded", 1, 0), Outcome(3, "succeeded", 1, 0)])
    assert counts(driver)["succeeded"] == 4
    assert event_types(driver).count("STEP_SUCCESS") == 4


def rebuild(driver, steps):
    assert driver.engine.rebuild("r", [node(steps)], [], (0, 0, 0))


def test_a_repair_tells_that_steps_begin_again(driver):
    driver.submit("r", node(2))
    driver.claim()
    rebuild(driver, 2)
    assert event_types(driver)[-2:] == ["STEP_START", "STEP_RESTARTED"]


def test_a_repair_keeps_what_steps_have_behind_them(driver):
    driver.submit("r", node(1))
    driver.commit(driver.claim(), "retry")
    rebuild(driver, 1)
    assert driver.claim(driver.outbox.messages.pop()).tries_of(0).retries == 1


def test_a_poison_step_whose_failure_was_not_recorded_is_held_again(driver):
    driver.submit("r", node(1))
    poisoned = []
    while not poisoned:
        poisoned = driver.engine.hand_back(driver.claim().fence, "w", crashed=True, reason="signal 9")
    told = event_types(driver)
    driver.client.zadd(driver.keys("leases"), {poisoned[0].fence: 0})
    again = driver.engine.recover().poisoned
    assert [(p.step, p.crashes) for p in again] == [(0, poisoned[0].crashes)]
    assert event_types(driver) == told


def test_a_partial_failure_satisfies_and_skips(driver):
    driver.submit("r", node(1), node(4, ready=False), node(1, ready=False))
    grant = driver.claim()
    driver.commit(grant, "failed", made=((0, 1), (2, 4)), satisfied=((1, 0, 1, 1), (1, 2, 4, 1)), skips=((1, 1, 2),))
    assert IndexSet.from_bitmap(driver.client.get(driver.keys("made", "r", 0))).ranges == ((0, 1), (2, 4))
    assert (counts(driver)["failed"], counts(driver)["skipped"]) == (1, 1)
    assert driver.run("r")["status"] == "STARTED"
    assert sorted(m.start for m in driver.outbox.messages) == [0, 2, 3]


def test_a_retry_keeps_what_was_made(driver):
    driver.submit("r", node(1))
    entries = (("a", "x", 0, 2, b"event", 1),)
    driver.commit(driver.claim(), "retry", made=((0, 2),), assets=entries)
    assert driver.client.bitcount(driver.keys("status", "a", "x", "materialized")) == 2
    driver.commit(driver.claim(), "failed", made=((0, 3),), assets=(*entries, ("a", "x", 3, 6, b"", 0)))
    assert driver.client.bitcount(driver.keys("made", "r", 0)) == 3
    assert driver.client.bitcount(driver.keys("status", "a", "x", "failed")) == 3
    assert driver.run("r")["status"] == "FAILURE"


def test_what_was_made_is_forgotten_with_its_run(driver):
    driver.submit("r", node(1))
    driver.commit(driver.claim(), "failed", made=((0, 2),))
    assert driver.engine.run_script("delete_run", run_id="r", nodes=1, latest=[])[0] is Code.OK
    assert not driver.client.exists(driver.keys("made", "r", 0))


def test_scattered_steps_are_queued_at_once(driver):
    scattered = tuple(edge for step in range(0, 2402, 2) for edge in (step, step + 1))
    driver.submit("r", NodeEntry("default", 0, 1201, 0, "", 1, scattered))
    assert counts(driver)["ready"] + counts(driver)["queued"] == 1201
    taken = [driver.claim().start for _ in range(5)]
    assert taken == [0, 2, 4, 6, 8]
    assert driver.client.zrange(driver.keys("ready", "r", 0), -1, -1) == [b"2400:2401"]


def test_what_a_batch_made_ready_goes_on_as_a_batch(driver):
    """Halved at each node of a chain, batches would end as single steps."""
    above, below = replace(node(1000), batch=8), replace(node(1000, order=-1, ready=False), batch=8)
    driver.submit("r", above, below)
    grant = driver.claim(next(m for m in driver.outbox.messages if m.start == 0))
    outcomes = [
        Outcome(step, "succeeded", 1, 0, satisfied=((1, step, step + 1, 1),)) for step in range(grant.start, grant.stop)
    ]
    assert len(outcomes) == 8
    driver.engine.commit(grant, driver.worker, outcomes)
    assert [(m.start, m.stop) for m in driver.outbox.messages if m.node == 1] == [(0, 8)]
