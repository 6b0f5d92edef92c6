"""What `@asset` takes, refuses, and makes of it."""

import functools

import pytest


def made(dg, **options):
    @dg.asset(**options)
    def table():
        return 1

    return table


@pytest.mark.parametrize("name", ["orders", "orders-v2", "orders.v2", "_x", "9lives"])
def test_names_of_letters_digits_underscores_hyphens_and_dots(dg, name):
    assert made(dg, name=name).key == dg.AssetKey([name])


@pytest.mark.parametrize("name", ["a b", "a/b", "é", "a$", "context", "config", "class", "type", "int"])
def test_names_with_others_and_reserved_words_are_refused(dg, name):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        made(dg, name=name)


def test_an_empty_name_is_none(dg):
    assert made(dg, name="").key == dg.AssetKey("table")


def test_hyphens_and_dots_become_underscores_in_the_op_name(dg):
    assert made(dg, name="a-b.c", key_prefix="p").op.name == "p__a_b_c"


def test_an_asset_with_a_hyphen_runs_and_is_read(world):
    dg = world.dg

    @dg.asset(name="raw-orders")
    def first():
        return 1

    @dg.asset(ins={"raw": dg.AssetIn("raw-orders")})
    def second(raw):
        return raw + 1

    outcome = world.run([first, second])
    assert outcome.materialized == ["raw-orders", "second"]
    assert outcome.value("second") == 2


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"key_prefix": "p"}, ["p", "table"]),
        ({"key_prefix": ["p", "q"]}, ["p", "q", "table"]),
        ({"key_prefix": "p", "name": "n"}, ["p", "n"]),
        ({"key_prefix": ""}, ["table"]),
        ({"key": "k"}, ["k"]),
        ({"key": ["a", "b-c"]}, ["a", "b-c"]),
    ],
)
def test_where_the_key_comes_from(dg, options, path):
    key = made(dg, **options).key
    assert key.path == path
    assert key == dg.AssetKey(path)


@pytest.mark.parametrize("options", [{"name": "b"}, {"key_prefix": "b"}])
def test_key_stands_alone(dg, options):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        made(dg, key="a", **options)


def test_keys_with_other_characters_are_refused(dg):
    for key in (["a b"], ["a$b"]):
        with pytest.raises(dg.DagsterInvalidDefinitionError):
            made(dg, key=key)


def test_an_asset_given_twice_is_one(world):
    table = made(world.dg)
    assert world.run([table, table]).materialized == ["table"]


