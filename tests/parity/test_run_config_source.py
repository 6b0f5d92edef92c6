"""Run config from files and texts, and its check against a job."""

import logging

import pytest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.yaml").write_text("ops:\n  x:\n    config:\n      n: 1\n      several: [1, 2]\n")
    (tmp_path / "b.yaml").write_text("ops:\n  x:\n    config: {n: 2, several: [3]}\n  y: {config: {z: 2024-01-02}}\n")
    (tmp_path / "c.json").write_text('{"resources": {"q": {"config": {"on": true}}}}')
    (tmp_path / "empty.yaml").write_text("")
    return tmp_path


def test_config_of_files(dg, folder):
    found = dg.config_from_files([str(folder / "a.yaml"), str(folder / "b.yaml"), str(folder / "c.json")])
    assert found["ops"] == {"x": {"config": {"n": 2, "several": [3]}}, "y": {"config": {"z": "2024-01-02"}}}
    assert found["resources"] == {"q": {"config": {"on": True}}}


def test_config_of_a_pattern(dg, folder):
    assert dg.config_from_files([str(folder / "c*")]) == {"resources": {"q": {"config": {"on": True}}}}
    assert dg.config_from_files([str(folder / "empty.yaml")]) == {}
    assert dg.config_from_files([]) == {}


@pytest.mark.parametrize("text", ["ops: [", None])
def test_files_that_are_no_config(dg, folder, text):
    if text is not None:
        (folder / "bad.yaml").write_text(text)
    with pytest.raises(dg.DagsterInvariantViolationError, match=r"bad\.yaml"):
        dg.config_from_files([str(folder / "bad.yaml")])


def test_a_list_is_no_config(dg, folder):
    (folder / "bad.yaml").write_text("- 1\n")
    with pytest.raises(Exception, match=r"bad\.yaml"):
        dg.config_from_files([str(folder / "bad.yaml")])
    with pytest.raises(Exception, match=r"\[1\]"):
        dg.config_from_yaml_strings(["- 1"])


def test_config_of_texts(dg):
    assert dg.config_from_yaml_strings(["a: 1\nb: {c: 1}", "b: {d: 2}"]) == {"a": 1, "b": {"c": 1, "d": 2}}
    assert dg.config_from_yaml_strings(["a: 2020-01-01\nb: yes"]) == {"a": "2020-01-01", "b": True}
    with pytest.raises(dg.DagsterInvariantViolationError):
        dg.config_from_yaml_strings(["a: ["])


