"""What every test may use: a server of the suite's own, a namespace of the test's own."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from assetq.broker.connection import connect
from assetq.broker.instance import RedisInstance
from assetq.broker.server import EmbeddedServer
from assetq.broker.settings import Settings

from .fleet import CODE, Fleet


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ASSETQ_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """The suite's server, on a free port."""
    with EmbeddedServer(tmp_path_factory.mktemp("server"), publish=False, tied=True) as running:
        yield running


@pytest.fixture
def settings(server: EmbeddedServer, tmp_path: Path) -> Settings:
    """Settings with a namespace of the test's own and short times."""
    return Settings(
        redis_url=server.url,
        namespace=f"test-{uuid.uuid4().hex[:12]}",
        storage=str(tmp_path / "storage"),
        lease_ms=2000,
        heartbeat_ms=300,
        recovery_ms=100,
        republish_ms=500,
        grace_ms=5000,
    )


@pytest.fixture
def instance(settings: Settings) -> Iterator[RedisInstance]:
    """An instance on the suite's server; its keys are removed behind the test."""
    opened = RedisInstance(settings)
    opened.check()
    yield opened
    opened.close()
    with connect(settings.redis_url) as client:
        keys = list(client.scan_iter(f"{{{settings.namespace}}}*", count=1000))
        if keys:
            client.delete(*keys)


@pytest.fixture
def fleet(
    settings: Settings, instance: RedisInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Fleet]:
    """Workers of the test's own; the code in `code/` is importable here and there."""
    monkeypatch.syspath_prepend(str(CODE))
    made = Fleet(settings, instance, tmp_path)
    made.environment["TRAIL_FILE"] = str(tmp_path / "trail")
    monkeypatch.setenv("TRAIL_FILE", str(tmp_path / "trail"))
    yield made
    made.stop()
    for name in [name for name in sys.modules if name.startswith("work_")]:
        del sys.modules[name]
