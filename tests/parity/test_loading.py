"""What is found in modules and packages, and what loading changes in it."""

import importlib
import sys
from types import ModuleType

import pytest

ROOT = """
import {dg} as dg

@dg.asset
def root():
    return 1
"""
FIRST = """
import {dg} as dg
from . import root

src = dg.SourceAsset("src")
spec = dg.AssetSpec("spec")
specs = [dg.AssetSpec("listed")]

@dg.asset
def middle(root, src): ...

@dg.asset(key_prefix="own", deps=[middle])
def named(): ...

alias = named

@dg.asset_check(asset=middle)
def looks_good(middle):
    return dg.AssetCheckResult(passed=True)
"""
SECOND = """
import {dg} as dg
from ..first import middle

def made(name):
    @dg.asset(name=name, deps=[middle])
    def fn(): ...
    return fn

many = [made("one"), made("two")]
pair = (made("three"), made("four"))
table = {{"five": made("five")}}
nested = [[made("six")]]
mixed = [made("seven"), 7]
"""
CURRENT = """
import {dg} as dg

@dg.asset
def here(): ...

@dg.asset_check(asset=here)
def looks_good():
    return dg.AssetCheckResult(passed=True)

assets = dg.load_assets_from_current_module(group_name="g", key_prefix="p")
checks = dg.load_asset_checks_from_current_module(asset_key_prefix="p")
defs = dg.load_definitions_from_current_module(resources={{"r": 1}})
"""


@pytest.fixture
def package(dg, tmp_path, monkeypatch):
    """A package with a submodule and a subpackage."""
    name = f"parity_of_{dg.__name__.replace('.', '_')}"
    files = {
        "__init__.py": ROOT,
        "first.py": FIRST,
        "below/__init__.py": "",
        "below/second.py": SECOND,
        "current.py": CURRENT,
    }
    for path, text in files.items():
        target = tmp_path / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.format(dg=dg.__name__))
    (tmp_path / name / "current.py").rename(tmp_path / f"{name}_current.py")
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(name)
    for module in [module for module in sys.modules if module.startswith(name)]:
        del sys.modules[module]


@pytest.fixture
def first(package):
    return importlib.import_module(f"{package.__name__}.first")


@pytest.fixture
def second(package):
    return importlib.import_module(f"{package.__name__}.below.second")


@pytest.fixture
def asset(dg):
    """Makes assets."""

    def make(name, **options):
        @dg.asset(name=name, **options)
        def fn(): ...

        return fn

    return make


def module(name="code", **content):
    made = ModuleType(name)
    vars(made).update(content)
    return made


def names(items):
    return [item.key.to_user_string() for item in items]


def upstream(items):
    return {
        item.key.to_user_string(): {one.to_user_string() for one in item.dependency_keys}
        for item in items
        if hasattr(item, "dependency_keys")
    }


def groups(items):
    return {item.key.to_user_string(): group_of(item) for item in items}


def group_of(item):
    return item.group_names_by_key[item.key] if hasattr(item, "group_names_by_key") else item.group_name


PACKAGE = ["root", "one", "two", "middle", "own/named", "src"]


def test_assets_of_a_module_are_found_by_name(dg, first):
    assert names(dg.load_assets_from_modules([first])) == ["own/named", "middle", "root", "src"]


def test_specs_are_found_when_they_are_wanted(dg, first):
    found = names(dg.load_assets_from_modules([first], include_specs=True))
    assert sorted(found) == ["listed", "middle", "own/named", "root", "spec", "src"]


def test_an_asset_with_two_names_is_found_once(dg, asset):
    x = asset("x")
    assert names(dg.load_assets_from_modules([module(x=x, y=x, z=[x])])) == ["x"]


def test_an_asset_in_two_modules_is_found_once(dg, package, first, second):
    assert sorted(names(dg.load_assets_from_modules([package, first, second]))) == sorted(PACKAGE)
    assert names(dg.load_assets_from_modules([first, first])) == names(dg.load_assets_from_modules([first]))


def test_a_package_is_walked(dg, package):
    assert names(dg.load_assets_from_package_module(package)) == PACKAGE
    assert names(dg.load_assets_from_package_name(package.__name__)) == PACKAGE


def test_an_unknown_package_is_not_there(dg):
    with pytest.raises(ModuleNotFoundError):
        dg.load_assets_from_package_name("parity_of_nothing")


