"""Assets that cost a known time, or nothing."""

import os
import time

from assetq import AssetExecutionContext, Definitions, StaticPartitionsDefinition, asset

two_hundred = StaticPartitionsDefinition([f"p{number:03d}" for number in range(200)])
two_thousand = StaticPartitionsDefinition([f"p{number:04d}" for number in range(2000)])


@asset(partitions_def=two_hundred)
def sleeping() -> None:
    time.sleep(0.2)


@asset(partitions_def=two_hundred, pool="limited")
def limited(context: AssetExecutionContext) -> None:
    """Writes when its body began and ended."""
    began = time.time()
    time.sleep(0.1)
    with open(os.path.join(os.environ["ASSETQ_STORAGE"], f"limited-{context.run_id}"), "a") as file:
        file.write(f"{began} {time.time()}\n")


def told(context: AssetExecutionContext) -> None:
    """Takes a millisecond, or a third of a second where the key ends in 99; then writes when it ended."""
    time.sleep(0.3 if context.partition_key.endswith("99") else 0.001)
    with open(os.path.join(os.environ["ASSETQ_STORAGE"], f"ended-{context.run_id}-{os.getpid()}"), "a") as file:
        file.write(f"{context.asset_key.to_user_string()}[{context.partition_key}] {time.time()}\n")


@asset(partitions_def=two_thousand)
def uneven(context: AssetExecutionContext) -> None:
    told(context)


@asset(partitions_def=two_thousand)
def uneven_stored(context: AssetExecutionContext) -> bytes:
    told(context)
    return bytes(1024)


@asset
def stamped(context: AssetExecutionContext) -> None:
    """Writes when its body began."""
    with open(os.path.join(os.environ["ASSETQ_STORAGE"], f"stamp-{context.run_id}"), "w") as file:
        file.write(repr(time.time()))


defs = Definitions([sleeping, limited, uneven, uneven_stored, stamped])
