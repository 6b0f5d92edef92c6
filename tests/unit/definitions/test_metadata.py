"""Metadata: the values, types and refusals of Dagster, and what survives msgpack and JSON."""

import collections
import decimal
import enum
import json
import math
import pickle
from datetime import UTC, date, datetime
from os import path as os_path
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import msgpack
import numpy as np
import pytest

from assetq import definitions as d
from assetq.definitions.metadata import normalize_metadata
from assetq.errors import DefinitionError, InvalidKeyError, StorageError

M = d.MetadataValue
KEY = d.AssetKey(["a", "b"])
SCHEMA = d.TableSchema(
    [d.TableColumn("x", "int", "the x", d.TableColumnConstraints(False, True, ["x > 0"]), {"k": "v"})],
    d.TableConstraints(["few rows"]),
)
LINEAGE = d.TableColumnLineage({"x": [d.TableColumnDep(KEY, "y"), d.TableColumnDep("c", "z")], "w": []})
REFERENCES = [
    d.LocalFileCodeReference(file_path="/f.py", line_number=3, label="f"),
    d.UrlCodeReference(url="https://example.org/f.py"),
]


class Colour(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 2


class Folder:
    def __fspath__(self):
        return "/folder"


class BytesFolder:
    def __fspath__(self):
        return b"/folder"


@pytest.mark.parametrize(
    ("made", "cls", "value", "attributes", "shown"),
    [
        (M.text("a"), d.TextMetadataValue, "a", {"text": "a"}, "(text='a')"),
        (M.text(None), d.TextMetadataValue, "", {"text": None}, "(text=None)"),
        (M.url("http://x"), d.UrlMetadataValue, "http://x", {"url": "http://x"}, "(url='http://x')"),
        (M.path("/a"), d.PathMetadataValue, "/a", {"path": "/a", "fspath": "/a"}, "(fspath='/a')"),
        (M.path(Path("/a")), d.PathMetadataValue, "/a", {"path": "/a"}, "(fspath='/a')"),
        (M.path(None), d.PathMetadataValue, "", {"path": ""}, "(fspath='')"),
        (M.notebook("a.ipynb"), d.NotebookMetadataValue, "a.ipynb", {"path": "a.ipynb"}, "(fspath='a.ipynb')"),
        (M.json({"a": 1}), d.JsonMetadataValue, {"a": 1}, {"data": {"a": 1}}, "(data={'a': 1})"),
        (M.json({1: 2}), d.JsonMetadataValue, {"1": 2}, {"data": {"1": 2}}, "(data={'1': 2})"),
        (M.json((1, (2,))), d.JsonMetadataValue, [1, [2]], {}, "(data=[1, [2]])"),
        (M.json("text"), d.JsonMetadataValue, "text", {}, "(data='text')"),
        (M.json(None), d.JsonMetadataValue, None, {}, "(data=None)"),
        (M.md("# x"), d.MarkdownMetadataValue, "# x", {"md_str": "# x"}, "(md_str='# x')"),
        (M.float(1.5), d.FloatMetadataValue, 1.5, {}, "(value=1.5)"),
        (M.float(None), d.FloatMetadataValue, None, {}, "(value=None)"),
        (M.int(1), d.IntMetadataValue, 1, {}, "(value=1)"),
        (M.int(True), d.IntMetadataValue, True, {}, "(value=True)"),
        (M.bool(True), d.BoolMetadataValue, True, {}, "(value=True)"),
        (M.timestamp(1.5), d.TimestampMetadataValue, 1.5, {}, "(value=1.5)"),
        (M.timestamp(datetime(2020, 1, 1, tzinfo=UTC)), d.TimestampMetadataValue, 1577836800.0, {}, None),
        (M.dagster_run("r"), d.DagsterRunMetadataValue, "r", {"run_id": "r"}, "(run_id='r')"),
        (M.asset(KEY), d.DagsterAssetMetadataValue, KEY, {"asset_key": KEY}, None),
        (M.pool("p"), d.PoolMetadataValue, "p", {"pool": "p", "name": "p"}, "(name='p')"),
        (M.null(), d.NullMetadataValue, None, {}, "()"),
        (M.table_schema(SCHEMA), d.TableSchemaMetadataValue, SCHEMA, {"schema": SCHEMA}, None),
        (
            M.column_lineage(LINEAGE),
            d.TableColumnLineageMetadataValue,
            LINEAGE,
            {"lineage": LINEAGE, "column_lineage": LINEAGE},
            None,
        ),
    ],
)
def test_each_constructor_gives_its_class(made, cls, value, attributes, shown):
    assert type(made) is cls
    assert isinstance(made, M)
    assert made.value == value
    assert type(made.value) is type(value)
    assert {name: getattr(made, name) for name in attributes} == attributes
    assert shown is None or repr(made) == cls.__name__ + shown


@pytest.mark.parametrize(
    ("made", "parts"),
    [
        (M.python_artifact(os_path.join), {"module": "posixpath", "name": "join"}),
        (M.job("j", "l"), {"job_name": "j", "location_name": "l", "repository_name": None}),
        (M.job("j", "l", repository_name="r"), {"repository_name": "r"}),
        (M.table([d.TableRecord({"a": 1})]), {"records": [d.TableRecord({"a": 1})]}),
        (M.code_references(REFERENCES), {"code_references": REFERENCES}),
    ],
)
def test_the_value_of_several_parts_is_the_object(made, parts):
    assert made.value is made
    assert {name: getattr(made, name) for name in parts} == parts


def test_classes_are_constructible():
    assert d.TextMetadataValue() == M.text("")
    assert d.UrlMetadataValue() == d.UrlMetadataValue(url="")
    assert d.MarkdownMetadataValue().value == ""
    assert d.PathMetadataValue(path=Path("b")) == M.path("b")
    assert d.JsonMetadataValue(data=[1]) == M.json([1])
    assert d.PythonArtifactMetadataValue("m", "n") == d.PythonArtifactMetadataValue(module="m", name="n")
    assert d.DagsterJobMetadataValue("j", "l") == M.job("j", "l")
    assert d.PoolMetadataValue(pool="p").pool == "p"
    assert d.TableColumnLineageMetadataValue(column_lineage=LINEAGE).lineage is LINEAGE
    assert d.TableMetadataValue(records=[d.TableRecord({"a": 1})], schema=None).schema.columns[0].type == "int"
    assert d.CodeReferencesMetadataValue(code_references=[]).code_references == []


@pytest.mark.parametrize(
    "make",
    [
        M,
        d.IntMetadataValue,
        d.FloatMetadataValue,
        d.BoolMetadataValue,
        d.TimestampMetadataValue,
        d.PathMetadataValue,
        d.JsonMetadataValue,
        d.DagsterRunMetadataValue,
        d.TableRecord,
        d.TableConstraints,
        d.UrlCodeReference,
        lambda: M.job("j"),
        lambda: d.LocalFileCodeReference("a"),
        lambda: d.CodeReferencesMetadataValue([]),
        lambda: d.TableMetadataValue(records=[]),
        lambda: d.TableMetadataSet(3),
    ],
)
def test_missing_arguments(make):
    with pytest.raises(TypeError):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: M.text(1),
        lambda: M.path(5),
        lambda: M.path(BytesFolder()),
        lambda: M.json(1),
        lambda: M.json({"a": object()}),
        lambda: M.json({(1, 2): 2}),
        lambda: M.json({"a": {1, 2}}),
        lambda: M.json({"a": datetime(2020, 1, 1, tzinfo=UTC)}),
        lambda: M.json({"a": KEY}),
        lambda: M.json({"a": M.text("x")}),
        lambda: M.md(3),
        lambda: M.python_artifact("x"),
        lambda: d.PythonArtifactMetadataValue(1, "x"),
        lambda: M.float(1),
        lambda: M.float("1"),
        lambda: M.float(True),
        lambda: M.int(1.0),
        lambda: M.int("x"),
        lambda: M.bool(1),
        lambda: M.timestamp(1),
        lambda: M.timestamp(True),
        lambda: M.timestamp(None),
        lambda: M.timestamp("2020"),
        lambda: M.timestamp(date(2020, 1, 1)),
        lambda: M.timestamp(datetime(2020, 1, 1)),
        lambda: d.TimestampMetadataValue(1),
        lambda: M.dagster_run(3),
        lambda: M.dagster_run(None),
        lambda: M.asset("a"),
        lambda: M.asset(["a", "b"]),
        lambda: M.job(1, "l"),
        lambda: M.pool(3),
        lambda: M.table("x"),
        lambda: M.table(d.TableRecord({"a": 1})),
        lambda: M.table([]),
        lambda: M.table([d.TableRecord({"a": 1})], "x"),
        lambda: M.table([d.TableRecord({"a": 1}), d.TableRecord({"b": 1})]),
        lambda: M.table([d.TableRecord({"a": 1}), d.TableRecord({})]),
        lambda: M.table_schema("x"),
        lambda: M.table_schema(None),
        lambda: M.column_lineage(3),
        lambda: d.CodeReferencesMetadataValue(code_references=[3]),
        lambda: d.TableRecord({"a": [1]}),
        lambda: d.TableRecord({1: 1}),
        lambda: d.TableRecord([1]),
        lambda: d.TableRecord({"a": date(2020, 1, 1)}),
        lambda: d.TableColumn(1),
        lambda: d.TableColumn("a", 1),
        lambda: d.TableColumn("a", description=3),
        lambda: d.TableColumn("a", constraints="x"),
        lambda: d.TableColumn("a", tags={"a": 1}),
        lambda: d.TableColumnConstraints(1),
        lambda: d.TableColumnConstraints(unique="x"),
        lambda: d.TableColumnConstraints(other="x"),
        lambda: d.TableColumnConstraints(other=[1]),
        lambda: d.TableConstraints("x"),
        lambda: d.TableConstraints([1]),
        lambda: d.TableSchema("a"),
        lambda: d.TableSchema(["a"]),
        lambda: d.TableSchema([], constraints="x"),
        lambda: d.TableSchema.from_name_type_dict({"a": int}),
        lambda: d.TableColumnLineage([]),
        lambda: d.TableColumnLineage({1: []}),
        lambda: d.TableColumnLineage({"x": ["a"]}),
        lambda: d.TableColumnLineage({"x": [d.TableColumnDep("a", "c"), d.TableColumnDep("a", "c")]}),
        lambda: d.LocalFileCodeReference(file_path=3),
        lambda: d.LocalFileCodeReference(file_path="a", line_number="x"),
        lambda: d.TableMetadataSet(row_count="x"),
        lambda: d.TableMetadataSet(row_count=1.5),
        lambda: d.TableMetadataSet(column_schema=3),
        lambda: d.TableMetadataSet(column_lineage=3),
        lambda: d.TableMetadataSet(table_name=3),
        lambda: d.TableMetadataSet.extract({"dagster/row_count": "x"}),
    ],
)
def test_refused(make):
    with pytest.raises(DefinitionError, match=r"(?s)^(\w*(Table|Metadata|Code)\w*|\{.*\} \(dict\) is not JSON)"):
        make()


