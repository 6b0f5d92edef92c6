"""Ready-made checks."""

from datetime import timedelta

import pytest


@pytest.mark.parametrize(
    ("value", "bounds", "passed"),
    [
        (2, {"min_value": 1, "max_value": 3}, True),
        (0, {"min_value": 1, "max_value": 3}, False),
        (4, {"max_value": 3}, False),
        (3, {"max_value": 3}, True),
        (3, {"max_value": 3, "exclusive_max": True}, False),
        (1.0, {"min_value": 1, "exclusive_min": True}, False),
        ("x", {"min_value": 1}, False),
        (None, {"min_value": 1}, False),
    ],
)
def test_bounds(world, value, bounds, passed):
    dg = world.dg

    @dg.asset
    def table():
        return dg.MaterializeResult(metadata={} if value is None else {"rows": value})

    checks = dg.build_metadata_bounds_checks(assets=[table], metadata_key="rows", **bounds)
    outcome = world.run([table, *checks])
    assert outcome.success
    assert outcome.checks == {"table:rows_bounds_check": passed}


@pytest.mark.parametrize("bounds", [{}, {"min_value": 3, "max_value": 1}])
def test_impossible_bounds(dg, bounds):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.build_metadata_bounds_checks(assets=["a"], metadata_key="n", **bounds)


def test_bounds_of_what_was_never_made(world):
    dg = world.dg
    checks = dg.build_metadata_bounds_checks(assets=["never"], metadata_key="n", min_value=1)
    outcome = world.run([dg.AssetSpec("never"), *checks], selection=dg.AssetSelection.all_asset_checks())
    assert outcome.checks == {"never:n_bounds_check": False}


def test_names(dg):
    built = [
        *dg.build_metadata_bounds_checks(assets=["a", "b"], metadata_key="n", min_value=1),
        *dg.build_column_schema_change_checks(assets=["a", "b"]),
        *dg.build_last_update_freshness_checks(assets=["a", "b"], lower_bound_delta=timedelta(hours=1)),
    ]
    names = ["n_bounds_check", "column_schema_change", "freshness_check"]
    for checks, name in zip(built, names, strict=True):
        assert {key.to_user_string() for key in checks.check_keys} == {f"a:{name}", f"b:{name}"}


def test_what_freshness_checks_tell(dg):
    checks = dg.build_time_partition_freshness_checks(assets=["a"], deadline_cron="0 9 * * *", timezone="UTC")
    (spec,) = checks[0].check_specs
    told = spec.metadata["dagster/freshness_params"].value
    assert told == {"timezone": "UTC", "deadline_cron": "0 9 * * *"}


@pytest.mark.parametrize("cron", ["xx", "61 * * * *", "* * * *"])
def test_bad_schedules(dg, cron):
    with pytest.raises(Exception, match=r".+"):
        dg.build_time_partition_freshness_checks(assets=["a"], deadline_cron=cron)


@pytest.mark.parametrize(
    ("options", "passed"),
    [
        ({"lower_bound_delta": timedelta(hours=1)}, True),
        ({"lower_bound_delta": timedelta(0)}, False),
        ({"lower_bound_delta": timedelta(hours=1), "deadline_cron": "0 * * * *"}, True),
    ],
)
def test_last_update(world, options, passed):
    dg = world.dg

    @dg.asset
    def table(): ...

    outcome = world.run([table, *dg.build_last_update_freshness_checks(assets=[table], **options)])
    assert outcome.checks == {"table:freshness_check": passed}


def test_a_blocking_freshness_check(world):
    dg = world.dg
    checks = dg.build_last_update_freshness_checks(
        assets=["never"],
        lower_bound_delta=timedelta(hours=1),
        severity=dg.AssetCheckSeverity.ERROR,
        blocking=True,
    )
    outcome = world.run([dg.AssetSpec("never"), *checks], selection=dg.AssetSelection.all_asset_checks())
    assert not outcome.success
    assert outcome.checks == {"never:freshness_check": False}


def test_one_materialization_has_no_change_of_columns(world):
    dg = world.dg

    @dg.asset
    def table():
        columns = [dg.TableColumn("x", "int")]
        return dg.MaterializeResult(metadata={"dagster/column_schema": dg.TableSchema(columns)})

    outcome = world.run([table, *dg.build_column_schema_change_checks(assets=[table])])
    assert outcome.checks == {"table:column_schema_change": True}


def test_the_sensor_of_freshness_checks(dg):
    @dg.asset
    def one():
        return 1

    checks = dg.build_last_update_freshness_checks(assets=[one], lower_bound_delta=timedelta(hours=1))
    sensor = dg.build_sensor_for_freshness_checks(freshness_checks=checks)
    assert (sensor.name, sensor.minimum_interval_seconds) == ("freshness_checks_sensor", 30)
    named = dg.build_sensor_for_freshness_checks(freshness_checks=checks, name="mine", minimum_interval_seconds=60)
    assert (named.name, named.minimum_interval_seconds) == ("mine", 60)
    defs = dg.Definitions(assets=[one], asset_checks=checks, sensors=[sensor])
    assert [each.name for each in defs.sensors] == ["freshness_checks_sensor"]
