"""The commands against a server with a worker."""

import json
import signal
import subprocess
import sys

import pytest

from assetq import AssetCheckEvaluation, AssetKey

from ..waiting import eventually

CODE = """
from assetq import *
days = DailyPartitionsDefinition("2024-01-01", end_date="2024-01-11")

@asset(partitions_def=days, group_name="sales", pool="slow")
def orders(context: AssetExecutionContext) -> str:
    context.log.info("orders of %s", context.partition_key)
    return context.partition_key

@asset
def total(orders: dict[str, str]) -> int:
    return len(orders)

@asset
def broken() -> int:
    raise ValueError("no good")
"""


@pytest.fixture
def online(shell, settings, instance):
    shell.write("code.py", CODE)
    shell.write("pyproject.toml", '[tool.assetq]\nfile = "code.py"\n')
    shell.environment = {
        **shell.environment,
        "ASSETQ_REDIS_URL": settings.redis_url,
        "ASSETQ_NAMESPACE": settings.namespace,
        "ASSETQ_STORAGE": settings.storage,
        "ASSETQ_HEARTBEAT_MS": "300",
    }
    command = [sys.executable, "-m", "assetq.cli.main", "worker", "--concurrency", "1"]
    with (shell.folder / "worker.log").open("wb") as log:
        environment = {**__import__("os").environ, **shell.environment}
        worker = subprocess.Popen(command, cwd=shell.folder, env=environment, stdout=log, stderr=log)
    eventually(instance.list_workers, deadline=15)
    yield shell
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0


def test_a_session(online):
    dry = online("backfill", "--select", "orders+", "--all", "--dry-run", "--json").json
    assert (dry["steps"], dry["partitions"]) == (11, 11)
    assert dry["nodes"][0] | {"pool": None} == {"asset": "orders", "partitions": 10, "steps": 10, "pool": None}

    submitted = online(
        "backfill", "--select", "orders+", "--partitions", "2024-01-01..2024-01-04", "--json", "--tag", "a=b"
    )
    run_id = submitted.json["run_id"]
    assert submitted.json == {"run_id": run_id, "steps": 5, "partitions": 5}

    waited = online("runs", "wait", run_id[:8], "--timeout", "30", "--json")
    # `total` reads all ten days, and six were never made.
    assert waited.code == 1
    assert waited.json["status"] == "FAILURE"
    assert waited.json["tags"] == {"a": "b"}

    watched = online("backfill", "--select", "orders+", "--missing", "--watch")
    assert watched.code == 0, watched.err
    assert "7 steps" in watched.err
    assert "SUCCESS" in watched.err

    status = online("assets", "status", "orders", "--json").json
    assert status == {
        "asset": "orders",
        "partitions": {"total": 10, "materialized": 10, "failed": 0, "in_progress": 0, "missing": 0},
    }
    shown = online("runs", "show", "last", "--json").json
    assert set(shown["steps"]) == {
        "total", "waiting", "ready", "queued", "running", "succeeded", "failed", "skipped", "canceled",
    }  # fmt: skip
    assert shown["submitted_at"].endswith("Z")

    lines = [json.loads(line) for line in online("events", "last", "--json").out.splitlines()]
    assert lines[0]["type"] == "RUN_ENQUEUED"
    assert lines[-1]["type"] == "RUN_SUCCESS"
    later = [
        json.loads(line) for line in online("events", "last", "--json", "--after", lines[2]["cursor"]).out.splitlines()
    ]
    assert later == lines[3:]

    logs = online("runs", "logs", "last", "--step", "orders[2024-01-07]")
    assert logs.out.count("orders of") == 1

    online("assets", "wipe", "orders", "--partition", "2024-01-02")
    assert online("assets", "status", "orders", "--json").json["partitions"]["missing"] == 1
    assert [run["status"] for run in online("runs", "list", "--json").json] == ["SUCCESS", "FAILURE"]


def test_materialize_and_retry(online):
    good = online("materialize", "--select", "orders", "--partition", "2024-01-03", "--json")
    assert (good.code, good.json["status"]) == (0, "SUCCESS")
    bad = online("materialize", "--select", "broken")
    assert bad.code == 1
    assert "ValueError: no good" in bad.err
    again = online("runs", "retry", "last", "--failed", "--json").json
    assert online("runs", "wait", again["run_id"], "--timeout", "20").code == 1
    nothing = online("runs", "retry", good.json["run_id"], "--failed")
    assert (nothing.code, "Nothing to retry" in nothing.err) == (2, True)
    ended = online("runs", "cancel", "last")
    assert (ended.code, "already ended" in ended.err) == (2, True)


def test_pools(online):
    assert online("pools", "set", "slow", "2", "--json").json["limit"] == 2
    slow = next(pool for pool in online("pools", "list", "--json").json if pool["pool"] == "slow")
    assert slow | {"pool": "slow", "limit": 2, "in_use": 0, "queued": 0, "ready": 0} == slow
    assert slow["source"] == "hand"
    below = online("pools", "set", "slow", "-1")
    assert (below.code, "from 0" in below.err) == (2, True)
    online("pools", "set", "slow", "0")
    online("backfill", "--select", "orders", "--all")
    waiting = online("pools", "show", "slow", "--json").json
    assert waiting["ready"] == 10
    assert "paused" in waiting["waiters"][0]["reason"]
    assert online("runs", "cancel", "last", "--json").json["status"] == "CANCELED"
    assert online("pools", "unset", "slow", "--json").json["limit"] is None
    unknown = online("pools", "show", "slwo")
    assert (unknown.code, "Did you mean 'slow'?" in unknown.err) == (2, True)
    slip = online("pools", "set", "slwo", "2")
    assert (slip.code, "Did you mean 'slow'?" in slip.err, slip.out) == (0, True, "slwo: limit 2\n")
    rate = online("pools", "set", "slow", "2", "--rate", "0/s")
    assert (rate.code, "5/s" in rate.err) == (2, True)


