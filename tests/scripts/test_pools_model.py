"""Thousands of random operations on pools, with crashes: no limit is passed, nothing leaks, everything is granted."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from dataclasses import replace

from hypothesis import HealthCheck
from hypothesis import settings as options_of
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from assetq.broker.message import Message
from assetq.broker.settings import Settings
from assetq.definitions.pool_name import slots_of
from assetq.errors import AssetqError
from assetq.execution.pool_limit import Rate

from .driver import Driver, node

POOLS = ("a", "b", "c")
BUNDLES = ("a", "b", "c", "a*2", "a+b", "b*2+a", "c+a", "a*3+b+c")
VALUES = ("", "k=x", "k=y")
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "40"))
STEPS = st.integers(1, 6)
PICK = st.integers(0, 59)  # one of some; how many there are depends on the server's clock, and draws may not


class Pools(RuleBasedStateMachine):
    """What a fleet does to pools. Beside the server it remembers only what it claimed, and the limits."""

    base = None

    @initialize()
    def begin(self) -> None:
        namespace = f"model-{uuid.uuid4().hex[:10]}"
        self.driver = Driver(self.base.model_copy(update={"namespace": namespace, "recovery_ms": 20}), 20, "a,b,c")
        self.engine = self.driver.engine
        self.limits: dict[str, int] = {}
        self.before: dict[str, int] = {}
        self.running: dict[str, object] = {}
        self.runs: dict[str, str] = {}
        self.caps: dict[str, int] = {}
        self.lanes: set[str] = set()
        for pool in POOLS:
            self.limit(pool, 3)
        self.limit("k=*", 1)

    @rule(bundle=st.sampled_from(BUNDLES), steps=STEPS, value=st.sampled_from(VALUES), priority=st.integers(-1, 1))
    def submit(self, bundle: str, steps: int, value: str, priority: int) -> None:
        self._submit(replace(node(steps, pool=bundle), key=value), priority=priority)

    @rule(bundles=st.lists(st.sampled_from(BUNDLES), min_size=2, max_size=3), steps=STEPS, cap=st.integers(1, 2))
    def submit_capped(self, bundles: list[str], steps: int, cap: int) -> None:
        self._submit(*(node(steps, pool=bundle) for bundle in bundles), cap=cap)

    @rule(steps=STEPS, bundle=st.sampled_from(BUNDLES))
    def submit_lanes(self, steps: int, bundle: str) -> None:
        keys = (0, "k=x", 1, "k=y", 2, "k=z")
        run = self._submit(replace(node(3 * steps, pool=bundle), lanes="0:1:3", lane_keys=keys), tags={"team": "t"})
        self.lanes.add(run)

    def _submit(self, *nodes: object, **options: object) -> str:
        run = f"r{len(self.runs)}"
        self.runs[run] = "open"
        if "cap" in options:
            self.caps[run] = options["cap"]
        self.driver.submit(run, *nodes, **options)
        return run

    def _some(self, pick: int) -> str | None:
        return sorted(self.running)[pick % len(self.running)] if self.running else None

    @rule(pick=PICK)
    def claim(self, pick: int) -> None:
        messages = self.driver.outbox.messages
        if messages:
            self._claim(messages.pop(pick % len(messages)))

    def _claim(self, message: Message) -> None:
        grant = self.engine.claim(message.run_id, message.fence, self.driver.worker)
        if grant is not None:
            assert self.running.get(grant.fence, grant).fence == grant.fence
            self.running[grant.fence] = grant

    @rule()
    def lose_a_message(self) -> None:
        """Recovery finds it again: it stays granted, and is not in the queue."""
        if self.driver.outbox.messages:
            self.driver.outbox.messages.pop()

    @rule(pick=PICK, state=st.sampled_from(["succeeded", "failed", "retry"]))
    def commit(self, pick: int, state: str) -> None:
        fence = self._some(pick)
        if fence is not None:
            self.driver.commit(self.running.pop(fence), state)

    @rule(pick=PICK)
    def commit_and_chain(self, pick: int) -> None:
        """The worker takes what comes next with the answer; its message, where it has one, finds it claimed."""
        fence = self._some(pick)
        if fence is not None:
            chained = self.driver.commit(self.running.pop(fence), chain=True)
            if chained is not None:
                self.running[chained.fence] = chained

    @rule(pick=PICK, crashed=st.booleans())
    def hand_back(self, pick: int, crashed: bool) -> None:
        fence = self._some(pick)
        if fence is not None:
            del self.running[fence]
            self._fail(self.engine.hand_back(fence, "w", crashed=crashed, reason="crash"))

    def _fail(self, poisoned: object) -> None:
        for step in poisoned:
            self.driver.fail_poisoned(step)

    @rule()
    def the_worker_dies(self) -> None:
        """Its leases expire at once; recovery takes back what it held."""
        client, keys = self.driver.client, self.driver.keys
        for fence in self.running:
            client.zadd(keys("leases"), {fence: 1})
        client.delete(keys("recovery"))
        self.running.clear()
        self._fail(self.engine.recover().poisoned)

    @rule(pool=st.sampled_from([*POOLS, "k=*", "k=x"]), limit=st.integers(0, 4))
    def limit(self, pool: str, limit: int) -> None:
        before = self._used()
        self.limits[pool] = limit
        self.engine.set_pool_limit(pool, limit)
        after = self._used()
        for name in before:
            assert after[name] <= max(before[name], self._limit_of(name)), name

    @rule(limit=st.integers(1, 3))
    def rate(self, limit: int) -> None:
        self.limits["c"] = limit
        self.engine.set_pool_limit("c", limit, Rate(2, 40))

    @rule(limit=st.integers(1, 2))
    def limit_runs(self, limit: int) -> None:
        self.engine.set_run_limit("team=*", limit)

    @rule(pick=PICK, priority=st.integers(-2, 2))
    def change_priority(self, pick: int, priority: int) -> None:
        self._on_some_run(pick, lambda run: self.engine.set_priority(run, priority))

    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        self._on_some_run(pick, self.engine.cancel)

    def _on_some_run(self, pick: int, act: object) -> None:
        if self.runs:
            with suppress(AssetqError):
                act(sorted(self.runs)[pick % len(self.runs)])

    @rule()
    def recover(self) -> None:
        self.driver.client.delete(self.driver.keys("recovery"))
        self._fail(self.engine.recover().poisoned)

    def _limit_of(self, name: str) -> int:
        return self.limits.get(name, self.limits.get("k=*", 0) if "=" in name else 0)

    def _grants(self) -> list[dict[str, str]]:
        client, found = self.driver.client, []
        for key in client.scan_iter(f"{self.driver.keys.root}:grant:*", count=1000):
            fields = {k.decode(): v.decode() for k, v in client.hgetall(key).items()}
            if fields["pool"]:
                found.append({**fields, "fence": key.decode().rpartition(":")[2]})
        return found

    def _used(self) -> dict[str, int]:
        """Slots in use by the grants themselves, not by the lists of holders."""
        used = dict.fromkeys([*POOLS, "k=x", "k=y", "k=z"], 0)
        for grant in self._grants():
            for pool, weight in slots_of(grant.get("bundle", grant["pool"])):
                used[pool] += weight
            if "key" in grant:
                used[self._value_of(grant)] += 1
        return used

    def _value_of(self, grant: dict[str, str]) -> str:
        """The value of the key of the step itself."""
        return "k=" + "xyz"[int(grant["from"]) % 3] if grant["run"] in self.lanes else grant["key"]

    @invariant()
    def the_record_is_what_is_held(self) -> None:
        if not hasattr(self, "driver"):
            return
        client, keys = self.driver.client, self.driver.keys
        grants = self._grants()
        for pool, used in self._used().items():
            # Above a limit is only what was there when it was lowered.
            assert used <= max(self._limit_of(pool), self.before.get(pool, 0)), pool
            self.before[pool] = used
            assert client.zcard(keys("holders", pool)) + client.zcard(keys("shares", pool)) == used, pool
        fences = {grant["fence"] for grant in grants}
        assert set(self.running) <= fences
        for run, cap in self.caps.items():
            assert client.scard(keys("run_grants", run)) <= cap

    def teardown(self) -> None:
        if not hasattr(self, "driver"):
            return
        self._finish()
        client, root = self.driver.client, self.driver.keys.root
        left = [key.decode() for key in client.scan_iter(f"{root}*", count=1000)]
        states = (":holders", ":shares", ":grant:", ":ready:", ":offer:", ":parked", ":admi", ":turns", ":nodes")
        leaks = [key for key in left if any(state in key for state in states)]
        assert leaks == []
        client.delete(*left)
        client.close()

    def _finish(self) -> None:
        """With limits that let everything through, every step of every run is granted in the end."""
        for pool in POOLS:
            self.limit(pool, 3)
        for key in ("k=*", "k=x"):
            self.limit(key, 1)
        client, keys = self.driver.client, self.driver.keys
        for _ in range(5000):
            for grant in list(self.running.values()):
                self.driver.commit(self.running.pop(grant.fence))
            if not client.scard(keys("active")):
                return
            client.delete(keys("recovery"))
            self._fail(self.engine.recover().poisoned)
            self.driver.outbox.messages.clear()
            for grant in [g for g in self._grants() if g["state"] == "queued"]:
                steps = (int(grant["node"]), int(grant["from"]), int(grant["to"]))
                self._claim(Message(grant["pool"], grant["run"], *steps, grant["fence"]))
        raise AssertionError(f"never granted: {client.smembers(keys('active'))}")


def test_pools_hold_whatever_happens(server, tmp_path):
    class Machine(Pools):
        base = Settings(redis_url=server.url, storage=str(tmp_path))

    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    chosen = options_of(
        max_examples=EXAMPLES,
        print_blob=True,
        stateful_step_count=60,
        deadline=None,
        derandomize="MODEL_EXAMPLES" not in os.environ,  # `make chaos` looks for new examples
        suppress_health_check=checks,
    )
    run_state_machine_as_test(Machine, settings=chosen)
