"""Assets that cost a known time, or nothing."""

import os
import time

from assetq import AssetExecutionContext, Definitions, StaticPartitionsDefinition, asset

two_hundred = StaticPartitionsDefinition([f"p{number:03d}" for number in range(200)])


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


@asset
def stamped(context: AssetExecutionContext) -> None:
    """Writes when its body began."""
    with open(os.path.join(os.environ["ASSETQ_STORAGE"], f"stamp-{context.run_id}"), "w") as file:
        file.write(repr(time.time()))


defs = Definitions([sleeping, limited, stamped])
