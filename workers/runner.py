"""Runs granted batches: claim, execute step by step, commit, go on with the next while there is time."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from assetq.broker.connection import PASSING
from assetq.broker.engine import Claimant
from assetq.broker.message import Grant
from assetq.broker.run_reader import made_in_step
from assetq.definitions.time_limit import step_timeout_s
from assetq.errors import PlanError, RunCanceledError, StaleAttemptError, StepInterrupted, StepTimedOut
from assetq.execution.attempt_log import attempt_log_path
from assetq.execution.cleanup import remove_intermediates
from assetq.execution.session import ExecutionSession
from assetq.execution.step import execute_step
from assetq.execution.task import StepResult, StepTask
from assetq.io.durable import deferred_sync
from assetq.partitions import IndexSet
from assetq.planning import Plan
from assetq.workers.batch_size import BatchSize
from assetq.workers.capture import Capture
from assetq.workers.ceiling import Ceiling
from assetq.workers.drift import fits, refuse
from assetq.workers.durability import Done, durable_outcomes
from assetq.workers.group import FLUSH_S, LATEST_S, Group, Recorder
from assetq.workers.outcome import Attempt, outcome_of, with_log
from assetq.workers.poison import fail_unreadable
from assetq.workers.process import ProcessState, RunContext
from assetq.workers.regain import regained

T = TypeVar("T")

logger = logging.getLogger("assetq.runner")

FRESH_S, CONFIRMATIONS = 0.15, 5


@dataclass(slots=True)
class Runner:
    """Executes batches in one process or thread.

    `executing` is true only while user code may run: that is when an interruption is delivered. `interrupt` has one
    delivered from another thread, to whoever runs a fence.
    """

    state: ProcessState
    ident: int
    slot: int
    capture: Capture
    interrupt: Callable[[str], None]
    executing: bool = False
    fence: str | None = None
    deadline_ns: int = 0
    asked: float = 0.0
    guard: threading.Lock = field(default_factory=threading.Lock)
    batches: BatchSize = field(init=False)
    timeouts: dict[tuple[str, str], float | None] = field(default_factory=dict)
    ceiling: Ceiling = field(default_factory=Ceiling)
    recorder: Recorder = field(default_factory=Recorder)

    def __post_init__(self) -> None:
        settings = self.state.config.settings
        self.batches = BatchSize(settings.batch_limit, settings.batch_ms / 1000)

    @property
    def claimant(self) -> Claimant:
        """Who this runner is to the engine."""
        return self.state.claimant(self.ident)

    def run(self, run_id: str, fence: str) -> None:
        """Run the batch that a message names, and further ready ones for a short while."""
        engine = self.state.engine
        self._show(fence)
        try:
            grant = self._ask(lambda: engine.claim(run_id, fence, self.claimant))
            deadline = time.monotonic() + self.state.config.settings.chain_ms / 1000
            while grant is not None:
                self._show(grant.fence)
                grant = self._run_batch(grant, deadline)
        except PASSING as error:
            if not self.state.config.board.is_over:
                raise
            logger.warning("the worker stops while Redis is away (%s); what it held comes back by itself", error)
        finally:
            self._show(None)

    def interruption(self) -> type[StepInterrupted] | None:
        """Why the step under way is to stop; None when it is not: the order came for an earlier one."""
        if not self.executing:
            return None
        if self.deadline_ns and time.monotonic_ns() >= self.deadline_ns:
            return StepTimedOut
        return StepInterrupted if self.state.config.board.is_ordered(self.slot) else None

    def _timeout_of(self, session: ExecutionSession, plan: Plan, name: str) -> float | None:
        where = plan.job, name
        if where not in self.timeouts:
            self.timeouts[where] = step_timeout_s(session.defs.get_op(name).op.tags)
        return self.timeouts[where]

    def _show(self, fence: str | None) -> None:
        self.fence = fence
        self.state.config.board.write(self.slot, self.ident, fence)

    def _run_batch(self, grant: Grant, deadline: float) -> Grant | None:
        try:
            context = self.state.run_context(grant.run_id, grant.growth)
        except PlanError as error:
            self._give_up(grant, error)
            return None
        if not fits(self.state.session_of(context).defs, context.plan.nodes[grant.node]):
            refuse(self.state, grant, self.claimant, context)
            return None
        group = Group(
            record=lambda done: self._commit(grant, context, done, begun=True),
            refused=lambda: self._order_stop(grant.fence),
        )
        try:
            try:
                return self._run_steps(grant, context, deadline, group)
            except StepInterrupted as interruption:
                self._record(grant, context, group)
                self._hand_back(grant, f"interrupted: {interruption}")
        except RunCanceledError as error:
            self._hand_back(grant, str(error))
        except StaleAttemptError as error:
            logger.warning("%s", error)
            return self.state.lasting(lambda: regained(self.state.engine, self.claimant))
        return None

    def _run_steps(self, grant: Grant, context: RunContext, deadline: float, group: Group) -> Grant | None:
        timeout_s = self._timeout_of(self.state.session_of(context), context.plan, context.plan.nodes[grant.node].name)
        for step in range(grant.start, grant.stop):
            if timeout_s is not None:  # the step under way must be the first uncommitted: see overdue.py
                self._record(grant, context, group)
            if (step > grant.start and self._stops()) or not self._may_begin(grant):
                self._record(grant, context, group)
                self._hand_back(grant, "the worker takes no further steps")
                return None
            done = self._run_step(grant, context, step)
            self.ceiling.steps += 1
            if step < grant.stop - 1:
                self._keep(grant, context, group, done)
        may_chain = time.monotonic() < deadline and not self._stops()
        chained = self._commit(grant, context, [*group.take(), done], chain=may_chain)
        if chained is None or chained.run_id != grant.run_id:  # else the run goes on
            self._clean_up(context)
        return chained

    def _keep(self, grant: Grant, context: RunContext, group: Group, done: Done) -> None:
        """A step has ended and others of its batch follow: it is recorded soon, and nothing waits for the disk."""
        group.add(done)
        if self.batches.seconds.get(context.plan.nodes[grant.node].name, 0) >= FLUSH_S:
            self.recorder.call(group, 0)
        elif group.is_due() and not done.paths:
            self._record(grant, context, group)
        else:
            self.recorder.call(group, group.flushed + LATEST_S)

    def _record(self, grant: Grant, context: RunContext, group: Group) -> None:
        """Record what has ended and is not recorded yet."""
        if done := group.take():
            self._commit(grant, context, done)

    def _order_stop(self, fence: str) -> None:
        """The record refuses what ran under a fence: what runs of it now is to stop."""
        self.state.config.board.order(fence)
        self.interrupt(fence)

    def _is_current(self, fence: str) -> bool:
        """True while this runner holds the grant; what the record said a moment ago is believed, no longer."""
        if time.monotonic() - self.asked < FRESH_S:
            return True
        return self._ask(lambda: self.state.engine.is_current(fence, self.claimant))

    def _may_begin(self, grant: Grant) -> bool:
        """False once the run is canceled. A cancel waits for it: what the record said is believed for a moment."""
        for _ in range(CONFIRMATIONS):
            if self.state.config.board.is_ordered(self.slot):
                return False
            if time.monotonic() - self.asked < FRESH_S:
                return True
            if not self._ask(lambda: self.state.engine.may_begin(grant, self.claimant)):
                return False
        return True

    def _ask(self, question: Callable[[], T]) -> T:
        """Ask the record, again while it is away; what it says was true when the question was sent, or later."""

        def ask() -> T:
            sent = time.monotonic()
            answer = question()
            self.asked = max(self.asked, sent)
            return answer

        return self.state.lasting(ask)

    def _stops(self) -> bool:
        """True when this process is to take no further step: the worker drains, or a new process is due."""
        return self.state.config.board.is_draining or self.ceiling.is_reached()

    def _run_step(self, grant: Grant, context: RunContext, step: int) -> Done:
        tries = grant.tries_of(step)
        started = time.time()
        task = StepTask(
            run_id=grant.run_id,
            plan=context.plan,
            node=grant.node,
            step=step,
            attempt=tries.retries + 1,
            fence=int(grant.fence),
            run_tags=context.tags,
            run_config=context.config,
            made=self._made(grant, context, step),
            ready_to=grant.stop,
        )
        session = self.state.session_of(context)
        with deferred_sync() as stored:
            result = self._captured(task, session, tries.attempt)
        attempt = Attempt(context.plan, grant.node, step, tries.attempt, int(started * 1000), self.state.config.name)
        self.batches.observe(context.plan.nodes[grant.node].name, time.time() - started)
        retry_policy = session.defs.get_op(task.plan_node.name).op.retry_policy
        return Done(task, attempt, outcome_of(attempt, result), tuple(stored), retry_policy)

    def _made(self, grant: Grant, context: RunContext, step: int) -> IndexSet:
        """What earlier attempts made of a chunk. Tries are forgotten when a run is rebuilt, so they do not tell."""
        engine, where = self.state.engine, (grant.node, step)
        return self.state.lasting(lambda: made_in_step(engine.client, engine.keys, grant.run_id, context.plan, where))

    def _captured(self, task: StepTask, session: ExecutionSession, attempt: int) -> StepResult:
        self.capture.begin(lambda: attempt_log_path(session.storage, task.run_id, task.step_key, attempt))
        try:
            result = self._execute(task, session)
        finally:
            captured = self.capture.end()
        return result if captured is None else with_log(result, captured)

    def _execute(self, task: StepTask, session: ExecutionSession) -> StepResult:
        def guard() -> None:
            if not self._is_current(str(task.fence)):
                raise StaleAttemptError(
                    f"run {task.run_id}: attempt {task.fence} lost its lease; its output is not published."
                )

        timeout_s = self._timeout_of(session, task.plan, task.plan_node.name)
        return execute_step(session, task, guard=guard, limit=lambda: self._interruptible(timeout_s))

    @contextlib.contextmanager
    def _interruptible(self, timeout_s: float | None) -> Iterator[None]:
        if timeout_s is not None:
            self.deadline_ns = time.monotonic_ns() + int(timeout_s * 1e9)
            self.state.config.board.limit(self.slot, self.deadline_ns)
        self.executing = True
        try:
            yield
        finally:
            self._shut()

    def _shut(self) -> None:
        """No interruption comes after this; one that was sent to this thread before arrives here at the latest."""
        try:
            with self.guard:
                self.executing = False
        finally:
            if self.deadline_ns:
                self.deadline_ns = 0
                self.state.config.board.limit(self.slot, 0)

    def _clean_up(self, context: RunContext) -> None:
        """Remove what ops of graphs gave each other, if this was the end of a run that has succeeded."""
        if not context.has_intermediates or self.state.config.settings.keep_intermediates == "always":
            return
        engine = self.state.engine
        status = self.state.lasting(lambda: engine.client.hget(engine.keys("run", context.run_id), "status"))
        if status == b"SUCCESS":
            remove_intermediates(self.state.session_of(context), context.plan, context.run_id)

    def _commit(
        self, grant: Grant, context: RunContext, done: list[Done], *, chain: bool = False, begun: bool = False
    ) -> Grant | None:
        engine, outcomes, name = self.state.engine, durable_outcomes(done), context.plan.nodes[grant.node].name
        batch = self.batches.of(name, self.state.session_of(context).defs.get_op(name).op.tags)
        chained = self._ask(
            lambda: engine.commit(grant, self.claimant, outcomes, batch=batch, chain=chain, begun=begun)
        )
        self.state.versions.note(grant.run_id, (entry for outcome in outcomes for entry in outcome.versions))
        return chained

    def _give_up(self, grant: Grant, error: PlanError) -> None:
        engine, worker = self.state.engine, self.state.config.name
        self.state.lasting(lambda: fail_unreadable(engine, grant.run_id, grant.fence, worker, error))

    def _hand_back(self, grant: Grant, reason: str) -> None:
        engine, worker = self.state.engine, self.state.config.name
        self.state.lasting(lambda: engine.hand_back(grant.fence, worker, crashed=False, reason=reason))


_local = threading.local()


def current_runner() -> Runner | None:
    """The runner of the calling thread, if it has one."""
    return getattr(_local, "runner", None)


def set_current_runner(runner: Runner) -> None:
    """Make `runner` the calling thread's own."""
    _local.runner = runner
