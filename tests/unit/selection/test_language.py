"""Forms of the selection language, what its objects print, and what its errors say."""

import pytest

from assetq import AssetKey, AssetSelection, AssetSpec, Definitions, asset, asset_check, observable_source_asset
from assetq.errors import SelectionError, UnknownAssetError
from assetq.selection import select, select_checks, select_observed


@pytest.fixture(scope="module")
def graph():
    @asset(group_name="raw", tags={"slow": "yes", "draft": ""}, owners=["team:a", "b@c.de"])
    def orders(): ...

    @asset(key=["mart", "x-y", "joined.v2"], deps=["orders", "feed", "ghost"], kinds={"csv"})
    def joined(): ...

    @asset(deps=[joined])
    def report(): ...

    @asset_check(asset="report")
    def is_fresh(): ...

    @observable_source_asset
    def watched(): ...

    feed = AssetSpec("feed", group_name="raw", tags={"slow": "yes"})
    return Definitions([orders, joined, report, feed, watched, AssetSpec("a*b")], asset_checks=[is_fresh]).graph


def found(graph, text, **options):
    return {str(key) for key in AssetSelection.from_string(text, **options).resolve(graph)}


JOINED = "mart/x-y/joined.v2"
CASES = {
    JOINED: JOINED,
    f"+{JOINED}": f"orders {JOINED}",
    f"++{JOINED}": f"orders {JOINED}",
    f'*"{JOINED}"*': f"orders {JOINED} report",
    f"key:{JOINED}": JOINED,
    f'1+key:"{JOINED}"+1': f"orders {JOINED} report",
    "1 + key:report": f"{JOINED} report",
    "key:orders + 1": f"orders {JOINED}",
    "key:orders + or key:report": f"orders {JOINED} report",
    "+ key:report": f"orders {JOINED} report",
    "(key:orders or feed)+1": f"orders feed {JOINED}",
    "orders+ and not orders": JOINED,
    "orders+,report": f"orders {JOINED} report",
    "key:*": f"orders {JOINED} report feed ghost watched a*b",
    "key:a*b": "a*b",
    '"a*b"': "a*b",
    "key:mart/*": JOINED,
    "key:*e*": f"orders report feed {JOINED} watched",
    "key:nothing": "",
    "key_prefix:mart": JOINED,
    "key_prefix:mart/x-y": JOINED,
    "key_prefix:mart/x": "",
    'key_substring:"y/j"': JOINED,
    "group:raw": "orders",
    "including_sources(group:raw)": "orders feed",
    "group:r*": "orders",
    "tag:slow": "",
    "tag:slow=yes": "orders",
    'tag:"slow"="yes"': "orders",
    "tag:slow = yes": "orders",
    "tag:slow=y*": "orders",
    "tag:draft": "orders",
    'tag:draft=""': "orders",
    "tag:draft= or kind:csv": f"orders {JOINED}",
    "kind:<null>": "orders report",
    'owner:"b@c.de"': "orders",
    "owner:b@c.de": "orders",
    "owner:team:a": "orders",
    "owner:<null>": "",
    "group:<null>": "",
    "not feed": f"orders {JOINED} report",
    "including_sources(*) minus key:*e*": "a*b ghost",
    "upstream_source_assets(report)": "feed ghost",
    "materializable(key:*e*)": f"orders report {JOINED}",
    "sinks(orders or report)": "report",
    "roots(orders, report)": "orders",
    "required_multi_asset_neighbors(report)": "report",
    "checks()": "",
    'check:"report:is_fresh"': "",
}


@pytest.mark.parametrize("text", CASES)
def test_text(graph, text):
    assert found(graph, text) == set(CASES[text].split())
    assert found(graph, AssetSelection.from_string(text).to_selection_str()) == found(graph, text)


def test_sources_are_included_when_asked(graph):
    assert found(graph, "group:raw", include_sources=True) == {"orders", "feed"}
    assert found(graph, "not key:*e*", include_sources=True) == {"ghost", "a*b"}


PRINTED = {
    'key:"a" or key:"b"': AssetSelection.keys("a", "b"),
    '(key:"a" or key:"b") and group:"g"': AssetSelection.keys("a", "b") & AssetSelection.groups("g"),
    'not group:"g"': AssetSelection.all() - AssetSelection.groups("g"),
    'group:"g" and not tag:"t"="1"': AssetSelection.groups("g") - AssetSelection.tag("t", "1"),
    'key:"a" minus group:"g"': AssetSelection.keys("a") - AssetSelection.groups("g"),
    '+key:"a" and not key:"a"': AssetSelection.keys("a").upstream(include_self=False),
    '(2+key:"a")+1': AssetSelection.keys("a").upstream(2).downstream(1),
    "+(*)": AssetSelection.all().upstream(),
    "roots(*)+": AssetSelection.all().sources().downstream(),
    '"a*b"': AssetSelection.keys(AssetKey("a*b")),
    'key_substring:"say \\"\\\\\\""': AssetSelection.key_substring('say "\\"'),
    "checks()": AssetSelection.all_asset_checks(),
    'tag:"t"': AssetSelection.tag_string("t"),
}


