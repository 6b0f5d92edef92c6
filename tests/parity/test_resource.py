"""Resources: how they are made, opened, nested, configured and closed."""

from pathlib import Path

import pytest


def test_a_configurable_resource(world):
    dg = world.dg

    class Store(dg.ConfigurableResource):
        table: str

        def name(self):
            return f"db.{self.table}"

    @dg.asset
    def one(store: Store):
        return store.name()

    assert world.run([one], resources={"store": Store(table="t")}).value("one") == "db.t"


def test_through_the_context(world):
    dg = world.dg

    @dg.asset(required_resource_keys={"store"})
    def one(context):
        return context.resources.store

    assert world.run([one], resources={"store": 7}).value("one") == 7


def test_a_plain_object(world):
    dg = world.dg

    @dg.asset
    def one(number: dg.ResourceParam[int]):
        return number + 1

    assert world.run([one], resources={"number": 4}).value("one") == 5


def test_setup_and_teardown(world, tmp_path):
    dg = world.dg
    trail = tmp_path / "trail"

    class Store(dg.ConfigurableResource):
        n: int

        def setup_for_execution(self, context):
            trail.write_text(f"setup {self.n}")

    @dg.asset
    def one(store: Store):
        return trail.read_text()

    assert world.run([one], resources={"store": Store(n=3)}).value("one") == "setup 3"


def test_private_state_made_by_setup(world):
    from pydantic import PrivateAttr

    dg = world.dg

    class Store(dg.ConfigurableResource):
        n: int
        _twice: int = PrivateAttr()

        def setup_for_execution(self, context):
            self._twice = 2 * self.n

        def twice(self):
            return self._twice

    @dg.asset
    def one(store: Store):
        return store.twice()

    assert world.run([one], resources={"store": Store(n=3)}).value("one") == 6


def test_yield_for_execution(world):
    from contextlib import contextmanager

    dg = world.dg

    class Store(dg.ConfigurableResource):
        n: int

        @contextmanager
        def yield_for_execution(self, context):
            yield Store(n=self.n + 1)

    @dg.asset
    def one(store: Store):
        return store.n

    assert world.run([one], resources={"store": Store(n=3)}).value("one") == 4


def test_a_resource_inside_a_resource(world):
    dg = world.dg

    class Inner(dg.ConfigurableResource):
        n: int

    class Outer(dg.ConfigurableResource):
        inner: Inner
        name: str = "x"

    @dg.asset
    def one(outer: Outer):
        return [outer.inner.n, outer.name]

    assert world.run([one], resources={"outer": Outer(inner=Inner(n=3))}).value("one") == [3, "x"]


def test_the_inner_one_is_set_up_first(world, tmp_path):
    dg = world.dg
    trail = tmp_path / "trail"

    class Inner(dg.ConfigurableResource):
        n: int

        def setup_for_execution(self, context):
            with trail.open("a") as file:
                file.write("inner ")

    class Outer(dg.ConfigurableResource):
        inner: Inner

        def setup_for_execution(self, context):
            with trail.open("a") as file:
                file.write(f"outer {self.inner.n} ")

    @dg.asset
    def one(outer: Outer):
        return trail.read_text()

    assert world.run([one], resources={"outer": Outer(inner=Inner(n=3))}).value("one") == "inner outer 3 "


def test_configured_at_launch(world):
    dg = world.dg

    class Store(dg.ConfigurableResource):
        n: int

    @dg.asset
    def one(store: Store):
        return store.n

    config = {"resources": {"store": {"config": {"n": 5}}}}
    outcome = world.run([one], resources={"store": Store.configure_at_launch()}, run_config=config)
    assert outcome.value("one") == 5


def test_run_config_replaces_all_fields(world):
    dg = world.dg

    class Store(dg.ConfigurableResource):
        n: int
        m: int = 1

    @dg.asset
    def one(store: Store):
        return [store.n, store.m]

    config = {"resources": {"store": {"config": {"n": 6}}}}
    assert world.run([one], resources={"store": Store(n=1, m=2)}, run_config=config).value("one") == [6, 1]


