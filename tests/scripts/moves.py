"""Moves of a simulated fleet. Each is made twice: with the scripts, and on the model."""

from __future__ import annotations

import sys

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from redis import Redis

from .model import Held, Run
from .shapes import SHAPES, make_plan
from .simulation import POOLS, Simulation, message_of

WORKERS = ("a", "b", "c")
# What is chosen among things that exist is drawn as a number and taken modulo how many there are, so that what a
# sequence of moves means never depends on the server.
PLACE = st.integers(0, 30)
WORKER = st.sampled_from(WORKERS)
POOL = st.sampled_from(POOLS)
ENDS = st.lists(st.sampled_from(["succeeded"] * 6 + ["failed", "skipped", "retry", "later"]), min_size=1, max_size=6)
GOOD_ENDS = st.just(["succeeded"] * 6)


class Pools(RuleBasedStateMachine):
    """What makes runs compete for slots: work, workers that come, crash and go, and limits that change."""

    client: Redis
    url: str

    def __init__(self) -> None:
        super().__init__()
        self.world = Simulation(self.client, self.url)
        self.model = self.world.model

    def run_at(self, place: int) -> Run | None:
        runs = list(self.model.runs.values())
        return runs[-1 - place % len(runs)] if runs else None

    def held_at(self, place: int) -> Held | None:
        held = [grant for grant in self.model.grants.values() if grant.worker]
        return held[place % len(held)] if held else None

    @initialize(
        pools=st.lists(POOL, min_size=1, max_size=3),
        count=st.integers(1, 3),
        shapes=st.lists(st.integers(0, len(SHAPES) - 1), min_size=1, max_size=4),
    )
    def begin(self, pools: list[str], count: int, shapes: list[int]) -> None:
        self.world.heartbeat("a", POOLS, count, [])
        self.world.heartbeat("b", tuple(sorted(set(pools))), 2, [])
        for shape in shapes:
            self.world.submit(make_plan(shape, pools), 0)

    @rule(
        shape=st.integers(0, len(SHAPES) - 1), pools=st.lists(POOL, min_size=1, max_size=3), priority=st.integers(0, 1)
    )
    def submit(self, shape: int, pools: list[str], priority: int) -> None:
        if sum(not run.is_terminal for run in self.model.runs.values()) < 5:
            self.world.submit(make_plan(shape, pools), priority)

    @rule(place=PLACE, worker=WORKER, is_kept=st.booleans())
    def claim(self, place: int, worker: str, is_kept: bool) -> None:
        """A message arrives; one that is kept arrives again."""
        if messages := self.world.messages:
            at = place % len(messages)
            self.world.claim(messages[at] if is_kept else messages.pop(at), worker)

    @rule(worker=WORKER)
    def claim_all(self, worker: str) -> None:
        while self.world.messages:
            self.world.claim(self.world.messages.pop(0), worker)

    @rule(place=PLACE)
    def lose_message(self, place: int) -> None:
        if messages := self.world.messages:
            messages.pop(place % len(messages))

    @rule(place=PLACE, ends=ENDS | GOOD_ENDS, batch=st.sampled_from([0, 0, 1, 3, 6]), begun=st.booleans())
    def commit(self, place: int, ends: list[str], batch: int, begun: bool) -> None:
        if held := self.held_at(place):
            ends = ["failed"] if held.worker == "recovery" else ends
            grant, worker = self.world.claimed[held.fence], held.worker or ""
            self.world.commit(grant, worker, held.start, ends, batch=batch, begun=begun)

    @rule(place=PLACE, ends=ENDS | GOOD_ENDS, pools=st.sets(POOL, min_size=1))
    def commit_and_chain(self, place: int, ends: list[str], pools: set[str]) -> None:
        held = self.held_at(place)
        if held and held.worker != "recovery":
            self.world.commit(
                self.world.claimed[held.fence], held.worker or "", held.start, ends, batch=4, pools=tuple(sorted(pools))
            )

    @rule(batch=st.sampled_from([0, 4]))
    def commit_all(self, batch: int) -> None:
        for held in list(self.model.grants.values()):
            if held.worker in WORKERS:
                good = ["succeeded"] * len(held.steps)
                self.world.commit(self.world.claimed[held.fence], held.worker, held.start, good, batch=batch)

    @rule(place=PLACE, worker=WORKER, is_holder=st.booleans(), crashed=st.booleans())
    def hand_back(self, place: int, worker: str, is_holder: bool, crashed: bool) -> None:
        held = self.held_at(place)
        if held and held.worker != "recovery":
            holder = (held.worker or "") if is_holder else worker
            self.world.hand_back(self.world.claimed[held.fence], holder, crashed=crashed)

    @rule(place=PLACE, worker=WORKER, is_holder=st.booleans())
    def refuse(self, place: int, worker: str, is_holder: bool) -> None:
        """A worker has another definition of the op."""
        held = self.held_at(place)
        if held and held.worker != "recovery":
            self.world.refuse(self.world.claimed[held.fence], (held.worker or "") if is_holder else worker)

    @rule(place=PLACE, times=st.integers(1, 4))
    def expire(self, place: int, times: int) -> None:
        """A worker is silent beyond its leases."""
        for number in range(times):
            if held := self.held_at(place + number):
                self.world.expire(held)

    @rule()
    def make_due(self) -> None:
        self.world.make_due()

    @rule()
    def age_messages(self) -> None:
        self.world.age_messages()

    @rule(worker=st.sampled_from([None, None, *WORKERS]), place=PLACE, is_run_lost=st.booleans())
    def recover(self, worker: str | None, place: int, is_run_lost: bool) -> None:
        run = self.run_at(place)
        self.world.recover(lost_worker=worker, lost_run=run if is_run_lost and run and run.turn is not None else None)

    @rule(
        worker=WORKER,
        pools=st.sets(POOL, min_size=1),
        concurrency=st.integers(0, 6),
        places=st.lists(PLACE, max_size=4),
    )
    def heartbeat(self, worker: str, pools: set[str], concurrency: int, places: list[int]) -> None:
        running = [held.fence for place in places if (held := self.held_at(place))]
        self.world.heartbeat(worker, tuple(sorted(pools)), concurrency, running)

    @rule(worker=WORKER)
    def retire(self, worker: str) -> None:
        self.world.retire(worker)

    @rule(place=PLACE)
    def cancel(self, place: int) -> None:
        if run := self.run_at(place):
            self.world.cancel(run)

    @rule(pool=POOL, limit=st.integers(-1, 4))
    def set_limit(self, pool: str, limit: int) -> None:
        self.world.set_limit(pool, limit)

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.world.drain()
        finally:
            self.world.close()


