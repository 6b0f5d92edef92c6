"""Ready-made checks over more than one run, and the schedules of their deadlines."""

from datetime import UTC, datetime, timedelta

import pytest

from assetq import (
    AssetSelection,
    DailyPartitionsDefinition,
    Instance,
    MaterializeResult,
    TableColumn,
    TableSchema,
    asset,
    build_column_schema_change_checks,
    build_time_partition_freshness_checks,
    materialize,
)
from assetq.definitions.cron import Cron
from assetq.errors import DefinitionError


def evaluations(result):
    return [(e.data["passed"], e.message) for e in result.all_events if str(e.type) == "ASSET_CHECK_EVALUATION"]


@pytest.mark.parametrize(
    ("before", "now", "passed", "told"),
    [
        ({"x": "int"}, {"x": "int"}, True, "the same"),
        ({"x": "int", "z": "int"}, {"x": "str", "y": "int"}, False, "added y, removed z, x was int, is str"),
        (None, {"x": "int"}, False, "previous"),
        ({"x": "int"}, None, False, "latest"),
    ],
)
def test_changes_of_columns(before, now, passed, told):
    schemas = iter([before, now])

    @asset
    def table():
        types = next(schemas)
        columns = [TableColumn(name, kind) for name, kind in (types or {}).items()]
        return MaterializeResult(metadata={"dagster/column_schema": TableSchema(columns)} if types else {})

    instance = Instance.ephemeral()
    materialize([table], instance=instance)
    result = materialize([table, *build_column_schema_change_checks(assets=[table])], instance=instance)
    ((found, message),) = evaluations(result)
    assert found is passed
    assert told in message


@pytest.mark.parametrize(("days_ago", "passed"), [(1, True), (3, False), (None, False)])
def test_the_latest_partition(days_ago, passed):
    @asset(partitions_def=DailyPartitionsDefinition("2024-01-01"))
    def table(): ...

    instance = Instance.ephemeral()
    if days_ago is not None:
        day = datetime.now(UTC) - timedelta(days=days_ago)
        materialize([table], instance=instance, partition_key=day.strftime("%Y-%m-%d"))
    checks = build_time_partition_freshness_checks(assets=[table], deadline_cron="0 0 * * *")
    result = materialize([table, *checks], instance=instance, selection=AssetSelection.all_asset_checks())
    assert [found for found, _ in evaluations(result)] == [passed]


@pytest.mark.parametrize(
    ("text", "last", "following"),
    [
        ("0 9 * * *", (2024, 3, 12, 9, 0), (2024, 3, 13, 9, 0)),
        ("*/15 * * * *", (2024, 3, 12, 10, 30), (2024, 3, 12, 10, 45)),
        ("0 0 * * 1", (2024, 3, 11, 0, 0), (2024, 3, 18, 0, 0)),
        ("0 0 * * mon-tue", (2024, 3, 12, 0, 0), (2024, 3, 18, 0, 0)),
        ("0 0 1 * 0", (2024, 3, 10, 0, 0), (2024, 3, 17, 0, 0)),
        ("0 0 29 2 *", (2024, 2, 29, 0, 0), (2028, 2, 29, 0, 0)),
        ("30 10,11 * mar *", (2024, 3, 12, 10, 30), (2024, 3, 12, 11, 30)),
        ("@monthly", (2024, 3, 1, 0, 0), (2024, 4, 1, 0, 0)),
        ("0 0 * * 7", (2024, 3, 10, 0, 0), (2024, 3, 17, 0, 0)),
        ("0 0 L * *", (2024, 2, 29, 0, 0), (2024, 3, 31, 0, 0)),
        ("0 0 * * 2#2", (2024, 3, 12, 0, 0), (2024, 4, 9, 0, 0)),
        ("0 0 * * L5", (2024, 2, 23, 0, 0), (2024, 3, 29, 0, 0)),
        ("0 0 * * fri-mon", (2024, 3, 11, 0, 0), (2024, 3, 15, 0, 0)),
        ("5-1 10 * * *", (2024, 3, 12, 10, 31), (2024, 3, 12, 10, 32)),
    ],
)
def test_schedules(text, last, following):
    now = datetime(2024, 3, 12, 10, 31, 5, tzinfo=UTC)
    assert Cron.parse(text).last(now) == datetime(*last, tzinfo=UTC)
    assert Cron.parse(text).next(now) == datetime(*following, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "* * * *", "60 * * * *", "* * 0 * *", "a * * * *", "5-1/2 * * * *", "*/0 * * * *"]
)
def test_bad_schedules(text):
    with pytest.raises(DefinitionError, match="no cron schedule"):
        Cron.parse(text)


def test_a_day_that_never_comes():
    with pytest.raises(DefinitionError, match="never comes"):
        Cron.parse("0 0 31 2 *").last(datetime(2024, 3, 12, tzinfo=UTC))
