"""The selection language."""

import pytest

from assetq import AssetSelection, Definitions, asset
from assetq.errors import SelectionError, UnknownAssetError
from assetq.selection import select


@pytest.fixture(scope="module")
def graph():
    @asset(group_name="raw", tags={"slow": "yes"}, owners=["team:a"])
    def orders(): ...

    @asset(group_name="raw", kinds={"csv"})
    def customers(): ...

    @asset(key_prefix="mart")
    def joined(orders, customers): ...

    @asset(deps=[joined])
    def report(): ...

    @asset
    def alone(): ...

    return Definitions([orders, customers, joined, report, alone]).graph


CASES = {
    "*": "orders customers mart/joined report alone",
    "orders": "orders",
    "mart/joined": "mart/joined",
    '"mart/joined"': "mart/joined",
    "orders, alone": "orders alone",
    "orders alone": "orders alone",
    "orders+": "orders mart/joined",
    "orders++": "orders mart/joined report",
    "orders*": "orders mart/joined report",
    "key:orders+": "orders mart/joined report",
    "orders+1": "orders mart/joined",
    "+report": "mart/joined report",
    "++report": "orders customers mart/joined report",
    "1+report": "mart/joined report",
    "*report": "orders customers mart/joined report",
    "+mart/joined+": "orders customers mart/joined report",
    "key:o*": "orders",
    "key:*o*": "orders customers mart/joined report alone",
    "group:raw": "orders customers",
    "tag:slow=*": "orders",
    "tag:slow=yes": "orders",
    "kind:csv": "customers",
    'owner:"team:a"': "orders",
    "group:raw and not tag:slow=yes": "customers",
    "(orders or alone) and not alone": "orders",
    "roots(*)": "orders customers alone",
    "sinks(*)": "report alone",
    "+(report)": "orders customers mart/joined report",
    "+key:report": "orders customers mart/joined report",
    "report +mart/joined": "orders customers mart/joined report",
    "NOT alone": "orders customers mart/joined report",
}


@pytest.mark.parametrize("text", CASES)
def test_text(graph, text):
    assert {str(key) for key in select(graph, text)} == set(CASES[text].split())


def test_order_is_topological(graph):
    keys = [str(key) for key in select(graph, "*")]
    assert keys.index("orders") < keys.index("mart/joined") < keys.index("report")


def test_objects(graph):
    selection = AssetSelection.groups("raw") | AssetSelection.assets("report").upstream(1)
    assert {str(key) for key in select(graph, selection)} == {"orders", "customers", "mart/joined", "report"}
    assert {str(key) for key in select(graph, [AssetSelection.all() - AssetSelection.keys("alone"), "alone"])} == {
        str(key) for key in select(graph, "*")
    }


@pytest.mark.parametrize(("text", "position"), [("orders and", 10), ("(orders", 7), ("orders $ x", 7), ("", 0)])
def test_errors_point_at_the_character(graph, text, position):
    with pytest.raises(SelectionError) as caught:
        select(graph, text)
    assert caught.value.position == position


def test_unknown_names(graph):
    with pytest.raises(UnknownAssetError, match="Did you mean 'orders'"):
        select(graph, "order")
    with pytest.raises(SelectionError, match="no asset"):
        select(graph, "group:nothing")


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("group:row", "group:raw"),
        ("kind:cvs and key:*", "kind:csv"),
        ('owner:"team:b"', "owner:team:a"),
        ("tag:slow=no", "tag:slow=yes"),
    ],
)
def test_what_finds_nothing_proposes_the_nearest(graph, text, near):
    with pytest.raises(SelectionError, match=f"Did you mean '{near}'"):
        select(graph, text)
