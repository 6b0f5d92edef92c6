"""Writes the page of benchmarks: tables, plots, and the machine. Every figure is one that was just printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from bench.figure import Figure, read, write
from bench.machine import description

PAGE, PLOTS, FIGURES = "benchmarks.md", "benchmarks", "figures.json"
HEAD = """# Benchmarks

`make bench` writes this page; `python -m bench NAME` measures one of its parts, with `--docs docs` writes it anew here.
The column "ideal" has what a figure is worth beside: a bound, a baseline of the same run, what it should stay below.
Compare within one part only, since the speed of a virtual machine swings.

Measured on: {machine}.
"""


def write_page(figures: Sequence[Figure], folder: Path, order: Sequence[str]) -> None:
    """The page, and a plot beside each part where matplotlib is installed. Parts not measured now stay as they were."""
    now = {figure.benchmark for figure in figures}
    known = [*(old for old in read(folder / PLOTS / FIGURES) if old.benchmark not in now), *figures]
    known.sort(key=lambda figure: order.index(figure.benchmark))
    sections = [HEAD.format(machine=description())]
    for name, group in groupby(known, key=lambda figure: figure.benchmark):
        part = list(group)
        sections.append("\n".join(section(name, part, write_plot(name, part, folder / PLOTS))))
    (folder / PLOTS).mkdir(parents=True, exist_ok=True)
    write(known, folder / PLOTS / FIGURES)
    (folder / PAGE).write_text("\n".join(sections), encoding="utf-8")


def section(name: str, figures: Sequence[Figure], has_plot: bool) -> Iterator[str]:
    """The lines of a part."""
    yield from (f"## {name.capitalize()}", "", f"`python -m bench {name}`", "")
    if has_plot:
        yield from (f"![{name}]({PLOTS}/{name}.svg)", "")
    yield from ("| what | figure | ideal | ratio |", "| --- | ---: | ---: | ---: |")
    for figure in figures:
        ideal = "" if figure.ideal is None else number(figure.ideal, figure.unit)
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        yield f"| {figure.case} | {number(figure.value, figure.unit)} | {ideal} | {ratio} |"
    yield ""


def number(value: float, unit: str) -> str:
    """With as many places as tell something."""
    return f"{value:,.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2}f} {unit}".rstrip()


def write_plot(name: str, figures: Sequence[Figure], folder: Path) -> bool:
    """Bars, one panel for each unit; a mark where the ideal is. False without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = name  # the same figures give the same file
    from matplotlib import pyplot

    units = list(dict.fromkeys(figure.unit for figure in figures))
    panels = [[figure for figure in figures if figure.unit == unit] for unit in units]
    heights = [len(panel) for panel in panels]
    drawing, axes = pyplot.subplots(
        len(panels), 1, squeeze=False, figsize=(9, 0.6 + 0.3 * sum(heights) + 0.6 * len(panels)),
        gridspec_kw={"height_ratios": heights},
    )  # fmt: skip
    for axis, panel, unit in zip(axes[:, 0], panels, units, strict=True):
        rows = range(len(panel))
        axis.barh(rows, [figure.value for figure in panel], color="#4878a8", height=0.6)
        for row, figure in zip(rows, panel, strict=True):
            if figure.ideal is not None:
                axis.plot([figure.ideal] * 2, [row - 0.4, row + 0.4], color="#c44e52", linewidth=2)
        axis.set_yticks(rows, [figure.case for figure in panel], fontsize=8)
        axis.invert_yaxis()
        axis.set_xlabel(unit or "count", fontsize=8)
    folder.mkdir(parents=True, exist_ok=True)
    drawing.tight_layout()
    drawing.savefig(folder / f"{name}.svg", metadata={"Date": None})
    pyplot.close(drawing)
    return True
