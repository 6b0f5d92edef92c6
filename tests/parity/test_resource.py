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
