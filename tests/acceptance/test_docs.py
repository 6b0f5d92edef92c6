"""What the documentation shows is what happens: its code and commands run, its reference follows the code."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import tomllib
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import assetq.dagster
from assetq.broker.states import ARROWS
from assetq.execution import EventType

from ..waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUNNABLE = [
    page for page in PAGES if re.search(r"^```(python|console)", page.read_text(encoding="utf-8"), re.MULTILINE)
]


@dataclass
class Reader:
    """Does what a page says, in an empty folder."""

    folder: Path
    environment: dict[str, str]
    background: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def follow(self, page: Path) -> int:
        """Run every block in order; returns how many."""
        blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
        for language, info, body in blocks:
            if language == "python":
                self.python(body, info.strip())
            elif language == "console":
                self.console(body)
        return len(blocks)

    def python(self, body: str, info: str) -> None:
        if info.startswith("file="):
            (self.folder / info.removeprefix("file=")).write_text(body, encoding="utf-8")
            return
        (self.folder / "block.py").write_text(body, encoding="utf-8")
        self.run([sys.executable, "block.py"], None)

    def console(self, body: str) -> None:
        for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            words = shlex.split(command)
            if words[0] == "cd":
                self.folder = self.folder / words[1]
            elif words[:2] == ["assetq", "dev"]:
                self.start(words)
            else:
                self.run([sys.executable, "-m", "assetq.cli.main", *words[1:]], shown.strip() or None)

    def start(self, words: list[str]) -> None:
        with (self.folder / "dev.log").open("wb") as log:
            command = [sys.executable, "-m", "assetq.cli.main", *words[1:]]
            process = subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)
        self.background.append(process)
        eventually(lambda: "ready: pools" in (self.folder / "dev.log").read_text(), deadline=20)

    def run(self, command: list[str], shown: str | None) -> None:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        if shown is not None:
            assert done.stdout.strip() == shown, command


@pytest.fixture
def reader(tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ASSETQ_")}
    environment["PYTHONPATH"] = str(tmp_path / "shop") + os.pathsep + str(tmp_path)
    made = Reader(tmp_path, environment)
    yield made
    for process in made.background:
        process.terminate()
    for process in made.background:
        assert process.wait(30) == 0


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_can_be_followed(reader, page):
    assert reader.follow(page) > 0


def generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_follows_the_code():
    for name, make in generator().PAGES.items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == make(), "run `make docs`"


def compat():
    """The data behind the page of Dagster's names, and each (name, state) of it."""
    data = tomllib.loads((ROOT / "docs" / "dagster_compat.toml").read_text(encoding="utf-8"))
    return data, [(name, given["state"]) for group in data["group"] for name, given in group["names"].items()]


def test_the_names_that_are_said_to_be_there_are():
    marked = [name for name, state in compat()[1] if state in ("yes", "renamed")]
    assert [name for name in marked if not hasattr(assetq.dagster, name)] == []
    assert {name for name, state in compat()[1] if state == "renamed"} == set(assetq.dagster.RENAMED) - set(
        compat()[0]["own"]
    )


def test_the_names_that_are_said_to_be_missing_are():
    missing = [name for name, state in compat()[1] if state in ("not yet", "never")]
    found = [name for name in missing if hasattr(assetq.dagster, name)]
    assert found == [], "they are there: run `python docs/generate.py --found` and look at their notes"


def test_every_name_stands_once_and_with_a_known_state():
    data, rows = compat()
    names = [*(name for name, _ in rows), *data["own"]]
    assert sorted(names) == sorted(set(names))
    assert {state for _, state in rows} <= {"yes", "renamed", "not yet", "never"}


def test_every_name_of_the_module_is_in_the_table():
    data, rows = compat()
    listed = {*(name for name, _ in rows), *data["own"]}
    assert set(assetq.dagster.__all__) - listed == set(), "add them to docs/dagster_compat.toml"
    assert set(data["own"]) <= set(assetq.dagster.__all__)


def test_the_table_lists_what_dagster_has():
    if importlib.util.find_spec("dagster") is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dagster = importlib.import_module("dagster")
    public = {name for name in dir(dagster) if not name.startswith("_")}
    assert {name for name, _ in compat()[1]} == public
    assert dagster.__version__ == compat()[0]["dagster"]


def test_every_event_is_explained():
    text = (ROOT / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    assert [kind for kind in EventType if f"`{kind}`" not in text] == []


def test_every_arrow_is_in_the_table():
    text = (ROOT / "docs" / "state-machine.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^\| (\w+) \| (\w+) \|", text, re.MULTILINE)) - {("from", "to")}
    assert shown == {(str(source), str(target)) for source, target in ARROWS}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target
