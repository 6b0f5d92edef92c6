"""The same assets in three worlds: this process, a worker of the fleet, and real Dagster where it is installed."""

from __future__ import annotations

import os
import signal
import tempfile
import traceback
import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from assetq.broker.instance import RedisInstance
from assetq.broker.lifeline import end_with_parent
from assetq.definitions import Definitions
from assetq.workers.launch import serve

from ..waiting import eventually


@dataclass
class Outcome:
    """How a run went, in words that all worlds share.

    Attributes:
        success: Whether the run succeeded.
        materialized: Keys of materialized assets, in order.
        metadata: Asset -> metadata of its materialization, as plain values.
        failed: Steps that failed.
        checks: `asset:name` -> whether it passed.
        observed: Keys of observed assets, in order.
        errors: Class names and messages of failures.
        tags: Asset -> tags of its materialization.
        steps: Keys of steps that succeeded, in order.
    """

    success: bool
    materialized: list[str] = field(default_factory=list)
    metadata: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    checks: dict[str, bool] = field(default_factory=dict)
    observed: list[str] = field(default_factory=list)
    errors: str = ""
    partitions: list[str | None] = field(default_factory=list)
    hooks: list[str] = field(default_factory=list)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    load: Any = None

    def value(self, asset: str) -> Any:
        """The stored value of an asset."""
        return self.load(asset)


def plain(value: Any) -> Any:
    """A metadata value as Python has it."""
    return value["value"] if isinstance(value, Mapping) else getattr(value, "value", value)


class World:
    """Runs assets; `dg` is the module to import names from."""

    name = ""
    dg: ModuleType

    def run(self, assets: list[Any], **options: Any) -> Outcome:
        """Materialize assets; options as for Dagster's `materialize`."""
        raise AssertionError


def outcome_of(events: list[Any], success: bool, load: Any) -> Outcome:
    """From assetq's events."""
    found = Outcome(success, load=load)
    for event in events:
        kind = str(event.type)
        if kind == "ASSET_MATERIALIZATION":
            found.materialized.append(event.asset)
            found.partitions.append(event.partition)
            found.tags[event.asset] = dict(event.materialization.tags)
            found.metadata[event.asset] = {n: plain(v) for n, v in event.data["metadata"].items()}
        elif kind == "ASSET_OBSERVATION":
            found.observed.append(event.asset)
            found.metadata[event.asset] = {n: plain(v) for n, v in event.data["metadata"].items()}
        elif kind == "ASSET_CHECK_EVALUATION":
            found.checks[f"{event.asset}:{event.data['check_name']}"] = event.data["passed"]
        elif kind == "STEP_SUCCESS":
            found.steps.append(event.step_key)
        elif kind == "STEP_FAILURE":
            found.failed.add(event.step_key.partition("[")[0])
            found.errors += event.message or ""
        elif kind == "HOOK_COMPLETED":
            found.hooks.append(event.message)
    for metadata in found.metadata.values():
        for name in ("path", "size_bytes"):
            metadata.pop(name, None)
    return found


class InProcess(World):
    """assetq's `materialize`."""

    name = "process"

    def __init__(self) -> None:
        import assetq.dagster

        self.dg = assetq.dagster

    def run(self, assets: list[Any], **options: Any) -> Outcome:
        result = self.dg.materialize(assets, raise_on_error=False, **options)
        return outcome_of(result.all_events, result.success, result.asset_value)


class OnFleet(World):
    """A Celery worker, forked from this process so that it has the same assets, and Redis."""

    name = "fleet"

    def __init__(self, instance: RedisInstance) -> None:
        import assetq.dagster

        self.dg = assetq.dagster
        self.instance = instance

    def run(self, assets: list[Any], **options: Any) -> Outcome:
        defs = Definitions(assets, resources=options.pop("resources", None))
        key = options.pop("partition_key", None)
        with self.worker(defs):
            run = self.instance.submit(
                defs,
                selection=options.pop("selection", "*"),
                partitions=[key] if key else None,
                run_config=options.pop("run_config", None),
                **options,
            )
            record = run.wait(60)
        events = self.instance.read_events(run.run_id, limit=10_000)
        return outcome_of(events, record.status == "SUCCESS", lambda asset: self.load(defs, asset, key))

    def load(self, defs: Definitions, asset: str, key: str | None) -> Any:
        return defs.load_asset_value(asset, partition_key=key, storage=self.instance.settings.storage)

    @contextmanager
    def worker(self, defs: Definitions):
        """A worker that serves the definitions for as long as the block lasts."""
        with tempfile.TemporaryFile("w+") as log:
            pid = os.fork()
            if pid == 0:
                self.become_worker(defs, log.fileno())
            try:
                eventually(lambda: self.is_ready(pid, log), deadline=30)
                yield
            finally:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                self.instance.engine.retire(f"parity-{pid}")

    def is_ready(self, pid: int, log: Any) -> bool:
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            log.seek(0)
            raise AssertionError(log.read())
        return any(worker.pid == pid for worker in self.instance.list_workers())

    def become_worker(self, defs: Definitions, log: int) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        end_with_parent(signal.SIGKILL)
        os.dup2(log, 1)
        os.dup2(log, 2)
        try:
            warnings.simplefilter("ignore")
            serve(defs, (), 1, "solo", f"parity-{os.getpid()}", self.instance.settings)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)


class InDagster(World):
    """The original."""

    name = "dagster"

    def __init__(self, folder: Path) -> None:
        import dagster

        self.dg = dagster
        self.folder = folder

    def run(self, assets: list[Any], **options: Any) -> Outcome:
        resources = {
            "io_manager": self.dg.FilesystemIOManager(base_dir=str(self.folder)),
            **options.pop("resources", {}),
        }
        result = self.dg.materialize(assets, raise_on_error=False, resources=resources, **options)
        found = Outcome(result.success, load=lambda asset: result.asset_value(self.dg.AssetKey(asset.split("/"))))
        for event in result.all_events:
            kind = event.event_type_value
            if kind == "ASSET_MATERIALIZATION":
                self.note(found, event.step_materialization_data.materialization, found.materialized)
                found.partitions.append(event.step_materialization_data.materialization.partition)
            elif kind == "ASSET_OBSERVATION":
                self.note(found, event.asset_observation_data.asset_observation, found.observed)
            elif kind == "ASSET_CHECK_EVALUATION":
                evaluation = event.asset_check_evaluation_data
                found.checks[f"{evaluation.asset_key.to_user_string()}:{evaluation.check_name}"] = evaluation.passed
            elif kind == "STEP_SUCCESS":
                found.steps.append(event.step_key)
            elif kind == "STEP_FAILURE":
                found.failed.add(event.step_key)
                found.errors += str(event.event_specific_data.error)
            elif kind == "HOOK_COMPLETED":
                found.hooks.append(str(event.message).split('"')[1])
        return found

    def note(self, found: Outcome, record: Any, names: list[str]) -> None:
        key = record.asset_key.to_user_string()
        names.append(key)
        found.tags[key] = dict(record.tags or {})
        found.metadata[key] = {n: plain(v) for n, v in record.metadata.items() if n != "path"}