def test_a_dependency_names_an_asset():
    assert d.TableColumnDep("a", "c").asset_key == d.AssetKey("a")
    assert d.TableColumnDep(["a", "b"], "c").asset_key == KEY
    with pytest.raises(InvalidKeyError):
        d.TableColumnDep(1, "c")


def test_equality_and_hash():
    assert M.text("a") == M.text("a") != M.text("b")
    assert len({M.text("a"), M.text("a"), M.md("a"), M.null(), M.null(), M.asset(KEY), M.asset(KEY)}) == 4
    assert M.path("/a") == M.path(Path("/a"))
    assert M.path("a") != M.notebook("a")
    assert M.table([d.TableRecord({"a": 1})]) == M.table([{"a": 1}])
    with pytest.raises(TypeError):
        hash(M.json({"a": 1}))
    with pytest.raises(AttributeError):
        M.text("a").text = "b"


def test_constructors_of_base_and_value_do_not_clash():
    assert M.text("a").text == "a"
    assert M.text("a").md("b") == M.md("b")


def test_columns():
    column = d.TableColumn("a")
    assert (column.type, column.description, column.tags) == ("string", None, {})
    assert column.constraints == d.TableColumnConstraints(True, False, [])
    assert d.TableColumnConstraints(False, True, ["x"]).other == ["x"]
    assert d.TableColumnConstraints(other=None).other == []
    assert d.TableSchema([column]).constraints == d.TableConstraints(other=[])
    assert repr(column) == (
        "TableColumn(name='a', type='string', description=None, "
        "constraints=TableColumnConstraints(nullable=True, unique=False, other=[]), tags={})"
    )
    types = d.TableSchema.from_name_type_dict({"a": "int", "b": "string"})
    assert types == d.TableSchema([d.TableColumn("a", "int"), d.TableColumn("b", "string")])


