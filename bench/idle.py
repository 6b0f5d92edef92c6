"""What a worker costs that has nothing to do."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.figure import Figure
from bench.fleet import own_fleet
from bench.process import cpu_s, family

SETTLE_S, WATCHED_S = 4, 30
PROCESSES = 2


def measure() -> Iterator[Figure]:
    """Processor time of all its processes, and commands that reach the server, those within scripts included."""
    for pool_class in ("prefork", "threads"):
        with own_fleet() as fleet:
            fleet.start("bench_tiny", 1, concurrency=PROCESSES, pool_class=pool_class)
            time.sleep(SETTLE_S)
            processes, client = family(fleet.processes[0].pid), fleet.instance.client
            used, client_sent = sum(map(cpu_s, processes)), client.config_resetstat()
            time.sleep(WATCHED_S)
            assert client_sent
            commands = int(client.info("stats")["total_commands_processed"])
            used = sum(map(cpu_s, processes)) - used
        case = f"a worker of {PROCESSES} ({pool_class}) without work"
        yield Figure("idle", f"{case}: of one core", 100 * used / WATCHED_S, "%", 1)
        yield Figure("idle", f"{case}: Redis commands", commands / WATCHED_S, "/s", 5)
