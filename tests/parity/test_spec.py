"""`AssetSpec`, `AssetDep`, `AssetIn`, `SourceAsset`, and what can be asked of an asset."""

import pytest


def key(dg, *path):
    return dg.AssetKey(list(path))


@pytest.fixture
def spec(dg):
    return dg.AssetSpec(
        "a", deps=["b"], group_name="g", tags={"t": "1"}, kinds={"x"}, owners=["team:one", "ann@example.com"]
    )


@pytest.fixture
def full(dg):
    @dg.asset(
        deps=["below", dg.AssetDep("beside", partition_mapping=dg.AllPartitionMapping())],
        group_name="g",
        metadata={"m": 1},
        tags={"t": "1"},
        kinds={"k"},
        code_version="1",
        owners=["team:one"],
        description="What it is.",
        check_specs=[dg.AssetCheckSpec("c", asset="full")],
        io_manager_key="store",
        required_resource_keys={"db"},
    )
    def full(up): ...

    return full


@pytest.fixture
def plain(dg):
    @dg.asset
    def plain(): ...

    return plain


def test_a_spec_has_the_defaults(dg):
    spec = dg.AssetSpec("a")
    assert (spec.key, spec.deps, spec.owners, spec.tags, spec.metadata) == (key(dg, "a"), [], [], {}, {})
    assert (spec.description, spec.group_name, spec.code_version, spec.partitions_def) == (None,) * 4
    assert (spec.skippable, spec.kinds, spec.is_virtual, spec.freshness_policy) == (False, set(), False, None)


def test_kinds_are_tags(spec):
    assert spec.tags == {"t": "1", "dagster/kind/x": ""}
    assert spec.kinds == {"x"}


def test_a_kind_tag_is_a_kind(dg):
    assert dg.AssetSpec("a", tags={"dagster/kind/python": ""}).kinds == {"python"}
    assert dg.AssetSpec("a", kinds={"x"}, tags={"dagster/kind/y": ""}).kinds == {"x", "y"}


@pytest.mark.parametrize("owner", ["nobody", "team:", "a@b", "", 3])
def test_a_bad_owner_is_refused(dg, owner):
    with pytest.raises(Exception, match=r"\w"):
        dg.AssetSpec("a", owners=[owner])


@pytest.mark.parametrize("owner", ["team:a b", "team:a-b/c.d", "a.b@example.co.uk"])
def test_a_good_owner_is_kept(dg, owner):
    assert dg.AssetSpec("a", owners=[owner]).owners == [owner]


@pytest.mark.parametrize("group", ["a-b", "a b", "", "a//b", "/a"])
def test_a_bad_group_is_refused(dg, group):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.AssetSpec("a", group_name=group)


@pytest.mark.parametrize("group", ["a_b", "A1", "a/b/c"])
def test_a_good_group_is_kept(dg, group):
    assert dg.AssetSpec("a", group_name=group).group_name == group


@pytest.mark.parametrize(
    "tags", [{"a b": "1"}, {"a": "b c"}, {"a": "b/c"}, {"a": "x" * 64}, {"a": 1}, {"": "1"}, {"x/y/z": "1"}, {"ä": "1"}]
)
def test_bad_tags_are_refused(dg, tags):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.AssetSpec("a", tags=tags)


@pytest.mark.parametrize("tags", [{"a": ""}, {"n/a": "1"}, {"-a": "1.0-b_c"}, {"dagster/x": "1"}])
def test_good_tags_are_kept(dg, tags):
    assert dg.AssetSpec("a", tags=tags).tags == tags


@pytest.mark.parametrize(
    "wrong",
    [
        *({"code_version": 1}, {"description": 3}, {"metadata": [1]}, {"metadata": {1: 1}}, {"skippable": 1}),
        *({"owners": 1}, {"tags": 1}, {"tags": ["a"]}, {"partitions_def": "daily"}, {"is_virtual": 1}),
        *({"freshness_policy": 1}, {"automation_condition": 1}, {"deps": 1}, {"kinds": 1}, {"group_name": 1}),
    ],
    ids=str,
)
def test_attributes_of_another_type_are_refused(dg, wrong):
    with pytest.raises(Exception, match=r"\w"):
        dg.AssetSpec("a", **wrong)


def test_an_unknown_attribute_is_refused(dg):
    with pytest.raises(TypeError):
        dg.AssetSpec("a", colour="red")
    with pytest.raises(TypeError):
        dg.AssetSpec("a").replace_attributes(colour="red")


def test_metadata_stays_as_it_was_given(dg):
    thing = object()
    assert dg.AssetSpec("a", metadata={"n": 1, "thing": thing}).metadata == {"n": 1, "thing": thing}


