"""An asset that does nothing, 10,000 times, and an op that is mapped over as many values and does nothing."""

from assetq import (
    Definitions,
    DynamicOut,
    DynamicOutput,
    In,
    Nothing,
    StaticPartitionsDefinition,
    asset,
    graph_asset,
    op,
)

COUNT = 10_000
many = StaticPartitionsDefinition([f"p{number:05d}" for number in range(COUNT)])


@asset(partitions_def=many)
def nothing() -> None:
    """Nothing."""


@op(out=DynamicOut())
def values():
    """A value for each."""
    for number in range(COUNT):
        yield DynamicOutput(number, mapping_key=f"k{number}")


@op
def ignored(x) -> None:
    """Nothing, with a value."""


@op(ins={"nothings": In(Nothing)})
def ended() -> None:
    """Nothing, behind all of them."""


@graph_asset
def dynamic():
    """All of it."""
    return ended(values().map(ignored).collect())


defs = Definitions(assets=[nothing, dynamic])
