"""Keys written with "/", which assetq takes besides what Dagster takes."""

import pytest

from assetq import AssetCheckKey, AssetDep, AssetIn, AssetKey, asset, asset_check, materialize
from assetq.errors import InvalidKeyError


def test_a_key_prefix_with_slashes():
    @asset(key_prefix="p/q")
    def table():
        return 1

    @asset(ins={"table": AssetIn(key_prefix="p/q")})
    def reader(table):
        return table + 1

    assert table.key == AssetKey(["p", "q", "table"])
    assert materialize([table, reader]).asset_value("reader") == 2


@pytest.mark.parametrize("dep", ["p/up", AssetDep("p/up"), ["p", "up"]])
def test_deps_with_slashes(dep):
    @asset(deps=[dep])
    def table(): ...

    assert [d.asset_key for d in table.deps] == [AssetKey(["p", "up"])]


def test_keys_with_slashes():
    @asset(key="p/table")
    def table(): ...

    @asset_check(asset="p/table")
    def good(): ...

    assert table.key == AssetIn(key="p/table").key == AssetKey(["p", "table"])
    assert good.check_key == AssetCheckKey(table.key, "good")


def test_an_asset_in_takes_an_asset():
    @asset(key_prefix="p")
    def table(): ...

    assert AssetIn(key=table).key == table.key


def test_a_part_of_a_key_holds_no_slash():
    with pytest.raises(InvalidKeyError):
        AssetKey("a/b")
    with pytest.raises(InvalidKeyError):
        AssetKey(3)


def test_a_context_may_have_any_name_when_annotated():
    from assetq import AssetExecutionContext

    @asset
    def table(ctx: AssetExecutionContext):
        return str(ctx.asset_key)

    assert materialize([table]).asset_value("table") == "table"
