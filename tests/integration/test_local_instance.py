"""An instance that lives in a folder: its server comes and goes with it."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading

import pytest

from assetq import Instance, asset, materialize
from assetq.broker.lifeline import is_alive
from assetq.broker.local_instance import LocalInstance
from assetq.broker.server import EmbeddedServer

from ..waiting import eventually

DIES = """
import os, sys
from assetq import asset, materialize
from assetq.broker.local_instance import LocalInstance

@asset
def first():
    return 1

@asset
def deadly(first):
    os._exit(7)

materialize([first, deadly], instance=LocalInstance(sys.argv[1]))
"""


@asset
def one():
    return 1


def server_pid(instance: LocalInstance) -> int:
    return int(instance.client.info("server")["process_id"])


def test_the_server_ends_with_its_last_instance(tmp_path):
    first, second = LocalInstance(tmp_path), LocalInstance(tmp_path)
    pid = server_pid(first)
    assert server_pid(second) == pid
    first.close()
    assert is_alive(pid)
    second.close()
    assert not is_alive(pid)


def test_an_instance_that_nobody_closes_ends_its_server(tmp_path):
    instance = LocalInstance(tmp_path)
    pid = server_pid(instance)
    del instance
    gc.collect()
    eventually(lambda: not is_alive(pid), deadline=10)


def test_an_instance_outlives_the_thread_that_opened_it(tmp_path):
    opened = []
    thread = threading.Thread(target=lambda: opened.append(LocalInstance(tmp_path)))
    thread.start()
    thread.join()
    with opened.pop() as instance:
        assert materialize([one], instance=instance).success


@pytest.mark.parametrize("is_lasting", [True, False])
def test_an_op_may_run_assets_itself(tmp_path, is_lasting):
    instance = LocalInstance(tmp_path) if is_lasting else Instance.ephemeral()

    @asset
    def outer():
        return materialize([one], instance=instance).output_for_node("one") + 1

    assert materialize([outer], instance=instance).output_for_node("outer") == 2
    assert len(instance.list_runs()) == 2
    if is_lasting:
        instance.close()


def test_a_run_whose_process_died_has_failed(tmp_path):
    ended = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], timeout=60, check=False)
    assert ended.returncode == 7
    with LocalInstance(tmp_path) as instance:
        [run] = instance.list_runs()
        assert (run.status, run.steps.succeeded) == ("FAILURE", 1)
        assert instance.get_latest_materialization_event("first").run_id == run.run_id


def test_a_server_that_runs_already_is_used_and_left_alone(tmp_path):
    with EmbeddedServer(tmp_path, tied=True) as server:
        with Instance.local_temp(str(tmp_path)) as instance:
            assert materialize([one], instance=instance).success
        assert server.process is not None
        assert server.process.poll() is None


@pytest.mark.parametrize("folder", [None, "given"])
def test_only_a_passing_folder_goes(tmp_path, folder):
    with Instance.local_temp(folder and str(tmp_path / folder)) as instance:
        home = tmp_path.__class__(instance.root_directory)
        assert home.is_dir()
    assert home.exists() is (folder is not None)
