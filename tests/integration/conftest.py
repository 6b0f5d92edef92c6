"""A fleet for each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from assetq.broker.instance import RedisInstance
from assetq.broker.settings import Settings

from .fleet import CODE, Fleet


@pytest.fixture
def fleet(
    settings: Settings, instance: RedisInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Fleet]:
    """Workers of the test's own; the code in `code/` is importable here and there."""
    monkeypatch.syspath_prepend(str(CODE))
    made = Fleet(settings, instance, tmp_path)
    made.environment["TRACE_FILE"] = str(tmp_path / "trace")
    monkeypatch.setenv("TRACE_FILE", str(tmp_path / "trace"))
    yield made
    made.stop()
    for name in [name for name in sys.modules if name.startswith("work_")]:
        del sys.modules[name]
