"""Quick steps, which travel in batches, and one among them that is slow."""

import time

import trail

from assetq import AssetExecutionContext, Definitions, StaticPartitionsDefinition, asset

some = StaticPartitionsDefinition([f"p{i:03d}" for i in range(120)])


@asset(partitions_def=some)
def mixed(context: AssetExecutionContext) -> None:
    if context.partition_key == "p100":
        trail.write("slow")
        time.sleep(3)
        trail.write("woke")
    else:
        trail.write(f"quick {context.partition_key}")


defs = Definitions([mixed])