class Fleet(Pools):
    """Everything else that happens to runs besides."""

    @rule(shape=st.integers(0, len(SHAPES) - 1))
    def submit_local(self, shape: int) -> None:
        if sum(run.turn is not None for run in self.model.runs.values()) < 2:
            self.world.submit(make_plan(shape, ("p",)), 0, is_local=True)

    @rule(place=PLACE)
    def submit_again(self, place: int) -> None:
        if run := self.run_at(place):
            self.world.submit_again(run)

    @rule(place=PLACE, worker=WORKER, offset=st.integers(0, 3), ends=ENDS)
    def commit_whatever(self, place: int, worker: str, offset: int, ends: list[str]) -> None:
        """A zombie, a repeated commit, one of steps that are not next, one by another worker."""
        if self.world.claimed:
            grant = list(self.world.claimed.values())[-1 - place % len(self.world.claimed)]
            if grant.start + offset < grant.stop:
                self.world.commit(grant, worker, grant.start + offset, ends)

    @rule(place=PLACE)
    def crash_until_poisoned(self, place: int) -> None:
        held = self.held_at(place)
        for _ in range(self.model.max_crashes):
            if held is None or held.worker not in WORKERS:
                return
            run_id, step = held.run_id, held.steps[0]
            self.world.hand_back(self.world.claimed[held.fence], held.worker, crashed=True)
            held = next((g for g in self.model.of_run(run_id) if step == g.steps[0]), None)
            if held and held.worker is None:
                self.world.claim(message_of(held), "b")

    @rule()
    def recover_too_early(self) -> None:
        self.world.recover_too_early()

    @rule(place=PLACE, is_damaged=st.booleans(), is_late=st.sampled_from([False, False, False, True]))
    def rebuild(self, place: int, is_damaged: bool, is_late: bool) -> None:
        if run := self.run_at(place):
            self.world.rebuild(run, is_damaged=is_damaged, is_late=is_late)

    @rule(place=PLACE, ends=ENDS, repeat=st.booleans(), is_last=st.booleans(), busy=st.booleans())
    def record(self, place: int, ends: list[str], repeat: bool, is_last: bool, busy: bool) -> None:
        local = [run for run in self.model.runs.values() if run.turn is not None]
        if local:
            run = local[place % len(local)]
            left = [step for step, state in run.at.items() if state == "open"]
            states = [state for state in ends if state in ("succeeded", "failed", "skipped")]
            pairs = list(zip(left, states, strict=False))
            self.world.record(run, pairs, repeat=repeat, is_last=is_last, busy=busy and not is_last)

    @rule(place=PLACE, is_current=st.booleans())
    def keep_and_tag(self, place: int, is_current: bool) -> None:
        if run := self.run_at(place):
            self.world.keep(run)
            self.world.tag(run, is_current=is_current)

    @rule(place=PLACE)
    def delete(self, place: int) -> None:
        if run := self.run_at(place):
            self.world.delete(run)

    @rule(names=st.lists(st.sampled_from("uvwxyz"), max_size=3), gone=st.sampled_from("uvwxyz"))
    def change_partitions(self, names: list[str], gone: str) -> None:
        self.world.add_partitions(names)
        self.world.delete_partition(gone)

    @rule(node=st.integers(0, 3), start=st.integers(-1, 4))
    def wipe(self, node: int, start: int) -> None:
        self.world.wipe(f"n{node}", start, start + 3)
