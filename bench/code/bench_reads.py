"""A thousand steps that read one value: each loads it, or the process keeps it."""

from assetq import AssetIn, Definitions, StaticPartitionsDefinition, asset

thousand = StaticPartitionsDefinition([f"p{number:03d}" for number in range(1000)])


@asset
def names() -> dict[str, int]:
    """A table to look names up in."""
    return {f"name-{number}": number for number in range(50_000)}


@asset(partitions_def=thousand)
def loading(names: dict[str, int]) -> None:
    """Reads it."""


@asset(partitions_def=thousand, ins={"names": AssetIn(metadata={"assetq/cache": True})})
def keeping(names: dict[str, int]) -> None:
    """Reads it as well."""


defs = Definitions([names, loading, keeping])
