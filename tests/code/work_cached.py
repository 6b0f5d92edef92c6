"""Steps that read one value, and write which; the I/O manager writes when it loads."""

import os
import time

import trail

from assetq import AssetExecutionContext, AssetIn, Definitions, FilesystemIOManager, StaticPartitionsDefinition, asset
from assetq.broker.run_versions import AHEAD_S

some = StaticPartitionsDefinition([f"p{i:03d}" for i in range(200)])


class Watched(FilesystemIOManager):
    def load_from_path(self, context, path):
        trail.write(f"read {os.getpid()}")
        return super().load_from_path(context, path)


@asset
def model(context: AssetExecutionContext) -> str:
    return context.run_id


def scored(context: AssetExecutionContext, value: str) -> None:
    trail.write(f"{context.op_execution_context.op.name} {context.partition_key} {value} {time.time()}")
    time.sleep(0.02)


@asset(partitions_def=some, ins={"model": AssetIn(metadata={"assetq/cache": True})})
def kept(context: AssetExecutionContext, model: str) -> None:
    scored(context, model)


@asset(partitions_def=some, pool="readers", ins={"model": AssetIn(metadata={"assetq/cache": True})})
def outlasting(context: AssetExecutionContext, model: str) -> None:
    """From the 100th on, waits until the test says that the model was replaced, and for longer than that is news."""
    scored(context, model)
    if context.partition_key >= "p100" and ["replaced"] not in trail.read():
        while ["replaced"] not in trail.read():
            time.sleep(0.02)
        time.sleep(AHEAD_S * 1.2)


@asset(partitions_def=some)
def loaded(context: AssetExecutionContext, model: str) -> None:
    scored(context, model)


defs = Definitions([model, kept, outlasting, loaded], resources={"io_manager": Watched()})
