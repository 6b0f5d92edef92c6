"""Starts a worker process group in the foreground."""

from __future__ import annotations

import gc
import logging
import os
import secrets
import shutil
import socket
import sys
import warnings
from collections.abc import Sequence

from celery import Celery
from celery.exceptions import SecurityWarning

from assetq.broker.app import make_app
from assetq.broker.connection import check_layout, connect, translated, with_retries
from assetq.broker.instance import RedisInstance
from assetq.broker.keys import Keys
from assetq.broker.settings import Settings
from assetq.definitions import Definitions
from assetq.definitions.loading import load_definitions
from assetq.errors import UsageError, suggest
from assetq.workers.board import Board
from assetq.workers.ceiling import CEILING_KB, Ceiling
from assetq.workers.hosting import INTERRUPTED, LOG_FORMAT, host
from assetq.workers.process import WorkerConfig
from assetq.workers.spool_folder import make_spool_folder

POOL_CLASSES = ("prefork", "threads", "solo")
SERVER_PATIENCE_S = 10.0


def pools_of(defs: Definitions) -> tuple[str, ...]:
    """Every pool that the definitions name, and "default"."""
    named = {definition.op.pool for definition in defs.step_defs if definition.op.pool}
    named |= {step.op.pool for job in defs.resolve_all_job_defs() for step in job.steps if step.op.pool}
    return ("default", *sorted(named - {"default"}))


def run_worker(
    module: str | None,
    file: str | None,
    pools: Sequence[str],
    concurrency: int,
    pool_class: str,
    name: str | None,
    settings: Settings,
) -> int:
    """Run one Celery worker until it is told to stop.

    Args:
        module: Code, as for `-m`.
        file: Code, as for `-f`.
        pools: Pools to serve; empty for all that the code names.
        concurrency: Processes (prefork) or threads.
        pool_class: "prefork", "threads" or "solo".
        name: Name of the worker, unique in the fleet; by default made from host and process id.
        settings: The engine's settings.

    Returns:
        The exit code of the worker; 130 when it was stopped by SIGINT.

    Raises:
        UsageError: A pool class or the code is bad.
        ServerUnreachableError: Redis does not answer.
    """
    if pool_class not in POOL_CLASSES:
        raise UsageError(
            f"Unknown worker pool class '{pool_class}'; use one of {', '.join(POOL_CLASSES)}."
            + suggest(pool_class, POOL_CLASSES)
        )
    logging.basicConfig(level=os.environ.get("ASSETQ_LOG_LEVEL", "INFO"), format=LOG_FORMAT, stream=sys.stderr)
    defs = load_definitions(module, file)
    defs.validate()
    await_server(settings)
    announce_assets(defs, settings)
    return serve(defs, pools, concurrency, pool_class, name, settings)


def serve(
    defs: Definitions,
    pools: Sequence[str],
    concurrency: int,
    pool_class: str,
    name: str | None,
    settings: Settings,
) -> int:
    """Run one Celery worker for definitions that are loaded already; see `run_worker`."""
    processes = 1 if pool_class == "solo" else max(1, concurrency)
    config = WorkerConfig(
        name=name or f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}",
        settings=settings,
        defs=defs,
        pools=tuple(dict.fromkeys(pools)) or pools_of(defs),
        concurrency=processes,
        board=Board(processes),
        spool=make_spool_folder(),
    )
    app = make_app(settings, config.pools)
    hosting = host(app, config, pool_class)
    try:
        code = start_celery(app, config, pool_class)
    finally:
        shutil.rmtree(config.spool, ignore_errors=True)
    return INTERRUPTED if hosting.interrupted else code


def await_server(settings: Settings) -> None:
    """Wait for a server that is starting beside this worker, for a few seconds.

    Raises:
        ServerUnreachableError: It does not answer.
    """
    with translated(settings.redis_url), connect(settings.redis_url) as client:
        with_retries(lambda: check_layout(client, Keys(settings.namespace)), deadline_s=SERVER_PATIENCE_S)


def announce_assets(defs: Definitions, settings: Settings) -> None:
    """Write the assets into the catalog when it lacks one of them, so that they are listed before any of them ran.

    Where it lacks none it stays as it is: a worker with older code must not take back what newer code wrote.
    """
    with RedisInstance(settings) as instance:
        known = {record.key for record in instance.list_assets()}
        if not {str(key) for key in defs.graph.nodes} <= known:
            instance.register_assets(defs)


def start_celery(app: Celery, config: WorkerConfig, pool_class: str) -> int:
    """Run Celery's worker on the app; blocks until it has stopped."""
    # Celery warns of running as root because messages may carry pickle; ours cannot (`accept_content`).
    warnings.filterwarnings("ignore", category=SecurityWarning)
    has_ceiling = pool_class == "prefork" and Ceiling.of(config.settings).is_set
    worker = app.Worker(
        hostname=f"{config.name}@{socket.gethostname()}",
        pool=pool_class,
        concurrency=config.concurrency,
        max_memory_per_child=CEILING_KB if has_ceiling else None,
        loglevel=os.environ.get("ASSETQ_LOG_LEVEL", "INFO"),
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        quiet=True,
    )
    keep_out_of_collection()
    worker.start()
    return int(worker.exitcode or 0)


def keep_out_of_collection() -> None:
    """What is loaded by now stays for good: the collector need not look at it again and again.

    With a thousand assets each look stops every thread for a tenth of a second; and it writes to memory that the
    processes of a worker would otherwise share.
    """
    gc.collect()
    gc.freeze()


def worker_command(
    module: str | None,
    file: str | None,
    *,
    pools: Sequence[str] = (),
    concurrency: int = 1,
    pool_class: str = "prefork",
    name: str | None = None,
) -> list[str]:
    """The command line that runs such a worker in a process of its own."""
    command = [sys.executable, "-m", "assetq.cli.main", "worker"]
    if module:
        command += ["-m", module]
    if file:
        command += ["-f", file]
    if pools:
        command += ["--pools", ",".join(pools)]
    command += ["--concurrency", str(concurrency), "--pool", pool_class]
    return [*command, "--name", name] if name else command
