"""Hooks: when they run, and what they are told."""

import json

import pytest


class Notes:
    """What hooks wrote, wherever they ran."""

    def __init__(self, folder):
        self.path = folder / "notes"

    def add(self, *words):
        with self.path.open("a") as file:
            file.write(json.dumps(words) + "\n")

    def all(self):
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "hooks"
    folder.mkdir()
    return Notes(folder)


@pytest.fixture
def hooks(world, notes):
    @world.dg.success_hook
    def went_well(context):
        notes.add("well", context.step_key)

    @world.dg.failure_hook
    def went_badly(context):
        notes.add("badly", context.step_key, type(context.op_exception).__name__)

    return {went_well, went_badly}


def run(world, fn, hooks, **options):
    fn.__name__ = "table"
    return world.run([world.dg.asset(hooks=hooks, **options)(fn)])


def boom():
    raise ValueError("bad luck")


def test_after_success(world, hooks, notes):
    outcome = run(world, lambda: 1, hooks)
    assert outcome.hooks == ["went_well"]
    assert notes.all() == [["well", "table"]]


def test_after_failure(world, hooks, notes):
    outcome = run(world, boom, hooks)
    assert outcome.hooks == ["went_badly"]
    assert notes.all() == [["badly", "table", "ValueError"]]


def test_once_after_all_retries(world, hooks, notes):
    outcome = run(world, boom, hooks, retry_policy=world.dg.RetryPolicy(max_retries=2))
    assert outcome.hooks == ["went_badly"]
    assert notes.all() == [["badly", "table", "ValueError"]]


def test_not_after_a_retry_that_succeeds(world, hooks, notes):
    def table(context):
        if context.retry_number < 1:
            raise ValueError("bad luck")

    run(world, table, hooks, retry_policy=world.dg.RetryPolicy(max_retries=2))
    assert notes.all() == [["well", "table"]]


@pytest.mark.parametrize("fails", [False, True])
def test_a_hook_that_raises_changes_nothing(world, hooks, notes, fails):
    make = world.dg.failure_hook if fails else world.dg.success_hook

    @make
    def broken(context):
        raise KeyError("hook")

    outcome = run(world, boom if fails else lambda: 1, hooks | {broken})
    assert outcome.success is not fails
    assert outcome.hooks == ["went_badly" if fails else "went_well"]
    assert len(notes.all()) == 1


def test_only_the_assets_that_have_it(world, hooks, notes):
    dg = world.dg

    @dg.asset(hooks=hooks)
    def one(): ...

    @dg.asset(deps=[one])
    def two(): ...

    world.run([one, two])
    assert notes.all() == [["well", "one"]]


def test_not_when_skipped(world, hooks, notes):
    dg = world.dg

    @dg.asset
    def one():
        raise ValueError("bad luck")

    @dg.asset(deps=[one], hooks=hooks)
    def two(): ...

    world.run([one, two])
    assert notes.all() == []


def test_success_of_an_asset_that_gives_nothing(world, hooks, notes):
    def table():
        if False:
            yield world.dg.Output(1)

    run(world, table, hooks, output_required=False)
    assert notes.all() == [["well", "table"]]


def test_a_blocking_check_is_a_failure(world, hooks):
    dg = world.dg
    results = [dg.AssetCheckResult(passed=False)]
    specs = [dg.AssetCheckSpec("good", asset="table", blocking=True)]
    outcome = run(world, lambda: dg.MaterializeResult(check_results=results), hooks, check_specs=specs)
    assert outcome.hooks == ["went_badly"]


def test_what_a_success_hook_is_told(world, notes):
    dg = world.dg

    @dg.success_hook
    def hook(context):
        metadata = {n: {k: v.value for k, v in m.items()} for n, m in context.op_output_metadata.items()}
        notes.add(context.op_output_values, metadata, context.op.name, context.hook_def.name, context.run_id != "")
        assert context.op_exception is None
        assert context.instance is not None
        assert context.job_name
        context.log.info("done")

    outcome = run(world, lambda: dg.Output(5, metadata={"rows": 1}), {hook})
    assert outcome.hooks == ["hook"]
    assert notes.all() == [[{"result": 5}, {"result": {"rows": 1}}, "table", "hook", True]]


def test_resources_of_hooks(world, notes):
    dg = world.dg

    @dg.success_hook(required_resource_keys={"r"})
    def hook(context):
        notes.add(context.resources.r, sorted(context.required_resource_keys))

    dg_resource = dg.ResourceDefinition.hardcoded_resource(3)
    world.run([dg.asset(hooks={hook})(boomless)], resources={"r": dg_resource})
    assert notes.all() == [[3, ["r"]]]


def boomless(): ...


def test_resources_that_a_hook_lacks(dg):
    @dg.success_hook(required_resource_keys={"r"})
    def hook(context): ...

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.materialize([dg.asset(hooks={hook})(boomless)])


def test_with_hooks(world, hooks, notes):
    world.run([world.dg.asset(boomless).with_hooks(hooks)])
    assert notes.all() == [["well", "boomless"]]


def test_names_and_resources(dg):
    @dg.success_hook
    def bare(context): ...

    @dg.success_hook(name="named")
    def other(_): ...

    @dg.failure_hook(name="bad", required_resource_keys={"r"})
    def third(context): ...

    assert [hook.name for hook in (bare, other, third)] == ["bare", "named", "bad"]
    assert third.required_resource_keys == {"r"}
    assert bare.decorated_fn.__name__ == "bare"


@pytest.mark.parametrize("kind", ["success_hook", "failure_hook"])
def test_a_hook_takes_a_context(dg, kind):
    with pytest.raises(dg.DagsterInvalidDefinitionError):

        @getattr(dg, kind)
        def hook(): ...


def test_bad_names(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):

        @dg.success_hook(name="a b")
        def hook(context): ...


def test_direct_calls(dg):
    @dg.success_hook(required_resource_keys={"r"})
    def hook(context):
        return context.resources.r

    @dg.failure_hook
    def other(context):
        return str(context.op_exception)

    assert hook(dg.build_hook_context(resources={"r": 3})) == 3
    assert other(dg.build_hook_context(op_exception=ValueError("x"))) == "x"


def test_an_exit_is_a_failure_and_an_interrupt_is_none(dg):
    seen = []

    @dg.failure_hook
    def note(context):
        seen.append(type(context.op_exception))

    def raising(error):
        @dg.asset(name=error.__name__, hooks={note})
        def one():
            raise error

        return one

    dg.materialize([raising(SystemExit)], raise_on_error=False)
    dg.materialize([raising(KeyboardInterrupt)], raise_on_error=False)
    assert seen == [SystemExit]
