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


def late(dg):
    return dg.DailyPartitionsDefinition("2024-01-05", end_date="2024-01-08")


@pytest.fixture
def runs(world):
    """A function from partitions, a mapping and a key to whether the asset can be made; on a fleet it is refused."""
    dg = world.dg

    class Manager(dg.IOManager):
        def handle_output(self, context, obj):
            pass

        def load_input(self, context):
            return 1

    def run(above, below, mapping=None, *, partition_key, loads=True):
        @dg.asset(partitions_def=above)
        def up():
            return 1

        if loads:

            @dg.asset(partitions_def=below, ins={"up": dg.AssetIn(partition_mapping=mapping)})
            def down(up):
                return 1
        else:

            @dg.asset(partitions_def=below, deps=[dg.AssetDep("up", partition_mapping=mapping)])
            def down():
                return 1

        options = {"partition_key": partition_key, "selection": [down], "resources": {"io_manager": Manager()}}
        try:
            outcome = world.run([up, down], **options)
        except dg.DagsterInvariantViolationError as error:
            refusals.append(str(error))
            return False
        assert outcome.success or "InvariantViolation" in outcome.errors or "UnknownPartition" in outcome.errors
        return outcome.success

    refusals: list[str] = []
    yield run
    assert all("of asset 'down' reads partition" in refusal for refusal in refusals)


@pytest.mark.parametrize("key", ["2024-01-04", "2024-01-08"])
def test_a_window_that_does_not_exist(world, runs, key):
    dg = world.dg
    assert not runs(late(dg), days(dg), partition_key=key)
    assert not runs(late(dg), days(dg), dg.IdentityPartitionMapping(), partition_key=key)
    weeks = dg.WeeklyPartitionsDefinition("2023-12-31", end_date="2024-01-14")
    assert not runs(late(dg), weeks, dg.TimeWindowPartitionMapping(), partition_key="2023-12-31")
    few, many = dg.StaticPartitionsDefinition(["a"]), dg.StaticPartitionsDefinition(["a", "b"])
    assert not runs(few, many, partition_key="b")


def test_windows_that_need_not_exist(world, runs):
    dg = world.dg
    allowing = dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)
    assert runs(late(dg), days(dg), allowing, partition_key="2024-01-04")
    assert runs(late(dg), days(dg), partition_key="2024-01-04", loads=False)
    for offset, key in [(-1, "2024-01-05"), (1, "2024-01-07")]:
        mapping = dg.TimeWindowPartitionMapping(start_offset=offset, end_offset=offset)
        assert runs(late(dg), late(dg), mapping, partition_key=key)