def test_a_step_waits_for_a_worker_of_its_pool(online):
    model = "from assetq import *\n@asset(pool='gpu', concurrency_key='customer')\ndef model() -> int: return 1\n"
    online.write("gpu.py", model)
    online("materialize", "-f", "gpu.py", "--no-wait")
    shown = online("runs", "show", "last", "--step", "model")
    assert "no live worker serves pool 'gpu'; start one with --pools gpu" in shown.out
    assert "neither run nor op has such a tag" in shown.out
    assert online("runs", "show", "last", "--step", "model", "--json").json["missing"].keys() == {"worker"}
    assert "no live worker consumes its queue" in online("pools", "list").out
    assert "SLOTS" in online("pools", "show", "gpu").out
    assert online("runs", "priority", "last", "7", "--json").json["status"] == "QUEUED"
    assert "7" in online("runs", "show", "last").out
    assert online("doctor").code == 1
    online("runs", "cancel", "last")


def test_catalog_workers_and_doctor(online, instance):
    online("materialize", "--select", "total", "--no-wait")
    listed = online("assets", "list", "-f", "code.py", "--json").json
    assert [row["asset"] for row in listed] == ["broken", "orders", "total"]
    assert online("assets", "show", "orders", "--json").json["group"] == "sales"
    instance.report_runless_asset_event(AssetCheckEvaluation(AssetKey("orders"), "many", False))
    (check,) = online("assets", "show", "orders", "--json").json["checks"]
    assert (check["check"], check["passed"], check["severity"]) == ("many", False, "ERROR")
    assert "check many" in online("assets", "show", "orders").out
    assert online("assets", "show", "order").code == 2
    assert len(online("workers", "list", "--json").json) == 1
    doctor = online("doctor", "--json")
    assert doctor.code == 0, doctor.out
    assert doctor.json["healthy"] is True
    assert online("pools", "set", "*", "4", "--json").json["limit"] == 4
    told = {finding["subject"]: finding["detail"] for finding in online("doctor", "--json").json["findings"]}
    assert told["pool slow"] == "has no limit of its own; the default limit 4 holds"
    assert online("pools", "unset", "*", "--json").json["limit"] is None
    assert online("runs", "show", "zzz").code == 2


def test_dynamic_partitions(shell, settings, instance):
    shell.environment = {
        **shell.environment,
        "ASSETQ_REDIS_URL": settings.redis_url,
        "ASSETQ_NAMESPACE": settings.namespace,
    }
    shell.write(
        "code.py",
        "from assetq import *\n"
        "@asset(partitions_def=DynamicPartitionsDefinition(name='shops'))\n"
        "def sales() -> int:\n    return 1\n",
    )
    assert shell("partitions", "list", "shops", "--json").json == {"name": "shops", "partitions": []}
    assert shell("partitions", "add", "shops", "a", "b c", "d").out.split("\n") == ["a", "b c", "d", ""]
    dry = shell("backfill", "-f", "code.py", "--all", "--dry-run", "--json").json
    assert dry["steps"] == 3
    assert shell("partitions", "delete", "shops", "b c", "--json").json["partitions"] == ["a", "d"]
    wrong = shell("partitions", "delete", "shops", "a", "dd")
    assert (wrong.code, "no partition 'dd'" in wrong.err) == (2, True)
    assert instance.get_dynamic_partitions("shops") == ["a", "d"]
    assert shell("partitions", "add", "shops", "a...b").code == 2
    unknown = shell("plan", "-f", "code.py", "--partition", "x")
    assert (unknown.code, "no partition 'x'" in unknown.err) == (2, True)


def test_an_archived_run_reads_as_before(online):
    done = online(
        "backfill", "--select", "orders,broken", "--partitions", "2024-01-01..2024-01-04", "--json", "--watch"
    )
    assert done.code == 1
    reads = [
        ("runs", "list", "--json"), ("runs", "show", "last", "--json"), ("runs", "show", "last", "--graph"),
        ("runs", "logs", "last"), ("events", "last", "--json"), ("events", "last", "--follow"),
        ("assets", "status", "orders", "--json"), ("assets", "show", "orders", "--json"),
    ]  # fmt: skip
    before = [online(*command).out for command in reads]
    assert online("runs", "archive", "--json").json == {"archived": []}
    assert online("runs", "archive", "--older-than", "1h", "--json").json == {"archived": []}
    assert "1 runs archived" in online("runs", "archive", "last").out
    assert [online(*command).out for command in reads] == before
    assert online("runs", "archive", "--older-than", "0s", "--json").json == {"archived": []}
    bad = online("runs", "archive", "--older-than", "month")
    assert (bad.code, "30d" in bad.err) == (2, True)
    assert online("runs", "archive", "nothing").code == 2
    found = {finding["subject"]: finding["detail"] for finding in online("doctor", "--json").json["findings"]}
    assert found["archive"].startswith("on, in ")
    again = online("runs", "retry", "last", "--failed", "--json").json
    assert again["steps"]["total"] == 1
