"""Graphs of ops on real workers: each op is a step, and a retry begins at the one that failed."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from assetq.execution import EventType
from assetq.execution.step_graph import step_graph, tree_lines

from ..fleet import PYTHON, Fleet
from ..waiting import eventually

CONFIG = {"ops": {"six": {"ops": {"first": {"config": {"start": 1}}}}}}


def succeeded(handle) -> set[str]:
    return {event.step_key for event in handle.events() if event.type is EventType.STEP_SUCCESS}


def intermediates(fleet: Fleet) -> list[str]:
    """Files of what ops gave each other; a worker may be removing them."""
    folder = Path(fleet.settings.storage) / ".runs"
    found = [Path(base) / name for base, _, names in os.walk(folder) for name in names if name.endswith(".pickle")]
    return sorted(str(path.relative_to(folder)) for path in found)


def launch(fleet: Fleet, how: str):
    import work_graph

    if how == "job":
        return fleet.instance.submit_job(work_graph.defs, "six_job")
    return fleet.instance.submit(work_graph.defs, selection="six", run_config=CONFIG)


@pytest.mark.parametrize("how", ["asset", "job"])
def test_a_retry_begins_at_the_op_that_failed(fleet, how):
    import work_graph

    prefix = "" if how == "job" else "six."
    fleet.start("work_graph")
    run = launch(fleet, how)
    assert run.wait(60).status == "FAILURE", fleet.logs()
    assert succeeded(run) == {prefix + name for name in ("first", "second", "third")}
    assert len(intermediates(fleet)) == 3
    before = {pid for _, pid in work_graph.ran()}
    fleet.stop()

    work_graph.mend()
    done = len(work_graph.ran())
    fleet.start("work_graph")
    again = fleet.instance.retry_run(run.run_id, failed_only=True)
    assert again.wait(60).status == "SUCCESS", fleet.logs()
    assert succeeded(again) == {prefix + name for name in ("fourth", "fifth", "sixth")}
    later = work_graph.ran()[done:]
    assert [name for name, _ in later] == ["fourth", "fifth", "sixth"]
    assert not {pid for _, pid in later} & before
    assert again.status().parent_run_id == run.run_id
    if how == "asset":
        assert work_graph.defs.load_asset_value("six", storage=fleet.settings.storage) == (11 + 101) * 2 + 101
        eventually(lambda: intermediates(fleet) == [])


def test_what_ops_gave_each_other_goes_with_the_run(fleet):
    import work_graph

    work_graph.mend()
    fleet.start("work_graph", workers=2)
    run = launch(fleet, "asset")
    assert run.wait(60).status == "SUCCESS", fleet.logs()
    assert run.status().steps.succeeded == 6
    eventually(lambda: intermediates(fleet) == [])


def test_it_stays_where_the_settings_say_so(fleet):
    import work_graph

    work_graph.mend()
    fleet.environment["ASSETQ_KEEP_INTERMEDIATES"] = "always"
    fleet.start("work_graph")
    assert launch(fleet, "asset").wait(60).status == "SUCCESS", fleet.logs()
    names = [name.split("/", 1)[1] for name in intermediates(fleet)]
    assert names == [f"six.{name}/result.pickle" for name in ("fifth", "first", "fourth", "second", "third")]


def test_ops_take_slots_of_their_own_pools(fleet):
    import work_graph

    work_graph.mend()
    fleet.start("work_graph", pools=("default",))
    run = launch(fleet, "asset")
    eventually(lambda: run.status().steps.succeeded == 4)
    assert run.status().steps.ready + run.status().steps.queued == 1
    fleet.start("work_graph", pools=("narrow",))
    assert run.wait(60).status == "SUCCESS", fleet.logs()


@pytest.mark.parametrize(
    ("selected", "steps", "made"),
    [
        ("foo_asset", {"bar", "foo"}, {"foo_asset"}),
        ("baz_asset", {"bar", "foo", "baz"}, {"baz_asset"}),
        ("foo_asset or baz_asset", {"bar", "foo", "baz"}, {"foo_asset", "baz_asset"}),
    ],
)
def test_the_page_with_its_own_bar(fleet, selected, steps, made):
    import work_graph

    fleet.start("work_graph")
    run = fleet.instance.submit(work_graph.defs, selection=selected)
    assert run.wait(60).status == "SUCCESS", fleet.logs()
    assert succeeded(run) == {f"my_graph_assets.{name}" for name in steps}
    found = {event.asset for event in run.events() if event.type is EventType.ASSET_MATERIALIZATION}
    assert found == made


def test_the_step_graph_as_data_and_as_a_tree(fleet):
    import work_graph

    fleet.start("work_graph")
    run = launch(fleet, "asset")
    run.wait(60)
    graph = step_graph(fleet.instance, run.run_id)
    nodes = {node["step"]: node for node in graph["nodes"]}
    assert nodes["six.sixth"]["upstream"] == ["six.third", "six.fifth"]
    assert nodes["six.sixth"]["assets"] == ["six"]
    assert nodes["six.fourth"]["steps"]["failed"] == 1
    assert nodes["six.fifth"]["pool"] == "narrow"
    assert list(tree_lines(graph)) == [
        "six",
        "├─ first  [succeeded]",
        "├─ second  <- first  [succeeded]",
        "├─ third  <- first  [succeeded]",
        "├─ fourth  <- second, third  [failed]",
        "├─ fifth  <- fourth  [skipped]",
        "└─ sixth => six  <- third, fifth  [skipped]",
    ]
    assert work_graph.defs.get_op("six.first").op.name == "six.first"


def test_the_command_line(fleet):
    import work_graph

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [PYTHON, "-m", "assetq.cli.main", *arguments]
        return subprocess.run(command, env=fleet.env(), capture_output=True, text=True, timeout=60, check=False)

    listed = json.loads(call("jobs", "list", "-m", "work_graph", "--json").stdout)
    assert {job["job"]: job["kind"] for job in listed} == {"six_job": "ops", "page": "assets"}
    work_graph.mend()
    fleet.start("work_graph")
    launched = call("jobs", "launch", "page", "-m", "work_graph", "--wait", "--json")
    assert launched.returncode == 0, launched.stderr
    document = json.loads(launched.stdout)
    assert (document["status"], document["job"]) == ("SUCCESS", "page")
    shown = json.loads(call("runs", "show", document["run_id"], "--graph", "--json").stdout)
    assert [node["step"] for node in shown["graph"]["nodes"]] == [f"my_graph_assets.{n}" for n in ("bar", "foo", "baz")]
    assert "└─ baz => baz_asset" in call("runs", "show", "last", "--graph").stdout
    missing = call("jobs", "launch", "pege", "-m", "work_graph")
    assert missing.returncode == 2
    assert "page" in missing.stderr


def test_a_fan_out_on_two_workers(fleet):
    import work_dynamic

    fleet.start("work_dynamic", workers=2)
    run = fleet.instance.submit(work_dynamic.defs)
    assert run.wait(60).status == "SUCCESS", fleet.logs()
    assert work_dynamic.defs.load_asset_value("summed", storage=fleet.settings.storage) == 200 * 199
    eventually(lambda: intermediates(fleet) == [])