def test_a_module_is_no_package(dg, first):
    with pytest.raises(Exception, match="first"):
        dg.load_assets_from_package_name(first.__name__)


def test_only_whole_lists_are_looked_into(dg, second):
    assert sorted(names(dg.load_assets_from_modules([second]))) == ["middle", "one", "two"]


def test_a_list_with_something_else_is_passed_over(dg, asset):
    assert dg.load_assets_from_modules([module(x=[asset("x"), 3], y=[dg.AssetSpec("s"), asset("y")])]) == []
    mixed = module(y=[dg.AssetSpec("s"), asset("y")])
    assert names(dg.load_assets_from_modules([mixed], include_specs=True)) == ["s", "y"]


def test_nothing_is_found_in_nothing(dg):
    assert dg.load_assets_from_modules([]) == []
    assert dg.load_asset_checks_from_modules([module()]) == []


def test_an_unknown_option_is_refused(dg, first):
    with pytest.raises(TypeError):
        dg.load_assets_from_modules([first], colour="red")


@pytest.mark.parametrize("where", ["one module", "two modules"])
def test_two_assets_of_one_key_are_refused(dg, asset, where):
    modules = [module("a", x=asset("x"), y=asset("x"))]
    if where == "two modules":
        modules = [module("a", x=asset("x")), module("b", x=asset("x"))]
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.load_assets_from_modules(modules)
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.load_definitions_from_modules(modules)


def test_an_asset_and_a_source_of_one_key_are_refused(dg, asset):
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="x"):
        dg.load_assets_from_modules([module("a", x=asset("x")), module("b", x=dg.SourceAsset("x"))])


def test_specs_of_one_key_are_refused_when_they_differ(dg, asset):
    modules = [module("a", a=dg.AssetSpec("x")), module("b", b=dg.AssetSpec("x", description="d"))]
    assert dg.load_assets_from_modules(modules) == []
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.load_assets_from_modules(modules, include_specs=True)
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.load_assets_from_modules([module(a=dg.AssetSpec("x"), b=asset("x"))], include_specs=True)


def test_all_get_the_group(dg, first):
    found = dg.load_assets_from_modules([first], group_name="g", include_specs=True)
    assert set(groups(found).values()) == {"g"}


@pytest.mark.parametrize("kind", ["asset", "AssetSpec", "SourceAsset"])
def test_another_group_is_refused(dg, asset, kind):
    make = asset if kind == "asset" else getattr(dg, kind)
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="x"):
        dg.load_assets_from_modules([module(x=make("x", group_name="own"))], group_name="g", include_specs=True)


@pytest.mark.parametrize("group", ["g", "default"])
def test_the_same_group_and_the_default_are_no_conflict(dg, asset, group):
    found = dg.load_assets_from_modules([module(x=asset("x", group_name=group))], group_name="g")
    assert groups(found) == {"x": "g"}


@pytest.mark.parametrize("prefix", ["p", ["p", "q"], "p/q"])
def test_a_prefix_goes_before_assets(dg, first, prefix):
    found = dg.load_assets_from_modules([first], key_prefix=prefix)
    text = prefix if isinstance(prefix, str) else "/".join(prefix)
    assert sorted(names(found)) == sorted([f"{text}/middle", f"{text}/own/named", f"{text}/root", "src"])


def test_dependencies_follow_a_prefix(dg, first):
    assert upstream(dg.load_assets_from_modules([first], key_prefix="p")) == {
        "p/middle": {"p/root", "src"},
        "p/own/named": {"p/middle"},
        "p/root": set(),
    }


def test_what_is_not_loaded_keeps_its_key(dg, asset):
    found = dg.load_assets_from_modules([module(x=asset("x", deps=["elsewhere"]))], key_prefix="p")
    assert upstream(found) == {"p/x": {"elsewhere"}}


def test_sources_have_a_prefix_of_their_own(dg, first):
    found = dg.load_assets_from_modules([first], key_prefix="p", source_key_prefix="s")
    assert "s/src" in names(found)
    assert upstream(found)["p/middle"] == {"p/root", "s/src"}
    alone = dg.load_assets_from_modules([first], source_key_prefix="s")
    assert upstream(alone)["middle"] == {"root", "s/src"}


