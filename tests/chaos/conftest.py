"""Each test has a server of its own, because it may be killed."""

from __future__ import annotations

import contextlib
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assetq.broker.server import EmbeddedServer

from .rig import Rig, Shape, open_rig


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long ones run in `make chaos` only, which says so with `-m`."""
    if not config.option.markexpr:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("chaos")])
        items[:] = [item for item in items if not item.get_closest_marker("chaos")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server with its append-only file in the test's folder."""
    with EmbeddedServer(tmp_path / "server", publish=False, tied=True) as running:
        yield running


@pytest.fixture
def chaos_seed() -> int:
    """From `CHAOS_SEED`, or a new one."""
    return int(os.environ.get("CHAOS_SEED", random.randrange(10**6)))


@pytest.fixture
def rig_of(tmp_path: Path, chaos_seed: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Shape], Rig]]:
    """Opens a rig of a given shape, with its fleet started."""
    monkeypatch.setenv("TRAIL_FILE", "")  # so that it is put back
    monkeypatch.setattr(sys, "path", list(sys.path))
    with contextlib.ExitStack() as stack:

        def start(shape: Shape) -> Rig:
            rig = stack.enter_context(open_rig(tmp_path, chaos_seed, shape))
            rig.start_fleet()
            return rig

        yield start
    for name in [name for name in sys.modules if name.startswith(("work_", "sabotage"))]:
        del sys.modules[name]