def test_inferred_columns():
    record = d.TableRecord({"a": 1, "b": "x", "c": True, "d": 1.5, "e": None})
    expected = {"a": "int", "b": "string", "c": "bool", "d": "float", "e": "string"}
    assert M.table([record]).schema == d.TableSchema.from_name_type_dict(expected)
    assert [d.TableMetadataValue.infer_column_type(v) for v in record.data.values()] == list(expected.values())
    assert M.table([{"a": 1}, {"a": 1.5}]).schema.columns[0].type == "int"
    assert M.table([{"a": None}, {"a": 1.5}]).schema.columns[0].type == "string"
    assert M.table([d.TableRecord({})]).schema == d.TableSchema([])
    other = d.TableSchema([d.TableColumn("b", "int")])
    assert M.table([d.TableRecord({"a": 1})], other).schema == other
    assert M.table([], other).records == []


def test_code_references():
    local, web = REFERENCES
    assert (local.source, local.line_number, local.label) == ("/f.py:3", 3, "f")
    assert d.LocalFileCodeReference(file_path="/f.py").source == "/f.py"
    assert (web.source, web.label) == ("https://example.org/f.py", None)
    assert repr(web) == "UrlCodeReference(url='https://example.org/f.py', label=None)"


@pytest.mark.parametrize(
    ("plain", "typed"),
    [
        ("a", M.text("a")),
        ("", M.text("")),
        (Colour.RED, M.text("red")),
        (d.EnvVar("X"), M.text("X")),
        (1, M.int(1)),
        (10**30, M.int(10**30)),
        (Level.HIGH, M.int(2)),
        (True, M.bool(True)),
        (1.5, M.float(1.5)),
        (None, M.null()),
        ({"a": (1,)}, M.json({"a": [1]})),
        ({1: 2}, M.json({"1": 2})),
        (collections.OrderedDict(a=1), M.json({"a": 1})),
        ([1, "x", None], M.json([1, "x", None])),
        (Path("/a"), M.path("/a")),
        (PurePosixPath("/a"), M.path("/a")),
        (Folder(), M.path("/folder")),
        (KEY, M.asset(KEY)),
        (SCHEMA, M.table_schema(SCHEMA)),
        (LINEAGE, M.column_lineage(LINEAGE)),
        (M.md("x"), M.md("x")),
        (np.int64(3), M.int(3)),
        (np.float32(1.5), M.float(1.5)),
        (np.float64(1.5), M.float(1.5)),
        (np.bool_(True), M.bool(True)),
        (np.array(3), M.int(3)),
        (np.str_("a"), M.text("a")),
    ],
)
def test_plain_values_get_their_type(plain, typed):
    assert normalize_metadata({"k": plain}) == {"k": typed}


