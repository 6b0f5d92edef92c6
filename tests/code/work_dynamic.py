"""A fan-out over many values, and a collect."""

from assetq import Definitions, DynamicOut, DynamicOutput, graph_asset, op

COUNT = 200


@op(out=DynamicOut())
def many():
    for number in range(COUNT):
        yield DynamicOutput(number, mapping_key=f"k{number}")


@op
def doubled(x):
    return x * 2


@op
def total(numbers):
    return sum(numbers)


@graph_asset
def summed():
    return total(many().map(doubled).collect())


defs = Definitions(assets=[summed])
