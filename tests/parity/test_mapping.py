"""Which upstream partitions an asset reads, seen by what it loads."""

import pytest

DAY = "2024-01-03"


@pytest.fixture
def loads(world, tmp_path):
    """A function from two partitions definitions, a mapping and a key to the upstream keys that an input covers."""
    dg, seen = world.dg, tmp_path / "seen"

    class Manager(dg.IOManager):
        def handle_output(self, context, obj):
            pass

        def load_input(self, context):
            seen.write_text("\n".join(context.asset_partition_keys))

    def find(above, below, mapping=None, *, partition_key):
        @dg.asset(partitions_def=above)
        def up():
            return 1

        @dg.asset(partitions_def=below, ins={"up": dg.AssetIn(partition_mapping=mapping)})
        def down(up):
            return 1

        outcome = world.run(
            [up, down], partition_key=partition_key, selection=[down], resources={"io_manager": Manager()}
        )
        assert outcome.success, outcome.errors
        return sorted(seen.read_text().split("\n"))

    return find


def days(dg):
    return dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-10")


def test_offsets_count_downstream_windows(world, loads):
    dg = world.dg
    hours = dg.HourlyPartitionsDefinition("2024-01-01-00:00", end_date="2024-01-10-00:00")
    mapping = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
    found = loads(hours, days(dg), mapping, partition_key=DAY)
    assert found == [f"2024-01-02-{hour:02}:00" for hour in range(24)]


def test_the_day_before(world, loads):
    dg = world.dg
    mapping = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
    assert loads(days(dg), days(dg), mapping, partition_key=DAY) == ["2024-01-02"]


def test_specific_partitions(world, loads):
    dg = world.dg
    letters = dg.StaticPartitionsDefinition(["a", "b", "c"])
    mapping = dg.SpecificPartitionsPartitionMapping(["a", "c"])
    assert loads(letters, days(dg), mapping, partition_key=DAY) == ["a", "c"]


def test_different_lists_read_the_same_key(world, loads):
    dg = world.dg
    above, below = dg.StaticPartitionsDefinition(["b", "c"]), dg.StaticPartitionsDefinition(["a", "b"])
    assert loads(above, below, partition_key="b") == ["b"]


def test_one_dimension_of_two(world, loads):
    dg = world.dg
    letters = dg.StaticPartitionsDefinition(["a", "b"])
    both = dg.MultiPartitionsDefinition({"day": days(dg), "letter": letters})
    assert loads(both, days(dg), partition_key=DAY) == [f"{DAY}|a", f"{DAY}|b"]
    assert loads(days(dg), both, partition_key=f"{DAY}|a") == [DAY]


def test_dimension_by_dimension(world, loads):
    dg = world.dg
    letters = dg.StaticPartitionsDefinition(["a", "b"])
    above = dg.MultiPartitionsDefinition({"day": days(dg), "letter": letters})
    below = dg.MultiPartitionsDefinition({"date": days(dg), "size": dg.StaticPartitionsDefinition(["s", "l"])})
    yesterday = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
    mapping = dg.MultiPartitionMapping({"day": dg.DimensionPartitionMapping("date", yesterday)})
    found = loads(above, below, mapping, partition_key=f"{DAY}|s")
    assert found == ["2024-01-02|a", "2024-01-02|b"]