@pytest.mark.parametrize(
    "value",
    [
        (1, 2),
        {1, 2},
        b"x",
        object(),
        range(3),
        3j,
        M,
        d.NullMetadataValue,
        test_equality_and_hash,
        date(2020, 1, 1),
        datetime(2020, 1, 1, tzinfo=UTC),
        decimal.Decimal("1.5"),
        MappingProxyType({"a": 1}),
        collections.UserDict(a=1),
        d.TableColumn("a"),
        d.TableRecord({"a": 1}),
        REFERENCES[0],
        BytesFolder(),
        {"a": object()},
        [KEY],
        np.array([1, 2]),
        np.datetime64("2020-01-01"),
    ],
)
def test_other_values_are_refused_by_name(value):
    with pytest.raises(DefinitionError, match=r"^Metadata 'my entry': .*(Give|give|Use) "):
        normalize_metadata({"my entry": value})


def test_metadata_is_a_mapping_with_text_names():
    assert normalize_metadata(None) == {}
    assert list(normalize_metadata({"dagster/x": 1, "a b": 2})) == ["dagster/x", "a b"]
    with pytest.raises(DefinitionError, match="must be a mapping"):
        normalize_metadata([1])
    with pytest.raises(DefinitionError, match="for example '1'"):
        d.MaterializeResult(metadata={1: 1})


