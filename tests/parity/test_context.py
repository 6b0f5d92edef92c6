"""What the contexts say, in a run and outside of one."""

import pytest


def seen(world, ask, *, upstream=True, check=None, **options):
    """What `ask(context)` gives in an asset `orders` that reads `up`, as metadata of the asset says it."""
    dg = world.dg
    of_asset = {name: options.pop(name) for name in ("partitions_def", "config_schema", "op_tags") if name in options}

    @dg.asset(partitions_def=of_asset.get("partitions_def"))
    def up():
        return 5

    @dg.asset(**of_asset)
    def orders(context: dg.AssetExecutionContext, up):
        return dg.Output(1, metadata={"seen": dg.MetadataValue.json(ask(context))})

    outcome = world.run([up, orders], **options)
    assert outcome.success, outcome.errors
    return outcome.metadata["orders"]["seen"]


def refused(context, *asks):
    """True for each call that raises."""
    found = []
    for ask in asks:
        try:
            ask(context)
        except Exception:
            found.append(True)
        else:
            found.append(False)
    return found


def days(dg):
    return dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-10")


def test_keys_and_names(world):
    def ask(context):
        return [
            context.asset_key.to_user_string(),
            sorted(key.to_user_string() for key in context.selected_asset_keys),
            sorted(context.selected_output_names),
            len(context.selected_asset_check_keys),
            context.has_assets_def,
            context.assets_def.key.to_user_string(),
            context.asset_key_for_output().to_user_string(),
            context.asset_key_for_output("result").to_user_string(),
            context.asset_key_for_input("up").to_user_string(),
            context.output_for_asset_key(context.asset_key),
            context.is_subset,
        ]

    assert seen(world, ask) == [
        "orders",
        ["orders"],
        ["result"],
        0,
        True,
        "orders",
        "orders",
        "orders",
        "up",
        "result",
        False,
    ]


def test_unknown_inputs_and_outputs(world):
    def ask(context):
        return refused(context, lambda c: c.asset_key_for_output("zz"), lambda c: c.asset_key_for_input("zz"))

    assert seen(world, ask) == [True, True]


def test_the_op(world):
    def ask(context):
        return [
            context.op.name,
            context.op_def.name,
            context.op.tags["speed"],
            context.op_handle.name,
            context.node_handle.name,
            context.describe_op(),
            context.get_mapping_key(),
            context.step_launcher,
        ]

    found = seen(world, ask, op_tags={"speed": "slow"})
    assert found == ["orders", "orders", "slow", "orders", "orders", 'op "orders"', None, None]


def test_the_run(world):
    def ask(context):
        return [
            context.run.run_id == context.run_id == context.dagster_run.run_id,
            context.run_tags["team"],
            context.run.tags["team"],
            context.has_tag("team"),
            context.get_tag("team"),
            context.has_tag("other"),
            context.get_tag("other"),
            context.run.run_config["ops"],
            context.run_config["ops"],
            context.job_name == context.run.job_name,
            context.retry_number,
        ]

    config = {"ops": {"orders": {"config": {"a": 1}}}}
    found = seen(world, ask, config_schema={"a": int}, run_config=config, tags={"team": "x"})
    assert found == [True, "x", "x", True, "x", False, None, config["ops"], config["ops"], True, 0]


def test_op_config(world):
    found = seen(world, lambda context: context.op_config, config_schema={"a": world.dg.Field(int, default_value=4)})
    assert found == {"a": 4}
    assert seen(world, lambda context: context.op_config) is None


def test_resources(world):
    dg = world.dg

    @dg.asset(required_resource_keys={"box"})
    def one(context):
        assert context.resources.box == 3
        assert not hasattr(context.resources, "other")
        assert context.resources._asdict()["box"] == 3

    outcome = world.run([one], resources={"box": dg.ResourceDefinition.hardcoded_resource(3)})
    assert outcome.success, outcome.errors


