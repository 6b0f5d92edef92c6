"""Pages of partitions take the room that they need, and keep what was in them."""

from __future__ import annotations

from assetq import AssetMaterialization, Definitions, StaticPartitionsDefinition, asset
from assetq.broker.asset_status import status_identity

KEYS = [f"k{number:04d}" for number in range(1024)]


def test_a_page_that_fills_up_takes_no_more_than_its_size(instance):
    @asset(partitions_def=StaticPartitionsDefinition(KEYS), code_version="1")
    def many() -> int:
        return 1

    instance.register_assets(Definitions([many]))
    for key in KEYS:
        instance.report_runless_asset_event(AssetMaterialization("many", partition=key))
    client, grid = instance.client, instance.partitions_of(instance.get_asset("many"))
    identity = status_identity(grid)
    for name, page, size in (("versions", 0, 512 * 24), ("versions", 1, 512 * 24), ("places", 0, 1024 * 4)):
        key = instance.keys(name, "many", identity, page)
        assert client.strlen(key) == size
        assert client.memory_usage(key) < size * 1.1
    for key in (KEYS[0], KEYS[511], KEYS[512], KEYS[1023]):
        assert instance.latest_materialization("many", key).partition == key
    marks = instance.version_marks([("many", grid, grid.all_indices())])[0]
    assert all(mark is not None for mark in marks)