def test_table_metadata_set():
    full = d.TableMetadataSet(
        row_count=3, partition_row_count=2, table_name="a.b", column_schema=SCHEMA, column_lineage=LINEAGE
    )
    assert dict(full) == {
        "dagster/column_schema": SCHEMA,
        "dagster/column_lineage": LINEAGE,
        "dagster/row_count": 3,
        "dagster/partition_row_count": 2,
        "dagster/table_name": "a.b",
    }
    assert {**d.TableMetadataSet(row_count=3, storage_kind="x")} == {
        "dagster/row_count": 3,
        "dagster/storage_kind": "x",
    }
    assert dict(d.TableMetadataSet()) == {}
    assert d.TableMetadataSet(row_count=3.0).row_count == 3
    assert d.TableMetadataSet(row_count=np.int64(3)) == d.TableMetadataSet(row_count=3)
    assert d.TableMetadataSet.namespace() == "dagster"
    assert d.TableMetadataSet(row_count=5).keys() == ["dagster/row_count"]
    assert d.TableMetadataSet()["dagster/row_count"] is None
    with pytest.raises(KeyError):
        d.TableMetadataSet()["x"]
    output = d.Output(1, metadata={**d.TableMetadataSet(row_count=5, table_name="t"), "z": 1})
    assert output.metadata == {"dagster/row_count": M.int(5), "dagster/table_name": M.text("t"), "z": M.int(1)}


def test_table_metadata_set_is_extracted():
    found = d.TableMetadataSet.extract(
        {"dagster/row_count": M.int(5), "dagster/column_schema": SCHEMA, "dagster/zzz": 1, "x": 1}
    )
    assert found == d.TableMetadataSet(row_count=5, column_schema=SCHEMA)
    assert d.TableMetadataSet.extract({}) == d.TableMetadataSet()