def test_two_assets_with_one_key(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.materialize([made(dg), made(dg)])


def test_a_key_in_all_its_forms(dg):
    key = dg.AssetKey(["a", "b"])
    assert key.path == ["a", "b"]
    assert list(key.parts) == ["a", "b"]
    assert key.to_user_string() == "a/b"
    assert key.to_string() == '["a", "b"]'
    assert key.to_python_identifier() == "a__b"
    assert key.to_python_identifier("x") == "a__b__x"
    assert key.with_prefix("p").path == ["p", "a", "b"]
    assert key.has_prefix(["a"])
    assert not key.has_prefix(["b"])
    assert repr(key) == "AssetKey(['a', 'b'])"
    assert dg.AssetKey([*["z"], *key.path]).path == ["z", "a", "b"]
    assert ["z"] + key.path == ["z", "a", "b"]  # noqa: RUF005


@pytest.mark.parametrize("group", ["a-b", "a.b", "", "a/", "a//b", "a b"])
def test_bad_group_names(dg, group):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        made(dg, group_name=group)


@pytest.mark.parametrize("group", ["a", "a/b", "a_1/b/c", "class"])
def test_good_group_names(dg, group):
    made(dg, group_name=group)


@pytest.mark.parametrize(
    "tags",
    [{"a": 3}, {"a b": "x"}, {"a": "x y"}, {"a": "x$"}, {"n/a/c": "x"}, {"a" * 64: "x"}, {"a": "x" * 64}],
)
def test_bad_tags(dg, tags):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        made(dg, tags=tags)


@pytest.mark.parametrize("tags", [{"a": "b"}, {"a": ""}, {"n/a": "x"}, {"a.b-c_d": "x.y-z_1"}])
def test_good_tags(dg, tags):
    made(dg, tags=tags)


@pytest.mark.parametrize("owner", ["joe", "team:", "a@b"])
def test_bad_owners(dg, owner):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        made(dg, owners=[owner])


def test_good_owners_and_kinds(dg):
    made(dg, owners=["joe@example.com", "team:data"], kinds={"python", "s3"})


def test_compute_kind_with_kinds(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        made(dg, compute_kind="a", kinds={"b"})


def test_op_tags_become_text(dg):
    assert dict(made(dg, op_tags={"a": {"b": 1}, "c": 3, "d": "x"}).op.tags) == {"a": '{"b": 1}', "c": "3", "d": "x"}


def test_op_tags_without_json(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        made(dg, op_tags={"a": object()})


def test_pools(dg):
    assert made(dg, pool="db/main").op.pool == "db/main"
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        made(dg, pool="a b")


@pytest.mark.parametrize(
    "options",
    [
        {"retry_policy": 3},
        {"backfill_policy": 3},
        {"code_version": 1},
        {"hooks": {3}},
        {"deps": [3]},
        {"owners": [3]},
        {"key": 3},
        {"key_prefix": 3},
        {"key_prefix": [3]},
        {"ins": 3},
        {"deps": 3},
        {"deps": [None]},
        {"metadata": 3},
        {"metadata": {3: 3}},
        {"tags": 3},
        {"tags": ["a"]},
        {"tags": {"a": 3}},
        {"description": 3},
        {"config_schema": 3},
        {"required_resource_keys": "abc"},
        {"required_resource_keys": {3}},
        {"resource_defs": ["a"]},
        {"hooks": 3},
        {"io_manager_key": 3},
        {"dagster_type": 3},
        {"partitions_def": "daily"},
        {"op_tags": 3},
        {"group_name": 3},
        {"output_required": "no"},
        {"check_specs": 3},
        {"check_specs": [3]},
        {"freshness_policy": 3},
        {"automation_condition": 3},
        {"pool": 3},
    ],
    ids=str,
)
def test_values_of_a_wrong_kind_are_refused(dg, options):
    with pytest.raises(Exception, match=r".+"):
        made(dg, **options)


def test_unknown_options(dg):
    with pytest.raises(TypeError):
        made(dg, flavour="sour")


def test_what_is_no_function(dg):
    with pytest.raises(TypeError):
        dg.asset(3)


def test_a_lambda_needs_a_name(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.asset(lambda: 1)
    assert dg.asset(name="q")(lambda: 1).key == dg.AssetKey("q")


def test_io_manager_def_and_key(dg):
    with pytest.raises(Exception, match="io_manager"):
        made(dg, io_manager_def=dg.InMemoryIOManager(), io_manager_key="x")


def test_io_manager_def_stores(world):
    dg = world.dg

    class Loud(dg.IOManager):
        def handle_output(self, context, obj):
            context.add_output_metadata({"stored": obj})

        def load_input(self, context):
            return 9

    @dg.asset(io_manager_def=Loud())
    def one():
        return 1

    @dg.asset
    def two(one):
        return one + 1

    outcome = world.run([one, two])
    assert outcome.metadata["one"]["stored"] == 1
    assert outcome.value("two") == 10


def test_resource_defs_reach_the_function(world):
    dg = world.dg

    @dg.asset(resource_defs={"r": dg.ResourceDefinition.hardcoded_resource(3)}, required_resource_keys={"r"})
    def one(context):
        return context.resources.r

    assert world.run([one]).value("one") == 3


def test_two_versions_of_a_resource_conflict(dg):
    def with_resource(name, value):
        @dg.asset(
            name=name,
            resource_defs={"r": dg.ResourceDefinition.hardcoded_resource(value)},
            required_resource_keys={"r"},
        )
        def table(context): ...

        return table

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.materialize([with_resource("a", 1), with_resource("b", 2)])


@pytest.mark.parametrize("option", ["required_resource_keys", "io_manager_key"])
def test_resources_that_are_missing(dg, option):
    value = {"zz"} if option == "required_resource_keys" else "zz"
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.materialize([made(dg, **{option: value})])


def test_resource_arguments_and_required_keys(dg):
    class Client(dg.ConfigurableResource):
        url: str = ""

    with pytest.raises(Exception, match="resource"):

        @dg.asset(required_resource_keys={"other"})
        def table(client: Client): ...


def test_resource_arguments(world):
    dg = world.dg

    class Client(dg.ConfigurableResource):
        url: str = ""

    @dg.asset
    def table(client: Client):
        return client.url

    assert world.run([table], resources={"client": Client(url="u")}).value("table") == "u"


@pytest.mark.parametrize(
    ("hint", "value"), [(dict, {"a": 1}), (int, 3), (str, "s"), (list, [1]), (dict[str, int], {"a": 1}), (bool, True)]
)
def test_config_of_a_plain_type(world, hint, value):
    def table(config):
        return config

    table.__annotations__ = {"config": hint}
    outcome = world.run([world.dg.asset(table)], run_config={"ops": {"table": {"config": value}}})
    assert outcome.value("table") == value


def test_config_of_a_plain_dict_may_be_left_out(world):
    dg = world.dg

    @dg.asset
    def table(config: dict):
        return config

    assert world.run([table]).value("table") == {}


def test_config_needs_an_annotation(dg):
    with pytest.raises(Exception, match="config"):

        @dg.asset
        def table(config): ...


def test_config_and_config_schema(dg):
    class Settings(dg.Config):
        n: int = 1

    with pytest.raises(Exception, match="config"):

        @dg.asset(config_schema={"n": int})
        def table(config: Settings): ...


@pytest.mark.parametrize("name", ["context", "_context", "context_", "_"])
def test_names_of_the_context(world, name):
    scope = {}
    exec(f"def table({name}): return {name}.run_id != ''", scope)
    assert world.run([world.dg.asset(scope["table"])]).value("table") is True


def test_a_context_of_another_type(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):

        @dg.asset
        def table(context: int): ...


def test_a_context_that_is_not_first(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):

        @dg.asset
        def table(up, context): ...


@pytest.mark.parametrize("name", ["meta", "input", "type"])
def test_reserved_arguments(dg, name):
    scope = {}
    exec(f"def table({name}): ...", scope)
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.asset(scope["table"])


def test_a_positional_only_context(world):
    dg = world.dg

    @dg.asset
    def one():
        return 1

    @dg.asset
    def two(context, /, one):
        return one + 1

    assert world.run([one, two]).value("two") == 2


def test_an_argument_with_a_default_is_loaded_all_the_same(world):
    dg = world.dg

    @dg.asset
    def one():
        return 5

    @dg.asset
    def two(one=3):
        return one

    assert world.run([one, two]).value("two") == 5


def test_a_default_does_not_replace_the_asset(dg):
    @dg.asset
    def two(one=3):
        return one

    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.materialize([two])


def test_positional_variadics(dg):
    with pytest.raises(dg.DagsterInvalidDefinitionError):

        @dg.asset
        def table(*args): ...


def test_keyword_variadics_without_ins(world):
    dg = world.dg

    @dg.asset
    def table(**kwargs):
        return kwargs

    assert world.run([table]).value("table") == {}


def test_keyword_variadics_take_what_ins_names(world):
    dg = world.dg

    @dg.asset
    def one():
        return 1

    @dg.asset(ins={"one": dg.AssetIn(), "again": dg.AssetIn("other")})
    def table(context, **kwargs):
        return kwargs

    @dg.asset
    def other():
        return 2

    assert world.run([one, other, table]).value("table") == {"one": 1, "again": 2}


@pytest.mark.parametrize("kind", ["a b", "a/b", "", "é", "k" * 64])
def test_bad_kinds(dg, kind):
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        made(dg, kinds={kind})
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.AssetSpec("a", tags={f"dagster/kind/{kind}": ""})


def test_good_kinds(dg):
    kinds = {"python", "Delta-Lake", "a.b_c", "k" * 63}
    assert made(dg, kinds=kinds).get_asset_spec().kinds == kinds


def test_a_keyword_with_a_default_is_not_loaded(world):
    dg = world.dg

    @dg.asset
    def one():
        return 1

    @dg.asset
    def table(one, *, factor=10):
        return one * factor

    assert table.dependency_keys == {dg.AssetKey("one")}
    assert world.run([one, table]).value("table") == 10


def test_what_a_partial_function_was_given_is_not_loaded(world):
    dg = world.dg

    @dg.asset
    def one():
        return 1

    def scaled(one, factor):
        return one * factor

    table = dg.asset(name="table")(functools.partial(scaled, factor=10))
    assert table.dependency_keys == {dg.AssetKey("one")}
    assert world.run([one, table]).value("table") == 10
