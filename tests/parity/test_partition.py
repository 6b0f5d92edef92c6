"""Partitions definitions: which keys and windows there are, and what is refused."""

from datetime import UTC, datetime

import pytest

from tests.unit.partitions import time_table

NOW = datetime(2024, 1, 10, 12, tzinfo=UTC)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.timeout(250)
def test_ten_years_of_every_grid(dg):
    assert time_table.digests(dg) == time_table.known()


@pytest.mark.parametrize("offset", [-20, -2, -1, 0, 1, 3])
@pytest.mark.parametrize("end", [None, "2024-01-05", "2024-01-11", "2099-01-01"])
def test_end_offset(dg, offset, end):
    grid = dg.DailyPartitionsDefinition("2024-01-01", end_date=end, end_offset=offset)
    stop = 9 + offset if end is None else min(9 + offset, int(end[8:]) - 1 if end < "2025" else 99)
    assert list(grid.get_partition_keys(NOW)) == [f"2024-01-{day:02}" for day in range(1, stop + 1)]


def test_windows_end_before_the_end(dg):
    assert len(dg.HourlyPartitionsDefinition("2024-01-01-00:00", "2024-01-01-03:30").get_partition_keys()) == 3
    assert len(dg.HourlyPartitionsDefinition("2024-01-01-00:30", "2024-01-01-03:30").get_partition_keys()) == 2
    assert len(dg.WeeklyPartitionsDefinition("2024-01-01", "2024-01-31").get_partition_keys()) == 3
    assert len(dg.MonthlyPartitionsDefinition("2024-01-05", "2024-05-15").get_partition_keys()) == 3


def test_the_hour_that_comes_twice(dg):
    grid = dg.HourlyPartitionsDefinition("2024-11-03-00:00", "2024-11-03-04:00", timezone="America/New_York")
    assert [key[11:] for key in grid.get_partition_keys()] == ["00:00", "01:00", "01:00-0500", "02:00", "03:00"]
    assert (
        grid.time_window_for_partition_key("2024-11-03-01:00-0500").start.timestamp() == utc(2024, 11, 3, 6).timestamp()
    )


def test_a_skipped_time_becomes_the_end_of_the_gap(dg):
    grid = dg.DailyPartitionsDefinition(
        "2024-03-09", "2024-03-12", hour_offset=2, minute_offset=30, timezone="America/New_York"
    )
    assert grid.time_window_for_partition_key("2024-03-10").start == utc(2024, 3, 10, 7)


def test_windows_and_edges(dg):
    grid = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-04")
    window = grid.time_window_for_partition_key("2024-01-02")
    assert (window.start, window.end) == (window[0], window[1]) == (utc(2024, 1, 2), utc(2024, 1, 3))
    assert grid.start_time_for_partition_key("2024-01-02") == window.start
    assert grid.end_time_for_partition_key("2024-01-02") == window.end
    assert grid.get_next_partition_key("2024-01-01") == "2024-01-02"
    assert grid.get_next_partition_key("2024-01-03") is None
    assert grid.get_first_partition_window().start == utc(2024, 1, 1)
    assert grid.get_last_partition_window().end == utc(2024, 1, 4)
    assert (grid.get_first_partition_key(), grid.get_last_partition_key()) == ("2024-01-01", "2024-01-03")
    assert grid.get_num_partitions() == 3
    assert dg.DailyPartitionsDefinition("2099-01-01").get_last_partition_key() is None
    assert dg.DailyPartitionsDefinition("2099-01-01").get_last_partition_window() is None


