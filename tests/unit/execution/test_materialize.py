"""In process: what ops are given, what they give, and what is recorded."""

import pytest

from assetq import (
    AssetExecutionContext,
    AssetIn,
    Config,
    ConfigurableResource,
    DailyPartitionsDefinition,
    Failure,
    InMemoryIOManager,
    Instance,
    MaterializeResult,
    MetadataValue,
    MonthlyPartitionsDefinition,
    Output,
    RetryPolicy,
    RetryRequested,
    SourceAsset,
    asset,
    build_asset_context,
    materialize,
)
from assetq.definitions import Definitions
from assetq.errors import ConfigError, StepFailedError, StorageError, UnknownUpstreamError
from assetq.execution import EventType

DAYS = DailyPartitionsDefinition("2013-01-01", end_date="2013-03-01")
MONTHS = MonthlyPartitionsDefinition("2013-01-01", end_date="2013-03-01")


def kinds(result):
    return [event.type.value for event in result.events]


def test_values_go_from_asset_to_asset():
    @asset
    def one() -> int:
        return 1

    @asset(ins={"renamed": AssetIn("one")})
    def two(renamed: int) -> Output[int]:
        return Output(renamed + 1, metadata={"seen": renamed})

    result = materialize([two, one])
    assert result.success
    assert result.output_for_node("two") == 2
    assert kinds(result)[:3] == ["RUN_ENQUEUED", "RUN_START", "STEP_START"]
    assert result.asset_materializations_for_node("two")[0].metadata["seen"].value == 1


def test_config_resources_and_context():
    class Rows(Config):
        rows: int = 1

    class Box(ConfigurableResource):
        size: int

    @asset
    def sized(context: AssetExecutionContext, config: Rows, box: Box) -> int:
        assert context.resources.box is box
        assert context.get_tag("k") == "v"
        context.add_output_metadata({"text": MetadataValue.md("**x**")})
        context.log.warning("careful")
        return config.rows * box.size

    result = materialize(
        [sized], resources={"box": Box(size=3)}, run_config={"ops": {"sized": {"config": {"rows": 5}}}}, tags={"k": "v"}
    )
    assert result.output_for_node("sized") == 15
    assert any(
        e.type is EventType.LOG and e.message == "careful" and e.data["level"] == "WARNING" for e in result.events
    )
    assert "text" in result.get_asset_materialization_events()[0].data["metadata"]
    with pytest.raises(ConfigError, match=r"ops\.sized\.config\.rows"):
        materialize([sized], resources={"box": Box(size=3)}, run_config={"ops": {"sized": {"config": {"rows": "x"}}}})


def test_resources_open_once_and_close():
    seen = []

    class Connection(ConfigurableResource):
        def setup_for_execution(self, context):
            seen.append("open")

        def teardown_after_execution(self, context):
            seen.append("close")

    @asset
    def a(connection: Connection) -> None: ...

    @asset(deps=[a])
    def b(connection: Connection) -> None: ...

    materialize([a, b], resources={"connection": Connection()})
    assert seen == ["open", "close"]


def test_partitions_reach_the_op_and_the_next_asset():
    @asset(partitions_def=DAYS)
    def daily(context: AssetExecutionContext) -> str:
        return context.partition_key

    @asset(partitions_def=MONTHS)
    def monthly(context: AssetExecutionContext, daily: dict[str, str]) -> int:
        assert context.partition_time_window.start.day == 1
        return len(daily)

    instance, manager = Instance.ephemeral(), InMemoryIOManager()
    defs = Definitions([daily, monthly], resources={"io_manager": manager})
    handle = instance.submit(defs, partitions="all")
    record = handle.wait(20)
    assert record.status == "SUCCESS"
    assert record.steps.succeeded == 59 + 2
    assert manager.values["monthly", "2013-02-01"] == 28
    status = instance.asset_status("daily")
    assert (status.total, status.materialized) == (59, 59)


def test_an_output_that_is_not_required():
    @asset(output_required=False)
    def maybe():
        if False:
            yield Output(1)

    @asset
    def after(maybe): ...

    result = materialize([maybe, after])
    assert result.success
    steps = result.run.record().steps
    assert (steps.succeeded, steps.skipped) == (1, 1)
    assert "ASSET_MATERIALIZATION" not in kinds(result)


def test_a_required_output_that_is_missing():
    @asset
    def forgot():
        if False:
            yield Output(1)

    with pytest.raises(StepFailedError, match="required"):
        materialize([forgot])


def test_materialize_result_and_none_store_nothing():
    stored = InMemoryIOManager()

    @asset
    def by_itself() -> MaterializeResult:
        return MaterializeResult(metadata={"rows": 3})

    @asset
    def nothing() -> None: ...

    result = materialize([by_itself, nothing], resources={"io_manager": stored})
    assert stored.values == {}
    assert len(result.get_asset_materialization_events()) == 2


def test_failures():
    calls = []

    @asset
    def bad():
        raise KeyError("boo")

    @asset
    def after(bad): ...

    @asset
    def apart() -> int:
        calls.append("apart")
        return 1

    with pytest.raises(KeyError):
        materialize([bad])
    result = materialize([bad, after, apart], raise_on_error=False)
    steps = result.run.record().steps
    assert (steps.failed, steps.skipped, steps.succeeded) == (1, 1, 1)
    assert calls == ["apart"]
    failure = next(e for e in result.events if e.type is EventType.STEP_FAILURE)
    first_frame = failure.data["error"]["stack"].splitlines()[1]
    assert __file__ in first_frame


@pytest.mark.parametrize(
    ("error", "tries"),
    [(ValueError("x"), 3), (RetryRequested(max_retries=4), 5), (Failure("x", allow_retries=False), 1)],
)
def test_retries(error, tries):
    calls = []

    @asset(retry_policy=RetryPolicy(max_retries=2))
    def flaky():
        calls.append(1)
        raise error

    materialize([flaky], raise_on_error=False)
    assert len(calls) == tries


def test_a_missing_upstream_value_is_explained(tmp_path):
    @asset
    def below(elsewhere): ...

    with pytest.raises(StorageError, match="'elsewhere', which 'below' reads, is not stored"):
        materialize([below, SourceAsset("elsewhere")])
    with pytest.raises(UnknownUpstreamError):
        materialize([below])


def test_direct_calls():
    @asset(partitions_def=DAYS)
    def daily(context: AssetExecutionContext, up: int) -> str:
        return f"{context.partition_key}:{up}"

    assert daily(build_asset_context(partition_key="2013-01-05"), 4) == "2013-01-05:4"


def test_cancel_between_and_inside_steps():
    import time

    started = []

    @asset(partitions_def=DAYS)
    def slow(context: AssetExecutionContext) -> None:
        started.append(context.partition_key)
        time.sleep(0.02)

    handle = Instance.ephemeral().submit(Definitions([slow]), partitions="all")
    while not started:
        time.sleep(0.001)
    handle.cancel()
    record = handle.wait(10)
    assert record.status == "CANCELED"
    assert record.steps.canceled > 50
