"""What a measurement gives back, and how it is shown."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: its unit, and what it is worth beside (an ideal, a baseline), if anything."""

    benchmark: str
    case: str
    value: float
    unit: str
    ideal: float | None = None

    @property
    def ratio(self) -> float | None:
        """Value over ideal."""
        return self.value / self.ideal if self.ideal else None


def spread(benchmark: str, case: str, values: Sequence[float], unit: str) -> list[Figure]:
    """Median and largest of repeated measurements."""
    return [
        Figure(benchmark, f"{case}, median of {len(values)}", statistics.median(values), unit),
        Figure(benchmark, f"{case}, largest", max(values), unit),
    ]


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed; 0 without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0


def percentiles(
    benchmark: str, case: str, values: Sequence[float], unit: str, allowed: Mapping[int, float] | None = None
) -> list[Figure]:
    """p50 and p99, beside what they may be."""
    named = {percent: f"{case}, p{percent} of {len(values):,}" for percent in (50, 99)}
    return [
        Figure(benchmark, name, percentile(values, percent), unit, (allowed or {}).get(percent))
        for percent, name in named.items()
    ]


def show(figures: Sequence[Figure]) -> None:
    """Print a table."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("BENCHMARK", "CASE"):
        table.add_column(column)
    for column in ("VALUE", "IDEAL", "RATIO"):
        table.add_column(column, justify="right")
    for figure in figures:
        ideal = "" if figure.ideal is None else f"{figure.ideal:,.2f} {figure.unit}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.3f}"
        table.add_row(figure.benchmark, figure.case, f"{figure.value:,.2f} {figure.unit}", ideal, ratio)
    Console(width=120).print(table)


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write JSON."""
    path.write_text(json.dumps([{**asdict(figure), "ratio": figure.ratio} for figure in figures], indent=2) + "\n")


def read(path: Path) -> list[Figure]:
    """What `write` wrote; nothing where there is no file."""
    if not path.exists():
        return []
    names = [field.name for field in fields(Figure)]
    return [Figure(**{name: row[name] for name in names}) for row in json.loads(path.read_text())]