def test_config_of_a_package(dg, tmp_path, monkeypatch):
    package = tmp_path / "package_with_config"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "run.yaml").write_text("a: 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert dg.config_from_pkg_resources([("package_with_config", "run.yaml")]) == {"a": 1}
    with pytest.raises(dg.DagsterInvariantViolationError):
        dg.config_from_pkg_resources([("package_with_config", "other.yaml")])


def test_a_run_with_config_of_a_text(world):
    dg = world.dg

    class Window(dg.Config):
        start: str
        days: int = 7

    @dg.asset
    def table(config: Window):
        return [config.start, config.days]

    config = dg.config_from_yaml_strings(["ops:\n  table:\n    config:\n      start: 2024-01-02\n"])
    assert world.run([table], run_config=config).value("table") == ["2024-01-02", 7]


@pytest.fixture
def job(dg):
    @dg.op(config_schema={"n": int, "d": dg.Field(str, default_value="q")})
    def x(context): ...

    class Settings(dg.Config):
        name: str = "me"

    @dg.op
    def y(config: Settings): ...

    @dg.job
    def both():
        x()
        y()

    return both


def test_config_that_fits_a_job(dg, job):
    found = dg.validate_run_config(job, {"ops": {"x": {"config": {"n": 1}}}})
    assert set(found) >= {"ops", "resources", "execution", "loggers"}
    assert found["ops"]["x"]["config"] == {"n": 1, "d": "q"}
    assert found["ops"]["y"]["config"] == {"name": "me"}


@pytest.mark.parametrize("given", [None, {}, {"ops": {"x": {"config": {"n": "1"}}}}, {"ops": {"z": {}}}, {"op": {}}])
def test_config_that_does_not_fit_a_job(dg, job, given):
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(job, given)


def test_config_of_a_job_of_assets(dg):
    class Settings(dg.Config):
        n: int

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
    def table(config: Settings): ...

    defs = dg.Definitions([table], jobs=[dg.define_asset_job("everything")])
    job = defs.resolve_job_def("everything")
    found = dg.validate_run_config(job, dg.RunConfig(ops={"table": Settings(n=1)}))
    assert found["ops"]["table"]["config"] == {"n": 1}
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(job, {"ops": {"table": {"config": {}}}})


def test_a_config_mapping_that_raises(dg):
    @dg.op(config_schema={"n": int})
    def x(context): ...

    @dg.config_mapping(config_schema={"a": int})
    def broken(config):
        raise ValueError("bad luck")

    @dg.job(config=broken)
    def mapped():
        x()

    with pytest.raises(dg.DagsterConfigMappingFunctionError) as caught:
        mapped.execute_in_process(run_config={"a": 1})
    assert isinstance(caught.value.user_exception, ValueError)
    assert isinstance(caught.value, dg.DagsterUserCodeExecutionError)


def test_the_placeholder_of_schemas_is_not_made(dg):
    with pytest.raises(NotImplementedError):
        dg.ConfigSchema()


def test_a_path_beside_a_module(dg):
    assert dg.file_relative_path("/a/b/c.py", "d.txt") == "/a/b/d.txt"
    assert dg.file_relative_path("/a/b/c.py", "../d/e.txt") == "/a/d/e.txt"


def test_a_logger_without_a_context(dg):
    @dg.asset
    def table():
        dg.get_dagster_logger().info("counted %s rows", 3)
        dg.get_dagster_logger("own").warning("few rows")

    with dg.instance_for_test() as instance:
        run = dg.materialize([table], instance=instance)
        lines = [e.user_message for e in instance.all_logs(run.run_id) if e.step_key == "table" and not is_told(e)]
    assert "counted 3 rows" in lines
    assert "few rows" in lines


def is_told(entry):
    """Whether Dagster's event, and no line of the log."""
    return entry.dagster_event is not None and entry.is_dagster_event


def test_a_logger_outside_of_steps(dg, caplog):
    with caplog.at_level(logging.DEBUG):
        dg.get_dagster_logger().info("hello")
    assert [record.getMessage() for record in caplog.records] == ["hello"]
    assert isinstance(dg.get_dagster_logger("some.name"), logging.Logger)
    assert dg.get_dagster_logger("some.name").name.endswith("some.name")


def test_code_versions_of_what_was_made(dg):
    @dg.asset(code_version="v1")
    def with_version(): ...

    @dg.asset
    def without(): ...

    with dg.instance_for_test() as instance:
        run = dg.materialize([with_version, without], instance=instance)
        keys = [dg.AssetKey(name) for name in ("with_version", "without", "unknown")]
        found = instance.get_latest_materialization_code_versions(keys)
    assert [found[key] for key in keys] == ["v1", run.run_id, None]


def test_the_records_of_a_run(dg):
    @dg.asset
    def table(): ...

    with dg.instance_for_test() as instance:
        run = dg.materialize([table], instance=instance)
        every = instance.get_records_for_run(run.run_id)
        assert not every.has_more
        told = [record.event_log_entry.dagster_event for record in every.records]
        kinds = [event.event_type_value for event in told if event]
        assert kinds.index("STEP_START") < kinds.index("STEP_SUCCESS")
        first = instance.get_records_for_run(run.run_id, limit=2)
        rest = instance.get_records_for_run(run.run_id, cursor=first.cursor)
        assert first.has_more
        ids = [record.storage_id for record in [*first.records, *rest.records]]
        assert ids == [record.storage_id for record in every.records]
        wanted = dg.DagsterEventType.ASSET_MATERIALIZATION
        [made] = instance.get_records_for_run(run.run_id, of_type=wanted).records
        assert made.asset_materialization.asset_key == dg.AssetKey("table")
        newest = instance.get_records_for_run(run.run_id, ascending=False, limit=1).records[0]
        assert newest.storage_id == ids[-1]