def test_environment_variables(world, monkeypatch):
    dg = world.dg
    monkeypatch.setenv("PARITY_NUMBER", "12")

    class Store(dg.ConfigurableResource):
        text: str
        number: int

    @dg.asset
    def one(store: Store):
        return [store.text, store.number]

    made = Store(text=dg.EnvVar("PARITY_NUMBER"), number=dg.EnvVar.int("PARITY_NUMBER"))
    assert world.run([one], resources={"store": made}).value("one") == ["12", 12]


def test_environment_variables_in_op_config(world, monkeypatch):
    dg = world.dg
    monkeypatch.setenv("PARITY_NUMBER", "5")

    class Rows(dg.Config):
        name: str
        rows: int = 1

    @dg.asset
    def one(config: Rows):
        return [config.name, config.rows]

    plain = {"ops": {"one": {"config": {"name": {"env": "PARITY_NUMBER"}, "rows": {"env": "PARITY_NUMBER"}}}}}
    assert world.run([one], run_config=plain).value("one") == ["5", 5]
    typed = dg.RunConfig({"one": Rows(name=dg.EnvVar("PARITY_NUMBER"), rows=dg.EnvVar.int("PARITY_NUMBER"))})
    assert world.run([one], run_config=typed).value("one") == ["5", 5]


def test_a_function_resource(world):
    dg = world.dg

    @dg.resource
    def store(context):
        return 3

    @dg.asset(required_resource_keys={"store"})
    def one(context):
        return context.resources.store

    assert world.run([one], resources={"store": store}).value("one") == 3


def test_a_function_resource_with_config_and_needs(world):
    dg = world.dg

    @dg.resource(config_schema={"x": int}, required_resource_keys={"base"})
    def store(context):
        yield context.resource_config["x"] + context.resources.base

    @dg.asset(required_resource_keys={"store"})
    def one(context):
        return context.resources.store

    config = {"resources": {"store": {"config": {"x": 5}}}}
    assert world.run([one], resources={"store": store, "base": 10}, run_config=config).value("one") == 15
    assert world.run([one], resources={"store": store.configured({"x": 7}), "base": 10}).value("one") == 17


def test_a_schema_with_a_default(world):
    dg = world.dg

    @dg.resource(config_schema={"x": dg.Field(int, default_value=4)})
    def store(context):
        return context.resource_config["x"]

    @dg.asset(required_resource_keys={"store"})
    def one(context):
        return context.resources.store

    assert world.run([one], resources={"store": store}).value("one") == 4


def test_hardcoded(world):
    dg = world.dg

    @dg.asset(required_resource_keys={"a", "b"})
    def one(context):
        return [context.resources.a, context.resources.b]

    resources = {"a": dg.ResourceDefinition.hardcoded_resource(1), "b": dg.ResourceDefinition.none_resource()}
    assert world.run([one], resources=resources).value("one") == [1, None]


def test_values(world):
    dg = world.dg

    @dg.asset(required_resource_keys={"globals"})
    def one(context):
        return context.resources.globals["path"]

    config = {"resources": {"globals": {"config": {"path": "/data"}}}}
    made = dg.make_values_resource(path=str)
    assert world.run([one], resources={"globals": made}, run_config=config).value("one") == "/data"


def test_an_io_manager_from_a_factory(world, tmp_path):
    dg = world.dg
    place = str(tmp_path / "factory")

    class Files(dg.IOManager):
        def __init__(self, base):
            self.base = Path(base)

        def handle_output(self, context, obj):
            self.base.mkdir(exist_ok=True)
            (self.base / context.asset_key.path[-1]).write_text(str(obj))

        def load_input(self, context):
            return int((self.base / context.asset_key.path[-1]).read_text())

    class Factory(dg.ConfigurableIOManagerFactory):
        base: str

        def create_io_manager(self, context):
            return Files(self.base)

    @dg.asset(io_manager_key="made")
    def one():
        return 3

    @dg.asset(io_manager_key="made")
    def two(one):
        return one + 1

    outcome = world.run([one, two], resources={"made": Factory(base=place)})
    assert outcome.success
    assert outcome.value("two") == 4


def test_resources_that_come_with_the_asset(world):
    dg = world.dg

    @dg.asset(resource_defs={"store": dg.ResourceDefinition.hardcoded_resource(5)}, required_resource_keys={"store"})
    def one(context):
        return context.resources.store

    assert world.run([one]).value("one") == 5


def test_a_missing_resource_is_refused(dg):
    @dg.asset(required_resource_keys={"store"})
    def one(context): ...

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.materialize([one])


