"""Five thousand steps that wait; each writes who ran it."""

import os
import time

import trail

from assetq import AssetExecutionContext, Definitions, StaticPartitionsDefinition, asset

STEPS = 5000
many = StaticPartitionsDefinition([f"p{i:04d}" for i in range(STEPS)])
STEP_S = float(os.environ.get("WORK_STEP_S", "0.15"))


@asset(partitions_def=many)
def waits(context: AssetExecutionContext) -> None:
    trail.write(f"waits {context.partition_key} {os.getpid()}")
    time.sleep(STEP_S)


defs = Definitions([waits])