def test_keys_of_spans(dg):
    grid = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-04")

    def span(start, end):
        return dg.TimeWindow(utc(2024, 1, *start), utc(2024, 1, *end))

    assert list(grid.get_partition_keys_in_time_window(span((1, 5), (2, 5)))) == ["2024-01-02"]
    assert list(grid.get_partition_keys_in_time_window(span((2,), (2,)))) == []
    between = grid.get_partition_key_range_for_time_window
    assert between(span((1,), (3,))) == dg.PartitionKeyRange("2024-01-01", "2024-01-02")
    assert between(span((1, 5), (3, 7))) == dg.PartitionKeyRange("2024-01-01", "2024-01-02")
    keys = grid.get_partition_keys_in_range
    assert list(keys(dg.PartitionKeyRange("2024-01-01", "2024-01-02"))) == ["2024-01-01", "2024-01-02"]
    assert list(keys(dg.PartitionKeyRange("2024-01-02", "2024-01-01"))) == []
    for start, end in (("2023-01-01", "2024-01-02"), ("2024-01-01", "2028-01-01")):
        with pytest.raises(Exception, match=r"2023|2028"):
            keys(dg.PartitionKeyRange(start, end))


def test_exclusions(dg):
    grid = dg.DailyPartitionsDefinition("2024-01-01", "2024-01-08", exclusions=["0 0 3 * *", utc(2024, 1, 5)])
    assert [key[8:] for key in grid.get_partition_keys()] == ["01", "02", "04", "06", "07"]
    assert not grid.has_partition_key("2024-01-03")
    assert grid.get_num_partitions() == 5
    assert [key[8:] for key in grid.get_partition_keys_in_range(dg.PartitionKeyRange("2024-01-02", "2024-01-06"))] == [
        "02",
        "04",
        "06",
    ]
    for offset, last in ((-2, "04"), (-1, "05"), (0, "07"), (1, "08"), (2, "10")):
        away = [utc(2024, 1, 6), utc(2024, 1, 9)]
        grid = dg.DailyPartitionsDefinition("2024-01-01", end_offset=offset, exclusions=away)
        assert grid.get_partition_keys(utc(2024, 1, 8, 12))[-1] == f"2024-01-{last}"


def test_equality_and_text(dg):
    daily = dg.DailyPartitionsDefinition("2024-01-01")
    assert daily == dg.TimeWindowPartitionsDefinition(start="2024-01-01", fmt="%Y-%m-%d", cron_schedule="0 0 * * *")
    assert daily != dg.DailyPartitionsDefinition("2024-01-01", timezone="Europe/Berlin")
    assert hash(daily) == hash(dg.DailyPartitionsDefinition("2024-01-01"))
    assert str(daily) == "Daily, starting 2024-01-01 UTC."
    assert daily.get_tags_for_partition_key("2024-01-02") == {"dagster/partition": "2024-01-02"}
    assert daily.cron_schedule == "0 0 * * *"
    weekly = dg.WeeklyPartitionsDefinition("2024-01-01", day_offset=3, hour_offset=4, minute_offset=5)
    assert (weekly.cron_schedule, weekly.day_offset, weekly.hour_offset) == ("5 4 * * 3", 3, 4)
    other = dg.DailyPartitionsDefinition("2024-01-01", end_offset=1)
    assert daily.get_serializable_unique_identifier() != other.get_serializable_unique_identifier()


@pytest.mark.parametrize("schedule", ["bad", "0 0 * *", "70 0 * * *", "0 0 * * 9", "0 25 * * *", "0 0 30 2 *"])
def test_bad_schedules(dg, schedule):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.TimeWindowPartitionsDefinition(start="2024-01-01", fmt="%Y-%m-%d", cron_schedule=schedule)


@pytest.mark.parametrize("keys", [["a", "a"], ["a...b"], *([f"a{char}b"] for char in "\x00\a\b\f\n\r\t\v")])
def test_bad_static_keys(dg, keys):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.StaticPartitionsDefinition(keys)


@pytest.mark.parametrize("key", ["a|b", " a", "a,b", "[x]", 'a"b', "a\\b", "a*b", "ä", "a/b", "a..b"])
def test_good_static_keys(dg, key):
    assert list(dg.StaticPartitionsDefinition([key]).get_partition_keys()) == [key]


