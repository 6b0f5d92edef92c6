"""The faults, by name. Each takes a rig, does its harm, and leaves a world in which the run can end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from assetq.broker.connection import connect

from ..waiting import eventually
from .proxy import Proxy
from .rig import LEASE_S, Rig, children

Fault = Callable[[Rig], None]
FAULTS: dict[str, Fault] = {}


def fault(function: Fault) -> Fault:
    """Enter a fault under its function's name."""
    FAULTS[function.__name__] = function
    return function


def any_slot(rig: Rig) -> int:
    """One of the workers."""
    return rig.random.randrange(len(rig.workers))


# Processes.


@fault
def kill_child(rig: Rig) -> None:
    """SIGKILL one process that executes steps; its parent forks another."""
    if rig.shape.pool_class == "prefork" and (pids := children(rig.workers[any_slot(rig)].pid)):
        rig.kill(rig.random.choice(pids))


@fault
def kill_parent(rig: Rig) -> None:
    """SIGKILL a worker's parent process; a supervisor starts it again."""
    slot = any_slot(rig)
    rig.kill(rig.workers[slot].pid)
    rig.workers[slot].wait()
    rig.start_worker(slot)


@fault
def kill_group(rig: Rig) -> None:
    """SIGKILL a worker's whole process group at once, as when its machine loses power."""
    slot = any_slot(rig)
    members = rig.family(slot)
    os.killpg(rig.workers[slot].pid, signal.SIGKILL)
    rig.workers[slot].wait()
    rig.killed |= dict.fromkeys(members, time.time())
    rig.start_worker(slot)


@fault
def suspend_group(rig: Rig) -> None:
    """SIGSTOP a worker for longer than its lease, as a suspended machine, then SIGCONT."""
    with suspended(rig.family(any_slot(rig))):
        time.sleep(LEASE_S + rig.random.uniform(0.5, 1.5))


@fault
def suspend_child(rig: Rig) -> None:
    """SIGSTOP one process for longer than the lease: its parent goes on to renew it."""
    if pids := children(rig.workers[any_slot(rig)].pid):
        with suspended([rig.random.choice(pids)]):
            time.sleep(LEASE_S * 1.5)


@contextmanager
def suspended(pids: list[int]) -> Iterator[None]:
    """Processes that stand still for as long as the block lasts."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@fault
def scale_in(rig: Rig) -> None:
    """SIGTERM a worker in mid-run; another one joins later."""
    slot = any_slot(rig)
    rig.workers[slot].terminate()
    assert rig.workers[slot].wait(30) == 0
    time.sleep(rig.random.uniform(0, 0.5))
    rig.start_worker(slot)


@fault
def rolling_restart(rig: Rig) -> None:
    """Replace every worker, one after the other: the new one joins before the old one leaves."""
    for slot in range(len(rig.workers)):
        old = rig.workers[slot]
        rig.start_worker(slot)
        old.terminate()
        assert old.wait(30) == 0


# Redis.


@fault
def restart_redis(rig: Rig) -> None:
    """SIGKILL Redis and start it again on its append-only file."""
    rig.server.kill()
    time.sleep(rig.random.choice((0, 0.3, LEASE_S * 1.5)))
    rig.server.start()


@fault
def forget_a_second(rig: Rig) -> None:
    """SIGKILL Redis and lose what it wrote in its last second, as a machine's crash does with `everysec`."""
    if rig.shape.fsync == "always":
        return restart_redis(rig)
    log = append_only_file(rig)
    since, size = time.time(), log.stat().st_size
    time.sleep(rig.random.uniform(0.1, 1.0))
    rig.server.kill()
    with log.open("r+b") as file:
        file.truncate(rig.random.randint(size, max(size, log.stat().st_size)))
    rig.server.start()
    rig.forgotten.append((since, time.time()))  # who claimed before may read from Redis before the body begins
    rig.set_limit(rig.limits[-1][1])  # what people asked for is not the engine's to do again


def append_only_file(rig: Rig) -> Path:
    """What Redis appends to."""
    return max((rig.server.data_directory / "appendonlydir").glob("*.incr.aof"), key=lambda path: path.stat().st_mtime)


@fault
def flush_broker(rig: Rig) -> None:
    """FLUSHDB of the broker's database; where it is not separate, only Celery's keys go."""
    with connect(rig.server_url(rig.broker_db())) as client:
        if rig.shape.splits_broker:
            client.flushdb()
        elif keys := rig.broker_keys():
            client.delete(*keys)


