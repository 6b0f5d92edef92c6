"""Asset selections: what text and objects mean, against sets computed here by going through the assets one by one."""

import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

SEEDS = range(30)
TEXTS = 40


@dataclass
class Node:
    """One asset of a random graph; external when nothing makes it."""

    deps: list[str]
    group: str = "default"
    tags: dict[str, str] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    owners: list[str] = field(default_factory=list)
    is_external: bool = True
    is_partitioned: bool = False
    checks: list[str] = field(default_factory=list)


@dataclass
class Model:
    """A random graph; `ghost` is only named by what reads it."""

    nodes: dict[str, Node]

    @classmethod
    def random(cls, dice: random.Random) -> "Model":
        nodes: dict[str, Node] = {}
        for number in range(dice.randint(2, 12)):
            key = dice.choice(["", "", "p/", "p/q/", "s/"]) + f"a{number}"
            deps = [name for name in nodes if dice.random() < 0.3] + ["ghost"] * (dice.random() < 0.1)
            nodes[key] = Node(
                deps=deps,
                group=dice.choice(["default", "g", "h"]),
                tags={name: dice.choice(["", "1", "2"]) for name in ("t", "u") if dice.random() < 0.5},
                kinds={kind for kind in ("csv", "py") if dice.random() < 0.4},
                owners=[owner for owner in ("team:a", "b@c.de") if dice.random() < 0.4],
                is_external=dice.random() < 0.2,
                is_partitioned=dice.random() < 0.2,
                checks=["holds"] * (dice.random() < 0.3),
            )
        return cls(nodes | {"ghost": Node([])} if any("ghost" in node.deps for node in nodes.values()) else nodes)

    @property
    def made(self) -> set[str]:
        return {key for key, node in self.nodes.items() if not node.is_external}

    def near(self, key: str, *, up: bool) -> set[str]:
        return set(self.nodes[key].deps) if up else {k for k, node in self.nodes.items() if key in node.deps}

    def reach(self, start: set[str], depth: int | None, *, up: bool) -> set[str]:
        """What lies at most `depth` steps from `start`, with it."""
        found = set(start)
        for _ in range(len(self.nodes) if depth is None else depth):
            found |= {near for key in found for near in self.near(key, up=up)}
        return found

    def upstream(self, start: set[str], depth: int | None = None) -> set[str]:
        return self.reach(start, depth, up=True) & self.made

    def downstream(self, start: set[str], depth: int | None = None) -> set[str]:
        return self.reach(start, depth, up=False)

    def ends(self, keys: set[str], *, up: bool) -> set[str]:
        return {key for key in keys if not (self.reach({key}, None, up=up) - {key}) & keys}

    def where(self, holds: Callable[[Node], bool]) -> set[str]:
        return {key for key in self.made if holds(self.nodes[key])}

    def graph(self, dg):
        """The same in a library's words."""
        items, checks = [], []
        for key, node in self.nodes.items():
            if key == "ghost":
                continue
            items.append(self._item(dg, key, node))
            for name in node.checks:
                checks.append(dg.asset_check(asset=dg.AssetKey(key.split("/")), name=name)(nothing(name)))
        return dg.Definitions(items, asset_checks=checks).resolve_asset_graph()

    def _item(self, dg, key: str, node: Node):
        given = {
            "deps": [dg.AssetKey(dep.split("/")) for dep in node.deps],
            "group_name": node.group,
            "tags": node.tags,
            "kinds": node.kinds,
            "owners": node.owners,
        }
        if node.is_external:
            return dg.AssetSpec(dg.AssetKey(key.split("/")), **given)
        days = dg.DailyPartitionsDefinition("2024-01-01") if node.is_partitioned else None
        make = nothing(key.rpartition("/")[2])
        return dg.asset(key=dg.AssetKey(key.split("/")), partitions_def=days, **given)(make)


def nothing(name: str):
    def fn(): ...

    fn.__name__ = name
    return fn


@dataclass
class Text:
    """Selection text, with what it means."""

    text: str
    keys: set[str]