def test_without_partitions(world):
    def ask(context):
        return [
            context.has_partition_key,
            context.has_partition_key_range,
            *refused(
                context,
                lambda c: c.partition_key,
                lambda c: c.partition_keys,
                lambda c: c.partition_key_range,
                lambda c: c.partition_time_window,
                lambda c: c.asset_partition_key_for_output(),
                lambda c: c.asset_partition_keys_for_output(),
                lambda c: c.asset_partition_key_for_input("up"),
                lambda c: c.asset_partition_keys_for_input("up"),
                lambda c: c.asset_partitions_def_for_output(),
                lambda c: c.asset_partitions_def_for_input("up"),
            ),
        ]

    assert seen(world, ask) == [False, False, *([True] * 10)]


def test_partition_keys(world):
    def ask(context):
        return [
            context.has_partition_key,
            context.has_partition_key_range,
            context.partition_key,
            context.partition_keys,
            [context.partition_key_range.start, context.partition_key_range.end],
            [context.asset_partition_key_range.start, context.asset_partition_key_range.end],
            context.get_tag("dagster/partition"),
        ]

    found = seen(world, ask, partitions_def=days(world.dg), partition_key="2024-01-02")
    one = "2024-01-02"
    assert found == [True, False, one, [one], [one, one], [one, one], one]


def test_partitions_of_outputs_and_inputs(world):
    def ask(context):
        outputs, inputs = (
            context.asset_partition_key_range_for_output(),
            context.asset_partition_key_range_for_input("up"),
        )
        return [
            context.asset_partition_key_for_output(),
            context.asset_partition_key_for_input("up"),
            context.asset_partition_keys_for_output(),
            context.asset_partition_keys_for_input("up"),
            [outputs.start, outputs.end, inputs.start, inputs.end],
            context.asset_partitions_def_for_output() == context.asset_partitions_def_for_input("up"),
        ]

    found = seen(world, ask, partitions_def=days(world.dg), partition_key="2024-01-02")
    one = "2024-01-02"
    assert found == [one, one, [one], [one], [one] * 4, True]


def test_time_windows(world):
    def ask(context):
        windows = (
            context.partition_time_window,
            context.asset_partitions_time_window_for_output(),
            context.asset_partitions_time_window_for_input("up"),
        )
        return [[window.start.isoformat(), window.end.isoformat()] for window in windows]

    found = seen(world, ask, partitions_def=days(world.dg), partition_key="2024-01-02")
    assert found == [["2024-01-02T00:00:00+00:00", "2024-01-03T00:00:00+00:00"]] * 3


def test_static_partitions_have_no_time_window(world):
    def ask(context):
        return [context.partition_key, *refused(context, lambda c: c.partition_time_window)]

    letters = world.dg.StaticPartitionsDefinition(["x", "y"])
    assert seen(world, ask, partitions_def=letters, partition_key="y") == ["y", True]


def test_partitions_of_another_grid_are_mapped(world):
    dg = world.dg

    @dg.asset(partitions_def=days(dg))
    def up():
        return 5

    @dg.asset(partitions_def=days(dg), deps=[up], ins={})
    def one(context):
        assert context.asset_partition_keys_for_input("up") == ["2024-01-03"]
        assert context.asset_key_for_input("up").to_user_string() == "up"

    outcome = world.run([up, one], partition_key="2024-01-03")
    assert outcome.success, outcome.errors


def test_an_earlier_window_is_read_through_a_mapping(world):
    dg = world.dg
    mapping = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=0)

    @dg.asset(partitions_def=days(dg))
    def up():
        return 5

    @dg.asset(partitions_def=days(dg), deps=[dg.AssetDep(up, partition_mapping=mapping)])
    def one(context):
        assert context.asset_partition_keys_for_input("up") == ["2024-01-02", "2024-01-03"]
        keys = context.asset_partition_key_range_for_input("up")
        assert (keys.start, keys.end) == ("2024-01-02", "2024-01-03")
        window = context.asset_partitions_time_window_for_input("up")
        assert (window.start.day, window.end.day) == (2, 4)
        with pytest.raises(Exception, match=r"."):
            context.asset_partition_key_for_input("up")

    outcome = world.run([up, one], partition_key="2024-01-03", selection=["one"])
    assert outcome.success, outcome.errors


