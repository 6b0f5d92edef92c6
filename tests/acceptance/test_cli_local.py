"""The commands that need no server, and a new project from end to end."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from assetq.broker.lifeline import is_alive
from assetq.broker.settings import running_server_url
from assetq.cli.main import COMMANDS, cli

from ..waiting import eventually


def test_help_is_fast_and_light():
    script = (
        "import sys; from assetq.cli.main import run; run(['--version']);"
        "print([m for m in ('celery', 'rich', 'pandas', 'polars', 'lark') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_a_new_project_works(shell):
    assert shell("new", "my-project").code == 0
    shell.folder = shell.folder / "my-project"
    assert shell("plan", "--all", "--json").json["steps"] == 64
    local = shell("materialize", "--select", "products", "--local", "--json")
    assert (local.code, local.json["status"]) == (0, "SUCCESS")
    assert (shell.folder / ".assetq" / "storage" / "products.pickle").exists()
    again = shell("new", ".")
    assert (again.code, "letter" in again.err) == (2, True)


def test_the_list_of_commands_tells_what_each_says_itself():
    context = click.Context(cli)
    told = {name: cli.get_command(context, name).get_short_help_str(200) for name in cli.list_commands(context)}
    assert told == {name: help_line for name, (_, help_line) in COMMANDS.items()}


def test_dev_runs_a_project_and_stops_cleanly(shell):
    shell("new", "shop")
    shell.folder = shell.folder / "shop"
    command = [sys.executable, "-m", "assetq.cli.main", "dev", "--concurrency", "2"]
    with (shell.folder / "dev.log").open("wb") as log:
        dev = subprocess.Popen(
            command, cwd=shell.folder, env={**os.environ, **shell.environment}, stdout=log, stderr=log
        )
    try:
        eventually(lambda: running_server_url(shell.folder), deadline=30)
        done = shell("backfill", "--all", "--watch", "--json")
        assert done.code == 0, done.err + (shell.folder / "dev.log").read_text()
        assert json.loads(done.out)["steps"] == 64
        assert shell("assets", "status", "revenue", "--json").json["partitions"]["materialized"] == 31
    finally:
        dev.send_signal(signal.SIGINT)
        assert dev.wait(30) == 0, (shell.folder / "dev.log").read_text()
    assert running_server_url(shell.folder) is None
    assert shell("runs", "list").code == 3


def test_nothing_outlives_a_killed_dev(shell):
    shell("new", "shop")
    shell.folder = shell.folder / "shop"
    environment = {**os.environ, **shell.environment}
    dev = subprocess.Popen(
        [sys.executable, "-m", "assetq.cli.main", "dev"], cwd=shell.folder, env=environment, stderr=subprocess.DEVNULL
    )
    eventually(lambda: running_server_url(shell.folder) and "1 alive" in shell("doctor").out, deadline=30)
    family = descendants(dev.pid)
    assert len(family) >= 3
    dev.kill()
    dev.wait()
    eventually(lambda: not any(map(is_alive, family)), deadline=30)
    assert running_server_url(shell.folder) is None


def descendants(pid: int) -> list[int]:
    listing = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    children = [int(child) for child in listing]
    return [*children, *(below for child in children for below in descendants(child))]


@pytest.mark.parametrize("flag", [(), ("--json",)])
def test_a_local_failure(shell, flag):
    shell.write("code.py", "from assetq import asset\n@asset\ndef bad():\n    raise ValueError('oh')\n")
    answer = shell("materialize", "-f", "code.py", "--local", *flag)
    assert answer.code == 1
    assert "ValueError: oh" in answer.err
    assert "code.py" in answer.err


def test_a_range_runs_in_one_step(shell):
    assert shell("new", "ranges").code == 0
    shell.folder = shell.folder / "ranges"
    (shell.folder / "days.py").write_text(
        "import assetq.dagster as dg\n"
        "days = dg.DailyPartitionsDefinition('2024-01-01', end_date='2024-01-10')\n"
        "@dg.asset(partitions_def=days)\n"
        "def day(context) -> None:\n"
        "    print('made', *context.partition_keys)\n"
        "defs = dg.Definitions([day])\n"
    )
    done = shell("materialize", "-f", "days.py", "--partition-range", "2024-01-02...2024-01-04", "--local")
    assert (done.code, "made 2024-01-02 2024-01-03 2024-01-04" in done.out) == (0, True)
    wrong = shell("materialize", "-f", "days.py", "--partition-range", "2024-01-02", "--local")
    assert (wrong.code, "FIRST...LAST" in wrong.err) == (2, True)
    both = ("--partition", "2024-01-02", "--partition-range", "2024-01-02...2024-01-04", "--local")
    assert shell("materialize", "-f", "days.py", *both).code == 2
