"""What must be true after every round, whatever happened in it. Files come first, the log second."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from assetq.broker.connection import connect
from assetq.execution import EventType

from ..waiting import eventually
from .replay import contradictions
from .rig import Rig
from .timeline import Timeline, bodies, losses

DEADLINE_S = 120
SLACK_S = 3.0
CLAIMED_S = 0.5
LASTING = (
    "", ":runs", ":runs:ended", ":events", ":fence", ":pools", ":pools:*", ":run:<run>", ":run:<run>:plan",
    ":run:<run>:growth", ":run:<run>:events", ":run:<run>:done:*", ":assets", ":asset:*", ":runs:count",
    ":runs:numbers", ":catalog*",
)  # fmt: skip


class InvariantError(AssertionError):
    """What must always be true was not; says what, and all that happened."""


def check(rig: Rig, deadline_s: float = DEADLINE_S) -> dict[str, int]:
    """Wait for the run's end, stop the fleet, and look at everything.

    Returns:
        Counts worth printing: attempts, those that lost their lease, and those excepted from the pool's limit.

    Raises:
        InvariantError: Names every invariant that was violated.
    """
    await_end(rig, deadline_s)
    found = [*wrong_outputs(rig), *wrong_slots(rig), *stray_messages(rig)]
    found += stop_fleet(rig)
    timeline = read_timeline(rig)
    overfull, excepted = timeline.overfull(rig.work.POOLED, rig.limits, SLACK_S)
    found += [*timeline.overlaps(), *overfull, *late_starts(rig)]
    found += [f"{body} never ended" for body in timeline.bodies if body.ended == float("inf")]
    for handle in (*rig.ended, rig.handle):
        found += contradictions(rig.instance, handle.run_id)
    found += [*wrong_retries(rig), *wrong_assets(rig), *stray_keys(rig), *stray_files(rig)]
    found += [f"process {pid} is still there" for pid in rig.stray_processes()]
    if found:
        raise InvariantError(f"seed {rig.seed}, in {rig.folder}:\n" + "\n".join([*found[:20], *rig.notes]))
    return {"attempts": len(timeline.bodies), "lost": len(timeline.losses), "excepted": excepted}


def await_end(rig: Rig, deadline_s: float) -> None:
    """The run ends, and well."""
    try:
        record = rig.handle.wait(deadline_s)
    except Exception as error:
        raise InvariantError(f"seed {rig.seed}: no end ({error!r}): {rig.explain()}") from error
    if record.status != "SUCCESS":
        raise InvariantError(f"seed {rig.seed}: {rig.explain()}")


def stop_fleet(rig: Rig) -> Iterator[str]:
    """Every worker leaves when it is told to; one that does not tells what it is doing, and is wrong."""
    workers = dict(enumerate(rig.workers))
    for worker in workers.values():
        worker.terminate()
    if not _becomes(lambda: all(worker.poll() is not None for worker in workers.values())):
        for slot in (slot for slot, worker in workers.items() if worker.poll() is None):
            for pid in rig.family(slot):
                os.kill(pid, signal.SIGRTMIN)
    rig.fleet.stop()
    if wrong := {worker.pid: worker.returncode for worker in workers.values() if worker.returncode != 0}:
        yield f"workers were told to stop and ended so: {wrong}\n{rig.fleet.logs()[-12000:]}"


def read_timeline(rig: Rig) -> Timeline:
    """The trail, with what the log says of lost leases."""
    events = [e for handle in (*rig.ended, rig.handle) for e in rig.instance.follow_events(handle.run_id)]
    return Timeline(bodies(rig.trail.read(), rig.killed), losses(events), rig.forgotten)


def wrong_outputs(rig: Rig) -> Iterator[str]:
    """Every output stands in its file and is right; no other file is there."""
    expected, storage = rig.work.expected(), Path(rig.settings.storage)
    found = {
        str(path.relative_to(storage).with_suffix("")): pickle.loads(path.read_bytes())
        for path in stored_files(storage)
        if path.suffix == ".pickle"
    }
    if missing := sorted(set(expected) - set(found)):
        yield f"{len(missing)} outputs are missing: {missing[:5]}"
    if more := sorted(set(found) - set(expected)):
        yield f"{len(more)} outputs are too many: {more[:5]}"
    if wrong := [name for name, value in found.items() if expected.get(name, value) != value]:
        yield f"{len(wrong)} outputs are wrong: {wrong[:5]}"


def stored_files(storage: Path) -> Iterator[Path]:
    """Files of outputs. What ops of graphs gave each other may be there, or is just being removed, or is gone."""
    for folder, inside, names in os.walk(storage):
        inside[:] = [name for name in inside if name not in (".attempts", ".runs")]
        yield from (Path(folder, name) for name in names)


def wrong_retries(rig: Rig) -> Iterator[str]:
    """Only what user code did counts against its retries: never that Redis was away, or a worker lost."""
    events = [event for handle in (*rig.ended, rig.handle) for event in rig.instance.follow_events(handle.run_id)]
    messages = {str(event.message) for event in events if event.type is EventType.STEP_UP_FOR_RETRY}
    if strange := [message for message in messages if not any(reason in message for reason in rig.work.REASONS)]:
        yield f"retried for {strange[:5]}"


def stray_files(rig: Rig) -> Iterator[str]:
    """Only attempts that were killed leave something, and only in the folder of attempts."""
    left = [path for folder in Path(rig.settings.storage).rglob(".attempts") for path in folder.iterdir()]
    if len(left) > len(rig.killed):
        yield f"{len(left)} attempts left files, and {len(rig.killed)} processes were killed: {left[:5]}"


def wrong_slots(rig: Rig) -> Iterator[str]:
    """No slot is in use when the run has ended."""
    if not _becomes(lambda: not any(pool.in_use for pool in rig.instance.list_pools())):
        yield f"slots are in use after the end: {rig.instance.list_pools()}"


def stray_messages(rig: Rig) -> Iterator[str]:
    """Nothing is left in Celery's queues, while workers live that would take it."""
    queues = f"{rig.settings.namespace}.*"
    if not _becomes(lambda: not rig.broker_keys(queues)):
        yield f"messages are left in {rig.broker_keys(queues)}"