def test_specs_take_the_prefix_of_sources(dg, asset):
    code = module(up=dg.AssetSpec("up"), x=asset("x", deps=["up"]))
    found = dg.load_assets_from_modules([code], source_key_prefix="s", include_specs=True)
    assert (sorted(names(found)), upstream(found)) == (["s/up", "x"], {"x": {"s/up"}})


def test_arguments_follow_a_prefix(dg, first):
    found = {item.key.to_user_string(): item for item in dg.load_assets_from_modules([first], key_prefix="p")}
    assert found["p/middle"].keys_by_input_name["root"].to_user_string() == "p/root"
    assert found["p/middle"].op.name == "middle"


def test_checks_of_an_asset_follow_a_prefix(dg, asset):
    code = module(x=asset("x", check_specs=[dg.AssetCheckSpec("c", asset="x")]))
    (found,) = dg.load_assets_from_modules([code], key_prefix="p")
    assert set(found.check_keys) == {dg.AssetCheckKey(dg.AssetKey(["p", "x"]), "c")}


def test_loading_does_not_change_the_module(dg, first):
    dg.load_assets_from_modules([first], key_prefix="p", group_name="g")
    assert (first.middle.key, group_of(first.middle)) == (dg.AssetKey("middle"), "default")


def test_a_backfill_policy_replaces_others(dg, asset):
    code = module(
        x=asset(
            "x", partitions_def=dg.StaticPartitionsDefinition(["a"]), backfill_policy=dg.BackfillPolicy.multi_run(3)
        )
    )
    (found,) = dg.load_assets_from_modules([code], backfill_policy=dg.BackfillPolicy.single_run())
    assert found.backfill_policy == dg.BackfillPolicy.single_run()


def test_checks_are_found(dg, package, first):
    for found in (
        dg.load_asset_checks_from_modules([first]),
        dg.load_asset_checks_from_package_module(package),
        dg.load_asset_checks_from_package_name(package.__name__),
    ):
        assert [one.check_key.to_user_string() for one in found] == ["middle:looks_good"]


def test_checks_are_no_assets(dg, first):
    assert not any(isinstance(one, dg.AssetChecksDefinition) for one in dg.load_assets_from_modules([first]))


def test_a_list_of_checks_is_looked_into(dg, first):
    (found,) = dg.load_asset_checks_from_modules([module(checks=[first.looks_good])])
    assert found.check_keys == first.looks_good.check_keys


def test_checks_of_an_asset_itself_are_not_found_apart(dg, asset):
    code = module(x=asset("x", check_specs=[dg.AssetCheckSpec("c", asset="x")]))
    assert dg.load_asset_checks_from_modules([code]) == []


def test_checks_take_a_prefix_for_their_assets(dg, first):
    (found,) = dg.load_asset_checks_from_modules([first], asset_key_prefix=["p", "q"])
    assert found.check_key == dg.AssetCheckKey(dg.AssetKey(["p", "q", "middle"]), "looks_good")
    assert found.keys_by_input_name == {"middle": dg.AssetKey(["p", "q", "middle"])}


def test_the_prefix_leaves_other_dependencies_of_checks(dg, first):
    @dg.asset_check(asset=first.middle, additional_deps=["other"])
    def further(middle): ...

    (found,) = dg.load_asset_checks_from_modules([module(further=further)], asset_key_prefix="p")
    assert found.keys_by_input_name == {"middle": dg.AssetKey(["p", "middle"]), "other": dg.AssetKey("other")}


def test_one_check_of_several_assets_takes_a_prefix(dg):
    @dg.multi_asset_check(specs=[dg.AssetCheckSpec("a", asset="x"), dg.AssetCheckSpec("b", asset="y")])
    def both(): ...

    (found,) = dg.load_asset_checks_from_modules([module(both=both)], asset_key_prefix="p")
    assert {one.to_user_string() for one in found.check_keys} == {"p/x:a", "p/y:b"}


def test_the_current_module_is_the_one_that_calls(dg, package):
    code = importlib.import_module(f"{package.__name__}_current")
    assert (names(code.assets), groups(code.assets)) == (["p/here"], {"p/here": "g"})
    assert [one.check_key.to_user_string() for one in code.checks] == ["p/here:looks_good"]
    assert code.defs.resources == {"r": 1}


def all_keys(defs):
    return sorted(one.to_user_string() for one in defs.resolve_all_asset_keys())