def test_output_metadata(world):
    dg = world.dg

    @dg.asset
    def one(context):
        context.add_output_metadata({"a": 1, "b": 1, "c": 1})
        context.add_output_metadata({"b": 2}, output_name="result")
        assert context.get_output_metadata("result") == {"a": 1, "b": 2, "c": 1}
        assert context.get_output_metadata("other") == {}
        return dg.Output(1, metadata={"c": 3, "d": 3})

    outcome = world.run([one])
    assert outcome.metadata["one"] == {"a": 1, "b": 2, "c": 1, "d": 3}


def test_output_metadata_that_is_refused(world):
    dg = world.dg

    @dg.asset
    def one(context):
        with pytest.raises(dg.DagsterInvariantViolationError):
            context.add_output_metadata({"a": 1}, output_name="zz")
        yield dg.Output(1)
        with pytest.raises(dg.DagsterInvariantViolationError):
            context.add_output_metadata({"a": 1})

    outcome = world.run([one])
    assert outcome.success, outcome.errors


def test_asset_metadata(world):
    dg = world.dg

    @dg.asset
    def one(context):
        context.add_output_metadata({"a": 1, "b": 1})
        context.add_asset_metadata({"a": 2, "k": 1})
        context.add_asset_metadata({"k": 2, "m": 1}, asset_key="one")
        return dg.Output(1, metadata={"k": 9})

    outcome = world.run([one])
    assert outcome.metadata["one"] == {"a": 2, "b": 1, "k": 2, "m": 1}


def test_asset_metadata_that_is_refused(world):
    dg = world.dg

    @dg.asset
    def one(context):
        with pytest.raises(dg.DagsterInvariantViolationError):
            context.add_asset_metadata({"a": 1}, asset_key="zz")
        with pytest.raises(dg.DagsterInvariantViolationError):
            context.add_asset_metadata({"a": 1}, partition_key="2024-01-02")

    outcome = world.run([one])
    assert outcome.success, outcome.errors


def test_asset_metadata_of_a_partition(world):
    dg = world.dg

    @dg.asset(partitions_def=days(dg))
    def one(context):
        context.add_asset_metadata({"a": 1}, partition_key="2024-01-02")
        context.add_asset_metadata({"b": 1}, asset_key="one", partition_key="2024-01-02")
        with pytest.raises(dg.DagsterInvariantViolationError):
            context.add_asset_metadata({"a": 1}, partition_key="2024-01-03")

    outcome = world.run([one], partition_key="2024-01-02")
    assert outcome.success, outcome.errors
    assert outcome.metadata["one"] == {"a": 1, "b": 1}


def test_events_are_logged(world):
    dg = world.dg

    @dg.asset
    def one(context):
        assert not context.has_events()
        context.log_event(dg.AssetObservation("other", metadata={"a": 1}))
        assert context.has_events()
        with pytest.raises(Exception, match=r"."):
            context.log_event(5)

    outcome = world.run([one])
    assert outcome.success, outcome.errors
    assert outcome.observed == ["other"]


def test_get_finds_the_context_from_anywhere(world):
    dg = world.dg

    def told():
        return dg.AssetExecutionContext.get()

    @dg.asset
    def one(context):
        assert told().run_id == context.run_id
        assert told().asset_key == context.asset_key
        assert isinstance(dg.OpExecutionContext.get(), dg.OpExecutionContext)

    @dg.asset
    def two():
        told().add_output_metadata({"a": 1})

    outcome = world.run([one, two])
    assert outcome.success, outcome.errors
    assert outcome.metadata["two"] == {"a": 1}