def an_atom(model: Model, dice: random.Random) -> Text:
    key = dice.choice(sorted(model.nodes))
    group, tag, value = dice.choice(["g", "h", "default"]), dice.choice("tu"), dice.choice(["", "1", "2"])
    kind, owner = dice.choice(["csv", "py"]), dice.choice(["team:a", "b@c.de"])
    return dice.choice(
        [
            Text(f"key:{key}", {key}),
            Text(f'key:"{key}"', {key}),
            Text("key:p/*", {k for k in model.nodes if k.startswith("p/")}),
            Text('key:"*1*"', {k for k in model.nodes if "1" in k}),
            Text('key:"*"', set(model.nodes)),
            Text("key:nothing", set()),
            Text("*", model.made),
            Text(f"group:{group}", model.where(lambda node: node.group == group)),
            Text(f'tag:"{tag}"="{value}"', model.where(lambda node: node.tags.get(tag) == value)),
            Text(f"tag:{tag}", model.where(lambda node: node.tags.get(tag) == "")),
            Text(f'kind:"{kind}"', model.where(lambda node: kind in node.kinds)),
            Text("kind:<null>", model.where(lambda node: not node.kinds)),
            Text(f'owner:"{owner}"', {k for k, node in model.nodes.items() if owner in node.owners}),
            Text("owner:<null>", set()),
            Text("group:<null>", set()),
        ]
    )


def a_text(model: Model, dice: random.Random, depth: int = 3) -> Text:
    """Random text and what it means, computed beside it."""
    if depth == 0:
        return an_atom(model, dice)
    one, two = a_text(model, dice, depth - 1), a_text(model, dice, depth - 1)
    up, down = dice.choice([None, 0, 1, 2]), dice.choice([None, 0, 1, 2])
    above, below = model.upstream(one.keys, up), model.downstream(one.keys, down)
    before, after = f"{'' if up is None else up}+", f"+{'' if down is None else down}"
    return dice.choice(
        [
            an_atom(model, dice),
            Text(f"({one.text}) and ({two.text})", one.keys & two.keys),
            Text(f"({one.text}) or ({two.text})", one.keys | two.keys),
            Text(f"({one.text}) AND NOT ({two.text})", one.keys & (model.made - two.keys)),
            Text(f"not ({one.text})", model.made - one.keys),
            Text(f"roots({one.text})", model.ends(one.keys, up=True)),
            Text(f"sinks({one.text})", model.ends(one.keys, up=False)),
            Text(f"{before}({one.text})", above),
            Text(f"({one.text}){after}", below),
            Text(f"{before}({one.text}){after}", above | below),
        ]
    )


def names(keys) -> set[str]:
    return {key.to_user_string() for key in keys}


def checks_of(model: Model, keys: set[str]) -> set[str]:
    return {f"{key}:{name}" for key in keys for name in model.nodes[key].checks}


@pytest.mark.parametrize("seed", SEEDS)
def test_random_texts_on_random_graphs(dg, seed):
    dice = random.Random(seed)
    model = Model.random(dice)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = model.graph(dg)
    for _ in range(TEXTS):
        given = a_text(model, dice)
        selection = dg.AssetSelection.from_string(given.text)
        assert names(selection.resolve(graph)) == given.keys, given.text


@pytest.mark.parametrize("seed", SEEDS)
def test_short_forms_count_levels(dg, seed):
    dice = random.Random(seed)
    model = Model.random(dice)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = model.graph(dg)
    depths = {"+": 1, "++": 2, "+++": 3, "*": None}
    for key in sorted(model.nodes):
        for sign, depth in depths.items():
            above, below = model.upstream({key}, depth), model.downstream({key}, depth)
            for text, keys in ((sign + key, above), (key + sign, below), (sign + key + sign, above | below)):
                assert names(dg.AssetSelection.from_coercible([text]).resolve(graph)) == keys, text
                assert names(dg.AssetSelection.from_string(text).resolve(graph)) == keys, text