def test_static(dg):
    letters = dg.StaticPartitionsDefinition(["a", "b", "c"])
    assert str(letters) == "'a', 'b', 'c'"
    assert list(letters.get_partition_keys_in_range(dg.PartitionKeyRange("b", "c"))) == ["b", "c"]
    assert letters != dg.StaticPartitionsDefinition(["a", "c", "b"])
    assert dg.StaticPartitionsDefinition([]).get_last_partition_key() is None


def test_dynamic_definitions(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.DynamicPartitionsDefinition()
    colors = dg.DynamicPartitionsDefinition(name="colors")
    assert colors == dg.DynamicPartitionsDefinition(name="colors")
    assert str(colors) == 'Dynamic partitions: "colors"'
    with pytest.raises(Exception, match="instance"):
        colors.get_partition_keys()
    request = colors.build_add_request(["red"])
    assert (request.partitions_def_name, list(request.partition_keys)) == ("colors", ["red"])
    assert list(colors.build_delete_request(["red"]).partition_keys) == ["red"]


def multi(dg):
    letters = dg.StaticPartitionsDefinition(["a", "b"])
    days = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-03")
    return dg.MultiPartitionsDefinition({"z": letters, "day": days})


def test_keys_of_two_dimensions(dg):
    both = multi(dg)
    assert list(both.get_partition_keys()) == ["2024-01-01|a", "2024-01-01|b", "2024-01-02|a", "2024-01-02|b"]
    assert both.get_last_partition_key() == "2024-01-02|b"
    key = both.get_partition_keys()[0]
    assert isinstance(key, dg.MultiPartitionKey)
    assert key.keys_by_dimension == {"day": "2024-01-01", "z": "a"}
    assert both.get_num_partitions() == 4
    assert both.partition_dimension_names == ["day", "z"]
    assert [dimension.name for dimension in both.partitions_defs] == ["day", "z"]
    assert both.primary_dimension.name == both.time_window_dimension.name == "day"
    assert both.secondary_dimension.name == "z"
    assert both.has_partition_key("2024-01-01|a")
    assert both.has_partition_key(dg.MultiPartitionKey({"z": "a", "day": "2024-01-01"}))
    assert not both.has_partition_key("2024-01-01|q")
    assert both.time_window_for_partition_key("2024-01-01|a").end == utc(2024, 1, 2)
    assert list(both.get_multipartition_keys_with_dimension_value("z", "a")) == ["2024-01-01|a", "2024-01-02|a"]
    assert both.get_tags_for_partition_key("2024-01-01|a") == {
        "dagster/partition": "2024-01-01|a",
        "dagster/partition/day": "2024-01-01",
        "dagster/partition/z": "a",
    }
    assert str(both) == "Multi-partitioned, with dimensions: \nDay: Daily, starting 2024-01-01 UTC. \nZ: 'a', 'b'"


def test_a_range_in_two_dimensions_is_a_product(dg):
    span = dg.PartitionKeyRange("2024-01-01|a", "2024-01-02|a")
    assert list(multi(dg).get_partition_keys_in_range(span)) == ["2024-01-01|a", "2024-01-02|a"]


def test_multi_partition_keys(dg):
    key = dg.MultiPartitionKey({"z": "a", "day": "1"})
    assert key == "1|a"
    assert hash(key) == hash("1|a")
    assert key == dg.MultiPartitionKey({"day": "1", "z": "a"})


def test_two_dimensions_are_needed(dg):
    letters = dg.StaticPartitionsDefinition(["a", "b"])
    for names in ("", "a", "abc"):
        with pytest.raises(Exception, match=r"(?i)two|2"):
            dg.MultiPartitionsDefinition(dict.fromkeys(names, letters))
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.MultiPartitionsDefinition({"a": dg.StaticPartitionsDefinition(["x|y"]), "b": letters})
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.MultiPartitionsDefinition({"a": multi(dg), "b": letters})
    assert dg.MultiPartitionsDefinition({"a": letters, "b": letters}) == dg.MultiPartitionsDefinition(
        {"b": letters, "a": letters}
    )