def test_a_missing_field_at_launch_is_refused(dg):
    class Store(dg.ConfigurableResource):
        n: int

    @dg.asset
    def one(store: Store): ...

    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.materialize([one], resources={"store": Store.configure_at_launch()})


def test_a_setup_that_raises_fails_the_step(world):
    dg = world.dg

    class Store(dg.ConfigurableResource):
        n: int

        def setup_for_execution(self, context):
            raise ValueError("no connection")

    @dg.asset
    def one(store: Store): ...

    outcome = world.run([one], resources={"store": Store(n=1)})
    assert not outcome.success


def test_a_resource_is_opened_once_for_a_run(world, tmp_path):
    dg = world.dg
    trail = tmp_path / "trail"

    class Store(dg.ConfigurableResource):
        n: int

        def setup_for_execution(self, context):
            with trail.open("a") as file:
                file.write("x")

    @dg.asset
    def one(store: Store): ...

    @dg.asset(deps=[one])
    def two(store: Store): ...

    assert world.run([one, two], resources={"store": Store(n=1)}).success
    assert trail.read_text() == "x"


def test_the_context_tells_the_run(dg):
    seen = {}

    @dg.resource(config_schema={"x": int}, required_resource_keys={"other"})
    def made(context):
        seen.update(
            run=context.run.run_id == context.run_id,
            tag=context.dagster_run.tags["k"],
            log=context.log_manager is not None,
            keys={"made", "other"} <= set(context.all_resource_defs),
            other=context.resources.other,
            changed=context.replace_config({"x": 9}).resource_config,
            config=context.resource_config,
        )
        return 1

    class Fields(dg.ConfigurableResource):
        x: int = 1

        def ask(self):
            context = self.get_resource_context()
            return context.resource_config, context.dagster_run.tags["k"]

    @dg.asset(required_resource_keys={"made", "fields"})
    def one(context):
        return context.resources.fields.ask()

    other = dg.ResourceDefinition.hardcoded_resource(4)
    result = dg.materialize(
        [one],
        resources={"made": made, "other": other, "fields": Fields()},
        run_config={"resources": {"made": {"config": {"x": 3}}}},
        tags={"k": "v"},
    )
    assert seen == {
        "run": True,
        "tag": "v",
        "log": True,
        "keys": True,
        "other": 4,
        "changed": {"x": 9},
        "config": {"x": 3},
    }
    assert result.asset_value("one") == ({"x": 1}, "v")


def test_what_is_required_is_opened(dg):
    seen = []

    def noting(name):
        @dg.resource
        def made(_):
            seen.append(f"up {name}")
            yield name
            seen.append(f"down {name}")

        return made

    @dg.asset(required_resource_keys={"b", "a"})
    def one():
        seen.append("one")

    dg.materialize([one], resources={"b": noting("b"), "a": noting("a")})
    assert seen == ["up a", "up b", "one", "down b", "down a"]


def test_a_teardown_that_raises_fails_nothing(dg):
    class Bad(dg.ConfigurableResource):
        def teardown_after_execution(self, context):
            raise ValueError("no")

    @dg.asset
    def one(bad: Bad):
        return 1

    assert dg.materialize([one], resources={"bad": Bad()}).success


def test_a_field_takes_any_resource(world):
    dg = world.dg

    class Plain:
        value = 3

    @dg.resource
    def made(_):
        return "made"

    class Outer(dg.ConfigurableResource):
        plain: dg.ResourceDependency[Plain]
        name: dg.ResourceDependency[str]
        size: int = 2

    @dg.asset
    def one(outer: Outer):
        return outer.plain.value, outer.name, outer.size

    outcome = world.run([one], resources={"outer": Outer(plain=Plain(), name=made)})
    assert outcome.value("one") == (3, "made", 2)


def test_a_field_takes_a_resource_that_is_configured_at_launch(world):
    dg = world.dg

    class Inner(dg.ConfigurableResource):
        x: int

    class Outer(dg.ConfigurableResource):
        inner: Inner

    @dg.asset
    def one(outer: Outer):
        return outer.inner.x

    inner = Inner.configure_at_launch()
    outcome = world.run(
        [one],
        resources={"outer": Outer(inner=inner), "inner": inner},
        run_config={"resources": {"inner": {"config": {"x": 3}}}},
    )
    assert outcome.value("one") == 3