@fault
def lose_messages(rig: Rig) -> None:
    """Delete what waits in Celery's queues."""
    rig.note(f"  {tamper(rig, delete=True)} messages lost")


@fault
def duplicate_messages(rig: Rig) -> None:
    """Have what waits in Celery's queues delivered three times."""
    rig.note(f"  {tamper(rig, delete=False)} messages doubled")


def tamper(rig: Rig, *, delete: bool, patience_s: float = LEASE_S / 2) -> int:
    """Delete, or copy, the messages in the queues; the parents stand still, so that some gather there."""
    found, until = 0, time.monotonic() + patience_s
    with connect(rig.server_url(rig.broker_db())) as client, suspended([worker.pid for worker in rig.workers]):
        while not found and time.monotonic() < until:
            for key in rig.broker_keys(f"{rig.settings.namespace}.*"):
                messages = client.lrange(key, 0, -1)
                found += len(messages)
                if messages and delete:
                    client.delete(key)
                elif messages:
                    client.rpush(key, *messages, *messages)
    return found


# The network.


@contextmanager
def healed(proxy: Proxy) -> Iterator[Proxy]:
    """A proxy that is well again at the end."""
    try:
        yield proxy
    finally:
        proxy.heal()


def some_proxies(rig: Rig) -> list[Proxy]:
    """The wire of one worker, or of all."""
    return rig.random.choice(([rig.random.choice(rig.proxies)], rig.proxies))


@fault
def blackhole(rig: Rig) -> None:
    """Nothing passes for longer than a lease; then all of it arrives late."""
    swallow(rig, LEASE_S + rig.random.uniform(0.5, 2))


@fault
def hiccup(rig: Rig) -> None:
    """Nothing passes for less than a lease."""
    swallow(rig, LEASE_S * rig.random.uniform(0.1, 0.5))


def swallow(rig: Rig, seconds: float, proxies: list[Proxy] | None = None) -> None:
    """Let nothing pass for some seconds."""
    chosen = proxies or some_proxies(rig)
    for proxy in chosen:
        proxy.blackhole()
    time.sleep(seconds)
    for proxy in chosen:
        proxy.heal()


@fault
def cut_connections(rig: Rig) -> None:
    """Reset connections, again and again."""
    for _ in range(rig.random.randint(1, 8)):
        for proxy in some_proxies(rig):
            proxy.cut()
        time.sleep(rig.random.uniform(0, 0.3))


@fault
def refuse_connections(rig: Rig) -> None:
    """Reset connections and refuse new ones for a while."""
    with healed(rig.random.choice(rig.proxies)) as proxy:
        proxy.refuse()
        time.sleep(rig.random.choice((0.3, LEASE_S + 1)))


@fault
def half_open_connections(rig: Rig) -> None:
    """The far ends of connections are gone, and nobody says so."""
    for proxy in some_proxies(rig):
        proxy.half_open()


@fault
def lose_replies(rig: Rig) -> None:
    """Whatever is asked of Redis is done, and nobody is told, for a while."""
    with healed(rig.random.choice(rig.proxies)) as proxy:
        proxy.lose_replies()
        time.sleep(rig.random.choice((0.1, LEASE_S / 2)))


@fault
def delay_wire(rig: Rig) -> None:
    """Everything takes a tenth of a second longer, for a while."""
    with healed(rig.random.choice(rig.proxies)) as proxy:
        proxy.delay(0.1)
        time.sleep(LEASE_S)


# The rest.


@fault
def fill_disk(rig: Rig) -> None:
    """The disk is full every second time that an output is written, for a while."""
    rig.disk_full.touch()
    time.sleep(rig.random.uniform(0.3, 1.5))
    rig.disk_full.unlink()


@fault
def change_limit(rig: Rig) -> None:
    """Change the pool's limit, to zero too, and back."""
    for limit in (rig.random.randint(0, 3), rig.random.randint(1, 3), rig.work.LIMIT):
        rig.set_limit(limit)
        time.sleep(rig.random.uniform(0.1, 0.5))


@fault
def cancel_and_retry(rig: Rig) -> None:
    """Cancel the run, and submit again what it left."""
    if rig.instance.get_run(rig.handle.run_id).status.is_terminal:
        return
    rig.instance.cancel_run(rig.handle.run_id)
    acknowledged = time.time()
    eventually(lambda: rig.instance.get_run(rig.handle.run_id).status == "CANCELED", deadline=60)
    rig.cancelled.append((acknowledged, time.time()))
    rig.ended.append(rig.handle)
    rig.handle = rig.instance.retry_run(rig.handle.run_id)
