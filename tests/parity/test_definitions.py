"""`Definitions`: what it holds, what it refuses, how several become one."""

import pytest


def key(dg, *path):
    return dg.AssetKey(list(path))


def names(defs):
    return sorted(one.to_user_string() for one in defs.resolve_all_asset_keys())


@pytest.fixture
def make(dg):
    """Makes assets."""

    def make_asset(name, **options):
        @dg.asset(name=name, **options)
        def fn(): ...

        return fn

    return make_asset


@pytest.fixture
def x(make):
    return make("x")


@pytest.fixture
def y(dg, x):
    @dg.asset(deps=[dg.AssetSpec("up")])
    def y(x): ...

    return y


@pytest.fixture
def looks_good(dg, x):
    @dg.asset_check(asset=x)
    def looks_good():
        return dg.AssetCheckResult(passed=True)

    return looks_good


def test_empty_definitions_load(dg):
    defs = dg.Definitions()
    dg.Definitions.validate_loadable(defs)
    assert names(defs) == []
    held = ("assets", "asset_checks", "jobs", "schedules", "sensors", "resources", "loggers", "executor", "metadata")
    assert [name for name in held if getattr(defs, name)] == []


def test_definitions_tell_what_they_were_given(dg, x, looks_good):
    defs = dg.Definitions([x], resources={"r": 1}, asset_checks=[looks_good], metadata={"m": 1})
    assert (list(defs.assets), list(defs.asset_checks)) == ([x], [looks_good])
    assert (defs.resources, defs.metadata) == ({"r": 1}, {"m": dg.MetadataValue.int(1)})


def test_what_is_no_asset_is_refused(dg):
    with pytest.raises(Exception, match=r"\w"):
        dg.Definitions([3])


def test_all_keys_and_specs_are_told(dg, x, y):
    defs = dg.Definitions([x, y, dg.AssetSpec("up", deps=["x"]), dg.SourceAsset("src")])
    assert names(defs) == ["src", "up", "x", "y"]
    assert sorted(spec.key.to_user_string() for spec in defs.resolve_all_asset_specs()) == names(defs)
    assert {spec.group_name for spec in defs.resolve_all_asset_specs()} == {"default"}


@pytest.mark.parametrize("other", ["asset", "AssetSpec", "SourceAsset"])
def test_a_key_defined_twice_is_refused(dg, make, x, other):
    again = make("x") if other == "asset" else getattr(dg, other)("x")
    defs = dg.Definitions([again, x])
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.Definitions.validate_loadable(defs)
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        defs.resolve_all_asset_keys()


def test_the_same_object_counts_once(dg, x, looks_good):
    defs = dg.Definitions([x, x], asset_checks=[looks_good, looks_good])
    dg.Definitions.validate_loadable(defs)
    assert names(defs) == ["x"]


def test_equal_specs_count_once(dg):
    assert names(dg.Definitions([dg.AssetSpec("a"), dg.AssetSpec("a")])) == ["a"]


def test_unequal_specs_of_one_key_are_refused(dg):
    defs = dg.Definitions([dg.AssetSpec("a"), dg.AssetSpec("a", description="d")])
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.Definitions.validate_loadable(defs)


