"""Each test has a server of its own, because it may be killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assetq.broker.server import EmbeddedServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server with its append-only file in the test's folder."""
    with EmbeddedServer(tmp_path / "server", publish=False, tied=True) as running:
        yield running