def test_the_annotation_decides_on_the_context(world):
    dg = world.dg

    @dg.asset
    def plain(context):
        assert isinstance(context, dg.AssetExecutionContext)

    @dg.asset
    def as_op(context: dg.OpExecutionContext):
        assert isinstance(context, dg.OpExecutionContext)
        assert not isinstance(context, dg.AssetExecutionContext)
        assert not hasattr(context, "add_asset_metadata")

    @dg.asset
    def both(context: dg.AssetExecutionContext):
        assert isinstance(context.op_execution_context, dg.OpExecutionContext)
        context.op_execution_context.add_output_metadata({"a": 1})

    outcome = world.run([plain, as_op, both])
    assert outcome.success, outcome.errors
    assert outcome.metadata["both"] == {"a": 1}


def test_the_context_of_a_check(world):
    dg = world.dg

    @dg.asset
    def up():
        return 5

    @dg.asset_check(asset=up)
    def typed(context: dg.AssetCheckExecutionContext, up):
        assert isinstance(context, dg.AssetCheckExecutionContext)
        assert [spec.name for spec in context.check_specs] == ["typed"]
        assert [key.name for key in context.selected_asset_check_keys] == ["typed"]
        assert context.run.run_id
        assert context.retry_number == 0
        assert not context.has_partition_key
        assert context.op_def.name == "up_typed"
        assert isinstance(context.op_execution_context, dg.OpExecutionContext)
        context.log.info("hello")
        return dg.AssetCheckResult(passed=True)

    @dg.asset_check(asset=up)
    def plain(context):
        return dg.AssetCheckResult(passed=isinstance(context, dg.AssetCheckExecutionContext))

    outcome = world.run([up, typed, plain])
    assert outcome.success, outcome.errors
    assert outcome.checks == {"up:typed": True, "up:plain": True}


def test_checks_of_the_asset_itself_are_selected(world):
    dg = world.dg

    @dg.asset(check_specs=[dg.AssetCheckSpec("good", asset="one")])
    def one(context):
        assert [key.name for key in context.selected_asset_check_keys] == ["good"]
        assert context.selected_output_names == {"result", "one_good"}
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])

    outcome = world.run([one])
    assert outcome.success, outcome.errors


def test_values_of_other_assets_are_loaded(world):
    dg = world.dg

    @dg.asset
    def up():
        return 5

    @dg.asset(deps=[up])
    def one(context):
        assert context.load_asset_value(dg.AssetKey("up")) == 5
        with pytest.raises(Exception, match=r"."):
            context.load_asset_value(dg.AssetKey("zz"))

    outcome = world.run([up, one])
    assert outcome.success, outcome.errors


def test_values_of_partitions_are_loaded(world):
    dg = world.dg

    @dg.asset(partitions_def=days(dg))
    def up(context):
        return context.partition_key

    @dg.asset(partitions_def=days(dg), deps=[up])
    def one(context):
        assert context.load_asset_value(dg.AssetKey("up"), partition_key="2024-01-02") == "2024-01-02"
        with pytest.raises(Exception, match=r"."):
            context.load_asset_value(dg.AssetKey("up"))

    outcome = world.run([up, one], partition_key="2024-01-02")
    assert outcome.success, outcome.errors


def test_the_retry_number_counts(world):
    dg = world.dg

    @dg.asset(retry_policy=dg.RetryPolicy(max_retries=2))
    def one(context):
        if context.retry_number < 2:
            raise ValueError
        context.add_output_metadata({"tries": context.retry_number})

    assert world.run([one]).metadata["one"] == {"tries": 2}


def test_what_no_step_has(world):
    def ask(context):
        return refused(context, lambda c: c.repository_def, lambda c: c.multi_partition_key)

    assert seen(world, ask) == [True, True]


def test_a_hook_is_told_metadata_and_job(world):
    dg = world.dg

    @dg.success_hook
    def tell(context):
        assert context.op_output_metadata["result"]["a"].value == 1
        assert context.op_output_values["result"] == 5
        assert context.job_name
        assert context.op.name == context.step_key == "one"

    @dg.asset(hooks={tell})
    def one(context):
        context.add_output_metadata({"a": 1})
        return 5

    outcome = world.run([one])
    assert outcome.success, outcome.errors
    assert outcome.hooks == ["tell"]


