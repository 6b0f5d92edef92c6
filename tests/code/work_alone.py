"""Quick steps that write what holds slots while they run: batches, or single steps."""

import trail

from assetq import AssetExecutionContext, Definitions, StaticPartitionsDefinition, asset

some = StaticPartitionsDefinition([f"p{i:03d}" for i in range(60)])


def tell(context: AssetExecutionContext) -> None:
    for holder in context.instance.show_pool("default").holders:
        trail.write(holder.steps)


@asset(partitions_def=some)
def together(context: AssetExecutionContext) -> None:
    tell(context)


@asset(partitions_def=some, op_tags={"assetq/batch": "off"})
def alone(context: AssetExecutionContext) -> None:
    tell(context)


defs = Definitions([together, alone])
