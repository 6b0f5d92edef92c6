"""Partitions that read other partitions of the same asset, and what the first of them is given."""

from typing import Dict, Optional  # noqa: UP035

import pytest

KEYS = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]


def days(dg):
    return dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-05")


def earlier(dg, start=-1, end=-1):
    return dg.TimeWindowPartitionMapping(start_offset=start, end_offset=end)


def cumulative(dg, mapping, annotation=None):
    """An asset that tells what it was given of its earlier partitions."""

    def total(context, before):
        context.add_output_metadata(
            {"before": str(before), "read": str(context.asset_partition_keys_for_input("before"))}
        )
        return context.partition_key

    if annotation is not None:
        total.__annotations__["before"] = annotation
    ins = {"before": dg.AssetIn("total", partition_mapping=mapping)}
    return dg.asset(partitions_def=days(dg), ins=ins)(total)


def run_days(world, asset, folder, keys):
    resources = {"io_manager": world.dg.FilesystemIOManager(base_dir=str(folder))}
    return [world.run([asset], partition_key=key, resources=resources) for key in keys]


def test_each_day_reads_the_day_before_and_the_first_one_nothing(world, tmp_path):
    runs = run_days(world, cumulative(world.dg, earlier(world.dg)), tmp_path / "s", KEYS[:3])
    assert [run.metadata["total"]["before"] for run in runs] == ["None", "2024-01-01", "2024-01-02"]
    assert [run.metadata["total"]["read"] for run in runs] == ["[]", "['2024-01-01']", "['2024-01-02']"]


def test_a_wider_window_is_cut_at_the_first_partition(world, tmp_path):
    runs = run_days(world, cumulative(world.dg, earlier(world.dg, -2)), tmp_path / "s", KEYS[:3])
    assert [run.metadata["total"]["before"] for run in runs] == [
        "None",
        "2024-01-01",
        "{'2024-01-01': '2024-01-01', '2024-01-02': '2024-01-02'}",
    ]


def test_a_day_whose_day_before_is_missing_fails(world, tmp_path):
    (run,) = run_days(world, cumulative(world.dg, earlier(world.dg)), tmp_path / "s", KEYS[2:3])
    assert (run.success, run.failed) == (False, {"total"})


@pytest.mark.parametrize(("annotation", "success"), [(Optional[str], True), (str, False), (Dict[str, str], False)])  # noqa: UP006, UP045
def test_nothing_is_none(world, tmp_path, annotation, success):
    (run,) = run_days(world, cumulative(world.dg, earlier(world.dg), annotation), tmp_path / "s", KEYS[:1])
    assert run.success is success


def test_a_dependency_without_a_value(world):
    dg = world.dg

    @dg.asset(partitions_def=days(dg), deps=[dg.AssetDep("table", partition_mapping=earlier(dg))])
    def table(): ...

    assert world.run([table], partition_key=KEYS[2]).materialized == ["table"]


@pytest.mark.parametrize("offsets", [(-1, -1), (-3, -1), (-3, -2)])
@pytest.mark.parametrize("policy", ["single", "multi", None])
def test_earlier_partitions_may_be_read(dg, offsets, policy):
    policies = {"single": dg.BackfillPolicy.single_run(), "multi": dg.BackfillPolicy.multi_run(2)}

    @dg.asset(
        partitions_def=days(dg),
        backfill_policy=policies.get(policy),
        deps=[dg.AssetDep("table", partition_mapping=earlier(dg, *offsets))],
    )
    def table(): ...

    assert table.key == dg.AssetKey("table")


def refused(dg):
    return {
        "none": None,
        "same": earlier(dg, 0, 0),
        "up to the same": earlier(dg, -1, 0),
        "later": earlier(dg, 1, 1),
        "nothing": earlier(dg, 0, -1),
        "all": dg.AllPartitionMapping(),
        "last": dg.LastPartitionMapping(),
        "identity": dg.IdentityPartitionMapping(),
    }


@pytest.mark.parametrize("name", ["none", "same", "up to the same", "later", "nothing", "all", "last", "identity"])
def test_other_partitions_of_itself_may_not_be_read(dg, name):
    with pytest.raises(dg.DagsterInvalidDefinitionError):

        @dg.asset(partitions_def=days(dg), ins={"table": dg.AssetIn(partition_mapping=refused(dg)[name])})
        def table(table): ...


def test_a_table_of_keys_does_not_order_partitions(dg):
    mapping = dg.StaticPartitionMapping({"a": "b", "b": "c"})
    with pytest.raises(dg.DagsterInvalidDefinitionError):

        @dg.asset(
            partitions_def=dg.StaticPartitionsDefinition(["a", "b", "c"]),
            deps=[dg.AssetDep("table", partition_mapping=mapping)],
        )
        def table(): ...


def test_a_circle_through_earlier_partitions_is_refused(dg):
    @dg.asset(partitions_def=days(dg), ins={"b": dg.AssetIn(partition_mapping=earlier(dg))})
    def a(b): ...

    @dg.asset(partitions_def=days(dg))
    def b(a): ...

    with pytest.raises(Exception, match=r"[Cc]irc"):
        dg.materialize([a, b], partition_key=KEYS[0])


def test_another_asset_of_the_day_before_is_none_for_the_first_day(world):
    dg = world.dg

    @dg.asset(partitions_def=days(dg))
    def up():
        return 1

    @dg.asset(partitions_def=days(dg), ins={"up": dg.AssetIn(partition_mapping=earlier(dg))})
    def down(context, up):
        context.add_output_metadata({"up": str(up)})

    assert world.run([up, down], partition_key=KEYS[0]).metadata["down"] == {"up": "None"}


@pytest.mark.parametrize("kind", ["last", "all"])
def test_an_asset_without_partitions_chooses(world, tmp_path, kind):
    dg = world.dg
    mapping = {"last": dg.LastPartitionMapping(), "all": dg.AllPartitionMapping()}[kind]

    @dg.asset(partitions_def=days(dg))
    def up(context):
        return context.partition_key

    @dg.asset(ins={"up": dg.AssetIn(partition_mapping=mapping)})
    def down(context, up):
        context.add_output_metadata({"up": str(up)})

    resources = {"io_manager": dg.FilesystemIOManager(base_dir=str(tmp_path / "s"))}
    for key in KEYS:
        world.run([up], partition_key=key, resources=resources)
    run = world.run([up, down], selection=[down], resources=resources)
    assert run.metadata["down"] == {"up": KEYS[-1] if kind == "last" else str({key: key for key in KEYS})}