def test_dependencies_may_be_given_in_many_ways(dg, plain):
    given = ["a", ["p", "q"], key(dg, "k"), dg.AssetDep("d"), dg.AssetSpec("s"), dg.SourceAsset("so"), plain]
    deps = dg.AssetSpec("x", deps=given).deps
    assert [dep.asset_key.to_user_string() for dep in deps] == ["a", "p/q", "k", "d", "s", "so", "plain"]


def test_what_names_no_asset_is_no_dependency(dg):
    with pytest.raises(Exception, match=r"\w"):
        dg.AssetSpec("a", deps=[3])


def test_a_dependency_given_twice_counts_once(dg):
    assert [dep.asset_key for dep in dg.AssetSpec("a", deps=["b", "b"]).deps] == [key(dg, "b")]


def test_of_two_partition_mappings_the_later_stays(dg):
    first, last = dg.AllPartitionMapping(), dg.LastPartitionMapping()
    spec = dg.AssetSpec("a", deps=[dg.AssetDep("b", partition_mapping=first), dg.AssetDep("b", partition_mapping=last)])
    assert spec.partition_mappings == {key(dg, "b"): last}


def test_a_dependency_with_and_without_a_partition_mapping_is_refused(dg):
    mapped = dg.AssetDep("b", partition_mapping=dg.AllPartitionMapping())
    for deps in ([mapped, "b"], ["b", mapped]):
        with pytest.raises(dg.DagsterInvariantViolationError):
            dg.AssetSpec("a", deps=deps)


def test_an_asset_may_depend_on_itself(dg):
    assert [dep.asset_key for dep in dg.AssetSpec("a", deps=["a"]).deps] == [key(dg, "a")]


def test_equal_specs_are_equal(dg):
    assert dg.AssetSpec("a", kinds={"x"}, deps=["b"]) == dg.AssetSpec("a", kinds={"x"}, deps=["b"])
    assert dg.AssetSpec("a") != dg.AssetSpec("b")
    with pytest.raises(TypeError):
        hash(dg.AssetSpec("a"))


def test_a_spec_cannot_be_changed(spec):
    with pytest.raises(AttributeError):
        spec.group_name = "other"


def test_an_io_manager_stands_in_the_metadata(dg):
    spec = dg.AssetSpec("a", metadata={"m": 1}).with_io_manager_key("store")
    assert spec.metadata == {"m": 1, "dagster/io_manager_key": "store"}


def test_replacing_leaves_the_rest(spec):
    replaced = spec.replace_attributes(group_name=None, owners=None, description="d", code_version="2", skippable=True)
    assert (replaced.group_name, replaced.owners, replaced.description) == (None, [], "d")
    assert (replaced.code_version, replaced.skippable, replaced.key, replaced.tags) == ("2", True, spec.key, spec.tags)
    assert spec.group_name == "g"


def test_replacing_takes_key_and_dependencies(dg, spec):
    replaced = spec.replace_attributes(key=["p", "z"], deps=["c", "d"])
    assert replaced.key == key(dg, "p", "z")
    assert [dep.asset_key.to_user_string() for dep in replaced.deps] == ["c", "d"]


@pytest.mark.parametrize(
    ("changes", "tags"),
    [
        ({"tags": {"n": "1"}}, {"n": "1", "dagster/kind/x": ""}),
        ({"tags": None}, {"dagster/kind/x": ""}),
        ({"kinds": {"n"}}, {"t": "1", "dagster/kind/n": ""}),
        ({"kinds": None}, {"t": "1"}),
        ({"tags": {"q": "1"}, "kinds": {"m"}}, {"q": "1", "dagster/kind/m": ""}),
        ({"tags": {"dagster/kind/q": ""}}, {"dagster/kind/q": "", "dagster/kind/x": ""}),
    ],
)
def test_tags_and_kinds_are_replaced_apart(spec, changes, tags):
    assert spec.replace_attributes(**changes).tags == tags


def test_merging_adds(dg, spec):
    merged = spec.merge_attributes(
        deps=["b", "c"], metadata={"m": 1}, owners=["team:one", "team:two"], tags={"t": "2", "n": "1"}, kinds={"y"}
    )
    assert [dep.asset_key.to_user_string() for dep in merged.deps] == ["b", "c"]
    assert merged.metadata == {"m": 1}
    assert merged.owners == ["team:one", "ann@example.com", "team:one", "team:two"]
    assert merged.tags == {"t": "2", "n": "1", "dagster/kind/x": "", "dagster/kind/y": ""}
    assert merged.group_name == "g"