def test_get_outside_of_a_step(dg):
    for cls in (dg.AssetExecutionContext, dg.OpExecutionContext, dg.AssetCheckExecutionContext):
        with pytest.raises(dg.DagsterInvariantViolationError):
            cls.get()


def test_a_built_context_before_a_call(dg):
    context = dg.build_asset_context(partition_key="2024-01-02", run_tags={"t": "1"}, resources={"r": 1})
    assert isinstance(context, dg.AssetExecutionContext)
    assert (context.run_id, context.run_tags, context.resources.r) == ("EPHEMERAL", {"t": "1"}, 1)
    assert (context.has_tag("t"), context.get_tag("t"), context.get_tag("u")) == (True, "1", None)
    assert (context.has_partition_key, context.partition_key) == (True, "2024-01-02")
    assert context.partition_key_range == dg.PartitionKeyRange("2024-01-02", "2024-01-02")
    assert context.asset_partition_key_for_output() == "2024-01-02"
    assert context.instance is not None
    for name in ("asset_key", "assets_def", "op", "op_def", "selected_asset_keys", "partition_keys", "job_def"):
        with pytest.raises(dg.DagsterError):
            getattr(context, name)


def test_reporting_on_a_built_context_before_a_call(dg):
    context = dg.build_asset_context()
    with pytest.raises(dg.DagsterError):
        context.add_output_metadata({"a": 1})
    with pytest.raises(dg.DagsterError):
        context.log_event(dg.AssetObservation("x"))
    with pytest.raises(dg.DagsterError):
        context.get_step_execution_context()
    assert context.get_output_metadata("result") is None


def test_a_built_context_during_a_call(dg):
    @dg.asset(partitions_def=days(dg))
    def one(context, up):
        assert context.asset_key == context.assets_def.key == dg.AssetKey("one")
        assert context.has_assets_def
        assert context.selected_asset_keys == {dg.AssetKey("one")}
        assert context.selected_asset_check_keys == set()
        assert context.op_def.name == "one"
        assert context.describe_op() == 'op "one"'
        assert not context.is_subset
        assert context.partition_keys == ["2024-01-02"]
        assert context.partition_time_window.start.day == 2
        assert context.asset_partitions_time_window_for_output().end.day == 3
        return up

    assert one(dg.build_asset_context(partition_key="2024-01-02"), 4) == 4


def test_a_built_context_with_a_range(dg):
    keys = dg.PartitionKeyRange("2024-01-02", "2024-01-03")

    @dg.asset(partitions_def=days(dg))
    def one(context):
        assert not context.has_partition_key
        assert context.has_partition_key_range
        assert context.partition_key_range == keys
        with pytest.raises(Exception, match=r"."):
            context.partition_key  # noqa: B018
        return context.partition_keys

    assert one(dg.build_asset_context(partition_key_range=keys)) == ["2024-01-02", "2024-01-03"]
    with pytest.raises(Exception, match=r"."):
        dg.build_asset_context(partition_key="a", partition_key_range=keys)


def test_a_built_context_without_its_partition(dg):
    @dg.asset(partitions_def=days(dg))
    def one(context):
        assert not context.has_partition_key
        with pytest.raises(Exception, match=r"."):
            context.partition_key  # noqa: B018
        return 1

    assert one(dg.build_asset_context()) == 1


def test_metadata_of_a_call_is_readable(dg):
    @dg.asset
    def one(context):
        context.add_output_metadata({"x": 1})
        with pytest.raises(dg.DagsterInvariantViolationError):
            context.add_output_metadata({"y": 2})
        with pytest.raises(dg.DagsterInvariantViolationError):
            context.add_output_metadata({"y": 2}, output_name="zz")
        context.add_output_metadata({"z": 2}, output_name="result", mapping_key="q")

    context = dg.build_asset_context()
    one(context)
    assert context.get_output_metadata("result") == {"x": 1, "q": {"z": 2}}
    assert context.get_output_metadata("result", mapping_key="q") == {"z": 2}
    assert context.get_output_metadata("zz") is None