@pytest.mark.parametrize("seed", SEEDS)
def test_objects_select_and_check_alike(dg, seed):
    dice = random.Random(seed)
    model = Model.random(dice)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = model.graph(dg)
    some = set(dice.sample(sorted(model.nodes), k=min(2, len(model.nodes))))
    keys = [dg.AssetKey(key.split("/")) for key in sorted(some)]
    made, everything, kind = model.made, set(model.nodes), dg.AssetSelection
    picked = kind.keys(*keys)
    for selection, expected in (
        (kind.all(), made),
        (kind.all(include_sources=True), everything),
        (picked, some),
        (kind.groups("g", "h"), model.where(lambda node: node.group in "gh")),
        (
            kind.groups("g", include_sources=True),
            {key for key, node in model.nodes.items() if node.group == "g"},
        ),
        (kind.tag_string("t=1"), model.where(lambda node: node.tags.get("t") == "1")),
        (kind.tag("t", "", include_sources=True), {k for k, n in model.nodes.items() if n.tags.get("t") == ""}),
        (kind.kind("py", include_sources=True), {k for k, n in model.nodes.items() if "py" in n.kinds}),
        (kind.kind(None), model.where(lambda node: not node.kinds)),
        (kind.owner("team:a"), {k for k, n in model.nodes.items() if "team:a" in n.owners}),
        (kind.key_prefixes("p"), {k for k in made if k.startswith("p/")}),
        (kind.key_prefixes(["p", "q"], "s"), {k for k in made if k.startswith(("p/q/", "s/"))}),
        (kind.key_prefixes("p/q"), set()),
        (kind.key_substring("/a"), {k for k in made if "/a" in k}),
        (kind.key_substring("1", include_sources=True), {k for k in everything if "1" in k}),
        (picked.upstream(1), model.upstream(some, 1)),
        (picked.upstream(include_self=False), model.upstream(some) - some),
        (picked.downstream(2), model.downstream(some, 2)),
        (picked.downstream(include_self=False), model.downstream(some) - some),
        (picked.upstream(-1), some & made),
        (picked.upstream_source_assets(), model.reach(some, None, up=True) - made),
        (picked.materializable(), some & made),
        (picked.roots(), model.ends(some, up=True)),
        (kind.all(include_sources=True).sinks(), model.ends(everything, up=False)),
        (kind.all().sources(), model.ends(made, up=True)),
        (picked | kind.groups("g"), some | model.where(lambda node: node.group == "g")),
        (picked & kind.groups("g"), some & model.where(lambda node: node.group == "g")),
        (kind.all() - picked, made - some),
        (kind.all(include_sources=True) - picked, everything - some),
    ):
        assert names(selection.resolve(graph)) == expected, str(selection)
        assert names(selection.resolve_checks(graph)) == checks_of(model, expected), str(selection)
    every = checks_of(model, everything)
    for selection, assets, checks in (
        (kind.all_asset_checks(), set(), every),
        (kind.checks_for_assets(*keys), set(), checks_of(model, some)),
        (picked.without_checks(), some, set()),
        (picked - kind.checks_for_assets(keys[0]), some, checks_of(model, some) - checks_of(model, {sorted(some)[0]})),
        (picked | kind.all_asset_checks(), some, every),
        (picked & kind.all_asset_checks(), set(), checks_of(model, some)),
        (kind.all_asset_checks().upstream(), set(), set()),
    ):
        assert names(selection.resolve(graph)) == assets, str(selection)
        assert names(selection.resolve_checks(graph)) == checks, str(selection)


def chain(dg):
    """`orders` and `rates` feed `mart/joined`, which feeds `report`; `feed` is external and feeds `mart/joined`."""

    @dg.asset(group_name="raw", tags={"slow": "yes", "draft": ""}, owners=["team:a"])
    def orders(): ...

    @dg.asset(group_name="raw", kinds={"csv"})
    def rates(): ...

    @dg.asset(key_prefix="mart", deps=[orders, rates, "feed"])
    def joined(): ...

    @dg.asset(deps=[joined])
    def report(): ...

    @dg.asset_check(asset=report)
    def is_fresh():
        return dg.AssetCheckResult(passed=True)

    feed = dg.AssetSpec("feed", group_name="raw")
    return [orders, rates, joined, report], feed, is_fresh