def test_merging_none_is_refused(spec):
    with pytest.raises(TypeError):
        spec.merge_attributes(deps=None)


def test_equal_dependencies_are_equal(dg):
    assert dg.AssetDep("a") == dg.AssetDep("a") != dg.AssetDep("b")
    assert dg.AssetDep("a", metadata={"m": 1}).metadata == {"m": 1}
    assert dg.AssetDep("a").metadata == {}


def test_a_dependency_is_made_of_many_things(dg, plain):
    dep = dg.AssetDep("a")
    assert dg.AssetDep.from_coercible(dep) == dep
    assert dg.AssetDep.from_coercible(plain).asset_key == key(dg, "plain")
    with pytest.raises(Exception, match=r"\w"):
        dg.AssetDep(dep)


def test_an_input_is_made_of_a_key(dg, plain):
    for given in ("a", key(dg, "a"), dg.AssetIn("a")):
        assert dg.AssetIn.from_coercible(given) == dg.AssetIn(key="a")
    for wrong in (3, plain):
        with pytest.raises(Exception, match=r"\w"):
            dg.AssetIn.from_coercible(wrong)


def test_an_input_resolves_its_key(dg):
    assert dg.AssetIn(key_prefix=["p", "q"]).resolve_key("n") == key(dg, "p", "q", "n")
    assert dg.AssetIn(key="k").resolve_key("n") == key(dg, "k")
    assert dg.AssetIn().resolve_key("n") == key(dg, "n")


def test_an_asset_tells_its_attributes(dg, full):
    own = key(dg, "full")
    assert (full.key, set(full.keys), list(full.specs_by_key)) == (own, {own}, [own])
    assert full.group_names_by_key == {own: "g"}
    assert full.metadata_by_key == {own: {"m": 1}}
    assert full.tags_by_key == {own: {"t": "1", "dagster/kind/k": ""}}
    assert full.code_versions_by_key == {own: "1"}
    assert full.owners_by_key == {own: ["team:one"]}
    assert full.descriptions_by_key == {own: "What it is."}
    assert full.automation_conditions_by_key == {}


def test_an_asset_tells_what_it_reads(dg, full):
    upstream = {key(dg, name) for name in ("up", "below", "beside")}
    assert full.dependency_keys == upstream
    assert full.asset_deps == {full.key: upstream}
    assert full.keys_by_input_name == {name: key(dg, name) for name in ("up", "below", "beside")}
    assert set(full.input_names) == {"up", "below", "beside"}
    assert full.get_partition_mapping(key(dg, "beside")) == dg.AllPartitionMapping()
    assert full.get_partition_mapping(key(dg, "up")) is None


def test_a_key_of_several_parts_has_one_input_name(dg):
    @dg.asset(deps=[["a", "b"]])
    def below(): ...

    assert below.keys_by_input_name == {"a_b": key(dg, "a", "b")}


def test_an_asset_tells_its_checks(dg, full):
    check = dg.AssetCheckKey(full.key, "c")
    assert (set(full.check_keys), full.check_key) == ({check}, check)
    assert [spec.name for spec in full.check_specs] == ["c"]
    assert set(full.asset_and_check_keys) == {full.key, check}
    assert full.get_spec_for_check_key(check).asset_key == full.key
    with pytest.raises((KeyError, dg.DagsterError)):
        full.get_spec_for_check_key(dg.AssetCheckKey(full.key, "other"))


def test_an_asset_tells_its_op(dg, full):
    assert full.op.name == full.node_def.name == "full"
    assert full.keys_by_output_name == {"result": full.key}
    assert full.required_resource_keys >= {"db", "store"}
    assert full.get_io_manager_key_for_asset_key(full.key) == "store"
    assert full.get_output_name_for_asset_key(full.key) == "result"
    assert (full.has_output_for_asset_key(full.key), full.has_output_for_asset_key(key(dg, "x"))) == (True, False)
    with pytest.raises(dg.DagsterInvariantViolationError):
        full.get_output_name_for_asset_key(key(dg, "x"))


def test_an_asset_without_anything_has_defaults(dg, plain):
    own = plain.key
    assert plain.group_names_by_key == {own: "default"}
    assert (plain.owners_by_key, plain.descriptions_by_key, plain.dependency_keys) == ({own: []}, {}, set())
    assert (plain.partitions_def, plain.backfill_policy, plain.resource_defs) == (None, None, {})
    assert (set(plain.check_keys), set(plain.hook_defs)) == (set(), set())
    assert plain.get_io_manager_key_for_asset_key(own) == "io_manager"
    with pytest.raises(Exception, match=r"\w"):
        _ = plain.check_key


