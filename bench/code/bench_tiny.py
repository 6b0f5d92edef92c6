"""Assets that do nothing, 20,000 times."""

from assetq import Definitions, StaticPartitionsDefinition, asset

many = StaticPartitionsDefinition([f"p{number:05d}" for number in range(20_000)])
KIBIBYTE = b"x" * 1024


@asset(partitions_def=many)
def nothing() -> None:
    """Nothing."""


@asset(partitions_def=many)
def stored() -> bytes:
    """A KiB for the I/O manager."""
    return KIBIBYTE


defs = Definitions(assets=[nothing, stored])
