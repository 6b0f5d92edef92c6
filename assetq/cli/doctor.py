"""`doctor`: is everything as it should be?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import click

from assetq.broker.archive_file import INSTALL
from assetq.broker.instance import RedisInstance
from assetq.broker.retention import Retention
from assetq.broker.settings import Settings, hide_password
from assetq.cli.option import json_option
from assetq.cli.output import print_json
from assetq.execution import PoolRecord
from assetq.execution.pool_limit import DEFAULT_POOL

OLDEST_SERVER = (7, 0)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` says what to do when it is not ok."""

    ok: bool
    subject: str
    detail: str
    mend: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain."""
        return {"ok": self.ok, "subject": self.subject, "detail": self.detail, "mend": self.mend}


@click.command()
@click.option("--repair", is_flag=True, help="Rebuild the frontier of active runs from plan and completion records.")
@json_option
def doctor(repair: bool, as_json: bool) -> int:
    """Check the server, the settings, the fleet and the pools."""
    settings = Settings.load()
    instance = RedisInstance.open(settings.redis_url, settings.namespace)
    with instance:
        seen = [*_server(instance), *_fleet(instance), *_undeclared(instance), _archive(instance)]
        findings = [*seen, *_runs(instance, repair)]
    healthy = all(finding.ok for finding in findings)
    if as_json:
        findings_json = [finding.to_json() for finding in findings]
        print_json({"healthy": healthy, "findings": findings_json, "settings": settings.public()})
        return 0 if healthy else 1
    for finding in findings:
        click.echo(f"{'ok ' if finding.ok else 'BAD'}  {finding.subject}: {finding.detail}")
        if not finding.ok and finding.mend:
            click.echo(f"     -> {finding.mend}")
    click.echo("Settings:")
    for name, value in settings.public().items():
        click.echo(f"  {name} = {value}")
    return 0 if healthy else 1


def _server(instance: RedisInstance) -> list[Finding]:
    info: Any = instance.client.info()
    version = str(info.get("valkey_version") or info["redis_version"])
    numbers = tuple(int(part) for part in version.split(".")[:2])
    policy: Any = info.get("maxmemory_policy", "noeviction")
    aof = bool(info.get("aof_enabled"))
    return [
        Finding(numbers >= OLDEST_SERVER, "server", f"version {version}", "Use Redis 7.0 or newer, or Valkey."),
        Finding(aof, "append-only file", "on" if aof else "off", "Set appendonly yes, or a restart loses runs."),
        Finding(
            policy == "noeviction",
            "maxmemory-policy",
            policy,
            "Set maxmemory-policy noeviction: every key matters.",
        ),
    ]


def _fleet(instance: RedisInstance) -> list[Finding]:
    workers = instance.list_workers()
    findings = [Finding(bool(workers), "workers", f"{len(workers)} alive", "Start one with `assetq worker -m MODULE`.")]
    for pool in instance.list_pools():
        if pool.problem:
            fault, _, mend = pool.problem.partition("; ")
            findings.append(
                Finding(
                    False,
                    f"pool {pool.pool}",
                    f"{pool.ready + pool.messages} steps wait; {fault}",
                    f"{mend[:1].upper()}{mend[1:]}.",
                )
            )
    return findings


def _archive(instance: RedisInstance) -> Finding:
    """No error where nobody archives: the record only grows."""
    policy = Retention(instance.client, instance.keys, instance.settings)
    kept = int(instance.client.zcard(instance.keys("ended")))
    names = [worker.name for worker in instance.list_workers()]
    able = [name for name in names if instance.client.hget(instance.keys("worker", name), "archives") == b"1"]
    if not policy.is_on:
        told = "off, by the settings"
    elif names and not able:
        told = f"off: no live worker has pyarrow ({INSTALL})"
    else:
        told = f"on, in {hide_password(instance.settings.effective_archive)}"
    return Finding(True, "archive", f"{told}; {kept} runs that have ended are in Redis")


def _undeclared(instance: RedisInstance) -> list[Finding]:
    """Pools that assets name and that nobody gave a limit: no error, but perhaps a slip of the pen."""
    return [
        Finding(True, f"pool {pool.pool}", f"has no limit of its own; {_default_of(pool)}")
        for pool in instance.list_pools()
        if pool.source in (None, "default") and pool.pool != DEFAULT_POOL
    ]


def _default_of(pool: PoolRecord) -> str:
    return "there is no default" if pool.limit is None else f"the default limit {pool.limit} holds"


def _runs(instance: RedisInstance, repair: bool) -> list[Finding]:
    findings = []
    for run_id in instance.active_run_ids():
        problem = instance.check_run(run_id)
        if problem and repair:
            instance.repair_run(run_id)
            findings.append(Finding(True, f"run {run_id}", f"was repaired: {problem}"))
        elif problem:
            findings.append(Finding(False, f"run {run_id}", problem, "assetq doctor --repair"))
    return findings