def late_starts(rig: Rig) -> Iterator[str]:
    """Nothing begins once a run is canceled, but what a worker had claimed the moment before."""
    for acknowledged, resumed in rig.cancelled:
        begun = [float(row[-1]) for row in rig.trail.read() if row[0] == "begin"]
        if late := [at - acknowledged for at in begun if acknowledged + CLAIMED_S < at < resumed]:
            yield f"{len(late)} bodies began after the cancel was acknowledged, up to {max(late):.3f} s"


def wrong_assets(rig: Rig) -> Iterator[str]:
    """Every partition counts as materialized."""
    for name, total in rig.work.ASSETS.items():
        status = rig.instance.asset_status(name)
        if status.materialized != total or status.failed or status.in_progress:
            yield f"asset '{name}' should have {total} partitions materialized: {status}"


def stray_keys(rig: Rig) -> Iterator[str]:
    """Of an ended run nothing stays but its record; of a fleet that left, nothing but a lock for a moment."""
    root = f"{{{rig.settings.namespace}}}"

    def left() -> list[str]:
        keys = [key.decode().removeprefix(root) for key in client.scan_iter(f"{root}*", count=1000)]
        return sorted(key for key in keys if not _may_stay(rig, key))

    with connect(rig.settings.redis_url) as client:
        if not _becomes(lambda: not left(), deadline=1):
            yield f"keys are left: {left()[:10]}"


def _may_stay(rig: Rig, key: str) -> bool:
    for handle in (*rig.ended, rig.handle):
        key = key.replace(handle.run_id, "<run>")
    return key.startswith(":broker:") or any(
        key == known or (known.endswith("*") and key.startswith(known[:-1])) for known in LASTING
    )


def _becomes(ask: Callable[[], bool], deadline: float = 10) -> bool:
    try:
        return eventually(ask, deadline=deadline)
    except AssertionError:
        return False
