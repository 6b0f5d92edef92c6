"""A fleet without processes: every move is made on a real server and on the model, and then the two are compared."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest
from redis import Redis

from assetq.broker.codes import Code
from assetq.broker.engine import Claimant, Engine, Outcome
from assetq.broker.event_form import unpack_fields
from assetq.broker.keys import Keys
from assetq.broker.message import Grant, Message, Poisoned
from assetq.broker.repair import compute_frontier
from assetq.broker.run_reader import RunReader
from assetq.broker.script import packb
from assetq.broker.settings import Settings
from assetq.broker.submission import node_entries
from assetq.errors import AssetqError, StaleAttemptError
from assetq.execution.task import StepResult, StepStatus
from assetq.planning import Plan
from assetq.workers.outcome import Attempt, outcome_of

from .driver import Outbox
from .model import Held, Model, Run, Step, demand
from .story import Story
from .truth import POOLS, audit, check, delayed_steps

LATER_MS = 3_600_000
AUDITED_EVERY = 4


def message_of(held: Held) -> Message:
    """One that names a grant itself, as recovery sends it."""
    return Message(held.pool, held.run_id, held.node, held.start, held.stop, str(held.fence))


class Simulation:
    """One namespace with its model. Times never pass by themselves: what expires is made to expire."""

    def __init__(self, client: Redis, url: str) -> None:
        self.settings = Settings(
            redis_url=url, namespace=f"model-{uuid.uuid4().hex[:12]}", lease_ms=LATER_MS, republish_ms=LATER_MS
        )
        self.client, self.keys, self.outbox = client, Keys(self.settings.namespace), Outbox()
        self.engine = Engine(client, self.keys, self.settings, self.outbox)
        self.runs = RunReader(client, self.keys)
        self.model = Model(self.settings.max_crashes)
        self.messages: list[Message] = []
        self.claimed: dict[int, Grant] = {}
        self.stories: dict[str, Story] = {}
        self.read_until: dict[str, str] = {}
        self.settled: set[str] = set()
        self.numbers, self.moves, self.compared_every = 0, 0, 1

    @contextmanager
    def move(self) -> Iterator[None]:
        """Around each script: the body tells the model what should have happened before the grants at its end."""
        yield
        self.absorb()

    def absorb(self, chained: Grant | None = None, worker: str = "") -> None:
        fresh = {int(message.fence): message for message in self.outbox.messages}
        if chained is not None and int(chained.fence) not in self.model.grants:
            fresh[int(chained.fence)] = self._before_exchange(chained)
        for fence in sorted(fresh):
            self.model.granted(fresh[fence])
        if chained is not None:
            self.model.exchanged(int(chained.fence), chained.start, chained.stop)
        self.messages += [message for message in self.outbox.messages if not message.carrier]
        self.outbox.messages = []
        if chained is not None:
            self._note_claim(chained, worker)
        self.model.settle()
        self.moves += 1
        if self.moves % self.compared_every == 0:
            self.compare()

    def _before_exchange(self, chained: Grant) -> Message:
        """The grant as it was made: a chain exchanges its steps for earlier ones that another message carries."""
        start, stop = chained.start, chained.stop
        other = self.model.waiting_with(chained.run_id, chained.node, start, stop)
        if other is not None:
            values = self.client.hmget(self.keys("grant", str(other)), "from", "to")
            start, stop = int(values[0]), int(values[1])
        return Message(chained.pool, chained.run_id, chained.node, start, stop, chained.fence)

    def compare(self) -> None:
        """Redis is what the model says; the costly audit is made at times."""
        self._listen()
        check(self.client, self.keys, self.model, self.settled)
        if self.moves % AUDITED_EVERY == 0:
            audit(self.client, self.keys, self.model)
        self.settled = {run.run_id for run in self.model.runs.values() if run.is_terminal}

    def _note_claim(self, grant: Grant, worker: str) -> None:
        fence = int(grant.fence)
        held = self.model.grants.get(fence)
        demand(held is not None and held.worker is None, "claimed", grant, "but the model has", held)
        run = self.model.runs[grant.run_id]
        demand(run.is_open, "claimed", grant, "of a run that is", run.status)
        self.model.claimed(fence, worker)
        for step in range(grant.start, grant.stop):
            told, known = grant.tries_of(step), run.tries[grant.node, step]
            demand((told.retries, told.crashes) == (known.retries, known.crashes), step, told, "but the model", known)
        self.claimed[fence] = grant

    def _listen(self) -> None:
        active = {run_id: run for run_id, run in self.model.runs.items() if run_id not in self.settled}
        with self.client.pipeline(transaction=False) as pipeline:
            for run_id in active:
                pipeline.xrange(self.keys("events", run_id), self.read_until.get(run_id, "-"))
            rows = pipeline.execute()
        for (run_id, run), entries in zip(active.items(), rows, strict=True):
            story = self.stories.setdefault(run_id, Story())
            for entry_id, fields in entries:
                story.tell(unpack_fields(entry_id.decode(), fields))
                self.read_until[run_id] = f"({entry_id.decode()}"
            story.agree(run, self.model.of_run(run_id))

    def unchanged(self, call: Callable[[], object], refusal: type[AssetqError] | None = None) -> None:
        """A move that must change nothing."""
        if refusal is None:
            call()
        else:
            with pytest.raises(refusal):
                call()
        demand(not self.outbox.messages, "granted by a move that was refused", self.outbox.messages)
        self.absorb()

    # Runs

    def submit(self, plan: Plan, priority: int, *, is_local: bool = False) -> Run:
        self.numbers += 1
        run = Run(f"r{self.numbers}", plan, priority, turn=0 if is_local else None, tags=packb({}))
        nodes = [] if is_local else node_entries(plan)
        details = {"priority": priority, "tags": run.tags}
        held_ms = LATER_MS if is_local else 0
        self.engine.submit(run.run_id, plan.to_bytes(), details, plan.step_count, nodes, held_ms)
        self.model.runs[run.run_id] = run
        self.absorb()
        return run

    def submit_again(self, run: Run) -> None:
        nodes = node_entries(run.plan)
        self.unchanged(lambda: self.engine.submit(run.run_id, b"other", {"priority": 9}, 1, nodes), AssetqError)

    def cancel(self, run: Run) -> None:
        if run.is_terminal:
            return self.unchanged(lambda: self.engine.cancel(run.run_id), AssetqError)
        if run.status == "CANCELING":
            return self.unchanged(lambda: self.engine.cancel(run.run_id))
        with self.move():
            self.engine.cancel(run.run_id)
            self.model.canceled(run)

    def delete(self, run: Run) -> None:
        arguments = {"run_id": run.run_id, "nodes": len(run.plan.nodes), "latest": []}
        reply = self.engine.run_script("delete_run", **arguments)
        demand((reply[0] is Code.OK) == run.is_terminal, "deleting a run that is", run.status, "answered", reply)
        if run.is_terminal:
            del self.model.runs[run.run_id]
            self.stories.pop(run.run_id)
            demand(
                not list(self.client.scan_iter(self.keys("run", run.run_id) + "*", count=1000)), "left of", run.run_id
            )
        self.absorb()

    def tag(self, run: Run, *, is_current: bool) -> None:
        tags, expected = packb({"t": str(self.numbers)}), run.tags if is_current else b"old"
        reply = self.engine.run_script("tag_run", run_id=run.run_id, expected=expected, tags=tags)
        demand((reply[0] is Code.OK) == is_current, "tagging answered", reply)
        run.tags = tags if is_current else run.tags
        self.absorb()

    def damage(self, run: Run) -> None:
        """Redis forgets what can be derived of a run."""
        nodes = range(len(run.plan.nodes))
        self.client.delete(self.keys("need", run.run_id), *(self.keys("ready", run.run_id, node) for node in nodes))
        for pool in POOLS:
            self.client.zrem(self.keys("turns", pool), run.run_id)

    def rebuild(self, run: Run, *, is_damaged: bool = False, is_late: bool = False) -> None:
        if is_damaged and run.is_open and run.turn is None and not is_late:
            self.damage(run)
        frontier = compute_frontier(run.plan, self.runs.states(run.run_id), self.runs.made(run.run_id))
        counts = (frontier.counts[0] + is_late, *frontier.counts[1:])
        call = lambda: self.engine.rebuild(run.run_id, frontier.nodes, frontier.need, counts)  # noqa: E731
        if not run.is_open or run.turn is not None:
            return self.unchanged(call, AssetqError)
        with self.move():
            demand(call() is not is_late, "a late repair was taken")
            if not is_late:
                self.model.rebuilt(run)

    # Runs that a process executes by itself

    def record(self, run: Run, ends: Sequence[tuple[Step, str]], *, repeat: bool, is_last: bool, busy: bool) -> None:
        assert run.turn is not None
        turn = run.turn if repeat else run.turn + 1
        ended = [[node, step, step + 1, state] for (node, step), state in ends]
        reply = self.engine.run_script(
            "record_steps", run_id=run.run_id, turn=turn, events=[], index=[], ended=ended, assets=[], versions=[],
            made=[], running=int(busy), lease_ms=LATER_MS, is_last=is_last,
        )  # fmt: skip
        is_taken = not repeat or (run.turn == 0 and turn > 0)
        if is_taken:
            demand((reply[0] is Code.OK) == run.is_open, "recording answered", reply, "and the run is", run.status)
        if is_taken and run.is_open:
            self._recorded(run, turn, ends, is_last=is_last, busy=busy)
        self.absorb()

    def _recorded(self, run: Run, turn: int, ends: Sequence[tuple[Step, str]], *, is_last: bool, busy: bool) -> None:
        run.turn, run.status, run.busy = turn, "STARTED", int(busy)
        run.at.update(ends)
        if is_last:
            is_canceled = not run.is_finished()
            run.cancel_rest("open")
            run.end(canceled=is_canceled)

    def keep(self, run: Run) -> None:
        reply = self.engine.run_script("keep_run", run_id=run.run_id, lease_ms=LATER_MS)
        demand((reply[0] is Code.OK) == run.is_open, "keeping answered", reply)
        self.absorb()

    # Steps

    def claim(self, message: Message, worker: str) -> None:
        carried = self.client.hget(self.keys("carried"), message.fence)
        fence = int(message.fence if carried is None else carried or 0)
        held = self.model.grants.get(fence)
        grant = self.engine.claim(message.run_id, message.fence, Claimant(worker, 1))
        is_offered = held is not None and held.worker in (None, worker)
        demand((grant is not None) == is_offered, "claim of", message, "gave", grant, "but the model has", held)
        if grant is not None and held is not None and held.worker == worker:
            demand((grant.start, grant.stop) == (held.start, held.stop), "claimed again", grant, "but it was", held)
        elif grant is not None:
            self._note_claim(grant, worker)
        self.absorb()

    def outcome(self, run: Run, grant: Grant, step: int, state: str, worker: str) -> Outcome:
        attempt = Attempt(run.plan, grant.node, step, grant.tries_of(step).attempt, 0, worker)
        status = StepStatus.RETRY if state in ("retry", "later") else StepStatus(state)
        made = outcome_of(attempt, StepResult(status, (), retry_delay_ms=LATER_MS if state == "later" else 0))
        number = int(state == "succeeded")
        entry = (run.plan.nodes[grant.node].name, "-", step, step + 1, b"x", number)
        return replace(made, assets=(entry,) if state in ("succeeded", "failed") else ())

    def commit(
        self,
        grant: Grant,
        worker: str,
        first: int,
        states: Sequence[str],
        *,
        batch: int = 0,
        pools: tuple[str, ...] = (),
        begun: bool = False,
    ) -> None:
        """Commit the steps from `first` on; the model says whether that is lawful."""
        run, fence = self.model.runs.get(grant.run_id), int(grant.fence)
        if run is None:
            return
        states = states[: max(0, grant.stop - first)]
        outcomes = [self.outcome(run, grant, first + i, state, worker) for i, state in enumerate(states)]
        claimant = Claimant(worker, 1, pools)

        def call() -> Grant | None:
            return self.engine.commit(grant, claimant, outcomes, batch=batch, chain=bool(pools), begun=begun)

        held = self.model.grants.get(fence)
        if held is None or held.worker != worker:
            return self.unchanged(call, StaleAttemptError)
        if first + len(states) <= held.start:
            return self.unchanged(call)
        if first != held.start:
            return self.unchanged(call, StaleAttemptError)
        is_cut = not run.is_open and first + len(states) < held.stop
        chained = None
        try:
            chained = call()
        except StaleAttemptError:
            demand(is_cut, "refused", held)
            self.claimed[fence] = replace(grant, stop=min(grant.stop, first + len(states) + begun))
        else:
            demand(not is_cut, "was not told that the run is canceled", held)
        self._note_assets(run, grant.node, first, states)
        ends = [("retry", LATER_MS * (s == "later")) if s in ("retry", "later") else (s, 0) for s in states]
        self.model.committed(fence, ends, batch, begun=begun)
        self.absorb(chained, worker)
        demand(chained is None or chained.pool in pools, chained, "was chained for", pools)

    def _note_assets(self, run: Run, node: int, first: int, states: Sequence[str]) -> None:
        name = run.plan.nodes[node].name
        done, failed = (self.model.status.setdefault((name, s), set()) for s in ("materialized", "failed"))
        for step, state in enumerate(states, first):
            if state == "succeeded":
                done.add(step)
                failed.discard(step)
            elif state == "failed":
                failed.add(step)

    def hand_back(self, grant: Grant, worker: str, *, crashed: bool) -> None:
        fence = int(grant.fence)
        held = self.model.grants.get(fence)
        poisoned = self.engine.hand_back(grant.fence, worker, crashed=crashed, reason="test")
        if held is not None and held.worker == worker:
            self._returned([fence], poisoned, crashed=crashed)
        else:
            demand(not poisoned, "a refused return poisoned", poisoned)
        self.absorb()

    def refuse(self, grant: Grant, worker: str) -> None:
        """By a worker with another definition; the patience of the settings is not over within an example."""
        held = self.model.grants.get(int(grant.fence))
        demand(self.engine.refuse(grant.fence, worker, reason="test"), "refusing", grant, "expired")
        if held is not None and held.worker == worker:
            self._returned([held.fence], [], crashed=False)
        self.absorb()

    def _returned(self, fences: Sequence[int], poisoned: Sequence[Poisoned], *, crashed: bool) -> None:
        left = list(poisoned)
        for fence in fences:
            run_id = self.model.grants[fence].run_id
            if (step := self.model.returned(fence, crashed=crashed)) is None:
                continue
            demand(left and (left[0].run_id, left[0].node, left[0].step) == (run_id, *step), step, "is not among", left)
            self._quarantine(left.pop(0))
        demand(not left, "poisoned and still with tries", left)

    def _quarantine(self, poison: Poisoned) -> None:
        step = poison.node, poison.step
        crashes = self.model.runs[poison.run_id].tries[step].crashes
        demand(poison.crashes == crashes, poison, "after", crashes, "crashes")
        self.model.quarantined(poison.run_id, step, int(poison.fence))
        self.client.zadd(self.keys("leases"), {poison.fence: 10**15})
        self.claimed[int(poison.fence)] = Grant("", poison.run_id, *step, poison.step + 1, poison.fence)

    # Time, the fleet, recovery

    def expire(self, held: Held) -> None:
        self.client.zadd(self.keys("leases"), {str(held.fence): 0}, xx=True)
        self.model.expired.add(held.fence)

    def make_due(self) -> None:
        """The delay of every retry is over."""
        for entry in self.client.zrange(self.keys("delayed"), 0, -1):
            self.client.zadd(self.keys("delayed"), {entry: 0})
        self.model.due = delayed_steps(self.model)

    def age_messages(self) -> None:
        """Every message has been on its way for long."""
        for fence in self.client.zrange(self.keys("queued"), 0, -1):
            self.client.zadd(self.keys("queued"), {fence: 0})

    def recover(self, *, lost_worker: str | None = None, lost_run: Run | None = None, is_early: bool = False) -> None:
        """A turn of recovery, and what it found unclaimed is sent again."""
        if not is_early:
            self.client.delete(self.keys("recovery"))
        if lost_worker in self.model.workers:
            self.client.zadd(self.keys("workers"), {lost_worker: 0})
            del self.model.workers[lost_worker]
        if lost_run is not None:
            self.client.zadd(self.keys("held"), {lost_run.run_id: 0}, xx=True)
        found = self.engine.recover()
        demand(not found.was_busy, "a recovery was due and did not take place")
        order = sorted((fence for fence in self.model.expired if fence in self.model.grants), key=str)
        self.model.expired = set()
        self._returned(order, found.poisoned, crashed=True)
        for run_id, step in self.model.due:
            self.model.runs[run_id].at[step] = "open"
        self.model.due = set()
        if lost_run is not None and lost_run.turn is not None and lost_run.is_open:
            lost_run.status, lost_run.busy = "FAILURE", 0
            lost_run.cancel_rest("open")
        for message in found.unclaimed:
            held = self.model.grants.get(int(message.fence))
            demand(held is not None and held.worker is None, "sent again", message, "but the model has", held)
        self.messages += found.unclaimed
        self.absorb()

    def recover_too_early(self) -> None:
        self.client.set(self.keys("recovery"), 1)
        if self.client.zcount(self.keys("delayed"), 0, 0):
            return self.recover(is_early=True)  # what is due is not kept waiting
        self.unchanged(lambda: demand(self.engine.recover().was_busy, "two recoveries at once"))

    def heartbeat(self, worker: str, pools: tuple[str, ...], concurrency: int, running: Sequence[int]) -> None:
        """A worker lives, and runs these grants; what of it was about to expire is renewed."""
        details = {"pools": ",".join(pools), "concurrency": concurrency}
        told = self.engine.heartbeat(worker, details, [str(fence) for fence in running])
        self.model.workers[worker] = pools, concurrency
        mine = self.model.held_by(worker)
        demand({int(held.fence) for held in told} == set(mine), worker, "is told of", told, "but holds", mine)
        for held in told:
            demand(held.run_status == self.model.runs[held.run_id].status, held, "is told of another status")
        self.model.expired -= set(running) & set(mine)
        self.absorb()

    def retire(self, worker: str) -> None:
        poisoned = self.engine.retire(worker)
        self.model.workers.pop(worker, None)
        self._returned(self.model.held_by(worker), poisoned, crashed=False)
        self.absorb()

    def set_limit(self, pool: str, limit: int) -> None:
        self.engine.set_pool_limit(pool, limit)
        self.model.lowered(pool, limit)
        self.absorb()

    # Partitions and assets

    def add_partitions(self, names: Sequence[str]) -> None:
        self.engine.run_script("add_partitions", name="d", keys=list(names))
        for name in names:
            if name not in self.model.partitions:
                self.model.partitions.append(name)
            if name not in self.model.slots_ever:
                self.model.slots_ever.append(name)
        self.absorb()

    def delete_partition(self, name: str) -> None:
        self.engine.run_script("delete_partition", name="d", key=name)
        self.model.partitions = [known for known in self.model.partitions if known != name]
        self.absorb()

    def wipe(self, asset: str, start: int, stop: int) -> None:
        self.engine.run_script("wipe_asset", asset=asset, identity="-", start=start, stop=stop)
        for state in ("materialized", "failed"):
            known = self.model.status.get((asset, state), set())
            known -= set(range(start, stop)) if start >= 0 else set(known)
        self.absorb()

    # The end

    def drain(self) -> None:
        """One worker comes, nothing goes wrong any more: every run ends, and nothing is left behind."""
        for pool in POOLS:
            self.set_limit(pool, -1)
        self.heartbeat("last", POOLS, 3, [])
        self.compared_every = 10
        for _ in range(1 + sum(len(run.at) for run in self.model.runs.values())):
            if all(run.is_terminal for run in self.model.runs.values()):
                break
            self._drain_once()
        demand(all(run.is_terminal for run in self.model.runs.values()), "a run does not end")
        self._check_nothing_left()

    def _drain_once(self) -> None:
        for held in list(self.model.grants.values()):
            if held.worker is None:
                self.claim(message_of(held), "last")
                self.commit(self.claimed[held.fence], "last", held.start, ["succeeded"] * len(held.steps))
            elif held.worker == "recovery":
                self.commit(self.claimed[held.fence], "recovery", held.start, ["failed"])
            else:
                self.expire(held)
        self.make_due()
        held_run = next((r for r in self.model.runs.values() if r.turn is not None and r.is_open), None)
        self.recover(lost_run=held_run)

    def _check_nothing_left(self) -> None:
        self.settled = set()
        self.make_due()
        self.recover()
        for worker in list(self.model.workers):
            self.retire(worker)
        self.compare()
        root, known = self.keys.root, set(self.model.runs)
        for key in self.client.scan_iter(f"{root}*", count=1000):
            name = key.decode().removeprefix(root)
            if name.startswith(":run:"):
                run_id, _, kind = name.removeprefix(":run:").partition(":")
                demand(run_id in known and kind.split(":")[0] in ("", "plan", "events", "done"), "stray key", name)
            else:
                stems = (":runs", ":events", ":fence", ":recovery", ":pools", ":asset", ":dynamic")
                demand(name.startswith(stems), "stray key", name)
        demand(not self.client.scard(self.keys("active")), "active runs are left")

    def close(self) -> None:
        keys = list(self.client.scan_iter(f"{self.keys.root}*", count=1000))
        if keys:
            self.client.unlink(*keys)
