"""The files that start a fleet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from assetq import Instance
from assetq.broker.server import free_port, listens
from assetq.errors import ServerUnreachableError

from ..waiting import eventually

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(120)
def test_the_procfile_starts_a_fleet_that_works(tmp_path):
    port = free_port()
    for name in ("Procfile", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    url = f"redis://127.0.0.1:{port}/0"
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("ASSETQ_")},
        "ASSETQ_PORT": str(port), "ASSETQ_STORAGE": str(tmp_path / "storage"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }  # fmt: skip
    with (tmp_path / "honcho.log").open("wb") as log:
        honcho = subprocess.Popen(
            [sys.executable, "-m", "honcho", "start"], cwd=tmp_path, env=environment, stdout=log, stderr=log
        )
    try:
        eventually(lambda: listens(port), deadline=40)
        with Instance.connect(url) as instance:
            eventually(instance.list_workers, deadline=40)
            done = subprocess.run(
                [sys.executable, "-m", "assetq.cli.main", "backfill", "-m", "flights", "--select", "*flights_weather",
                 "--partition", "2013-02-08", "--watch"],
                env={**environment, "ASSETQ_REDIS_URL": url, "PYTHONPATH": str(ROOT / "examples/flights")},
                cwd=tmp_path,
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert (tmp_path / "storage/flights_weather/2013-02-08.parquet").exists()
    finally:
        honcho.send_signal(signal.SIGTERM)
        honcho.wait(30)
    eventually(lambda: not listens(port))
    with pytest.raises(ServerUnreachableError), Instance.connect(url) as instance:
        instance.list_runs()


def test_the_compose_file_names_what_exists():
    compose = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
    worker = compose["services"]["worker"]
    assert (ROOT / "deploy" / worker["build"]["context"] / worker["build"]["dockerfile"]).is_file()
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    for line in dockerfile.splitlines():
        if line.startswith("COPY"):
            assert all((ROOT / source).exists() for source in line.split()[1:-1])
