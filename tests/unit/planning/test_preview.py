"""What `assetq plan` and `--dry-run` show is what would run."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from assetq.cli.main import cli

CODE = """
from assetq import DailyPartitionsDefinition, MonthlyPartitionsDefinition, asset

@asset(partitions_def=DailyPartitionsDefinition("2024-01-01", end_date="2024-03-01"))
def daily(): ...

@asset(partitions_def=MonthlyPartitionsDefinition("2024-01-01", end_date="2024-03-01"))
def monthly(daily): ...

@asset
def report(monthly): ...
"""


@pytest.fixture
def show(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code.py").write_text(CODE)

    def run(*arguments):
        answer = CliRunner().invoke(cli, [*arguments, "-f", "code.py", "--json"], catch_exceptions=False)
        nodes = json.loads(answer.stdout)["nodes"]
        return {node["asset"]: node["partitions"] for node in nodes}

    return run


@pytest.mark.parametrize("command", [("plan",), ("backfill", "--dry-run")])
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--all",), {"daily": 60, "monthly": 2, "report": 1}),
        (("--all", "--reverse"), {"daily": 60, "monthly": 2, "report": 1}),
        (("--partition", "2024-02-05"), {"daily": 1, "monthly": 1, "report": 1}),
        (("--partitions", "2024-01-30..2024-02-05"), {"daily": 7, "monthly": 2, "report": 1}),
        (("--partition", "2024-01-05", "--partition", "2024-01-09"), {"daily": 2, "monthly": 1, "report": 1}),
        (("--partition", "2024-02-01", "--anchor", "monthly"), {"daily": 29, "monthly": 1, "report": 1}),
        (("--partition", "2024-02-01", "--anchor", "monthly", "-s", "monthly+"), {"monthly": 1, "report": 1}),
    ],
)
def test_the_same_numbers(show, command, options, expected):
    assert show(*command, *options) == expected
