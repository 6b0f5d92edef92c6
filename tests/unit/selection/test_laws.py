"""Properties of selections, on random graphs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assetq import AssetKey, AssetSelection, AssetSpec, Definitions, asset, asset_check

NAMES = [f"a{i}" for i in range(8)]
GROUPS, TAGS, KINDS, OWNERS = ["g", "h"], ["", "1", "two words"], ["csv", "py"], ["team:x", "a@b.cd"]


@st.composite
def graphs(draw):
    """Definitions of up to eight assets, some external, with edges from earlier to later ones."""
    keys = [AssetKey([*draw(st.sampled_from([[], ["p"], ["p", "q"]])), name]) for name in NAMES[: draw(sizes())]]
    upstream = [draw(st.sets(st.sampled_from(keys[:i]), max_size=3)) if i else set() for i in range(len(keys))]
    items = [_item(draw, key, deps) for key, deps in zip(keys, upstream, strict=True)]
    checked = draw(st.sets(st.sampled_from(keys), max_size=3))
    return Definitions([*items, *(_check(key) for key in sorted(checked))]).graph


def sizes():
    return st.integers(1, len(NAMES))


def _item(draw, key, deps):
    options = {
        "deps": sorted(deps),
        "group_name": draw(st.sampled_from([None, *GROUPS])),
        "tags": draw(st.dictionaries(st.sampled_from(["t", "u"]), st.sampled_from(["", "1"]), max_size=2)),
        "kinds": draw(st.sets(st.sampled_from(KINDS))),
        "owners": sorted(draw(st.sets(st.sampled_from(OWNERS)))),
    }
    if draw(st.integers(0, 3)) == 0:
        return AssetSpec(key, **options)

    def make(): ...

    make.__name__ = key.path[-1]
    return asset(key=key, **options)(make)


def _check(key):
    def holds(): ...

    return asset_check(asset=key, name=f"holds_{key.path[-1]}")(holds)


def atoms():
    sources = st.booleans()
    named = st.lists(st.sampled_from(NAMES), max_size=3)
    return st.one_of(
        st.builds(AssetSelection.all, sources),
        st.builds(lambda names: AssetSelection.keys(*names), named),
        st.builds(
            lambda groups, include: AssetSelection.groups(*groups, include_sources=include),
            st.lists(st.sampled_from([*GROUPS, "default"]), max_size=2),
            sources,
        ),
        st.builds(AssetSelection.tag, st.sampled_from(["t", "u"]), st.sampled_from(TAGS), sources),
        st.builds(AssetSelection.kind, st.sampled_from([None, *KINDS]), sources),
        st.builds(AssetSelection.owner, st.sampled_from([None, *OWNERS])),
        st.builds(AssetSelection.key_substring, st.sampled_from(["a1", "/", 'q"\\', "p/q"]), sources),
        st.builds(
            lambda prefixes, include: AssetSelection.key_prefixes(*prefixes, include_sources=include),
            st.lists(st.sampled_from(["p", ["p", "q"], "a1"]), max_size=2),
            sources,
        ),
        st.builds(lambda names: AssetSelection.checks_for_assets(*names), named),
        st.builds(AssetSelection.all_asset_checks),
        st.builds(AssetSelection.from_string, st.sampled_from(["key:p*", "key:*/a1", 'key:"*"', "checks(key:p*)"])),
    )


def selections():
    depth = st.none() | st.integers(-1, 3)
    return st.recursive(
        atoms(),
        lambda inner: st.one_of(
            st.builds(lambda a, b: a | b, inner, inner),
            st.builds(lambda a, b: a & b, inner, inner),
            st.builds(lambda a, b: a - b, inner, inner),
            st.builds(AssetSelection.upstream, inner, depth, st.booleans()),
            st.builds(AssetSelection.downstream, inner, depth, st.booleans()),
            st.builds(lambda name, a: getattr(a, name)(), st.sampled_from(CALLS), inner),
        ),
        max_leaves=6,
    )


CALLS = [
    *("roots", "sinks", "sources", "materializable", "upstream_source_assets", "required_multi_asset_neighbors"),
    "without_checks",
]


def meaning(selection, graph):
    """Its assets and checks. Names that the graph lacks are passed over."""
    return (selection.resolve(graph, allow_missing=True), selection.resolve_checks(graph, allow_missing=True))


@settings(max_examples=200, deadline=None)
@given(graphs(), selections())
def test_what_is_printed_reads_back_as_the_same(graph, selection):
    text = selection.to_selection_str()
    again = AssetSelection.from_string(text)
    assert meaning(again, graph) == meaning(selection, graph)
    assert meaning(AssetSelection.from_string(str(again)), graph) == meaning(selection, graph)


@settings(deadline=None)
@given(selections())
def test_equal_selections_are_equal_and_hash_alike(selection):
    again = AssetSelection(selection.term)
    assert (again, hash(again)) == (selection, hash(selection))
    assert selection | AssetSelection.keys("z") != selection


@settings(max_examples=60, deadline=None)
@given(graphs(), selections(), selections(), selections())
def test_laws_of_sets(graph, a, b, c):
    for left, right in (
        (a | b, b | a),
        (a & b, b & a),
        (a | (b | c), (a | b) | c),
        (a & (b & c), (a & b) & c),
        (a & (b | c), (a & b) | (a & c)),
        (a - (b | c), (a - b) & (a - c)),
        (a - b - c, a - (b | c)),
        ((a - b) | (a & b), a),
        (a | a, a),
    ):
        assert meaning(left, graph) == meaning(right, graph)


def distances(graph, start, neighbours):
    """Steps from `start` to each asset, by going through every path."""
    found = dict.fromkeys(start, 0)
    for _ in graph.all_nodes:
        for key, distance in list(found.items()):
            for near in neighbours(key):
                found[near] = min(found.get(near, 99), distance + 1)
    return found


def edges(graph):
    pairs = {
        (dep.asset_key, key) for key, node in graph.nodes.items() for dep in node.spec.deps if dep.asset_key != key
    }
    up = lambda key: [parent for parent, child in pairs if child == key]  # noqa: E731
    down = lambda key: [child for parent, child in pairs if parent == key]  # noqa: E731
    return up, down


@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_depth_counts_steps(graph, data):
    start = data.draw(st.sets(st.sampled_from(sorted(graph.nodes)), min_size=1, max_size=2))
    depth = data.draw(st.none() | st.integers(0, 4))
    up, down = edges(graph)
    selection = AssetSelection.keys(*start)
    reached = {key for key, steps in distances(graph, start, up).items() if steps <= (99 if depth is None else depth)}
    assert selection.upstream(depth).resolve(graph) == reached & set(graph.executable_keys)
    reached = {key for key, steps in distances(graph, start, down).items() if steps <= (99 if depth is None else depth)}
    assert selection.downstream(depth).resolve(graph) == reached
    assert selection.downstream(depth, include_self=False).resolve(graph) == reached - start


@settings(max_examples=60, deadline=None)
@given(graphs(), selections())
def test_roots_and_sinks_have_no_other_beyond(graph, selection):
    keys = selection.resolve(graph, allow_missing=True)
    up, down = edges(graph)
    for near, found in ((up, selection.roots()), (down, selection.sinks())):
        alone = {key for key in keys if not (set(distances(graph, {key}, near)) - {key}) & keys}
        assert found.resolve(graph, allow_missing=True) == alone


@pytest.mark.parametrize("depth", range(1, 4))
def test_a_long_way_round_is_as_far_as_it_is(depth):
    def make(name, *deps):
        def fn(): ...

        fn.__name__ = name
        return asset(deps=list(deps))(fn)

    graph = Definitions([make("a"), make("b", "a"), make("c", "b"), make("d", "c", "a")]).graph
    expected = {1: "abd", 2: "abcd", 3: "abcd"}[depth]
    assert {str(key) for key in AssetSelection.keys("a").downstream(depth).resolve(graph)} == set(expected)


def test_checks_beside_the_start_are_not_taken_away():
    @asset(owners=["team:x"])
    def a(): ...

    @asset(deps=[a])
    def b(): ...

    graph = Definitions([a, b, _check(AssetKey("a")), _check(AssetKey("b"))]).graph
    start = AssetSelection.owner("team:x") | AssetSelection.all_asset_checks()
    for selection in (start.downstream(include_self=False), start.upstream(include_self=False)):
        again = AssetSelection.from_string(str(selection))
        assert meaning(again, graph) == meaning(selection, graph)
    assert {key.asset_key for key in start.downstream(include_self=False).resolve_checks(graph)} == {AssetKey("b")}