def test_a_spec_and_a_source_of_one_key_are_refused(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.Definitions.validate_loadable(dg.Definitions([dg.AssetSpec("a"), dg.SourceAsset("a")]))


def test_a_missing_resource_is_refused(dg, make):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.Definitions.validate_loadable(dg.Definitions([make("a", required_resource_keys={"db"})]))


def test_a_missing_input_is_refused(dg, y):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.Definitions.validate_loadable(dg.Definitions([y, dg.AssetSpec("up")]))


def test_a_circle_is_refused(dg, make):
    with pytest.raises(Exception, match=r"\w"):
        dg.Definitions.validate_loadable(dg.Definitions([make("a", deps=["b"]), make("b", deps=["a"])]))


def test_assets_may_not_bring_different_resources_under_one_key(dg, make):
    one, other = dg.ResourceDefinition.hardcoded_resource(1), dg.ResourceDefinition.hardcoded_resource(2)
    first = make("a", resource_defs={"r": one}, required_resource_keys={"r"})
    dg.Definitions.validate_loadable(
        dg.Definitions([first, make("b", resource_defs={"r": one}, required_resource_keys={"r"})])
    )
    second = make("b", resource_defs={"r": other}, required_resource_keys={"r"})
    for defs in (dg.Definitions([first, second]), dg.Definitions([first], resources={"r": other})):
        with pytest.raises(dg.DagsterError):
            dg.Definitions.validate_loadable(defs)


def test_an_asset_is_found_by_its_key(dg, x):
    defs = dg.Definitions([x])
    for given in ("x", ["x"], key(dg, "x")):
        assert defs.resolve_assets_def(given).key == x.key
        assert defs.get_assets_def(given).key == x.key
    with pytest.raises(dg.DagsterInvariantViolationError):
        defs.resolve_assets_def("nope")


def test_a_check_is_found_by_its_key(dg, x, looks_good):
    defs = dg.Definitions([x], asset_checks=[looks_good])
    check = dg.AssetCheckKey(x.key, "looks_good")
    assert set(defs.get_asset_checks_def(check).check_keys) == {check}
    with pytest.raises(dg.DagsterInvariantViolationError):
        defs.get_asset_checks_def(dg.AssetCheckKey(x.key, "nope"))


def test_merging_joins_everything(dg, x, y, looks_good):
    first = dg.Definitions([x], resources={"r": 1}, asset_checks=[looks_good], metadata={"m": 1})
    second = dg.Definitions([y, dg.AssetSpec("up")], resources={"q": 2}, metadata={"n": 2})
    defs = dg.Definitions.merge(first, second)
    assert (names(defs), defs.resources) == (["up", "x", "y"], {"r": 1, "q": 2})
    assert defs.metadata == {"m": dg.MetadataValue.int(1), "n": dg.MetadataValue.int(2)}
    assert list(defs.asset_checks) == [looks_good]


def test_merging_nothing_is_empty(dg):
    assert not dg.Definitions.merge().assets


def test_one_resource_may_be_in_both(dg):
    thing = object()
    defs = dg.Definitions.merge(dg.Definitions(resources={"r": thing}), dg.Definitions(resources={"r": thing}))
    assert defs.resources == {"r": thing}


def test_different_resources_under_one_key_do_not_merge(dg):
    class Box(dg.ConfigurableResource):
        size: int

    for one, other in ((1, 2), (Box(size=1), Box(size=1))):
        with pytest.raises(dg.DagsterInvariantViolationError):
            dg.Definitions.merge(dg.Definitions(resources={"r": one}), dg.Definitions(resources={"r": other}))


def test_of_two_metadata_entries_the_later_stays(dg):
    merged = dg.Definitions.merge(dg.Definitions(metadata={"a": 1}), dg.Definitions(metadata={"a": 2}))
    assert merged.metadata == {"a": dg.MetadataValue.int(2)}


def test_merging_finds_duplicates_when_it_is_resolved(dg, make):
    merged = dg.Definitions.merge(dg.Definitions([make("x")]), dg.Definitions([make("x")]))
    assert len(merged.assets) == 2
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        merged.resolve_all_asset_keys()


def test_the_same_asset_merges(dg, x):
    assert names(dg.Definitions.merge(dg.Definitions([x]), dg.Definitions([x]))) == ["x"]


def test_only_definitions_merge(dg):
    with pytest.raises(Exception, match=r"\w"):
        dg.Definitions.merge(3)


def test_unbound_definitions_merge(dg, x):
    merged = dg.Definitions.merge_unbound_defs(dg.Definitions([x]), dg.Definitions(resources={"r": 1}))
    assert (names(merged), merged.resources) == (["x"], {"r": 1})


def test_resources_are_added(dg, x):
    defs = dg.Definitions([x], resources={"r": 1})
    assert defs.with_resources({"q": 2}).resources == {"r": 1, "q": 2}
    assert defs.with_resources(None).resources == {"r": 1}
    with pytest.raises(dg.DagsterInvariantViolationError):
        defs.with_resources({"r": 2})


def groups(defs):
    return {spec.key.to_user_string(): spec.group_name for spec in defs.resolve_all_asset_specs()}


def in_group(spec):
    return spec.replace_attributes(group_name="g")


def test_all_specs_are_mapped(dg, x, y):
    defs = dg.Definitions([x, y, dg.AssetSpec("up")], resources={"r": 1})
    mapped = defs.map_asset_specs(func=in_group)
    assert groups(mapped) == {"x": "g", "y": "g", "up": "g"}
    assert (mapped.resources, groups(defs)["x"]) == ({"r": 1}, "default")


def test_mapping_keeps_the_checks(dg, x, looks_good):
    mapped = dg.Definitions([x], asset_checks=[looks_good]).map_asset_specs(func=in_group)
    assert [set(one.check_keys) for one in mapped.asset_checks] == [{dg.AssetCheckKey(x.key, "looks_good")}]


def test_selected_specs_are_mapped(dg, x, y):
    defs = dg.Definitions([x, y, dg.AssetSpec("up")])
    expected = {"x": "g", "y": "default", "up": "default"}
    for selection in ("x", [x], dg.AssetSelection.assets("x")):
        assert groups(defs.map_resolved_asset_specs(func=in_group, selection=selection)) == expected


def test_map_asset_specs_takes_no_selection(dg, x):
    with pytest.raises(Exception, match="map_resolved_asset_specs"):
        dg.Definitions([x]).map_asset_specs(func=in_group, selection="x")


def test_an_unknown_selection_is_refused(dg, x):
    with pytest.raises(dg.DagsterError):
        dg.Definitions([x]).map_resolved_asset_specs(func=in_group, selection="nope")


def test_sources_are_mapped_by_the_permissive_way_alone(dg, x):
    defs = dg.Definitions([x, dg.SourceAsset("s")])
    for refused in (defs.map_asset_specs, defs.map_resolved_asset_specs):
        with pytest.raises(dg.DagsterInvariantViolationError):
            refused(func=in_group)
    mapped = defs.permissive_map_resolved_asset_specs(func=in_group, selection=None)
    assert groups(mapped) == {"x": "g", "s": "default"}


def test_mapping_may_not_rename_assets(dg, x):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.Definitions([x]).map_asset_specs(func=lambda spec: spec.replace_attributes(key="z"))


def test_mapping_may_rename_loose_specs(dg):
    mapped = dg.Definitions([dg.AssetSpec("a")]).map_asset_specs(func=lambda s: s.replace_attributes(key="z"))
    assert names(mapped) == ["z"]


def test_loose_specs_are_a_code_location(dg):
    defs = dg.Definitions([dg.AssetSpec("a"), dg.AssetSpec("b", deps=["a"], group_name="g")])
    dg.Definitions.validate_loadable(defs)
    assert groups(defs) == {"a": "default", "b": "g"}


def test_what_follows_an_external_asset_is_downstream(dg, make):
    defs = dg.Definitions([dg.AssetSpec("e", deps=["a"]), make("a"), make("b", deps=["e"])])
    graph = defs.resolve_asset_graph()
    found = dg.AssetSelection.assets("a").downstream().resolve(graph)
    assert found == {key(dg, "a"), key(dg, "e"), key(dg, "b")}


def test_ops_of_one_name_run_side_by_side(world):
    dg = world.dg

    @dg.asset
    def base():
        return 1

    def under(prefix):
        return base.with_attributes(asset_key_replacements={dg.AssetKey("base"): dg.AssetKey([prefix, "base"])})

    outcome = world.run([base, under("p"), under("q")])
    assert outcome.success
    assert sorted(outcome.materialized) == ["base", "p/base", "q/base"]
    assert outcome.value("q/base") == 1


def test_the_later_ops_of_one_name_get_a_number(world):
    dg = world.dg

    @dg.asset
    def base():
        raise ValueError("no")

    def under(prefix):
        return base.with_attributes(asset_key_replacements={dg.AssetKey("base"): dg.AssetKey([prefix, "base"])})

    assert world.run([under("z"), base, under("a")]).failed == {"base", "base_2", "base_3"}


def test_mapped_assets_run(world):
    dg = world.dg

    @dg.asset
    def up():
        return 2

    @dg.asset
    def down(up):
        return up + 1

    mapped = dg.map_asset_specs(lambda spec: spec.merge_attributes(tags={"t": "1"}, metadata={"m": 1}), [up, down])
    outcome = world.run(mapped)
    assert (outcome.materialized, outcome.value("down")) == (["up", "down"], 3)


def test_assets_with_new_keys_run(world):
    dg = world.dg

    @dg.asset
    def up():
        return 2

    @dg.asset
    def down(up):
        return up + 1

    renamed = {dg.AssetKey("up"): dg.AssetKey(["p", "up"]), dg.AssetKey("down"): dg.AssetKey(["p", "down"])}
    outcome = world.run([one.with_attributes(asset_key_replacements=renamed) for one in (up, down)])
    assert (outcome.materialized, outcome.value("p/down")) == (["p/up", "p/down"], 3)


def test_external_specs_may_stand_among_what_runs(world):
    dg = world.dg

    @dg.asset(deps=["outside"])
    def inside():
        return 1

    outcome = world.run([dg.AssetSpec("outside", deps=["further"]), dg.AssetSpec("further"), inside])
    assert (outcome.success, outcome.materialized) == (True, ["inside"])


def seven(dg):
    class Seven(dg.IOManager):
        def handle_output(self, context, obj): ...

        def load_input(self, context):
            return 7

    return Seven()


def test_a_source_with_an_io_manager_is_loaded_by_it(world):
    dg = world.dg
    source = dg.SourceAsset("source", io_manager_def=seven(dg))

    @dg.asset
    def below(source):
        return source + 1

    outcome = world.run([source, below])
    assert (outcome.materialized, outcome.value("below")) == (["below"], 8)


def test_an_external_spec_with_an_io_manager_is_loaded_by_it(world):
    dg = world.dg

    @dg.asset
    def below(source):
        return source + 1

    spec = dg.AssetSpec("source").with_io_manager_key("seven")
    outcome = world.run([spec, below], resources={"seven": seven(dg)})
    assert (outcome.materialized, outcome.value("below")) == (["below"], 8)


def test_a_mapped_asset_is_stored_by_the_io_manager_it_was_made_with(world):
    dg = world.dg

    @dg.asset
    def up():
        return 1

    @dg.asset
    def down(up):
        return up + 1

    moved = up.map_asset_specs(lambda spec: spec.with_io_manager_key("seven"))
    outcome = world.run([moved, down], resources={"seven": seven(dg)})
    assert outcome.value("down") == 2


@pytest.mark.parametrize(
    "options",
    [
        *({"assets": 5}, {"assets": {"a": 1}}, {"assets": [None]}, {"assets": "abc"}, {"asset_checks": 5}),
        *({"asset_checks": [5]}, {"jobs": 5}, {"schedules": 5}, {"sensors": 5}, {"resources": ["r"]}),
        *({"resources": {5: "r"}}, {"loggers": ["l"]}, {"metadata": 5}),
    ],
    ids=str,
)
def test_arguments_of_a_wrong_kind_are_refused(dg, options):
    with pytest.raises(Exception, match=r"5|None|'a'|abc|\['[rl]'\]"):
        dg.Definitions(**options)


def test_one_asset_is_no_list(dg):
    @dg.asset
    def one(): ...

    with pytest.raises(Exception, match="assets"):
        dg.Definitions(assets=one)


def test_metadata_of_everything_are_updated(dg):
    @dg.asset(metadata={"rows": 1})
    def one(): ...

    @dg.asset_check(asset=one)
    def fine():
        return dg.AssetCheckResult(passed=True)

    @dg.observable_source_asset
    def seen(): ...

    given = [one, dg.AssetSpec("two"), dg.SourceAsset("three"), seen]
    defs = dg.Definitions(given, asset_checks=[fine], metadata={"version": 1})
    changed = defs.with_definition_metadata_update(lambda metadata: {**metadata, "team": "data"})
    specs = {spec.key.to_user_string(): dict(spec.metadata) for spec in changed.resolve_all_asset_specs()}
    assert specs["one"] == {"rows": 1, "team": "data"}
    assert specs["two"] == {"team": "data"}
    assert "team" not in specs["three"]
    assert "team" not in specs["seen"]
    [check] = [spec for item in changed.asset_checks for spec in item.check_specs]
    assert dict(check.metadata) == {"team": "data"}
    assert "team" not in changed.metadata


def test_a_component_tree_is_carried(dg):
    assert dg.Definitions().component_tree is None
    assert dg.Definitions(component_tree=None).component_tree is None