@pytest.mark.parametrize("text", PRINTED)
def test_objects_print_as_text(text):
    assert str(PRINTED[text]) == PRINTED[text].to_selection_str() == text
    assert repr(PRINTED[text]) == f"AssetSelection.from_string({text!r})"
    assert str(AssetSelection.from_string(text)) == text


REFUSED = {
    "orders and": (10, "it ends here, and an asset was expected"),
    "orders or (report and)": (21, "'\\)' does not fit here; an asset was expected"),
    "(orders": (7, "a '\\)' was expected"),
    "orders)": (6, "closes nothing"),
    "orders $ x": (7, "'\\$' means nothing here"),
    "orders,": (7, "an asset was expected"),
    "orders+report": (6, "separate them with a comma"),
    'key:"orders': (4, "never closed"),
    "'orders'": (0, "write double quotes"),
    "grup:raw": (0, "Did you mean 'group'"),
    "root(*)": (0, "Did you mean 'roots'"),
    "roots()": (5, "wants a selection"),
    "group:": (6, "a value was expected"),
    "group:raw=1": (9, "takes one value"),
    "tag:a=b=c": (7, "between the key of a tag and its value"),
    "key:<null>": (4, "<null> is for"),
    "check:x": (6, "a check is named by"),
    "mart//x": (0, "no asset can be called"),
    "status:FAILED": (0, "--missing or --failed"),
    "orders and code_location:x": (11, "'code_location:' cannot be answered"),
    "column:x": (0, "recorded when an asset is materialized"),
    "column_tag:x=y": (0, "recorded when an asset is materialized"),
    "table_name:x": (0, "recorded when an asset is materialized"),
    "changed_in_branch:CODE": (0, "no branch deployments"),
    "  ": (0, "'\\*' selects every asset"),
}


@pytest.mark.parametrize("text", REFUSED)
def test_errors_point_at_the_character_and_say_what_is_wrong(text):
    position, message = REFUSED[text]
    with pytest.raises(SelectionError, match=message) as caught:
        AssetSelection.from_string(text)
    assert caught.value.position == position
    if text.strip():
        assert str(caught.value).splitlines()[-2:] == [f"  {text}", f"  {' ' * position}^"]


def test_the_line_at_fault_is_shown_alone():
    with pytest.raises(SelectionError) as caught:
        AssetSelection.from_string("orders or\nreport $\nor x")
    assert str(caught.value).splitlines()[1:] == ["  report $", "         ^"]


def test_unknown_names_are_errors_or_passed_over(graph):
    missing = AssetSelection.keys("order", "report")
    with pytest.raises(UnknownAssetError, match="Did you mean 'orders'") as caught:
        missing.resolve(graph)
    assert caught.value.asset == "order"
    assert {str(key) for key in missing.resolve(graph, allow_missing=True)} == {"report"}
    with pytest.raises(UnknownAssetError, match="Did you mean 'report:is_fresh'"):
        AssetSelection.from_string("check:report:is_frehs").resolve_checks(graph)


@pytest.mark.parametrize("text", ["key:order", "orders or key:order", "* and not key:order", "roots(key:order)+"])
def test_a_run_refuses_unknown_keys_wherever_they_stand(graph, text):
    with pytest.raises(UnknownAssetError, match="Did you mean 'orders'"):
        select(graph, text)


def test_a_selection_with_nothing_to_make_says_why(graph):
    with pytest.raises(SelectionError, match="nothing here makes 'feed'"):
        select(graph, "feed")
    with pytest.raises(SelectionError, match='for any value write tag:"slow"=\\*'):
        select(graph, "tag:slow")


def test_what_can_be_selected_with(graph):
    report = graph.nodes[AssetKey("report")].assets_def
    for selection in ("report", ["report"], AssetKey("report"), [AssetKey("report")], report, (report,), {report}):
        assert select(graph, selection) == (AssetKey("report"),)
        assert {str(key) for key in select_checks(graph, selection)} == {"report:is_fresh"}
    mixed = [report, "orders", AssetSelection.kind("csv")]
    assert select(graph, mixed) == select(graph, None) == select(graph, "*") == graph.executable_keys
    assert [str(key) for key in select_checks(graph, graph.checks[0])] == ["report:is_fresh"]
    assert [str(key) for key in select_observed(graph, "watched")] == ["watched"]
    for nonsense in (3, [3], [None]):
        with pytest.raises(SelectionError, match="selects no assets"):
            select(graph, nonsense)


def test_operators_take_selections_only():
    for join in ("__or__", "__and__", "__sub__"):
        assert getattr(AssetSelection.all(), join)("orders") is NotImplemented
    with pytest.raises(SelectionError, match="one '='"):
        AssetSelection.tag_string("a=b=c")


def test_a_negative_depth_goes_nowhere(graph):
    for selection in (AssetSelection.keys("report").upstream(-1), AssetSelection.keys("report").upstream(0)):
        assert {str(key) for key in selection.resolve(graph)} == {"report"}


def test_where_selections_are_resolved(graph):
    assert AssetSelection.all().resolve(Definitions()) == set()
    with pytest.raises(SelectionError, match="no asset graph"):
        AssetSelection.all().resolve(3)
