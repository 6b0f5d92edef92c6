"""Every script against a step in every state: only the arrows of `states.py` may be taken."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import product

import pytest

from assetq.broker.engine import Claimant, Outcome
from assetq.broker.message import Grant
from assetq.broker.script import packb, script_names
from assetq.broker.states import ARROWS, StepState
from assetq.errors import AssetqError

from .driver import Driver, node

STRANGER = Claimant("stranger", 99, ("default",))

# One script may take several arrows: a step that becomes ready is granted in the same moment if a slot is free.
MOVES = ARROWS | {(source, StepState.QUEUED) for source, target in ARROWS if target is StepState.READY}


class Subject:
    """One step of a run, brought into a state, and the ids with which scripts are called on it."""

    def __init__(self, driver: Driver, state: StepState) -> None:
        self.driver = driver
        self.node, self.step, self.fence = 0, 0, "1"
        PREPARE[state](self)

    @property
    def grant(self) -> Grant:
        return Grant("default", "r", self.node, self.step, self.step + 1, self.fence)

    def begin(self) -> None:
        self.driver.submit("r", node(1), node(1, pool="other"))
        self.message = next(message for message in self.driver.outbox.messages if message.node == 0)
        self.fence = self.message.fence

    def run(self) -> Grant:
        self.begin()
        return self.driver.claim(self.message)

    def end(self, state: str) -> None:
        self.driver.commit(self.run(), state)

    def state(self) -> StepState:
        """Where the step is, read from the keys as a person would."""
        client, keys = self.driver.client, self.driver.keys
        for final in (s for s in StepState if s.is_final):
            if client.getbit(keys("done", "r", self.node, final), self.step):
                return final
        for fence in client.smembers(keys("run_grants", "r")):
            grant = client.hgetall(keys("grant", fence.decode()))
            if int(grant[b"node"]) == self.node and int(grant[b"from"]) <= self.step < int(grant[b"to"]):
                return StepState(grant[b"state"].decode())
        status, failure = client.hmget(keys("run", "r"), "status", "failure")
        if failure or status in (b"CANCELING", b"CANCELED"):  # either way what has not ended will not begin
            return StepState.CANCELED
        if client.hget(keys("nodes", "r"), f"gates:{self.node}") == b"0":
            for member in client.zrange(keys("ready", "r", self.node), 0, -1):
                start, stop = member.decode().split(":")
                if int(start) <= self.step < int(stop):
                    return StepState.READY
        return StepState.WAITING

    def call(self, script: str, **arguments: object) -> None:
        self.driver.engine.run_script(script, **arguments)

    def events(self) -> int:
        return int(self.driver.client.xlen(self.driver.keys("events", "r")))

    def counted(self) -> dict[str, int]:
        fields = self.driver.run("r")
        return {state: int(fields.get(state, 0)) for state in StepState if state is not StepState.WAITING}


def _waiting(subject: Subject) -> None:
    subject.driver.submit("r", node(1, opens="1"), node(1, gates=1))
    subject.upstream = subject.driver.claim()
    subject.node = 1


def _ready(subject: Subject) -> None:
    subject.driver.engine.set_pool_limit("default", 0)
    subject.driver.submit("r", node(1), node(1, pool="other"))


def _canceled(subject: Subject) -> None:
    subject.begin()
    subject.driver.engine.cancel("r")


PREPARE: dict[StepState, Callable[[Subject], object]] = {
    StepState.WAITING: _waiting,
    StepState.READY: _ready,
    StepState.QUEUED: Subject.begin,
    StepState.RUNNING: Subject.run,
    StepState.SUCCEEDED: lambda subject: subject.end("succeeded"),
    StepState.FAILED: lambda subject: subject.end("failed"),
    StepState.SKIPPED: lambda subject: subject.end("skipped"),
    StepState.CANCELED: _canceled,
}


def _commit(state: str, claimant: Claimant | None = None, **details: int) -> Callable[[Subject], object]:
    return lambda s: s.driver.engine.commit(
        s.grant, claimant or s.driver.worker, [Outcome(s.step, state, 1, 0, **details)]
    )


def _commit_upstream(state: str) -> Callable[[Subject], object]:
    skips = ((1, 0, 1),) if state == "failed" else ()
    return lambda s: s.node == 1 and s.driver.commit(s.upstream, state, skips=skips)


def _cancel_then_hand_back(subject: Subject) -> None:
    subject.driver.engine.cancel("r")
    subject.driver.engine.hand_back(subject.fence, "w", crashed=False, reason="interrupted")


def _hand_back(worker: str, *, crashed: bool) -> Callable[[Subject], object]:
    return lambda s: s.driver.engine.hand_back(s.fence, worker, crashed=crashed, reason="test")


def _expire(subject: Subject) -> None:
    subject.driver.client.zadd(subject.driver.keys("leases"), {subject.fence: 0}, xx=True)
    subject.driver.engine.recover()


def _rebuild(subject: Subject, counts: tuple[int, int, int] = (0, 0, 0)) -> None:
    """Repair as if nothing had succeeded; refused unless that is so."""
    waiting = subject.node == 1
    nodes = [node(1, opens="1"), node(1, gates=1)] if waiting else [node(1), node(1, pool="other")]
    subject.driver.engine.rebuild("r", nodes, [], counts)


def _record(subject: Subject) -> None:
    """What a process records of a run that it executes itself; here a run that a recovery has ended meanwhile."""
    driver = subject.driver
    driver.engine.submit("local", b"plan", {"priority": 0}, 1, [], held_ms=60_000)
    driver.client.zadd(driver.keys("held"), {"local": 0})
    driver.engine.recover()
    subject.call(
        "record_steps", run_id="local", turn=1, events=[], index=[], ended=[[0, 0, 1, "succeeded"]], assets=[],
        versions=[], made=[], running=0, lease_ms=1000, is_last=True,
    )  # fmt: skip
    assert driver.run("local")["status"] == "FAILURE"


ACTIONS: dict[str, Callable[[Subject], object]] = {
    "claim": lambda s: s.driver.engine.claim("r", s.fence, s.driver.worker),
    "claim with a stale fence": lambda s: s.driver.engine.claim("r", "17", s.driver.worker),
    "claim for another run": lambda s: s.driver.engine.claim("q", s.fence, s.driver.worker),
    "commit succeeded": _commit("succeeded"),
    "commit failed": _commit("failed"),
    "commit skipped": _commit("skipped"),
    "commit retry": _commit("retry"),
    "commit retry later": _commit("retry", delay_ms=60_000),
    "commit by a stranger": _commit("succeeded", STRANGER),
    "hand back": _hand_back("w", crashed=False),
    "hand back crashed": _hand_back("w", crashed=True),
    "hand back by a stranger": _hand_back("stranger", crashed=True),
    "refuse": lambda s: s.driver.engine.refuse(s.fence, "w", reason="test"),
    "refuse by a stranger": lambda s: s.driver.engine.refuse(s.fence, "stranger", reason="test"),
    "the upstream step succeeds": _commit_upstream("succeeded"),
    "the upstream step fails": _commit_upstream("failed"),
    "cancel, then hand back": _cancel_then_hand_back,
    "cancel": lambda s: s.driver.engine.cancel("r"),
    "fail the run": lambda s: s.driver.engine.fail_run("r", "test"),
    "retire the worker": lambda s: s.driver.engine.retire("w"),
    "retire a stranger": lambda s: s.driver.engine.retire("stranger"),
    "heartbeat": lambda s: s.driver.engine.heartbeat("w", {"pools": "default", "concurrency": 4}, [s.fence]),
    "recover": lambda s: s.driver.engine.recover(),
    "pause the pool": lambda s: s.driver.engine.set_pool_limit("default", 0),
    "take a limit from code": lambda s: s.driver.engine.register_pools(["default"], {"default": 3}),
    "raise the limit": lambda s: s.driver.engine.set_pool_limit("default", 3),
    "raise the priority": lambda s: s.driver.engine.set_priority("r", 5),
    "limit runs": lambda s: s.driver.engine.set_run_limit("*", 1),
    "submit again": lambda s: s.driver.submit("r", node(1)),
    "a lease expires": lambda s: _expire(s),
    "repair": lambda s: _rebuild(s),
    "repair from an older reading": lambda s: _rebuild(s, counts=(7, 0, 0)),
    "delete the run": lambda s: s.call("delete_run", run_id="r", nodes=2, latest=[]),
    "archive the run": lambda s: s.call("archive_run", run_id="r", nodes=2, latest=[]),
    "list a part of its archive": lambda s: s.call("trim_events", run_id="r", parts=0, last="1-0"),
    "tag the run": lambda s: s.call("tag_run", run_id="r", expected=b"old", tags=b"new"),
    "keep the run": lambda s: s.call("keep_run", run_id="r", lease_ms=1000),
    "record a local run": lambda s: _record(s),
    "record an event": lambda s: s.call(
        "record_event",
        asset="a",
        kind="materialization",
        event=packb({"t": "ASSET_MATERIALIZATION"}),
        identity="-",
        start=0,
        stop=1,
        check="",
        marks=b"",
        given="",
    ),
    "carry the status": lambda s: s.call(
        "carry_status",
        asset="a",
        expected=b"-",
        definition=b"",
        old="-",
        new="+",
        seen="",
        materialized=b"",
        failed=b"",
        places=[],
    ),
    "register pools": lambda s: s.call("register_pools", pools=["default"], limits=[]),
    "add partitions": lambda s: s.call("add_partitions", name="d", keys=["x"]),
    "delete a partition": lambda s: s.call("delete_partition", name="d", key="x"),
    "wipe the asset": lambda s: s.driver.engine.run_script("wipe_asset", asset="a", identity="-", start=-1, stop=0),
}

REFUSED = {
    "claim with a stale fence", "claim for another run", "commit by a stranger", "hand back by a stranger",
    "refuse by a stranger", "repair from an older reading", "archive the run", "list a part of its archive",
    "tag the run", "keep the run", "record a local run", "record an event",
    "carry the status", "register pools", "add partitions", "delete a partition", "wipe the asset",
}  # fmt: skip


@pytest.fixture
def driver(settings, instance):
    made = Driver(settings)
    yield made
    made.client.close()


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("state", list(StepState))
def test_only_lawful_moves(driver, state, action):
    subject = Subject(driver, state)
    assert subject.state() is state
    before = subject.events()
    try:
        ACTIONS[action](subject)
    except AssetqError:
        assert subject.events() == before
        assert subject.state() is state
    if not driver.run("r"):
        assert (action, state) == ("delete the run", StepState.CANCELED)  # the only one whose run has ended
        return
    after = subject.state()
    if after is not state:
        assert (state, after) in MOVES
        assert action not in REFUSED
    assert_counts_tell_the_truth(subject, after)


def assert_counts_tell_the_truth(subject: Subject, state: StepState) -> None:
    """The run's counters, its pools and its grants agree with the state that the keys show."""
    counted, driver = subject.counted(), subject.driver
    assert all(count >= 0 for count in counted.values())
    if state is not StepState.WAITING:
        assert counted[state] >= 1
    run = driver.run("r")
    unfinished = int(run["total"]) - sum(counted[s] for s in StepState if s.is_final)
    assert int(run["unfinished"]) == unfinished
    held = driver.in_use("default") + driver.in_use("other")
    assert held == driver.client.scard(driver.keys("run_grants", "r"))
    assert (run["status"] in ("SUCCESS", "FAILURE", "CANCELED")) == (unfinished == 0)


def test_every_arrow_can_be_taken(driver):
    """The picture has no arrow that no script draws."""
    taken = set()
    for state, action, is_paused in product(StepState, ACTIONS.values(), (False, True)):
        driver.client.delete(*driver.client.keys(f"{{{driver.settings.namespace}}}*"))
        driver.outbox.messages.clear()
        driver.engine.heartbeat("w", {"pools": "default", "concurrency": 4}, [])
        subject = Subject(driver, state)
        if is_paused:
            driver.engine.set_pool_limit("default", 0)
        with suppress(AssetqError):
            action(subject)
            taken.add((state, subject.state()))
    assert taken >= ARROWS, ARROWS - taken


def test_every_script_meets_every_state(driver):
    """A new script needs an action here."""
    for action in ACTIONS.values():
        driver.client.delete(*driver.client.keys(f"{{{driver.settings.namespace}}}*"))
        driver.outbox.messages.clear()
        driver.engine.heartbeat("w", {"pools": "default", "concurrency": 4}, [])
        with suppress(AssetqError):
            action(Subject(driver, StepState.RUNNING))
    assert set(driver.engine._loaded) == set(script_names())
