"""What contexts answer, where assetq says more than Dagster or says it otherwise."""

from __future__ import annotations

import pytest

from assetq import (
    AssetKey,
    AssetMaterialization,
    DailyPartitionsDefinition,
    PartitionKeyRange,
    PythonObjectDagsterType,
    StaticPartitionsDefinition,
    build_input_context,
    build_output_context,
)
from assetq.errors import UnknownPartitionError, UsageError
from assetq.io import InputContext, OutputContext
from assetq.io.context import NO_JOB

LETTERS = StaticPartitionsDefinition(["a", "b", "c"])


def test_what_was_not_told_is_named_with_what_to_do():
    with pytest.raises(UsageError, match=r"OutputContext has no step_key.*build_output_context"):
        _ = build_output_context().step_key
    with pytest.raises(UsageError, match=r"InputContext has no asset_key.*build_input_context"):
        _ = build_input_context().asset_key
    with pytest.raises(UsageError, match="no step_context"):
        _ = build_input_context().step_context


def test_a_step_context_cannot_be_given():
    with pytest.raises(UsageError, match="leave it out"):
        build_input_context(step_context=object())


def test_the_asset_is_named_when_there_is_not_one_partition():
    context = InputContext(asset_key=AssetKey("k"), partition_keys=["a", "b"], partitions_def=LETTERS)
    with pytest.raises(UsageError, match=r"2 partitions \(asset 'k'\)"):
        _ = context.asset_partition_key
    with pytest.raises(UsageError, match=r"asset 'k'.*has_partition_key"):
        _ = context.partition_key
    with pytest.raises(UsageError, match=r"not partitioned by time \(asset 'k'\)"):
        _ = context.asset_partitions_time_window


def test_no_partition_at_all_has_keys_and_no_range():
    context = InputContext(asset_key=AssetKey("k"), partition_keys=[])
    assert context.has_asset_partitions
    assert context.asset_partition_keys == []
    with pytest.raises(UsageError, match="no range"):
        _ = context.asset_partition_key_range


def test_the_run_may_be_about_another_partition_than_is_read():
    context = InputContext(asset_key=AssetKey("k"), partition_keys=["a", "b"], partition_key="c")
    assert (context.partition_key, context.asset_partition_keys) == ("c", ["a", "b"])
    assert not InputContext(asset_key=AssetKey("k"), partition_keys=["a"], partition_key=None).has_partition_key
    assert InputContext(asset_key=AssetKey("k"), partition_keys=["a"]).partition_key == "a"


def test_a_range_needs_a_definition():
    with pytest.raises(UsageError, match="asset_partitions_def"):
        build_output_context(asset_key="k", asset_partition_key_range=PartitionKeyRange("a", "b"))
    with pytest.raises(UnknownPartitionError, match="zz"):
        build_input_context(
            asset_key="k", asset_partition_key_range=PartitionKeyRange("a", "zz"), asset_partitions_def=LETTERS
        )


def test_a_range_beside_a_key():
    context = build_output_context(
        asset_key="k",
        partition_key="a",
        asset_partition_key_range=PartitionKeyRange("a", "b"),
        asset_partitions_def=LETTERS,
    )
    assert (context.partition_key, context.asset_partition_keys) == ("a", ["a", "b"])


def test_a_window_spans_all_partitions():
    days = DailyPartitionsDefinition("2024-01-01", end_date="2024-02-01")
    context = OutputContext(
        asset_key=AssetKey("k"), partition_keys=["2024-01-03", "2024-01-04"], partitions_def=days, name="result"
    )
    window = context.asset_partitions_time_window
    assert (window.start.day, window.end.day) == (3, 5)


def test_types_and_annotations_stand_for_each_other():
    assert OutputContext(annotation=int).dagster_type.display_name == "Int"
    assert OutputContext(annotation=None).dagster_type.display_name == "Any"
    assert build_input_context(dagster_type=PythonObjectDagsterType(int)).annotation is int
    assert build_input_context().annotation is None


def test_several_partitions_are_observed_one_by_one():
    context = InputContext(asset_key=AssetKey("k"), partition_keys=["a", "b"], job_name=NO_JOB)
    context.add_input_metadata({"rows": 1})
    assert [seen.partition for seen in context.get_observations()] == ["a", "b"]
    assert [seen.partition for seen in context.consume_events()] == ["a", "b"]
    assert list(context.consume_events()) == []


def test_events_of_a_run_are_consumed_once():
    context = OutputContext(asset_key=AssetKey("k"), job_name=NO_JOB)
    context.log_event(AssetMaterialization("x"))
    assert [event.asset_key for event in context.consume_events()] == [AssetKey("x")]
    assert list(context.consume_events()) == []
    assert len(context.get_logged_events()) == 1


def test_a_version_and_a_mapping_key_do_not_go_together():
    context = build_output_context(step_key="s", name="n", version="v", mapping_key="m")
    with pytest.raises(UsageError, match="'n' of step 's'"):
        context.get_identifier()
