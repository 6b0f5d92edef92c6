"""What I/O managers are told, and what becomes of what they do."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest


def told(path: Path, name: str) -> list[Any]:
    """What was noted under a name, in order; a worker is another process, so it goes through a file."""
    lines = (path / "told").read_text().splitlines() if (path / "told").exists() else []
    return [value for noted, value in map(json.loads, lines) if noted == name]


def tell(path: Path, name: str, value: Any) -> None:
    with (path / "told").open("a") as file:
        file.write(json.dumps([name, value], default=str) + "\n")


def asked(context: Any, name: str) -> Any:
    """An attribute, or "refused"."""
    try:
        return getattr(context, name)
    except Exception:
        return "refused"


def probe(world, path: Path, on_output=None, on_input=None, value: Any = 1):
    """An I/O manager that stores nothing and asks the contexts."""

    class Probe(world.dg.IOManager):
        def handle_output(self, context, obj):
            return on_output(context, obj) if on_output else None

        def load_input(self, context):
            found = on_input(context) if on_input else None
            return value if found is None else found

    return Probe()


def chain(dg, **options):
    """An asset, and one that reads it."""

    @dg.asset(metadata={"kind": "source"}, **options)
    def one():
        return 1

    @dg.asset(ins={"one": dg.AssetIn(metadata={"wanted": "all"})}, **options)
    def two(one):
        return one

    return [one, two]


def test_an_output_is_told_its_name_asset_and_step(world, tmp_path):
    def on_output(context, obj):
        tell(tmp_path, "out", [context.name, context.step_key, list(context.asset_key.path), obj])

    world.run(chain(world.dg)[:1], resources={"io_manager": probe(world, tmp_path, on_output)})
    assert told(tmp_path, "out") == [["result", "one", ["one"], 1]]


def test_an_output_is_told_the_metadata_of_its_asset(world, tmp_path):
    def on_output(context, obj):
        tell(tmp_path, "out", [dict(context.definition_metadata), dict(context.metadata)])

    world.run(chain(world.dg)[:1], resources={"io_manager": probe(world, tmp_path, on_output)})
    assert told(tmp_path, "out") == [[{"kind": "source"}, {"kind": "source"}]]


def test_an_input_is_told_the_metadata_of_the_asset_in(world, tmp_path):
    def on_input(context):
        tell(tmp_path, "in", [dict(context.definition_metadata), dict(context.metadata)])
        tell(tmp_path, "up", dict(context.upstream_output.definition_metadata))

    world.run(chain(world.dg), resources={"io_manager": probe(world, tmp_path, None, on_input)})
    assert told(tmp_path, "in") == [[{"wanted": "all"}, {"wanted": "all"}]]
    assert told(tmp_path, "up") == [{"kind": "source"}]


def test_an_input_is_told_its_name_and_the_output_that_it_reads(world, tmp_path):
    def on_input(context):
        up = context.upstream_output
        tell(tmp_path, "in", [context.name, context.has_input_name, list(context.asset_key.path)])
        tell(tmp_path, "up", [up.name, up.step_key, list(up.asset_key.path), up.asset_spec.metadata["kind"]])

    world.run(chain(world.dg), resources={"io_manager": probe(world, tmp_path, None, on_input)})
    assert told(tmp_path, "in") == [["one", True, ["one"]]]
    assert told(tmp_path, "up") == [["result", "one", ["one"], "source"]]


def test_input_and_output_are_told_the_same_identifier(world, tmp_path):
    def on_output(context, obj):
        tell(tmp_path, "id", [list(context.get_identifier()), list(context.get_run_scoped_output_identifier())])

    def on_input(context):
        tell(tmp_path, "in", list(context.get_identifier()))

    world.run(chain(world.dg), resources={"io_manager": probe(world, tmp_path, on_output, on_input)})
    (identifier, scoped), _ = told(tmp_path, "id")
    assert identifier[1:] == ["one", "result"]
    assert identifier == scoped
    assert told(tmp_path, "in") == [identifier]


def test_the_run_id_is_that_of_the_run(world, tmp_path):
    dg = world.dg

    @dg.asset
    def one(context):
        tell(tmp_path, "op", context.run_id)
        return 1

    def on_output(context, obj):
        tell(tmp_path, "io", context.run_id)

    world.run([one], resources={"io_manager": probe(world, tmp_path, on_output)})
    assert told(tmp_path, "op") == told(tmp_path, "io") != [""]


def test_an_asset_without_partitions_has_none_to_tell(world, tmp_path):
    names = ["partition_key", "asset_partition_key", "asset_partition_keys", "asset_partition_key_range"]
    names += ["asset_partitions_def", "asset_partitions_time_window"]

    def ask(context, *_):
        tell(tmp_path, "has", [context.has_asset_partitions, context.has_partition_key, context.has_asset_key])
        tell(tmp_path, "asked", {name: asked(context, name) for name in names})

    world.run(chain(world.dg), resources={"io_manager": probe(world, tmp_path, ask, ask)})
    assert told(tmp_path, "has") == [[False, False, True]] * 3
    assert told(tmp_path, "asked") == [dict.fromkeys(names, "refused")] * 3


def test_an_output_of_a_partition(world, tmp_path):
    dg = world.dg
    letters = dg.StaticPartitionsDefinition(["a", "b", "c"])

    def ask(context, *_):
        span = context.asset_partition_key_range
        tell(tmp_path, "has", [context.has_asset_partitions, context.has_partition_key])
        tell(tmp_path, "keys", [context.partition_key, context.asset_partition_key, list(context.asset_partition_keys)])
        tell(tmp_path, "range", [span.start, span.end])
        tell(tmp_path, "def", list(context.asset_partitions_def.get_partition_keys()))
        tell(tmp_path, "id", list(context.get_asset_identifier()))
        tell(tmp_path, "window", asked(context, "asset_partitions_time_window"))

    assets = chain(dg, partitions_def=letters)[:1]
    world.run(assets, resources={"io_manager": probe(world, tmp_path, ask)}, partition_key="b")
    assert told(tmp_path, "has") == [[True, True]]
    assert told(tmp_path, "keys") == [["b", "b", ["b"]]]
    assert told(tmp_path, "range") == [["b", "b"]]
    assert told(tmp_path, "def") == [["a", "b", "c"]]
    assert told(tmp_path, "id") == [["one", "b"]]
    assert told(tmp_path, "window") == ["refused"]


def test_an_input_of_the_same_partition(world, tmp_path):
    def ask(context):
        tell(tmp_path, "in", [context.partition_key, context.asset_partition_key, list(context.asset_partition_keys)])
        tell(tmp_path, "up", [context.upstream_output.partition_key, context.upstream_output.asset_partition_key])

    assets = chain(world.dg, partitions_def=world.dg.StaticPartitionsDefinition(["a", "b"]))
    world.run(assets, resources={"io_manager": probe(world, tmp_path, None, ask)}, partition_key="b")
    assert told(tmp_path, "in") == [["b", "b", ["b"]]]
    assert told(tmp_path, "up") == [["b", "b"]]


def test_a_partition_of_time_has_a_window(world, tmp_path):
    def ask(context, *_):
        window = context.asset_partitions_time_window
        tell(tmp_path, "window", [window.start.isoformat(), window.end.isoformat()])

    days = world.dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-05")
    manager = probe(world, tmp_path, ask, ask)
    world.run(chain(world.dg, partitions_def=days), resources={"io_manager": manager}, partition_key="2024-01-02")
    assert told(tmp_path, "window") == [["2024-01-02T00:00:00+00:00", "2024-01-03T00:00:00+00:00"]] * 3


def test_a_mapping_to_several_partitions(world, tmp_path):
    dg = world.dg
    days = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-05")

    @dg.asset(partitions_def=days)
    def one(): ...

    mapping = dg.TimeWindowPartitionMapping(start_offset=-1)

    @dg.asset(partitions_def=days, ins={"one": dg.AssetIn(partition_mapping=mapping)})
    def two(one): ...

    def ask(context):
        span, window = context.asset_partition_key_range, context.asset_partitions_time_window
        tell(tmp_path, "own", [context.has_partition_key, context.partition_key])
        tell(tmp_path, "read", list(context.asset_partition_keys))
        tell(tmp_path, "one", asked(context, "asset_partition_key"))
        tell(tmp_path, "range", [span.start, span.end, (window.end - window.start).days])

    manager = probe(world, tmp_path, None, ask)
    world.run([one, two], selection=[two], resources={"io_manager": manager}, partition_key="2024-01-02")
    assert told(tmp_path, "own") == [[True, "2024-01-02"]]
    assert told(tmp_path, "read") == [["2024-01-01", "2024-01-02"]]
    assert told(tmp_path, "one") == ["refused"]
    assert told(tmp_path, "range") == [["2024-01-01", "2024-01-02", 2]]


def all_of(dg, keys, annotation=None, metadata=None):
    """A partitioned asset, and one without partitions that reads it."""

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(keys))
    def one(context):
        return context.partition_key

    def two(one):
        return one

    if annotation is not None:
        two.__annotations__["one"] = annotation
    return one, dg.asset(ins={"one": dg.AssetIn(metadata=metadata)})(two)


def test_all_partitions_into_an_asset_without(world, tmp_path):
    def ask(context):
        span = context.asset_partition_key_range
        tell(tmp_path, "has", [context.has_asset_partitions, context.has_partition_key])
        tell(tmp_path, "keys", [list(context.asset_partition_keys), span.start, span.end])
        tell(tmp_path, "refused", [asked(context, "partition_key"), asked(context, "asset_partition_key")])
        tell(tmp_path, "up", [context.upstream_output.has_asset_partitions, context.upstream_output.step_key])

    one, two = all_of(world.dg, ["a", "b", "c"])
    world.run([one, two], selection=[two], resources={"io_manager": probe(world, tmp_path, None, ask)})
    assert told(tmp_path, "has") == [[True, False]]
    assert told(tmp_path, "keys") == [[["a", "b", "c"], "a", "c"]]
    assert told(tmp_path, "refused") == [["refused", "refused"]]
    assert told(tmp_path, "up") == [[False, "none"]]


def test_types_are_told(world, tmp_path):
    dg = world.dg

    @dg.asset
    def one() -> list[int]:
        return [1]

    @dg.asset
    def two(one: list):
        return one

    def on_output(context, obj):
        tell(tmp_path, "out", context.dagster_type.display_name)

    def on_input(context):
        tell(tmp_path, "in", context.upstream_output.dagster_type.display_name)
        tell(tmp_path, "typing", str(context.upstream_output.dagster_type.typing_type))

    world.run([one, two], resources={"io_manager": probe(world, tmp_path, on_output, on_input, value=[1])})
    assert told(tmp_path, "out") == ["[Int]", "Any"]
    assert told(tmp_path, "in") == ["[Int]"]


def test_the_asset_spec_is_told(world, tmp_path):
    dg = world.dg

    @dg.asset(code_version="v3", owners=["team:a"], tags={"layer": "raw"})
    def one():
        return 1

    def ask(context, obj):
        spec = context.asset_spec
        tell(tmp_path, "spec", [list(spec.key.path), spec.code_version, list(spec.owners), dict(spec.tags)])

    world.run([one], resources={"io_manager": probe(world, tmp_path, ask)})
    assert told(tmp_path, "spec") == [[["one"], "v3", ["team:a"], {"layer": "raw"}]]


def test_what_assets_do_not_have_is_none(world, tmp_path):
    def ask(context, *_):
        names = ["config", "resource_config", "version", "mapping_key"]
        tell(tmp_path, "none", [getattr(context, name, None) for name in names])
        tell(tmp_path, "op", context.op_def.name)

    world.run(chain(world.dg), resources={"io_manager": probe(world, tmp_path, ask, ask)})
    assert told(tmp_path, "none") == [[None] * 4] * 3
    assert told(tmp_path, "op") == ["one", "two", "two"]


def test_lines_of_the_log_are_taken(world, tmp_path):
    def ask(context, *_):
        context.log.info("stored %s", 1)

    assert world.run(chain(world.dg), resources={"io_manager": probe(world, tmp_path, ask, ask)}).success


def test_metadata_of_the_manager_is_on_the_materialization(world, tmp_path):
    def on_output(context, obj):
        context.add_output_metadata({"rows": 3})
        context.add_output_metadata({"place": "there"})

    outcome = world.run(chain(world.dg)[:1], resources={"io_manager": probe(world, tmp_path, on_output)})
    assert outcome.metadata["one"] == {"rows": 3, "place": "there"}


def test_the_manager_sees_and_overrules_the_metadata_of_the_op(world, tmp_path):
    dg = world.dg

    @dg.asset
    def one(context):
        context.add_output_metadata({"from": "context"})
        return dg.Output(1, metadata={"rows": 1, "kept": True})

    def on_output(context, obj):
        tell(tmp_path, "seen", {name: value.value for name, value in context.output_metadata.items()})
        context.add_output_metadata({"rows": 2})

    outcome = world.run([one], resources={"io_manager": probe(world, tmp_path, on_output)})
    assert told(tmp_path, "seen") == [{"rows": 1, "kept": True, "from": "context"}]
    assert outcome.metadata["one"] == {"rows": 2, "kept": True, "from": "context"}


def test_metadata_added_twice_fails_the_step(world, tmp_path):
    def on_output(context, obj):
        context.add_output_metadata({"rows": 2})
        context.add_output_metadata({"rows": 3})

    outcome = world.run(chain(world.dg)[:1], resources={"io_manager": probe(world, tmp_path, on_output)})
    assert outcome.failed == {"one"}
    assert outcome.materialized == []


def test_metadata_that_is_returned(world, tmp_path):
    manager = probe(world, tmp_path, lambda context, obj: {"rows": 4})
    assert world.run(chain(world.dg)[:1], resources={"io_manager": manager}).metadata["one"] == {"rows": 4}


def test_anything_else_that_is_returned_fails_the_step(world, tmp_path):
    manager = probe(world, tmp_path, lambda context, obj: 4)
    outcome = world.run(chain(world.dg)[:1], resources={"io_manager": manager})
    assert outcome.failed == {"one"}
    assert outcome.materialized == []


def test_events_of_the_manager_are_recorded(world, tmp_path):
    dg = world.dg

    def on_output(context, obj):
        context.log_event(dg.AssetObservation("seen", metadata={"rows": 1}))
        context.log_event(dg.AssetMaterialization("made"))
        tell(tmp_path, "logged", len(context.get_logged_events()))

    outcome = world.run(chain(dg)[:1], resources={"io_manager": probe(world, tmp_path, on_output)})
    assert outcome.observed == ["seen"]
    assert outcome.materialized == ["made", "one"]
    assert outcome.metadata["seen"] == {"rows": 1}
    assert told(tmp_path, "logged") == [2]


def test_metadata_of_an_input_is_an_observation(world, tmp_path):
    def on_input(context):
        context.add_input_metadata({"rows": 4}, description="read")

    outcome = world.run(chain(world.dg), resources={"io_manager": probe(world, tmp_path, None, on_input)})
    assert outcome.success
    assert outcome.observed == ["one"]
    assert outcome.metadata["one"] == {"rows": 4}


def test_an_error_in_storing_fails_the_step(world, tmp_path):
    def on_output(context, obj):
        raise ValueError("the disk is full")

    outcome = world.run(chain(world.dg), resources={"io_manager": probe(world, tmp_path, on_output)})
    assert outcome.failed == {"one"}
    assert outcome.materialized == []


def test_an_error_in_loading_fails_the_reader(world, tmp_path):
    def on_input(context):
        raise KeyError("nothing there")

    outcome = world.run(chain(world.dg), resources={"io_manager": probe(world, tmp_path, None, on_input)})
    assert outcome.failed == {"two"}
    assert outcome.materialized == ["one"]


def test_config_and_resources_of_the_manager_are_told(world, tmp_path):
    dg = world.dg

    def ask(context, *_):
        tell(tmp_path, "told", [dict(context.resource_config), context.resources.db])

    @dg.io_manager(config_schema={"folder": str}, required_resource_keys={"db"})
    def configured(init_context):
        tell(tmp_path, "made", [init_context.resource_config["folder"], init_context.resources.db])
        return probe(world, tmp_path, ask, ask)

    resources = {
        "io_manager": configured.configured({"folder": "f"}),
        "db": dg.ResourceDefinition.hardcoded_resource("DB"),
    }
    assert world.run(chain(dg), resources=resources).success
    assert told(tmp_path, "told") == [[{"folder": "f"}, "DB"]] * 3
    assert ["f", "DB"] in told(tmp_path, "made")


def test_fields_of_a_configurable_manager_are_its_config(world, tmp_path):
    dg = world.dg

    class Manager(dg.ConfigurableIOManager):
        folder: str

        def handle_output(self, context, obj):
            tell(tmp_path, "config", [self.folder, dict(context.resource_config)])

        def load_input(self, context):
            return 1

    world.run(chain(dg)[:1], resources={"io_manager": Manager(folder="f")})
    assert told(tmp_path, "config") == [["f", {"folder": "f"}]]


def test_an_input_manager_loads_instead(world, tmp_path):
    dg = world.dg

    @dg.input_manager
    def table(context):
        up = context.upstream_output
        tell(tmp_path, "in", [context.name, dict(context.definition_metadata), list(up.asset_key.path)])
        return 42

    @dg.asset
    def one():
        return 1

    @dg.asset(ins={"one": dg.AssetIn(input_manager_key="table", metadata={"name": "t"})})
    def two(one):
        return one + 1

    outcome = world.run([one, two], resources={"table": table})
    assert outcome.value("two") == 43
    assert told(tmp_path, "in") == [["one", {"name": "t"}, ["one"]]]


def test_an_input_manager_with_config_and_resources(world, tmp_path):
    dg = world.dg

    @dg.input_manager(config_schema={"n": int}, required_resource_keys={"db"})
    def table(context):
        return [context.resource_config["n"], context.resources.db]

    @dg.asset
    def one():
        return 1

    @dg.asset(ins={"one": dg.AssetIn(input_manager_key="table")})
    def two(one):
        return one

    resources = {"table": table.configured({"n": 7}), "db": dg.ResourceDefinition.hardcoded_resource("DB")}
    assert world.run([one, two], resources=resources).value("two") == [7, "DB"]


def test_an_input_manager_key_may_name_an_io_manager(world, tmp_path):
    dg = world.dg

    @dg.asset
    def one():
        return 1

    @dg.asset(ins={"one": dg.AssetIn(input_manager_key="other")})
    def two(one):
        return one

    resources = {"other": probe(world, tmp_path, None, lambda context: "by the other")}
    assert world.run([one, two], resources=resources).value("two") == "by the other"


def test_a_source_asset_is_loaded_by_its_manager(world, tmp_path):
    dg = world.dg
    source = dg.SourceAsset("source", metadata={"table": "t"}, io_manager_key="warehouse")

    @dg.asset
    def two(source):
        return source

    def on_input(context):
        tell(tmp_path, "up", [context.upstream_output.definition_metadata["table"], context.upstream_output.step_key])
        return 5

    outcome = world.run([source, two], resources={"warehouse": probe(world, tmp_path, None, on_input)})
    assert outcome.value("two") == 5
    assert told(tmp_path, "up") == [["t", "none"]]


def test_nothing_is_handled_for_none_annotated(world, tmp_path):
    dg = world.dg

    @dg.asset
    def table() -> None: ...

    @dg.asset
    def value():
        return None

    def on_output(context, obj):
        tell(tmp_path, "out", [context.asset_key.path[-1], obj])

    world.run([table, value], resources={"io_manager": probe(world, tmp_path, on_output)})
    assert told(tmp_path, "out") == [["value", None]]


# Files below a path.


def text_manager(dg, folder: Path, **members):
    """A subclass as it is written for Dagster."""
    from upath import UPath

    def __init__(self, base_path: UPath):
        self.written = 0
        dg.UPathIOManager.__init__(self, base_path=base_path)

    def dump_to_path(self, context, obj, path: UPath):
        assert path.parent.exists()
        with path.open("w") as file:
            file.write(json.dumps(obj))

    def load_from_path(self, context, path: UPath):
        with path.open("r") as file:
            return json.load(file)

    body = {
        "extension": ".json",
        "__init__": __init__,
        "dump_to_path": dump_to_path,
        "load_from_path": load_from_path,
        **members,
    }
    return type("TextIOManager", (dg.UPathIOManager,), body)(UPath(folder))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_subclass_of_upath_io_manager(world, tmp_path):
    dg, folder = world.dg, tmp_path / "values"
    manager = text_manager(dg, folder, get_metadata=lambda self, context, obj: {"length": len(str(obj))})

    @dg.asset(key_prefix=["raw", "eu"])
    def one():
        return [1, 2]

    @dg.asset(ins={"one": dg.AssetIn(key_prefix=["raw", "eu"])})
    def two(one):
        return [*one, 3]

    outcome = world.run([one, two], resources={"io_manager": manager})
    assert outcome.metadata["two"] == {"length": 9}
    assert files(folder) == ["raw/eu/one.json", "two.json"]
    assert json.loads((folder / "two.json").read_text()) == [1, 2, 3]


def test_partitions_of_a_upath_io_manager(world, tmp_path):
    folder = tmp_path / "values"
    assets = chain(world.dg, partitions_def=world.dg.StaticPartitionsDefinition(["a", "b"]))
    world.run(assets, resources={"io_manager": text_manager(world.dg, folder)}, partition_key="b")
    assert files(folder) == ["one/b.json", "two/b.json"]


def test_a_path_of_ones_own_for_partitions(world, tmp_path):
    folder = tmp_path / "values"
    manager = text_manager(
        world.dg, folder, get_path_for_partition=lambda self, context, path, partition: path / f"letter={partition}"
    )
    assets = chain(world.dg, partitions_def=world.dg.StaticPartitionsDefinition(["a", "b"]))
    world.run(assets, resources={"io_manager": manager}, partition_key="b")
    assert files(folder) == ["one/letter=b.json", "two/letter=b.json"]


@pytest.mark.parametrize("annotation", [None, Any, dict, dict[str, str], Mapping[str, str]])
def test_several_partitions_are_a_dict(world, tmp_path, annotation):
    one, two = all_of(world.dg, ["a", "b"], annotation)
    manager = text_manager(world.dg, tmp_path / "values")
    (tmp_path / "values" / "one").mkdir(parents=True)
    for key in "ab":
        (tmp_path / "values" / "one" / f"{key}.json").write_text(json.dumps(key.upper()))
    assert world.run([one, two], selection=[two], resources={"io_manager": manager}).success
    assert json.loads((tmp_path / "values" / "two.json").read_text()) == {"a": "A", "b": "B"}


def test_the_only_partition_is_no_dict(world, tmp_path):
    one, two = all_of(world.dg, ["a"])
    manager = text_manager(world.dg, tmp_path)
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.json").write_text('"A"')
    world.run([one, two], selection=[two], resources={"io_manager": manager})
    assert json.loads((tmp_path / "two.json").read_text()) == "A"


def test_a_dict_in_a_partition_is_the_value(world, tmp_path):
    dg = world.dg
    letters = dg.StaticPartitionsDefinition(["a", "b"])

    @dg.asset(partitions_def=letters)
    def one() -> dict:
        return {"n": 1}

    @dg.asset(partitions_def=letters)
    def two(one: dict) -> dict:
        return {**one, "m": 2}

    assert world.run([one, two], partition_key="a").value("two") == {"n": 1, "m": 2}


def test_a_missing_partition_fails_the_reader(world, tmp_path):
    one, two = all_of(world.dg, ["a", "b"])
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.json").write_text('"A"')
    outcome = world.run([one, two], selection=[two], resources={"io_manager": text_manager(world.dg, tmp_path)})
    assert outcome.failed == {"two"}


def test_a_missing_partition_may_be_allowed(world, tmp_path):
    one, two = all_of(world.dg, ["a", "b"], metadata={"allow_missing_partitions": True})
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.json").write_text('"A"')
    outcome = world.run([one, two], selection=[two], resources={"io_manager": text_manager(world.dg, tmp_path)})
    assert outcome.success
    assert json.loads((tmp_path / "two.json").read_text()) == {"a": "A"}


def test_the_one_missing_partition_that_is_allowed_is_none(world, tmp_path):
    dg = world.dg
    letters = dg.StaticPartitionsDefinition(["a", "b"])

    @dg.asset(partitions_def=letters)
    def one(): ...

    @dg.asset(partitions_def=letters, ins={"one": dg.AssetIn(metadata={"allow_missing_partitions": True})})
    def two(one):
        return [one]

    manager = text_manager(dg, tmp_path)
    world.run([one, two], selection=[two], resources={"io_manager": manager}, partition_key="a")
    assert json.loads((tmp_path / "two" / "a.json").read_text()) == [None]


def test_paths_are_read_side_by_side_by_a_coroutine(world, tmp_path):
    async def load_from_path(self, context, path):
        return json.loads(path.read_text())

    one, two = all_of(world.dg, ["a", "b"])
    (tmp_path / "one").mkdir()
    for key in "ab":
        (tmp_path / "one" / f"{key}.json").write_text(json.dumps(key.upper()))
    manager = text_manager(world.dg, tmp_path, load_from_path=load_from_path)
    world.run([one, two], selection=[two], resources={"io_manager": manager})
    assert json.loads((tmp_path / "two.json").read_text()) == {"a": "A", "b": "B"}


def test_a_factory_makes_a_upath_io_manager(world, tmp_path):
    dg = world.dg

    class Factory(dg.ConfigurableIOManagerFactory):
        folder: str

        def create_io_manager(self, context):
            return text_manager(dg, Path(self.folder))

    world.run(chain(dg), resources={"io_manager": Factory(folder=str(tmp_path / "v"))})
    assert files(tmp_path / "v") == ["one.json", "two.json"]


@pytest.mark.filterwarnings("ignore:Field name:UserWarning")  # Pydantic's, of a field that is a class attribute above
def test_a_configurable_upath_io_manager(world, tmp_path):
    from pydantic import PrivateAttr
    from upath import UPath

    dg = world.dg

    class Manager(dg.ConfigurableIOManager, dg.UPathIOManager):
        folder: str
        extension: str = ".txt"
        _base_path: Any = PrivateAttr()

        def setup_for_execution(self, context):
            self._base_path = UPath(self.folder)

        def dump_to_path(self, context, obj, path):
            path.write_text(str(obj))

        def load_from_path(self, context, path):
            return int(path.read_text())

    assert world.run(chain(dg), resources={"io_manager": Manager(folder=str(tmp_path / "v"))}).success
    assert files(tmp_path / "v") == ["one.txt", "two.txt"]


def test_the_managers_that_come_with_it(world, tmp_path):
    dg = world.dg
    places = [
        dg.FilesystemIOManager(base_dir=str(tmp_path / "class")),
        dg.fs_io_manager.configured({"base_dir": str(tmp_path / "function")}),
    ]
    for manager in places:
        assert world.run(chain(dg), resources={"io_manager": manager}).value("two") == 1
    assert all(files(tmp_path / name) for name in ("class", "function"))
    for manager in (dg.InMemoryIOManager(), dg.mem_io_manager):
        assert world.run(chain(dg), resources={"io_manager": manager}).success


# Contexts that a test makes itself.


def test_an_empty_output_context(dg):
    context = dg.build_output_context()
    has = [context.has_asset_key, context.has_asset_partitions, context.has_partition_key]
    assert has == [False, False, False]
    assert (context.config, context.version, context.mapping_key) == (None, None, None)
    assert (context.definition_metadata, context.output_metadata, context.resource_config) == ({}, {}, {})
    names = ["name", "step_key", "asset_key", "asset_spec", "dagster_type", "job_name", "op_def", "step_context"]
    names += ["partition_key", "asset_partition_key", "asset_partition_keys", "asset_partitions_def"]
    assert {name: asked(context, name) for name in names} == dict.fromkeys(names, "refused")
    assert context.run_id == dg.build_output_context().run_id


def test_an_empty_input_context(dg):
    context = dg.build_input_context()
    assert not context.has_input_name
    assert context.upstream_output is None
    assert (context.config, context.definition_metadata, context.resource_config) == (None, {}, {})
    names = ["name", "asset_key", "dagster_type", "job_name", "op_def", "step_context", "instance", "partition_key"]
    assert {name: asked(context, name) for name in names} == dict.fromkeys(names, "refused")
    with pytest.raises(Exception, match="upstream_output"):
        context.get_identifier()


def test_an_output_context_is_told_everything(dg):
    number = dg.PythonObjectDagsterType(int)
    letters = dg.StaticPartitionsDefinition(["a", "b"])
    context = dg.build_output_context(
        step_key="s", name="n", run_id="r", definition_metadata={"a": 1}, mapping_key="m", config=3,
        dagster_type=number, resource_config={"q": 1}, resources={"x": 7}, asset_key="k", partition_key="a",
        asset_partitions_def=letters, output_metadata={"o": 1}, asset_spec=dg.AssetSpec("k"),
    )  # fmt: skip
    assert (context.step_key, context.name, context.run_id, context.config) == ("s", "n", "r", 3)
    assert (context.dagster_type, context.resource_config, context.resources.x) == (number, {"q": 1}, 7)
    assert (context.asset_key, context.partition_key) == (dg.AssetKey("k"), "a")
    assert (context.asset_partitions_def, context.output_metadata) == (letters, {"o": 1})
    assert list(context.get_identifier()) == ["r", "s", "n", "m"]
    assert list(context.get_asset_identifier()) == ["k", "a"]
    assert context.asset_spec.key == dg.AssetKey("k")


def test_an_input_context_of_a_range(dg):
    days = dg.DailyPartitionsDefinition("2024-01-01", end_date="2024-01-05")
    span = dg.PartitionKeyRange("2024-01-01", "2024-01-03")
    context = dg.build_input_context(
        asset_key=["k", "l"], asset_partition_key_range=span, asset_partitions_def=days, resources={"x": 7}
    )
    assert list(context.asset_partition_keys) == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert context.asset_partition_key_range == span
    assert context.asset_partitions_time_window.end == datetime(2024, 1, 4, tzinfo=UTC)
    assert not context.has_partition_key
    with pytest.raises(Exception, match=r"."):
        context.get_asset_identifier()


def test_a_partition_key_without_a_definition(dg):
    context = dg.build_output_context(asset_key="k", partition_key="z")
    assert list(context.asset_partition_keys) == ["z"]
    assert context.has_asset_partitions
    assert context.asset_partition_key_range == dg.PartitionKeyRange("z", "z")
    assert asked(context, "asset_partitions_def") == "refused"


@pytest.mark.parametrize(
    "given",
    [
        {"name": 3},
        {"dagster_type": int},
        {"resources": 3},
        {"asset_key": 3},
        {"partition_key": 3},
        {"metadata": {"a": 1}, "definition_metadata": {"b": 1}},
    ],
)
def test_wrong_arguments_are_refused(dg, given):
    for build in (dg.build_output_context, dg.build_input_context):
        with pytest.raises(Exception, match=r"."):
            build(**given)


def test_an_unknown_partition_is_refused(dg):
    letters = dg.StaticPartitionsDefinition(["a", "b"])
    with pytest.raises(Exception, match="nope"):
        dg.build_output_context(asset_key="k", partition_key="nope", asset_partitions_def=letters)


def test_the_older_name_of_definition_metadata(dg):
    for build in (dg.build_output_context, dg.build_input_context):
        assert build(metadata={"a": 1}).definition_metadata == {"a": 1}
        assert build(definition_metadata={"a": 1}).metadata == {"a": 1}


def test_metadata_and_events_of_a_context_on_its_own(dg):
    context = dg.build_output_context(asset_key="k")
    context.add_output_metadata({"a": 1})
    with pytest.raises(Exception, match="a"):
        context.add_output_metadata({"a": 2})
    assert {name: value.value for name, value in context.get_logged_metadata().items()} == {"a": 1}
    assert context.consume_logged_metadata().keys() == {"a"}
    assert context.get_logged_metadata() == {}
    context.log_event(dg.AssetMaterialization("x"))
    with pytest.raises(Exception, match="3"):
        context.log_event(3)
    assert [type(event).__name__ for event in context.get_logged_events()] == ["AssetMaterialization"]
    assert list(context.consume_events()) == []


def test_observations_of_an_input_on_its_own(dg):
    letters = dg.StaticPartitionsDefinition(["a", "b"])
    context = dg.build_input_context(asset_key="k", partition_key="a", asset_partitions_def=letters)
    context.add_input_metadata({"rows": 1}, description="d")
    (seen,) = context.get_observations()
    assert (seen.asset_key, seen.partition, seen.description) == (dg.AssetKey("k"), "a", "d")
    assert seen.metadata["rows"].value == 1
    assert context.consume_logged_metadata().keys() == {"rows"}


def test_an_identifier_comes_from_the_output_that_is_read(dg):
    output = dg.build_output_context(step_key="s", name="n", run_id="r")
    assert list(dg.build_input_context(upstream_output=output).get_identifier()) == ["r", "s", "n"]
    versioned = dg.build_output_context(step_key="s", name="n", run_id="r", version="v")
    assert list(versioned.get_identifier()) == ["versioned_outputs", "v", "s", "n"]
    assert list(versioned.get_run_scoped_output_identifier()) == ["r", "s", "n"]


def test_a_upath_io_manager_on_its_own(dg, tmp_path):
    manager = text_manager(dg, tmp_path)
    output = dg.build_output_context(asset_key=["a", "b"])
    assert not manager.has_output(output)
    manager.handle_output(output, [5])
    assert output.get_logged_metadata()["path"].value == str(tmp_path / "a" / "b.json")
    assert manager.has_output(output)
    source = dg.build_input_context(asset_key=["a", "b"], upstream_output=output)
    assert manager.load_input(source) == [5]
    assert str(manager.get_asset_relative_path(output)) == "a/b"
    assert manager.path_exists(manager._get_path(output))
    manager.unlink(manager._get_path(output))
    assert not manager.has_output(output)
    with pytest.raises(FileNotFoundError):
        manager.load_input(source)


def test_paths_of_a_upath_io_manager(dg, tmp_path):
    from upath import UPath

    manager = text_manager(dg, tmp_path)
    output = dg.build_output_context(step_key="s", name="n", run_id="r")
    assert str(manager.get_op_output_relative_path(output)) == "r/s/n"
    assert str(manager.get_path_for_partition(output, UPath(tmp_path), "p")) == str(tmp_path / "p")
    manager.handle_output(output, 1)
    assert files(tmp_path) == ["r/s/n.json"]
    manager.make_directory(UPath(tmp_path / "x" / "y"))
    assert (tmp_path / "x" / "y").is_dir()


def test_a_upath_io_manager_must_say_how_to_read_and_write(dg):
    class Half(dg.UPathIOManager):
        def dump_to_path(self, context, obj, path): ...

    with pytest.raises(TypeError):
        Half()


def keeping(dg, seen, **schemas):
    @dg.io_manager(**schemas)
    def manager():
        class Keep(dg.IOManager):
            def handle_output(self, context, obj):
                seen.append(("out", context.config))

            def load_input(self, context):
                seen.append(("in", context.config))
                return 1

        return Keep()

    return manager


def test_config_of_an_output_is_checked(dg):
    seen = []

    @dg.asset(io_manager_key="keep")
    def one():
        return 1

    def run(config, **schemas):
        given = {"ops": {"one": {"outputs": {"result": config}}}} if config is not None else None
        return dg.materialize([one], resources={"keep": keeping(dg, seen, **schemas)}, run_config=given)

    run({"o": 1}, output_config_schema={"o": int})
    run(None, output_config_schema={"o": dg.Field(int, default_value=4)})
    assert seen == [("out", {"o": 1}), ("out", {"o": 4})]
    for config, schemas in (
        ({"o": "x"}, {"output_config_schema": {"o": int}}),
        (None, {"output_config_schema": {"o": int}}),
        ({"o": 1}, {}),
    ):
        with pytest.raises(dg.DagsterInvalidConfigError):
            run(config, **schemas)
    assert len(seen) == 2


def test_config_of_an_input_is_checked(dg):
    seen = []

    @dg.input_manager(input_config_schema={"i": int})
    def manager(context):
        seen.append(context.config)
        return 4

    @dg.asset
    def one():
        return 1

    @dg.asset(ins={"one": dg.AssetIn(input_manager_key="manager")})
    def two(one):
        return one

    def run(config):
        given = {"ops": {"two": {"inputs": {"one": config}}}} if config is not None else None
        return dg.materialize([one, two], resources={"manager": manager}, run_config=given)

    assert run({"i": 2}).asset_value("two") == 4
    for bad in ({"i": "x"}, {"other": 1}, None):
        with pytest.raises(dg.DagsterInvalidConfigError):
            run(bad)
    assert seen == [{"i": 2}]


def test_a_loader_of_values(dg):
    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b", "c"]))
    def parts(context):
        return context.partition_key

    @dg.io_manager(config_schema={"base": str})
    def manager(context):
        return Keep(context.resource_config["base"])

    class Keep(dg.IOManager):
        def __init__(self, base):
            self.base = base

        def handle_output(self, context, obj):
            pass

        def load_input(self, context):
            return self.base, sorted(context.asset_partition_keys), context.definition_metadata

    defs = dg.Definitions([parts], resources={"io_manager": manager})
    with defs.get_asset_value_loader(instance=dg.DagsterInstance.ephemeral()) as loader:
        found = loader.load_asset_value(
            "parts",
            partition_key_range=dg.PartitionKeyRange("a", "b"),
            resource_config={"io_manager": {"config": {"base": "here"}}},
            input_definition_metadata={"m": 1},
        )
    assert found == ("here", ["a", "b"], {"m": 1})


def test_a_manager_may_yield_what_it_tells(world):
    dg = world.dg

    class Telling(dg.IOManager):
        def handle_output(self, context, obj):
            yield dg.AssetMaterialization("other")
            yield {"rows": 3}

        def load_input(self, context):
            return 1

    @dg.asset(io_manager_key="telling")
    def one():
        return 5

    outcome = world.run([one], resources={"telling": Telling()})
    assert outcome.success
    assert sorted(outcome.materialized) == ["one", "other"]
    assert outcome.metadata["one"] == {"rows": 3}
