"""Months and the year: tables that people read."""

import os
from pathlib import Path

import polars as pl

from assetq import ConfigurableResource, MaterializeResult, MetadataValue, Output, asset
from flights.partition import months

common = {"group_name": "report", "owners": ["team:flights", "analyst@example.org"], "code_version": "1"}

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class ReportFolder(ConfigurableResource):
    """Where the report goes; by default beside the stored assets."""

    directory: str | None = None

    @property
    def path(self) -> Path:
        """The folder, made when needed."""
        base = self.directory or os.path.join(os.environ.get("ASSETQ_STORAGE", ".assetq/storage"), "report")
        folder = Path(base)
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@asset(partitions_def=months, kinds={"polars", "parquet"}, **common)
def monthly_delays(delays_by_carrier: dict[str, pl.DataFrame]) -> Output[pl.DataFrame]:
    """Mean delays of the month by carrier, from its days."""
    table = (
        pl.concat(list(delays_by_carrier.values()))
        .group_by("carrier", "name")
        .agg(pl.col("flights", "dep_delay_sum", "arr_delay_sum", "arrived").sum())
        .with_columns(
            (pl.col("dep_delay_sum") / pl.col("flights")).alias("mean_dep_delay"),
            (pl.col("arr_delay_sum") / pl.col("arrived")).alias("mean_arr_delay"),
        )
        .sort("carrier")
    )
    return Output(table, metadata={"days": len(delays_by_carrier), "flights": int(table["flights"].sum())})


@asset(kinds={"markdown", "matplotlib"}, **common)
def year_report(monthly_delays: dict[str, pl.DataFrame], folder: ReportFolder) -> MaterializeResult:
    """The year by month and carrier: a table and a plot."""
    year = pl.concat(
        [table.with_columns(pl.lit(int(month[5:7])).alias("month")) for month, table in sorted(monthly_delays.items())]
    )
    report, plot = folder.path / "year_report.md", folder.path / "delay_by_month_and_carrier.png"
    draw(year, plot)
    replace_text(report, markdown(year, plot.name))
    return MaterializeResult(
        metadata={
            "report": MetadataValue.path(report),
            "plot": MetadataValue.path(plot),
            "flights": int(year["flights"].sum()),
            "report_bytes": report.stat().st_size,
        }
    )


def markdown(year: pl.DataFrame, plot_name: str) -> str:
    """The report as Markdown: carriers down, months across, mean departure delay in minutes."""
    total = int(year["flights"].sum())
    lines = [
        "# Departure delays from New York, 2013",
        "",
        f"{total:,} flights that took off from EWR, JFK and LGA. Mean departure delay in minutes, "
        "by carrier and month.",
        "",
        f"![Mean departure delay by month and carrier]({plot_name})",
        "",
        "| Carrier | Flights | " + " | ".join(MONTHS) + " | Year |",
        "| --- | ---: | " + " | ".join("---:" for _ in MONTHS) + " | ---: |",
    ]
    for (carrier, name), rows in year.sort("carrier").partition_by(["carrier", "name"], as_dict=True).items():
        by_month = dict(zip(rows["month"], rows["mean_dep_delay"], strict=True))
        cells = [f"{by_month[m]:.1f}" if m in by_month else "" for m in range(1, 13)]
        flights = int(rows["flights"].sum())
        mean = rows["dep_delay_sum"].sum() / flights
        lines.append(f"| {name} ({carrier}) | {flights:,} | " + " | ".join(cells) + f" | {mean:.1f} |")
    return "\n".join([*lines, ""])


def draw(year: pl.DataFrame, path: Path) -> None:
    """A heat map: carriers down, months across, mean departure delay in minutes as colour and number."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    order = year.group_by("carrier", "name").agg(pl.col("flights").sum()).sort("flights", descending=True)
    cells = {(c, m): d for c, m, d in year.select("carrier", "month", "mean_dep_delay").iter_rows()}
    values = [[cells.get((c, m), float("nan")) for m in range(1, 13)] for c in order["carrier"]]
    figure, axes = plt.subplots(figsize=(11, 7), layout="constrained")
    image = axes.imshow(values, cmap="YlOrRd", aspect="auto", vmin=0, vmax=40)
    axes.set_xticks(range(12), MONTHS)
    axes.set_yticks(range(len(order)), [f"{name} ({c})" for c, name in order.select("carrier", "name").iter_rows()])
    axes.set_xlabel("Month of 2013")
    axes.set_title("Mean departure delay from New York by month and carrier\ncarriers with most flights first")
    for row, line in enumerate(values):
        for column, value in enumerate(line):
            if value == value:
                axes.text(
                    column,
                    row,
                    f"{value:.0f}",
                    ha="center",
                    va="center",
                    color="white" if value > 26 else "black",
                    fontsize=8,
                )
    figure.colorbar(image, ax=axes, label="Mean departure delay (minutes)", extend="both")
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.png")
    figure.savefig(temporary, dpi=120)
    plt.close(figure)
    os.replace(temporary, path)


def replace_text(path: Path, text: str) -> None:
    """Write a file in one move."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)