def graph_of(dg):
    assets, feed, check = chain(dg)
    return dg.Definitions([*assets, feed], asset_checks=[check]).resolve_asset_graph()


PRECEDENCE = {
    "key:orders or key:report and key:rates": {"orders"},
    "not key:orders and key:report": {"report"},
    "not key:orders or key:orders": {"orders", "rates", "mart/joined", "report"},
    "not not key:orders": {"orders"},
    "not +key:mart/joined": {"report"},
    "key:feed and not key:orders": set(),
    "+key:mart/joined+": {"orders", "rates", "mart/joined", "report"},
    "1 + key:report": {"mart/joined", "report"},
    "key:orders + 1": {"orders", "mart/joined"},
    "+ key:mart/joined": {"orders", "rates", "mart/joined"},
    "key: orders": {"orders"},
    "key:*joined": {"mart/joined"},
    "key:**": {"orders", "rates", "mart/joined", "report", "feed"},
    "key:joined": set(),
    'key:"order?"': set(),
    'tag:"slow"=yes': {"orders"},
    'tag:slow="yes"': {"orders"},
    "tag:slow = yes": {"orders"},
    "tag:slow": set(),
    "tag:draft": {"orders"},
    "tag:draft=": {"orders"},
    "group:outside": set(),
    "feed": {"feed"},
    " report ": {"report"},
    "+feed": set(),
    "++report": {"orders", "rates", "mart/joined", "report"},
}


@pytest.mark.parametrize("text", PRECEDENCE)
def test_texts(dg, text):
    assert names(dg.AssetSelection.from_string(text).resolve(graph_of(dg))) == PRECEDENCE[text]


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "orders and", "key:orders $", "key:orders and", "(key:orders", "key:orders)", "roots()", "group:"),
        *('key:"orders', "'orders'", "orders+rates", "not", "grup:raw", "sources(*)", "1+2+key:orders", "key:a or"),
        *("status:FAILED", "column:x", "column_tag:a=b", "table_name:x", "changed_in_branch:CODE"),
    ],
)
def test_what_is_no_selection(dg, text):
    # Dagster refuses what it cannot know with a NotImplementedError, and only when the selection is resolved.
    with pytest.raises((dg.DagsterError, NotImplementedError)):
        dg.AssetSelection.from_string(text).resolve(graph_of(dg))


def test_unknown_keys(dg):
    graph = graph_of(dg)
    for selection in (dg.AssetSelection.keys("order"), dg.AssetSelection.from_string("order")):
        with pytest.raises(dg.DagsterInvalidSubsetError, match="orders"):
            selection.resolve(graph)
        assert selection.resolve(graph, allow_missing=True) == set()
    assert dg.AssetSelection.from_string("key:order").resolve(graph) == set()
    with pytest.raises(dg.DagsterInvalidSubsetError):
        dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey("report"), "other")).resolve_checks(graph)
    assert dg.AssetSelection.checks_for_assets("order").resolve_checks(graph) == set()


def test_what_is_coerced(dg):
    assets, _, _ = chain(dg)
    graph = graph_of(dg)
    for given, expected in (
        ("report", {"report"}),
        ("*", {"orders", "rates", "mart/joined", "report"}),
        (["orders", "report"], {"orders", "report"}),
        (["orders", "mart/joined+"], {"orders", "mart/joined", "report"}),
        (["tag:slow=yes", "kind:csv"], {"orders", "rates"}),
        ([dg.AssetKey("orders"), dg.AssetKey(["mart", "joined"])], {"orders", "mart/joined"}),
        (assets[:2], {"orders", "rates"}),
        (tuple(assets[:2]), {"orders", "rates"}),
        (dg.AssetSelection.groups("raw"), {"orders", "rates"}),
    ):
        assert names(dg.AssetSelection.from_coercible(given).resolve(graph)) == expected
    for given in (None, 3, [3]):
        with pytest.raises(dg.DagsterError):
            dg.AssetSelection.from_coercible(given)
    for other in ("orders", 3):
        with pytest.raises(Exception, match=r"AssetSelection|unsupported operand"):
            dg.AssetSelection.all() | other


