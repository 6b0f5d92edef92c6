"""A run over a range of partitions: each asset makes the whole range in one step, and is told of it."""

from datetime import UTC, datetime

import pytest

START, END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
RANGE = {START: "2024-01-02", END: "2024-01-04"}
DAYS = ["2024-01-02", "2024-01-03", "2024-01-04"]
WINDOW = [datetime(2024, 1, 2, tzinfo=UTC).isoformat(), datetime(2024, 1, 5, tzinfo=UTC).isoformat()]


def days(dg):
    return dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-10")


def window(found):
    return [found.start.isoformat(), found.end.isoformat()]


def ends(keys):
    return [keys.start, keys.end]


def policies(dg):
    return {
        "none": None, "single": dg.BackfillPolicy.single_run(), "two": dg.BackfillPolicy.multi_run(2)
    }  # fmt: skip


@pytest.mark.parametrize("policy", ["none", "single", "two"])
def test_one_step_takes_the_whole_range(world, policy):
    dg = world.dg

    @dg.asset(partitions_def=days(dg), backfill_policy=policies(dg)[policy])
    def up(context) -> None:
        context.add_output_metadata(
            {
                "keys": context.partition_keys,
                "range": ends(context.partition_key_range),
                "asset range": ends(context.asset_partition_key_range),
                "window": window(context.partition_time_window),
                "one": context.has_partition_key,
                "several": context.has_partition_key_range,
                "output keys": context.asset_partition_keys_for_output(),
                "output range": ends(context.asset_partition_key_range_for_output("result")),
                "output window": window(context.asset_partitions_time_window_for_output("result")),
                "tags": [context.run.tags[START], context.run.tags[END]],
                "has tag": context.has_tag("dagster/partition"),
            }
        )

    outcome = world.run([up], tags=RANGE)
    assert outcome.success
    assert outcome.metadata["up"] == {
        "keys": DAYS,
        "range": [DAYS[0], DAYS[2]],
        "asset range": [DAYS[0], DAYS[2]],
        "window": WINDOW,
        "one": False,
        "several": True,
        "output keys": DAYS,
        "output range": [DAYS[0], DAYS[2]],
        "output window": WINDOW,
        "tags": [DAYS[0], DAYS[2]],
        "has tag": False,
    }


def test_what_has_no_sense_for_a_range_is_refused(world):
    dg = world.dg

    @dg.asset(partitions_def=days(dg))
    def up(context) -> None:
        refused = []
        for name, ask in {
            "partition_key": lambda: context.partition_key,
            "for_output": lambda: context.asset_partition_key_for_output(),
        }.items():
            try:
                ask()
            except Exception:
                refused.append(name)
        try:
            _ = context.partition_key
        except dg.DagsterInvariantViolationError:
            refused.append("as one knows it")
        context.add_output_metadata({"refused": refused})

    outcome = world.run([up], tags=RANGE)
    assert outcome.metadata["up"]["refused"] == ["partition_key", "for_output", "as one knows it"]


def test_what_a_range_reads(world):
    dg = world.dg
    mapping = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=0)

    class Manager(dg.IOManager):
        def handle_output(self, context, obj):
            context.add_output_metadata(
                {
                    "keys": list(context.asset_partition_keys),
                    "range": ends(context.asset_partition_key_range),
                    "window": window(context.asset_partitions_time_window),
                    "one": context.has_partition_key,
                    "partitioned": context.has_asset_partitions,
                    "stored": obj,
                }
            )

        def load_input(self, context):
            return [
                list(context.asset_partition_keys),
                ends(context.asset_partition_key_range),
                window(context.asset_partitions_time_window),
                context.has_partition_key,
                list(context.upstream_output.asset_partition_keys),
            ]

    @dg.asset(partitions_def=days(dg))
    def up():
        return "up"

    @dg.asset(partitions_def=days(dg), ins={"up": dg.AssetIn(partition_mapping=mapping)})
    def down(context, up):
        return [
            up,
            context.asset_partition_keys_for_input("up"),
            ends(context.asset_partition_key_range_for_input("up")),
            window(context.asset_partitions_time_window_for_input("up")),
        ]

    outcome = world.run([up, down], tags=RANGE, resources={"io_manager": Manager()})
    assert outcome.success, outcome.errors
    read, told = ["2024-01-01", *DAYS], ["2024-01-01", "2024-01-04"]
    since = [datetime(2024, 1, 1, tzinfo=UTC).isoformat(), WINDOW[1]]
    stored = {"keys": DAYS, "range": [DAYS[0], DAYS[2]], "window": WINDOW, "one": False, "partitioned": True}
    assert outcome.metadata["up"] == {**stored, "stored": "up"}
    assert outcome.metadata["down"] == {**stored, "stored": [[read, told, since, False, DAYS], read, told, since]}


def test_a_range_of_one(world):
    dg = world.dg

    @dg.asset(partitions_def=days(dg), backfill_policy=dg.BackfillPolicy.single_run())
    def up(context) -> None:
        context.add_output_metadata({"keys": context.partition_keys, "range": ends(context.partition_key_range)})

    outcome = world.run([up], tags={START: "2024-01-02", END: "2024-01-02"})
    assert outcome.metadata["up"] == {"keys": ["2024-01-02"], "range": ["2024-01-02", "2024-01-02"]}


@pytest.mark.parametrize(
    "options",
    [
        {"tags": {START: "2024-01-02"}},
        {"tags": RANGE, "partition_key": "2024-01-02"},
    ],
)
def test_a_range_that_is_none(dg, options):
    @dg.asset(partitions_def=days(dg))
    def up() -> None: ...

    with pytest.raises(Exception, match=r"range|partition"):
        dg.materialize([up], **options)


def test_a_partition_by_its_tag(dg):
    seen = []

    @dg.asset(partitions_def=days(dg))
    def up(context) -> None:
        seen.append(context.partition_key)

    dg.materialize([up], tags={"dagster/partition": "2024-01-03"})
    assert seen == ["2024-01-03"]


def test_policies(dg):
    policy = dg.BackfillPolicy
    assert policy.single_run() == policy(None) != policy.multi_run()
    assert policy.multi_run() == policy() == policy(1)
    assert policy.multi_run(3).max_partitions_per_run == 3
    assert policy.single_run().max_partitions_per_run is None
    assert str(policy.single_run()) == "BackfillPolicy.single_run()"
    assert str(policy.multi_run(2)) == "BackfillPolicy.multi_run(max_partitions_per_run=2)"
    assert [policy.single_run().policy_type.name, policy.multi_run(2).policy_type.value] == ["SINGLE_RUN", "MULTI_RUN"]
    assert policy(1) < policy(2)
    assert hash(policy(2)) == hash(policy.multi_run(2))
    for wrong in ("a", None):
        with pytest.raises(Exception, match=r"max_partitions_per_run|multi_run"):
            policy.multi_run(wrong)


def test_the_policy_of_an_asset(dg):
    @dg.asset(partitions_def=days(dg))
    def plain(): ...

    @dg.asset(partitions_def=days(dg), backfill_policy=dg.BackfillPolicy.multi_run(2))
    def chunked(): ...

    assert plain.backfill_policy is None
    assert chunked.backfill_policy == dg.BackfillPolicy.multi_run(2)
    with pytest.raises(Exception, match=r"backfill_policy|policy_type"):

        @dg.asset(backfill_policy="single_run")
        def wrong(): ...
