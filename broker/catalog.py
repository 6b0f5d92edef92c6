"""The catalog on Redis: what is known of assets, and how it changes with their definitions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assetq.broker.codes import Code
from assetq.broker.engine import Engine
from assetq.broker.script import packb, unpackb
from assetq.definitions import Definitions
from assetq.errors import AssetqError
from assetq.execution.carry import carried, moves_status, pairs
from assetq.execution.catalog import catalog_record, record_to_dict
from assetq.execution.pool_limit import DEFAULT_LIMIT, key_limits, pools_of
from assetq.execution.run_tag import run_limits_given
from assetq.partitions import IndexSet, PartitionsDefinition, PartitionsStore, partitions_from_dict

TRIES = 20
STATES = ("materialized", "failed")


@dataclass(frozen=True, slots=True)
class Change:
    """An asset whose partitions get another index space for their status."""

    asset: str
    expected: bytes
    definition: bytes
    old: PartitionsDefinition
    new: PartitionsDefinition


@dataclass(slots=True)
class Catalog:
    """Writes the catalog of one namespace; `store` holds the keys of dynamic partitions."""

    engine: Engine
    store: PartitionsStore

    def register(self, defs: Definitions) -> None:
        """Write definitions, their pools, and the limits that the code gives them."""
        client, keys = self.engine.client, self.engine.keys
        nodes = list(defs.graph.nodes.items())
        with client.pipeline(transaction=False) as pipeline:
            for key, _ in nodes:
                pipeline.hget(keys("asset", key), "definition")
            known = pipeline.execute() if nodes else []
        with client.pipeline() as pipeline:
            for (key, node), before in zip(nodes, known, strict=True):
                packed = packb(record_to_dict(catalog_record(defs.graph, node)))
                self._carry(str(key), before, packed)
                pipeline.sadd(keys("assets"), str(key))
                pipeline.hset(keys("asset", key), "definition", packed)
            pipeline.execute()
        self._register_pools(defs)

    def _register_pools(self, defs: Definitions) -> None:
        default = self.engine.settings.default_pool_limit
        limits = {**({} if default is None else {DEFAULT_LIMIT: default}), **key_limits(defs), **defs.pools}
        self.engine.register_pools(sorted(pools_of(defs)), limits)
        for tag, limit in run_limits_given(self.engine.settings.tag_concurrency_limits).items():
            self.engine.set_run_limit(tag, limit, "code")

    def _carry(self, asset: str, before: bytes | None, packed: bytes) -> None:
        if before is None or before == packed:
            return
        old, new = (partitions_from_dict(unpackb(form)["partitions"]) for form in (before, packed))
        if old is None or new is None or not moves_status(old, new):
            return
        change = Change(asset, before, packed, old.bound(self.store), new.bound(self.store))
        if not any(self._try_carry(change) for _ in range(TRIES)):
            raise AssetqError(
                f"Asset '{asset}' got other partitions while the old ones were being materialized; try again."
            )

    def _try_carry(self, change: Change) -> bool:
        client, keys = self.engine.client, self.engine.keys
        current = client.hget(keys("asset", change.asset), "definition")
        if current != change.expected:
            return True  # somebody else registers at the same time
        identities = (change.old.status_identity, change.new.status_identity)
        names = [keys("status", change.asset, identity, state) for state in STATES for identity in identities]
        bitmaps = [bitmap or b"" for bitmap in client.mget(names)]
        reply = self.engine.run_script("carry_status", **_carried(change, bitmaps))
        return reply[0] is Code.OK


def _carried(change: Change, bitmaps: list[bytes]) -> Mapping[str, Any]:
    old, new = change.old, change.new
    spaces = [IndexSet.from_bitmap(bitmap) for bitmap in bitmaps]
    done, done_new, failed, failed_new = (
        grid.from_status(found) for grid, found in zip((old, new, old, new), spaces, strict=True)
    )
    return {
        "asset": change.asset,
        "expected": change.expected,
        "definition": change.definition,
        "old": old.status_identity,
        "new": new.status_identity,
        "seen": "".join(hashlib.sha1(bitmap, usedforsecurity=False).hexdigest() for bitmap in bitmaps),
        "materialized": new.to_status(carried(old, new, done, done_new)).to_bitmap(),
        "failed": new.to_status(carried(old, new, failed, failed_new)).to_bitmap(),
        "places": [place for pair in pairs(old, new, done) for place in pair],
    }
