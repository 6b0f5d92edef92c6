"""Fingerprints: do a plan and a worker mean the same definitions?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assetq.definitions.assets_definition import AssetsDefinition


def fingerprint_of(definitions: Iterable[AssetsDefinition]) -> str:
    """16 hex digits over everything that a plan relies on: names, keys, dependencies, partitions, chunks, pools."""
    document = [_structure(definition) for definition in definitions]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]


def _structure(definition: AssetsDefinition) -> dict[str, Any]:
    policy = definition.backfill_policy
    return {
        "name": definition.op.name,
        "keys": [str(output.key) for output in definition.op.outputs],
        "deps": sorted([str(dep.asset_key), _mapping(dep.partition_mapping)] for dep in definition.deps),
        "partitions": definition.partitions_def.identity if definition.partitions_def else None,
        "chunk": policy.chunk if policy else 1,
        "pool": definition.op.bundle,
        "code_versions": [output.spec.code_version for output in definition.op.outputs],
        "above": [[output.step, output.output] for output in getattr(definition, "above", ())],
        "checks": sorted([str(spec.key), spec.blocking] for spec in definition.check_specs),
    }


def _mapping(mapping: Any) -> str:
    return json.dumps(mapping.to_dict(), sort_keys=True) if mapping is not None else ""
