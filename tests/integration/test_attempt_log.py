"""What steps print and log is captured on shared storage, shown by `runs logs`, and told in the event log."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assetq.execution import EventType
from assetq.execution.attempt_log import LIMIT_BYTES

from ..fleet import Fleet
from ..waiting import eventually


def run(fleet: Fleet, status: str = "SUCCESS", **options):
    import work_prints

    handle = fleet.instance.submit(work_prints.defs, **options)
    assert handle.wait(40).status == status, fleet.logs()
    return handle


def log_of(handle, step_key: str, attempt: int = 1) -> str:
    return handle.instance.attempt_log(handle.run_id, step_key, attempt).decode()


def captured(handle):
    return [event for event in handle.events() if event.type is EventType.LOGS_CAPTURED]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "assetq.cli.main", "runs", "logs", "last", *words]


def cli(fleet: Fleet, *words: str) -> str:
    done = subprocess.run(command(*words), env=fleet.env(), capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


@pytest.mark.parametrize("pool_class", ["prefork", "threads", "solo"])
def test_everything_that_a_step_says_is_kept(fleet, pool_class):
    fleet.start("work_prints", pool_class=pool_class)
    handle = run(fleet, selection="chatty")
    text = log_of(handle, "chatty")
    said = ["to stdout: grüße", "to stderr", "to the context", "to a logger", "half a line"]
    if pool_class == "prefork":
        said += ["from a subprocess", "and its stderr"]
    for words in said:
        assert text.count(words) == 1, (words, text)
    (event,) = captured(handle)
    assert event.step_key == "chatty"
    assert event.data["tail"].endswith("half a line")
    assert event.data["size_bytes"] == len(text.encode())
    assert Path(event.data["path"]).read_text() == text
    assert "to stdout" in fleet.logs()
    shown = cli(fleet)
    assert all(shown.count(words) == 1 for words in said), shown
    assert "chatty: to stderr" in shown
    (document,) = [d for d in json.loads(cli(fleet, "--json")) if d["type"] == "LOGS_CAPTURED"]
    assert document["data"]["text"] == text


def test_a_silent_step_costs_no_file_and_context_lines_are_told_once(fleet):
    fleet.start("work_prints")
    handle = run(fleet, selection="silent,logs_only")
    logs = Path(fleet.settings.storage, ".logs", handle.run_id)
    assert sorted(path.name for path in logs.iterdir()) == ["logs_only"]
    assert captured(handle) == []
    assert cli(fleet).count("only the context") == 1


@pytest.mark.parametrize("pool_class", ["prefork", "threads"])
def test_each_attempt_and_each_partition_has_its_own(fleet, pool_class):
    fleet.start("work_prints", pool_class=pool_class, concurrency=3)
    handle = run(fleet, selection="prints_twice,parts", partitions="all")
    assert "attempt 0" in log_of(handle, "prints_twice", 1)
    assert log_of(handle, "prints_twice", 2) == "attempt 1\n"
    for key in "abc":
        assert log_of(handle, f"parts[{key}]") == "".join(f"{key} {number}\n" for number in range(50))
    assert "b 49" in cli(fleet, "--step", "parts[b]")
    assert "a 49" not in cli(fleet, "--step", "parts[b]")


@pytest.mark.parametrize("pool_class", ["prefork", "threads"])
def test_a_running_step_can_be_followed(fleet, pool_class):
    import trail
    import work_prints

    fleet.start("work_prints", pool_class=pool_class)
    handle = fleet.instance.submit(work_prints.defs, selection="long_talk")
    eventually(trail.read)
    with subprocess.Popen(command("--follow"), env=fleet.env(), stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout.readline() == "long_talk: it begins\n"
        assert handle.status().steps.running == 1
        (document,) = json.loads(cli(fleet, "--json"))
        assert document["data"]["text"] == "it begins\n"
        Path(fleet.environment["TRAIL_FILE"] + ".end").touch()
        assert follower.stdout.read() == "long_talk: it ends\n"
    assert follower.returncode == 0


def test_a_very_long_log_keeps_its_beginning_and_its_end(fleet):
    fleet.start("work_prints")
    handle = run(fleet, selection="much")
    text = log_of(handle, "much")
    assert len(text) < LIMIT_BYTES + 100
    assert text.startswith("line 0 ")
    assert "line 199999 " in text
    assert "bytes are left out here" in text
    (event,) = captured(handle)
    assert len(event.data["tail"]) <= 2048


def test_the_last_words_of_a_killed_process_are_kept(fleet):
    fleet.start("work_prints")
    handle = run(fleet, "FAILURE", selection="last_words")
    assert [log_of(handle, "last_words", attempt) for attempt in (1, 2, 3)] == ["I was here\n"] * 3
    assert cli(fleet).count("last_words: I was here") == 3


def test_logs_go_with_their_run(fleet):
    fleet.start("work_prints")
    handle = run(fleet, selection="chatty")
    folder = Path(fleet.settings.storage, ".logs", handle.run_id)
    assert folder.exists()
    fleet.instance.delete_run(handle.run_id)
    assert not folder.exists()
