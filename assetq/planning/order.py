"""The order of a plan's nodes, and which checks keep which assets waiting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from assetq.definitions import AssetChecksDefinition, AssetDep, AssetKey, AssetsDefinition
from assetq.errors import CycleError


def blocked_by(definitions: list[AssetsDefinition]) -> Iterator[tuple[AssetsDefinition, AssetsDefinition, AssetDep]]:
    """`(check, asset, dependency)` for each dependency of an asset that waits for a blocking check among these."""
    checks = [definition for definition in definitions if isinstance(definition, AssetChecksDefinition)]
    readers: dict[AssetKey, list[tuple[AssetsDefinition, AssetDep]]] = defaultdict(list)
    for definition in definitions if checks else ():
        for dep in definition.deps if definition.keys else ():
            if dep.asset_key not in definition.keys:
                readers[dep.asset_key].append((definition, dep))
    for check in checks:
        for key in sorted({spec.asset_key for spec in check.check_specs if spec.blocking}):
            for definition, dep in readers[key]:
                yield check, definition, dep


def in_order(assets: list[AssetsDefinition], checks: list[AssetsDefinition]) -> list[AssetsDefinition]:
    """Assets and checks in topological order: a check behind what it needs, before what it blocks.

    Raises:
        CycleError: A blocking check needs an asset that waits for it.
    """
    if not checks:
        return assets
    everything = [*assets, *checks]
    place = {id(definition): i for i, definition in enumerate(everything)}
    needs = _needs(everything, place)
    needed_by: dict[int, list[int]] = defaultdict(list)
    for below, above in enumerate(needs):
        for i in above:
            needed_by[i].append(below)
    ready = [i for i, above in enumerate(needs) if not above]
    heapify(ready)
    ordered: list[AssetsDefinition] = []
    while ready:
        done = heappop(ready)
        ordered.append(everything[done])
        for below in needed_by[done]:
            needs[below].discard(done)
            if not needs[below]:
                heappush(ready, below)
    if len(ordered) < len(everything):
        raise _stuck(next(d for d in checks if needs[place[id(d)]]))
    return ordered


def _needs(everything: list[AssetsDefinition], place: dict[int, int]) -> list[set[int]]:
    made_by = {key: place[id(definition)] for definition in everything for key in definition.keys}
    needs = [
        {made_by[dep.asset_key] for dep in d.deps if dep.asset_key in made_by} - {place[id(d)]} for d in everything
    ]
    for check, definition, _ in blocked_by(everything):
        needs[place[id(definition)]].add(place[id(check)])
    return needs


def _stuck(check: AssetsDefinition) -> CycleError:
    return CycleError(
        f"Blocking check '{check.subject}' needs an asset that waits for it. Remove one of these dependencies.",
        asset=check.subject,
        location=check.location,
    )
