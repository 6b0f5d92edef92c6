"""What measurements compute by themselves."""

from __future__ import annotations

import pytest

from bench.figure import Figure, percentile
from bench.makespan import SLOTS, list_schedule_s
from bench.page import PAGE, write_page


def test_percentiles():
    assert percentile([3, 1, 2], 50) == 2
    assert percentile(list(range(200)), 99) == 198
    assert percentile([], 99) == 0


def test_the_list_schedule():
    assert list_schedule_s([1.0] * (3 * SLOTS), [[]] * (3 * SLOTS)) == 3
    assert list_schedule_s([1.0] * 5, [[], [0], [1], [2], [3]]) == 5
    long_first = [[] for _ in range(SLOTS)] + [[], [SLOTS]]
    assert list_schedule_s([1.0] * SLOTS + [1.0, 5.0], long_first) == 6


def test_the_page(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("bench.page.description", lambda: "a machine")
    figures = [
        Figure("one", "a case", 1234.5, "/s", ideal=2000),
        Figure("one", "b", 0.5, "ms"),
        Figure("two", "c", 12, ""),
    ]
    write_page(figures, tmp_path, ["one", "two"])
    page = (tmp_path / PAGE).read_text()
    assert "Measured on: a machine." in page
    assert "| a case | 1,234 /s | 2,000 /s | 0.62 |" in page
    assert "| c | 12.0 |  |  |" in page
    assert sorted(path.name for path in (tmp_path / "benchmarks").iterdir()) == ["figures.json", "one.svg", "two.svg"]
    assert (tmp_path / "benchmarks" / "one.svg").read_text().startswith("<?xml")
    write_page([Figure("one", "a case", 1, "/s")], tmp_path, ["one", "two"])
    page = (tmp_path / PAGE).read_text()
    assert "| a case | 1.00 /s |  |  |" in page
    assert "| b |" not in page
    assert page.index("| a case |") < page.index("| c | 12.0 |  |  |")
