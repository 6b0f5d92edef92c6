"""The command line as a user runs it: a process, a folder, an exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    """Runs `assetq` in a folder."""

    folder: Path
    environment: Mapping[str, str]

    def __call__(self, *arguments: str, timeout: float = 60) -> Answer:
        done = subprocess.run(
            [sys.executable, "-m", "assetq.cli.main", *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert "Traceback" not in done.stderr or "stack" in done.stdout or "FAILED" in done.stderr, done.stderr
        return Answer(done.returncode, done.stdout, done.stderr)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    folder = tmp_path / "project"
    folder.mkdir()
    return Shell(folder, {"PYTHONWARNINGS": "ignore", "ASSETQ_LOG_LEVEL": "WARNING"})