def test_an_asset_is_known_for_what_it_is(plain):
    assert (plain.has_keys, plain.has_check_keys) == (True, False)
    assert (plain.is_executable, plain.is_materializable) == (True, True)
    assert (plain.is_external, plain.is_observable) == (False, False)


def test_a_spec_of_an_asset_has_its_group(dg, plain, full):
    assert plain.get_asset_spec().group_name == "default"
    assert full.get_asset_spec(full.key) == full.get_asset_spec()
    assert [spec.key for spec in full.specs] == [full.key]
    with pytest.raises((KeyError, dg.DagsterError)):
        full.get_asset_spec(key(dg, "other"))


def test_a_check_definition_makes_no_asset(dg, plain):
    @dg.asset_check(asset=plain, additional_deps=["other"])
    def looks_good(plain): ...

    assert (looks_good.has_keys, looks_good.dependency_keys) == (False, set())
    assert looks_good.keys_by_input_name == {"plain": key(dg, "plain"), "other": key(dg, "other")}
    assert looks_good.check_key == dg.AssetCheckKey(plain.key, "looks_good")


def test_an_asset_becomes_a_source(dg, full):
    source = full.to_source_asset()
    assert [one.key for one in full.to_source_assets()] == [source.key] == [full.key]
    assert (source.group_name, source.io_manager_key, source.description) == ("g", "store", "What it is.")
    assert source.tags == {"t": "1", "dagster/kind/k": ""}
    assert source.metadata == {"m": dg.MetadataValue.int(1)}


def test_new_keys_are_used_everywhere(dg, full):
    changed = full.with_attributes(
        asset_key_replacements={
            full.key: key(dg, "new"),
            key(dg, "up"): key(dg, "UP"),
            key(dg, "below"): key(dg, "p", "below"),
        }
    )
    assert (changed.key, changed.op.name) == (key(dg, "new"), "full")
    assert changed.dependency_keys == {key(dg, "UP"), key(dg, "p", "below"), key(dg, "beside")}
    assert changed.keys_by_input_name["up"] == key(dg, "UP")
    assert set(changed.check_keys) == {dg.AssetCheckKey(key(dg, "new"), "c")}
    assert full.key == key(dg, "full")


def test_attributes_are_given_by_the_old_key(dg, plain):
    changed = plain.with_attributes(
        asset_key_replacements={plain.key: key(dg, "new")},
        group_names_by_key={plain.key: "g"},
        tags_by_key={plain.key: {"t": "1"}},
    )
    assert changed.group_names_by_key == {key(dg, "new"): "g"}
    assert changed.tags_by_key == {key(dg, "new"): {"t": "1"}}
    assert plain.with_attributes(group_names_by_key={key(dg, "other"): "g"}).group_names_by_key == {
        plain.key: "default"
    }


def test_attributes_that_are_there_stay(dg, full):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        full.with_attributes(group_names_by_key={full.key: "other"})
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        full.with_attributes(tags_by_key={full.key: {"z": "1"}})


def test_metadata_is_added(full):
    assert full.with_attributes(metadata_by_key={full.key: {"z": 1}}).metadata_by_key == {full.key: {"m": 1, "z": 1}}


def test_a_backfill_policy_is_replaced(dg):
    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a"]), backfill_policy=dg.BackfillPolicy.single_run())
    def parts(): ...

    changed = parts.with_attributes(backfill_policy=dg.BackfillPolicy.multi_run(2))
    assert changed.backfill_policy == dg.BackfillPolicy.multi_run(2)
    assert changed.partitions_def == dg.StaticPartitionsDefinition(["a"])


def test_specs_of_an_asset_are_mapped(full):
    changed = full.map_asset_specs(lambda spec: spec.replace_attributes(owners=[], group_name="other"))
    assert (changed.owners_by_key, changed.group_names_by_key) == ({full.key: []}, {full.key: "other"})
    assert changed.dependency_keys == full.dependency_keys


def test_mapping_may_choose_the_io_manager(full):
    changed = full.map_asset_specs(lambda spec: spec.with_io_manager_key("other"))
    assert changed.get_io_manager_key_for_asset_key(full.key) == "other"


def test_mapping_may_not_change_keys(dg, full):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        full.map_asset_specs(lambda spec: spec.replace_attributes(key="other"))


def test_mapping_may_change_what_is_not_loaded(dg, plain):
    changed = plain.map_asset_specs(lambda spec: spec.merge_attributes(deps=["n"]))
    assert changed.dependency_keys == {key(dg, "n")}


