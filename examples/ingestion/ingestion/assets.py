"""Raw tables as the API gives them, and what is made of them."""

from collections import Counter
from collections.abc import Iterator
from enum import Enum

from pydantic import Field

from ingestion.client import Busy, Item, TableApi
from ingestion.dg import dg

PATIENCE = dg.RetryPolicy(max_retries=3, delay=0.05, backoff=dg.Backoff.EXPONENTIAL)


class Zone(Enum):
    """Time zones that may be asked for."""

    EASTERN = "America/New_York"
    CENTRAL = "America/Chicago"
    PACIFIC = "America/Los_Angeles"


class PageConfig(dg.Config):
    """How a table is read."""

    page_size: int = Field(default=500, gt=0, le=1000)
    columns: list[str] = Field(default=[], description="Which columns to keep; none means all.")


class AirportsConfig(PageConfig):
    """Which airports are read, and how."""

    table: str = "airports"
    zone: Zone | None = None
    lowest_altitude: int | None = None


def kept(items: list[Item], columns: list[str]) -> list[Item]:
    """The items with the columns that were asked for."""
    return [{name: item[name] for name in columns} for item in items] if columns else items


@dg.asset(key_prefix="raw", retry_policy=PATIENCE, group_name="raw", kinds={"json"})
def airlines(config: PageConfig, api: TableApi) -> dg.Output[list[Item]]:
    """Carrier codes and names."""
    pages = [kept(page, config.columns) for page in api.pages("airlines", config.page_size)]
    items = [item for page in pages for item in page]
    return dg.Output(items, metadata={"items": len(items), "pages": len(pages)})


@dg.asset(key_prefix="raw", retry_policy=PATIENCE, group_name="raw", kinds={"json"})
def airports(context: dg.AssetExecutionContext, config: AirportsConfig, api: TableApi) -> list[Item]:
    """Airports, of one time zone if asked for."""
    items: list[Item] = []
    for number, page in enumerate(api.pages(config.table, config.page_size), start=1):
        context.log.info(f"page {number}: {len(page)} items")
        items += [item for item in page if config.zone is None or item["tzone"] == config.zone.value]
    if config.lowest_altitude is not None:
        items = [item for item in items if int(item["alt"]) >= config.lowest_altitude]
    context.add_output_metadata({"items": len(items), "pages": number, "attempt": context.retry_number + 1})
    return kept(items, config.columns)


@dg.asset(key_prefix="raw", group_name="raw", kinds={"json"})
def planes(context: dg.AssetExecutionContext, api: TableApi) -> dg.Output[list[Item]]:
    """Planes by tail number; when the API is busy the op itself asks to be run again."""
    try:
        items = [item for page in api.pages("planes", 1000) for item in page]
    except Busy as busy:
        raise dg.RetryRequested(max_retries=2, seconds_to_wait=0.05) from busy
    return dg.Output(items, metadata={"items": len(items), "retries": context.retry_number})


@dg.asset(ins={"planes": dg.AssetIn(key_prefix="raw")}, group_name="derived")
def makers(planes: list[Item]) -> dict[str, int]:
    """How many planes each manufacturer has made."""
    return dict(Counter(plane["manufacturer"] for plane in planes).most_common())


@dg.asset(ins={"found": dg.AssetIn(key=dg.AssetKey(["raw", "airports"]))}, output_required=False, group_name="derived")
def highest(found: list[Item]) -> Iterator[dg.Output[str]]:
    """The airport that lies highest; nothing when there is none."""
    if found:
        top = max(found, key=lambda airport: int(airport["alt"]))
        yield dg.Output(top["name"], metadata={"feet": int(top["alt"])})


@dg.asset(deps=[airlines, dg.AssetKey(["raw", "planes"])], group_name="derived")
def letter(highest: str) -> str:
    """What is told of it."""
    return f"The highest airport is {highest}."