def test_metadata_after_the_output_of_a_call(dg):
    @dg.asset
    def one(context):
        yield dg.Output(1)
        with pytest.raises(dg.DagsterInvariantViolationError):
            context.add_output_metadata({"y": 2})

    assert len(list(one(dg.build_asset_context()))) == 1


def test_events_of_a_call_are_readable(dg):
    @dg.asset
    def one(context):
        context.log_event(dg.AssetObservation("x"))
        context.log_event(dg.ExpectationResult(success=True))

    context = dg.build_asset_context()
    one(context)
    one(context)
    kinds = [type(event) for event in context.op_execution_context.get_events()]
    assert kinds == [dg.AssetObservation, dg.ExpectationResult]
    context = dg.build_op_context()
    one(context)
    assert len(context.get_events()) == 2
    assert not context.has_seen_output("zz")


def test_a_built_context_belongs_to_nothing_after_a_call(dg):
    @dg.asset
    def one(context):
        return context

    context = dg.build_asset_context()
    assert one(context) is context
    with pytest.raises(dg.DagsterError):
        context.assets_def  # noqa: B018


def test_a_built_op_context(dg):
    context = dg.build_op_context(op_config={"a": 1}, partition_key="k", run_tags={"t": "1"})
    assert isinstance(context, dg.OpExecutionContext)
    assert not isinstance(context, dg.AssetExecutionContext)
    assert (context.op_config, context.partition_key, context.run_tags) == ({"a": 1}, "k", {"t": "1"})
    assert context.get_events() == []
    assert dg.build_op_context(config={"b": 1}).op_config == {"b": 1}
    with pytest.raises(dg.DagsterInvalidInvocationError):
        dg.build_op_context(op_config={"a": 1}, config={"b": 1})


def test_a_built_check_context(dg):
    context = dg.build_asset_check_context(resources={"r": 1})
    assert isinstance(context, dg.AssetCheckExecutionContext)
    assert context.resources.r == 1
    with pytest.raises(dg.DagsterError):
        context.check_specs  # noqa: B018


def test_a_built_resource_context(dg):
    context = dg.build_init_resource_context(config={"a": 1}, resources={"b": 2})
    assert isinstance(context, dg.InitResourceContext)
    assert (context.resource_config, context.resources.b, context.run_id) == ({"a": 1}, 2, None)
    assert context.instance is not None
    assert context.log is not None


def test_the_log_takes_levels_by_name(world):
    dg = world.dg

    @dg.asset
    def one(context):
        context.log.log("info", "%s rows", 3)
        context.log.log(30, "a level by number")

    assert world.run([one]).success


def test_a_built_op_context_is_told_its_mapping_key(dg):
    assert dg.build_op_context(mapping_key="k").get_mapping_key() == "k"


def test_results_may_be_demanded(world):
    dg = world.dg

    @dg.asset
    def one(context):
        context.set_requires_typed_event_stream(error_message="give a result")
        return 1

    @dg.asset
    def two(context):
        context.set_requires_typed_event_stream()
        return dg.MaterializeResult()

    assert world.run([one, two]).failed == {"one"}


def test_the_time_window_of_a_key_in_two_dimensions(world):
    grid = world.dg.MultiPartitionsDefinition(
        {"day": world.dg.DailyPartitionsDefinition("2024-01-01"), "region": world.dg.StaticPartitionsDefinition(["x"])}
    )

    @world.dg.asset(partitions_def=grid)
    def one(context):
        window = context.partition_time_window
        return world.dg.MaterializeResult(metadata={"from": str(window.start.date()), "to": str(window.end.date())})

    outcome = world.run([one], partition_key="2024-01-02|x")
    assert outcome.metadata["one"] == {"from": "2024-01-02", "to": "2024-01-03"}