STORED = [
    (M.text("ä"), {"type": "text", "value": "ä"}),
    (M.text(None), {"type": "text", "value": None}),
    (M.url("http://x"), {"type": "url", "value": "http://x"}),
    (M.path(Path("/a")), {"type": "path", "value": "/a"}),
    (M.notebook("/a"), {"type": "notebook", "value": "/a"}),
    (M.json({"a": [1, None]}), {"type": "json", "value": {"a": [1, None]}}),
    (M.json(None), {"type": "json", "value": None}),
    (M.md("#"), {"type": "md", "value": "#"}),
    (M.python_artifact(os_path.join), {"type": "python_artifact", "value": {"module": "posixpath", "name": "join"}}),
    (M.float(1.5), {"type": "float", "value": 1.5}),
    (M.float(math.inf), {"type": "float", "value": "inf"}),
    (M.float(-math.inf), {"type": "float", "value": "-inf"}),
    (M.float(None), {"type": "float", "value": None}),
    (M.int(1), {"type": "int", "value": 1}),
    (M.int(2**64 - 1), {"type": "int", "value": 2**64 - 1}),
    (M.int(2**64), {"type": "int", "value": str(2**64)}),
    (M.int(-(2**63) - 1), {"type": "int", "value": str(-(2**63) - 1)}),
    (M.bool(False), {"type": "bool", "value": False}),
    (M.timestamp(1.5), {"type": "timestamp", "value": 1.5}),
    (M.dagster_run("r"), {"type": "dagster_run", "value": "r"}),
    (M.asset(KEY), {"type": "asset", "value": "a/b"}),
    (
        M.job("j", "l"),
        {"type": "job", "value": {"job_name": "j", "location_name": "l", "repository_name": None}},
    ),
    (M.pool("p"), {"type": "pool", "value": "p"}),
    (M.null(), {"type": "null", "value": None}),
    (M.table([{"a": 1, "b": None}]), {"type": "table", "value": [{"a": 1, "b": None}]}),
    (
        M.json({"a": [math.inf, 1.0, 2**70, "inf"]}),
        {"type": "json", "value": {"a": ["inf", 1.0, str(2**70), "inf"]}, "numbers": [["a", 0], ["a", 2]]},
    ),
    (
        M.table([{"a": -math.inf, "b": "inf"}]),
        {"type": "table", "value": [{"a": "-inf", "b": "inf"}], "numbers": [[0, "a"]]},
    ),
    (
        M.column_lineage(LINEAGE),
        {
            "type": "column_lineage",
            "value": {
                "x": [{"asset_key": "a/b", "column_name": "y"}, {"asset_key": "c", "column_name": "z"}],
                "w": [],
            },
        },
    ),
    (
        M.code_references(REFERENCES),
        {
            "type": "code_references",
            "value": [
                {"file_path": "/f.py", "line_number": 3, "label": "f"},
                {"url": "https://example.org/f.py", "label": None},
            ],
        },
    ),
    (M.table_schema(SCHEMA), None),
    (M.table([{"x": 1}], SCHEMA), None),
    (M.table([], SCHEMA), None),
    (M.table([], d.TableSchema([])), {"type": "table", "value": []}),
]


@pytest.mark.parametrize(("value", "document"), STORED, ids=lambda part: getattr(part, "kind", ""))
def test_values_survive_msgpack_and_json(value, document):
    written = value.to_json()
    assert document is None or written == document
    assert M.from_json(written) == value
    assert M.from_json(json.loads(json.dumps(written, allow_nan=False))) == value
    assert M.from_json(msgpack.unpackb(msgpack.packb(written), raw=False)) == value
    assert type(M.from_json(written)) is type(value)
    assert pickle.loads(pickle.dumps(value)) == value


def test_every_kind_is_stored_here():
    kinds = {getattr(d, name) for name in d.__all__ if name.endswith("MetadataValue")} - {M}
    assert {type(value) for value, _ in STORED} == kinds


def test_not_a_number_survives():
    written = M.json({"a": math.nan}).to_json()
    assert written == {"type": "json", "value": {"a": "nan"}, "numbers": [["a"]]}
    assert math.isnan(M.from_json(written).data["a"])
    assert written["value"] == {"a": "nan"}
    assert math.isnan(M.from_json(M.float(math.nan).to_json()).value)
    assert math.isnan(M.from_json(M.timestamp(math.nan).to_json()).value)


@pytest.mark.parametrize(
    ("stored", "value"),
    [
        ({"type": "float", "value": 1}, M.float(1.0)),
        ({"type": "timestamp", "value": 1}, M.timestamp(1.0)),
        ({"type": "table", "value": []}, M.table([], d.TableSchema([]))),
    ],
)
def test_what_was_stored_before_is_read(stored, value):
    assert M.from_json(stored) == value


def test_json_scalars_and_uneven_tables_stored_before_are_read():
    assert M.from_json({"type": "json", "value": 1}).value == 1
    assert M.from_json({"type": "table", "value": [{"a": 1}, {"b": 2}]}).records[1] == d.TableRecord({"b": 2})


@pytest.mark.parametrize(
    "stored",
    [
        {"type": "bogus", "value": 1},
        {},
        {"type": "int"},
        {"type": "int", "value": "x"},
        {"type": "text", "value": 1},
        {"type": "job", "value": {"bogus": 1}},
        {"type": "json", "value": [], "numbers": [[3]]},
    ],
)
def test_what_nobody_stored_is_refused(stored):
    with pytest.raises(StorageError, match=r"^Stored metadata "):
        M.from_json(stored)