def test_definitions_hold_assets_specs_and_checks(dg, package, first, second):
    expected = ["listed", "middle", "one", "own/named", "root", "spec", "src", "two"]
    for defs in (
        dg.load_definitions_from_modules([first, second]),
        dg.load_definitions_from_package_module(package),
        dg.load_definitions_from_package_name(package.__name__),
    ):
        dg.Definitions.validate_loadable(defs)
        assert all_keys(defs) == expected
        assert [one.check_key.to_user_string() for one in defs.asset_checks] == ["middle:looks_good"]


def test_definitions_take_resources(dg, first):
    assert dg.load_definitions_from_module(first, resources={"r": 1}).resources == {"r": 1}
    assert not dg.load_definitions_from_module(first).resources


def test_definitions_in_a_module_are_passed_over(dg, asset):
    code = module(x=asset("x"), defs=dg.Definitions([asset("inner")], resources={"r": 1}))
    defs = dg.load_definitions_from_module(code)
    assert (all_keys(defs), bool(defs.resources)) == (["x"], False)


def test_an_empty_module_makes_empty_definitions(dg):
    assert all_keys(dg.load_definitions_from_module(module())) == []


def test_one_module_may_be_loaded_under_two_prefixes(world):
    dg = world.dg

    @dg.asset
    def up():
        return 2

    @dg.asset
    def down(up):
        return up + 1

    code = module(up=up, down=down)
    loaded = [one for prefix in ("p", "q") for one in dg.load_assets_from_modules([code], key_prefix=prefix)]
    outcome = world.run(loaded)
    assert sorted(outcome.materialized) == ["p/down", "p/up", "q/down", "q/up"]
    assert (outcome.value("p/down"), outcome.value("q/down")) == (3, 3)


def test_checks_under_a_prefix_run(world):
    dg = world.dg

    @dg.asset
    def up():
        return 2

    @dg.asset_check(asset=up)
    def is_two(up):
        return dg.AssetCheckResult(passed=up == 2)

    code = module(up=up, is_two=is_two)
    outcome = world.run(
        [
            *dg.load_assets_from_modules([code], key_prefix="p"),
            *dg.load_asset_checks_from_modules([code], asset_key_prefix="p"),
        ]
    )
    assert outcome.checks == {"p/up:is_two": True}


def test_definitions_are_made_when_they_are_asked_for(dg):
    made = []

    @dg.definitions
    def defs():
        made.append(1)
        return dg.Definitions([dg.AssetSpec("one")])

    assert made == []
    assert defs().resolve_all_asset_keys() == [dg.AssetKey("one")]
    assert made == [1]
    assert not defs.has_context_arg


def test_a_function_of_definitions_returns_definitions(dg):
    @dg.definitions
    def defs():
        return [dg.AssetSpec("one")]

    with pytest.raises(dg.DagsterInvariantViolationError):
        defs()


def test_a_function_of_definitions_takes_nothing(dg):
    with pytest.raises(dg.DagsterInvariantViolationError):

        @dg.definitions
        def defs(something): ...


@pytest.mark.parametrize("modules", [5, [5], ["json"], "json"], ids=str)
def test_what_is_no_module_is_refused(dg, modules):
    with pytest.raises(Exception, match=r".+"):
        dg.load_assets_from_modules(modules)


def test_one_module_is_no_list(dg):
    with pytest.raises(Exception, match=r".+"):
        dg.load_assets_from_modules(pytest)


@pytest.mark.parametrize("option", ["backfill_policy", "automation_condition", "group_name", "key_prefix"])
def test_options_of_a_wrong_kind_are_refused(dg, option):
    module = ModuleType("of_one")

    @dg.asset
    def one(): ...

    module.one = one
    with pytest.raises(Exception, match=r".+"):
        dg.load_assets_from_modules([module], **{option: 5})


def test_a_condition_and_a_policy_are_given_to_all(dg):
    module = ModuleType("of_two")

    @dg.asset
    def one(): ...

    @dg.asset(automation_condition=dg.AutomationCondition.on_missing())
    def two(): ...

    module.one, module.two = one, two
    eager, policy = dg.AutomationCondition.eager(), dg.BackfillPolicy.single_run()
    loaded = dg.load_assets_from_modules([module], automation_condition=eager, backfill_policy=policy)
    assert [item.get_asset_spec().automation_condition for item in loaded] == [eager, eager]
    assert [item.backfill_policy for item in loaded] == [policy, policy]