def test_mapping_may_drop_what_is_not_loaded(dg):
    @dg.asset(deps=["n", "m"])
    def below(): ...

    changed = below.map_asset_specs(lambda spec: spec.replace_attributes(deps=["m"]))
    assert changed.dependency_keys == {key(dg, "m")}


def test_mapping_may_not_drop_what_is_loaded(full):
    with pytest.raises(Exception, match="up"):
        full.map_asset_specs(lambda spec: spec.replace_attributes(deps=[]))


def test_mapping_may_partition(dg, plain):
    parts = dg.StaticPartitionsDefinition(["a"])
    assert plain.map_asset_specs(lambda s: s.replace_attributes(partitions_def=parts)).partitions_def == parts


def test_assets_and_specs_are_mapped_together(dg, plain):
    mapped = dg.map_asset_specs(lambda s: s.replace_attributes(group_name="g"), [plain, dg.AssetSpec("a")])
    assert [item.key for item in mapped] == [plain.key, key(dg, "a")]
    assert (mapped[0].group_names_by_key, mapped[1].group_name) == ({plain.key: "g"}, "g")


def test_a_loose_spec_may_get_another_key(dg):
    mapped = dg.map_asset_specs(lambda spec: spec.replace_attributes(key="b"), [dg.AssetSpec("a")])
    assert mapped == [dg.AssetSpec("b")]


@pytest.mark.parametrize("wrong", [3, "source"])
def test_what_has_no_spec_is_not_mapped(dg, wrong):
    item = dg.SourceAsset("s") if wrong == "source" else wrong
    with pytest.raises(Exception, match=r"\w"):
        dg.map_asset_specs(lambda spec: spec.replace_attributes(group_name="g"), [item])


def test_a_source_has_the_defaults(dg):
    source = dg.SourceAsset("s")
    assert (source.key, source.group_name, source.metadata, source.tags) == (key(dg, "s"), "default", {}, {})
    assert (source.io_manager_key, source.get_io_manager_key(), source.io_manager_def) == (None, "io_manager", None)
    assert (source.is_observable, source.is_executable, source.observe_fn) == (False, False, None)
    assert (source.resource_defs, source.required_resource_keys) == ({}, {"io_manager"})
    assert (source.description, source.partitions_def, source.automation_condition) == (None, None, None)


def test_a_source_tells_its_attributes(dg):
    parts = dg.StaticPartitionsDefinition(["a"])
    source = dg.SourceAsset(
        ["p", "s"], {"m": 1}, "store", description="d", partitions_def=parts, group_name="g", tags={"t": "1"}
    )
    assert (source.key, source.get_io_manager_key(), source.description) == (key(dg, "p", "s"), "store", "d")
    assert (source.partitions_def, source.group_name, source.tags) == (parts, "g", {"t": "1"})
    assert (source.metadata, source.raw_metadata) == ({"m": dg.MetadataValue.int(1)}, {"m": 1})
    assert source.required_resource_keys == {"store"}


def test_a_source_brings_its_io_manager(dg):
    source = dg.SourceAsset("s", io_manager_def=dg.InMemoryIOManager())
    assert (source.io_manager_key, list(source.resource_defs)) == ("s__io_manager", ["s__io_manager"])
    named = dg.SourceAsset("s", io_manager_def=dg.InMemoryIOManager(), io_manager_key="store")
    assert (named.io_manager_key, list(named.resource_defs)) == ("store", ["store"])


def test_a_source_gets_a_group_once(dg):
    assert dg.SourceAsset("s").with_attributes(group_name="g").group_name == "g"
    grouped = dg.SourceAsset("s", group_name="g", metadata={"m": 1}, io_manager_key="store")
    assert grouped.with_attributes(group_name="g").group_name == "g"
    renamed = grouped.with_attributes(key=key(dg, "z"))
    assert (renamed.key, renamed.group_name, renamed.io_manager_key) == (key(dg, "z"), "g", "store")
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        grouped.with_attributes(group_name="other")


def test_a_bad_source_is_refused(dg):
    wrongs = [
        *({"group_name": "a-b"}, {"tags": {"a b": "c d"}}, {"metadata": 3}, {"io_manager_key": 3}, {"tags": 3}),
        *({"resource_defs": 3}, {"op_tags": 3}, {"partitions_def": "daily"}, {"description": 3}),
    ]
    for wrong in wrongs:
        with pytest.raises(Exception, match=r"\w"):
            dg.SourceAsset("s", **wrong)


def test_equal_sources_are_equal(dg):
    assert dg.SourceAsset("s") == dg.SourceAsset("s") != dg.SourceAsset("t")