def test_a_resource_that_shows_something_else(world):
    dg = world.dg

    class Client(dg.ConfigurableResource, dg.IAttachDifferentObjectToOpContext):
        def get_object_to_set_on_execution_context(self):
            return "shown"

    @dg.asset
    def one(context, client: Client):
        return type(client).__name__, context.resources.client

    assert world.run([one], resources={"client": Client()}).value("one") == ("Client", "shown")


def test_resources_outside_of_a_run(dg, monkeypatch):
    monkeypatch.setenv("WORD", "read")
    seen = []

    class Plain(dg.ConfigurableResource):
        x: int = 1
        word: str = "w"

    class Opened(Plain):
        def setup_for_execution(self, context):
            seen.append("up")

        def teardown_after_execution(self, context):
            seen.append("down")

    context = dg.build_init_resource_context(config={"x": 3})
    assert Plain.from_resource_context(context).x == 3
    assert Plain(word=dg.EnvVar("WORD")).process_config_and_initialize().word == "read"
    assert Plain().with_resource_context(context).get_resource_context() is context
    with Opened.from_resource_context_cm(context) as opened:
        assert (opened.x, seen) == (3, ["up"])
    with Opened(x=4).process_config_and_initialize_cm() as opened:
        assert opened.x == 4
    assert seen == ["up", "down"] * 2
    with pytest.raises(Exception, match="_cm"):
        Opened.from_resource_context(context)
    with pytest.raises(Exception, match="_cm"):
        Opened().process_config_and_initialize()
    with pytest.raises(Exception, match="context"):
        Plain().get_resource_context()


def test_a_function_that_makes_a_configurable_resource(world):
    dg = world.dg

    class Fields(dg.ConfigurableResource):
        x: int = 1

    @dg.resource(config_schema=Fields.to_config_schema())
    def made(context):
        return Fields.from_resource_context(context).x * 2

    @dg.asset(required_resource_keys={"made"})
    def one(context):
        return context.resources.made

    outcome = world.run([one], resources={"made": made}, run_config={"resources": {"made": {"config": {"x": 4}}}})
    assert outcome.value("one") == 8


def test_a_resource_with_other_config(world):
    dg = world.dg

    @dg.resource(config_schema={"a": int})
    def made(context):
        return context.resource_config["a"]

    @dg.configured(made, config_schema={"b": int})
    def doubled(config):
        return {"a": config["b"] * 2}

    @dg.asset(required_resource_keys={"given", "doubled", "method"})
    def one(context):
        found = context.resources
        return found.given, found.doubled, found.method

    outcome = world.run(
        [one],
        resources={
            "given": dg.configured(made)({"a": 9}),
            "doubled": doubled,
            "method": made.configured(lambda config: {"a": config["c"]}, config_schema={"c": int}),
        },
        run_config={"resources": {"doubled": {"config": {"b": 3}}, "method": {"config": {"c": 5}}}},
    )
    assert outcome.value("one") == (9, 6, 5)


def test_a_mock(dg):
    @dg.asset(required_resource_keys={"mock"})
    def one(context):
        context.resources.mock.anything(1)

    assert dg.materialize([one], resources={"mock": dg.ResourceDefinition.mock_resource()}).success


def test_config_of_a_resource_function_is_checked_first(dg):
    ran = []

    @dg.resource(config_schema={"a": int})
    def made(context):
        return context.resource_config["a"]

    @dg.asset(required_resource_keys={"made"})
    def one():
        ran.append(1)

    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.materialize([one], resources={"made": made}, run_config={"resources": {"made": {"config": {"a": "x"}}}})
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.materialize([one], resources={"made": made.configured({"a": "x"})})
    assert ran == []


def test_a_resource_that_makes_something_else(world):
    dg = world.dg

    class Doubled(dg.ConfigurableResource):
        text: str

        def create_resource(self, context):
            return self.text * 2

    class Holder(dg.ConfigurableResource):
        inner: dg.ResourceDependency[str]

    @dg.asset
    def table(doubled: dg.ResourceParam[str], holder: Holder):
        return [doubled, holder.inner]

    resources = {"doubled": Doubled(text="ab"), "holder": Holder(inner=Doubled(text="cd"))}
    assert world.run([table], resources=resources).value("table") == ["abab", "cdcd"]
