"""The loader of stored values."""

import pytest

from assetq import AssetValueLoader, Definitions, FilesystemIOManager, asset, materialize
from assetq.errors import UnknownAssetError


@asset
def one():
    return 1


def test_it_loads_what_was_stored(tmp_path):
    resources = {"io_manager": FilesystemIOManager(base_dir=str(tmp_path))}
    materialize([one], resources=resources)
    with Definitions([one], resources=resources).get_asset_value_loader() as loader:
        assert isinstance(loader, AssetValueLoader)
        assert loader.load_asset_value("one") == 1


def test_it_knows_no_other_asset():
    with pytest.raises(UnknownAssetError, match="two"):
        Definitions([one]).get_asset_value_loader().load_asset_value("two")