def test_what_is_resolved_against(dg):
    assets, _, check = chain(dg)
    everything = dg.AssetSelection.all()
    assert names(everything.resolve(assets)) == {"orders", "rates", "mart/joined", "report"}
    assert names(everything.resolve(set(assets[:2]))) == {"orders", "rates"}
    assert everything.resolve([]) == everything.resolve([check]) == set()
    assert names(dg.AssetSelection.keys("report").upstream().resolve(assets)) == names(everything.resolve(assets))
    assert names(dg.AssetSelection.all(include_sources=True).resolve(assets)) >= {"feed"}


def test_selections_print_and_compare(dg):
    kind = dg.AssetSelection
    for selection, text in (
        (kind.all(), "*"),
        (kind.keys("a", ["b", "c"]), 'key:"a" or key:"b/c"'),
        (kind.groups("g"), 'group:"g"'),
        (kind.tag("t", "1"), 'tag:"t"="1"'),
        (kind.tag("t", ""), 'tag:"t"'),
        (kind.owner("team:a"), 'owner:"team:a"'),
        (kind.kind(None), "kind:<null>"),
        (kind.key_substring("x"), 'key_substring:"x"'),
        (kind.groups("g", "h").upstream(), '+(group:"g" or group:"h")'),
        (kind.keys("a").upstream(2), '2+key:"a"'),
        (kind.keys("a").downstream(2), 'key:"a"+2'),
        (kind.keys("a").downstream(), 'key:"a"+'),
        (kind.keys("a").upstream(1, include_self=False), '1+key:"a" and not key:"a"'),
        (kind.all().roots(), "roots(*)"),
        (kind.keys("a").sources(), 'roots(key:"a")'),
        (kind.all() - kind.groups("g"), 'not group:"g"'),
        (kind.groups("g") - kind.keys("a"), 'group:"g" and not key:"a"'),
        ((kind.keys("a") | kind.keys("b")) & kind.keys("c"), '(key:"a" or key:"b") and key:"c"'),
        (kind.keys("a") | (kind.keys("b") | kind.keys("c")), 'key:"a" or key:"b" or key:"c"'),
    ):
        assert selection.to_selection_str() == str(selection) == text
    assert kind.keys("a") == kind.keys("a")
    assert kind.keys("a") != kind.keys("b")
    assert (kind.keys("a") | kind.keys("b")) == (kind.keys("a") | kind.keys("b"))
    assert hash(kind.tag("a", "b")) == hash(kind.tag("a", "b"))


def test_runs_take_every_form(dg):
    assets, feed, check = chain(dg)
    for selection, expected in (
        ("+mart/joined", {"orders", "rates", "joined"}),
        (["orders", "report"], {"orders", "report"}),
        ([dg.AssetKey("orders")], {"orders"}),
        (assets[:2], {"orders", "rates"}),
        (dg.AssetSelection.groups("raw"), {"orders", "rates"}),
        ('group:"raw" and not kind:"csv"', {"orders"}),
        (None, {"orders", "rates", "joined", "report"}),
    ):
        result = dg.materialize([*assets, feed, check], selection=selection)
        made = {event.asset_key.path[-1] for event in result.get_asset_materialization_events()}
        assert made == expected, selection


@pytest.mark.parametrize("form", ["text", "list", "object", "definition"])
def test_every_world_runs_what_is_selected(world, form):
    dg = world.dg
    assets, feed, check = chain(dg)
    selection = {
        "text": "+report",
        "list": ["mart/joined", 'sinks(*) and not group:"raw"'],
        "object": dg.AssetSelection.keys("report").upstream(1),
        "definition": assets[2:],
    }[form]
    outcome = world.run([*assets, feed, check], selection=selection)
    assert outcome.success
    assert outcome.materialized == ["mart/joined", "report"]
    assert outcome.checks == {"report:is_fresh": True}
