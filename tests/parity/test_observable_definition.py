"""What observable sources are given and tell; nothing is observed."""

from datetime import timedelta

import pytest


def observed(dg, **options):
    @dg.observable_source_asset(**options)
    def table():
        return dg.DataVersion("1")

    return table


def several(dg, *specs, **options):
    @dg.multi_observable_source_asset(specs=list(specs), **options)
    def tables(): ...

    return tables


def test_it_tells_its_attributes(dg):
    policy = dg.FreshnessPolicy.time_window(timedelta(hours=1))
    table = observed(
        dg,
        description="d",
        group_name="g",
        metadata={"rows": 1},
        tags={"a": "b"},
        automation_condition=dg.AutomationCondition.eager(),
        required_resource_keys={"api"},
        freshness_policy=policy,
    )
    assert (table.description, table.group_name) == ("d", "g")
    assert dict(table.raw_metadata) == {"rows": 1}
    assert table.metadata["rows"].value == 1
    assert table.tags["a"] == "b"
    assert table.automation_condition == dg.AutomationCondition.eager()
    assert table.required_resource_keys == {"api", "io_manager"}
    assert (table.is_observable, table.is_executable) == (True, True)


def test_it_has_the_defaults(dg):
    table = observed(dg)
    assert (table.description, table.group_name, dict(table.raw_metadata)) == (None, "default", {})
    assert table.get_io_manager_key() == "io_manager"
    assert table.automation_condition is None


@pytest.mark.parametrize(
    ("options", "key"),
    [({"io_manager_key": "x"}, "x"), ({"both": True}, "x"), ({}, "io_manager")],
    ids=["key", "both", "none"],
)
def test_who_loads_it(dg, options, key):
    given = {"io_manager_key": "x", "io_manager_def": dg.mem_io_manager} if "both" in options else options
    assert observed(dg, **given).get_io_manager_key() == key


@pytest.mark.parametrize(
    "options",
    [
        {"name": "a", "key": "b"},
        {"tags": {"a b": "c"}},
        {"group_name": "a b"},
        {"automation_condition": 5},
        {"partitions_def": 5},
        {"metadata": 5},
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(dg, options):
    with pytest.raises(Exception, match=r".+"):
        observed(dg, **options)


def test_several_tell_their_attributes(dg):
    tables = several(dg, dg.AssetSpec("a", deps=["q"], description="d"), dg.AssetSpec("b"), group_name="g", name="n")
    assert tables.keys == {dg.AssetKey("a"), dg.AssetKey("b")}
    assert set(tables.group_names_by_key.values()) == {"g"}
    assert tables.descriptions_by_key == {dg.AssetKey("a"): "d"}
    assert tables.dependency_keys == {dg.AssetKey("q")}
    assert tables.op.name == "n"
    assert tables.get_asset_spec(dg.AssetKey("a")).description == "d"
    kinds = (tables.is_observable, tables.is_materializable, tables.is_executable, tables.is_external)
    assert kinds == (True, False, True, True)


def test_several_share_the_partitions_of_their_specs(dg):
    letters = dg.StaticPartitionsDefinition(["a", "b"])
    assert several(dg, dg.AssetSpec("a", partitions_def=letters)).partitions_def == letters
    assert several(dg, dg.AssetSpec("a"), partitions_def=letters).partitions_def == letters


def test_several_have_specs(dg):
    with pytest.raises(Exception, match="spec"):
        several(dg)
    with pytest.raises(Exception, match="5"):
        several(dg, 5)


def test_a_group_is_given_once(dg):
    with pytest.raises(Exception, match="group_name"):
        several(dg, dg.AssetSpec("a", group_name="own"), group_name="g")


def test_checks_are_about_what_is_observed(dg):
    several(dg, dg.AssetSpec("a"), check_specs=[dg.AssetCheckSpec("c", asset="a")])
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        several(dg, dg.AssetSpec("a"), check_specs=[dg.AssetCheckSpec("c", asset="b")])
