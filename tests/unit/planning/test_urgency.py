"""Of what is ready, what most hangs on goes first, and partitions are finished before others are begun."""

from __future__ import annotations

import pytest

from assetq import AssetKey, Definitions, StaticPartitionsDefinition, asset
from assetq.planning import PartitionScope, make_plan, ranks

DAYS = StaticPartitionsDefinition(["d1", "d2", "d3"])


def made(name: str, *deps: str, partitioned: bool = False, **options: object):
    @asset(name=name, deps=[AssetKey(dep) for dep in deps], partitions_def=DAYS if partitioned else None, **options)
    def body() -> None: ...

    return body


def in_turn(*assets: object, partitions: str | None = None) -> list[str]:
    """Names of the nodes as they would go if all of them were ready."""
    plan = make_plan(Definitions(list(assets)), scope=PartitionScope.parse(partitions))
    return [node.name for _, node in sorted(zip(ranks(plan), plan.nodes, strict=True), reverse=True)]


def test_the_longest_path_goes_first():
    order = in_turn(made("a"), made("b"), made("b2", "b"), made("b3", "b2"), made("c"), made("c2", "c"))
    assert order == ["b", "c", "b2", "a", "c2", "b3"]


def test_nodes_of_equal_weight_go_in_the_order_of_the_plan():
    assert in_turn(*(made(f"a{number}") for number in range(4))) == ["a0", "a1", "a2", "a3"]


def test_partitions_are_finished_before_others_are_begun():
    assets = [made(f"a{number}", *([f"a{number - 1}"] if number else []), partitioned=True) for number in range(3)]
    assert in_turn(*assets, partitions="all") == ["a2", "a1", "a0"]


def test_a_chain_of_partitions_counts_as_its_first_node():
    chain = [made("a", partitioned=True), made("b", "a", partitioned=True)]
    assert in_turn(made("alone"), *chain, made("x"), made("x2", "x"), partitions="all") == [
        "b",
        "a",
        "x",
        "alone",
        "x2",
    ]


def test_what_is_behind_all_partitions_is_not_part_of_their_chain():
    chain = [made("a", partitioned=True), made("b", "a", partitioned=True)]
    order = in_turn(*chain, made("report", "b"), made("early"), made("early2", "early"), partitions="all")
    assert order == ["b", "a", "early", "early2", "report"]


def test_a_priority_goes_before_everything():
    first = made("first", op_tags={"dagster/priority": 3})
    assert in_turn(made("b"), made("b2", "b"), first)[0] == "first"


@pytest.mark.parametrize("count", [1, 200])
def test_each_node_has_a_rank_of_its_own(count):
    plan = make_plan(Definitions([made(f"a{number}") for number in range(count)]))
    assert sorted(ranks(plan)) == list(range(count))
