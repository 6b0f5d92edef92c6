"""What can be found wrong in definitions before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.asset_spec import AssetSpec
from assetq.definitions.batching import may_batch
from assetq.definitions.caching import is_cached
from assetq.definitions.check import AssetCheckKey
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY, Op
from assetq.definitions.pool_name import is_pool_name
from assetq.definitions.resource_need import named_resources
from assetq.definitions.source_asset import SourceAsset
from assetq.definitions.time_limit import step_timeout_s
from assetq.errors import (
    DefinitionError,
    DuplicateKeyError,
    MissingResourceError,
    SelectionError,
    UnknownUpstreamError,
    UsageError,
    suggest,
)

if TYPE_CHECKING:
    from assetq.definitions.assets_definition import AssetsDefinition
    from assetq.definitions.definitions import Definitions
    from assetq.definitions.job_definition import JobDefinition


def listed(items: Any, what: str) -> tuple[Any, ...]:
    """What was given to `Definitions` as a list; nothing for None.

    Raises:
        DefinitionError: It is none.
    """
    if items is not None and (not isinstance(items, Iterable) or isinstance(items, str | Mapping)):
        raise DefinitionError(f"Definitions is given {what} {items!r}; give a list.")
    return tuple(items or ())


def named(items: Any, what: str) -> dict[str, Any]:
    """What was given to `Definitions` under names; nothing for None.

    Raises:
        DefinitionError: It is no mapping, or a name is no text.
    """
    if items is not None and not isinstance(items, Mapping):
        raise DefinitionError(f"Definitions is given {what} {items!r}; give a mapping from name to value.")
    for name in items or {}:
        if not isinstance(name, str):
            raise DefinitionError(f"Definitions is given {what} under {name!r}; names are text.")
    return dict(items or {})


def duplicates(defs: Definitions) -> Iterator[DefinitionError]:
    """Keys that are claimed more than once: without them the graph is well defined."""
    yield from _duplicate_assets(defs)
    yield from _duplicate_external(defs)
    yield from _duplicate_checks(defs)


def problems(defs: Definitions) -> Iterator[DefinitionError]:
    """Everything else; to be asked when there are no duplicates."""
    yield from _unknown_upstreams(defs)
    yield from _conflicting_resources(defs)
    yield from _missing_resources(defs)
    yield from _bad_pools(defs)
    yield from _bad_ops(defs)
    yield from _bad_jobs(defs)


def combine(found: list[DefinitionError]) -> DefinitionError:
    """One error for one problem; for several, one that lists them."""
    if len(found) == 1:
        return found[0]
    listing = "\n".join(f"  - {problem}" for problem in found)
    first = found[0]
    return type(first)(f"{len(found)} problems in the definitions:\n{listing}", asset=first.asset)


def _duplicate_assets(defs: Definitions) -> Iterator[DefinitionError]:
    places: dict[AssetKey, object] = {}
    for definition in defs.assets_defs:
        for key in sorted(definition.keys):
            if key in places:
                yield DuplicateKeyError(
                    f"Asset '{key}' is defined twice: at {places[key]} and at {definition.location}. Rename one.",
                    asset=str(key),
                )
            places[key] = definition.location


def _duplicate_external(defs: Definitions) -> Iterator[DefinitionError]:
    made = {key: definition.location for definition in defs.assets_defs for key in definition.keys}
    seen: dict[AssetKey, AssetSpec | SourceAsset] = {}
    for item in defs.assets:
        if not isinstance(item, AssetSpec | SourceAsset):
            continue
        other = seen.setdefault(item.key, item)
        if item.key in made:
            yield DuplicateKeyError(
                f"Asset '{item.key}' is defined here ({made[item.key]}) and declared external. Remove one.",
                asset=str(item.key),
            )
        elif type(other) is not type(item) or (isinstance(item, AssetSpec) and other != item):
            yield DuplicateKeyError(
                f"External asset '{item.key}' is declared twice, and differently. Keep one.", asset=str(item.key)
            )


def _duplicate_checks(defs: Definitions) -> Iterator[DefinitionError]:
    places: dict[AssetCheckKey, AssetsDefinition] = {}
    for definition in defs.op_defs:
        for key in sorted(definition.check_keys):
            other = places.setdefault(key, definition)
            if other is not definition:
                yield DuplicateKeyError(
                    f"Check '{key}' is defined at {other.location} and at {definition.location}. Rename one.",
                    asset=str(key.asset_key),
                )


def _unknown_upstreams(defs: Definitions) -> Iterator[DefinitionError]:
    for definition in defs.op_defs:
        for dep in definition.deps:
            if dep.asset_key not in defs.graph.nodes:
                own = definition.subject
                yield UnknownUpstreamError(
                    f"{definition.noun} '{own}' depends on '{dep.asset_key}', which is not defined."
                    f"{suggest(str(dep.asset_key), defs.graph.nodes)} If it is made elsewhere, declare it: "
                    f"AssetSpec('{dep.asset_key}').",
                    asset=str(own),
                    location=definition.location,
                )


def _conflicting_resources(defs: Definitions) -> Iterator[DefinitionError]:
    for definition in defs.op_defs:
        for key, value in definition.resource_defs.items():
            if defs.resources[key] is not value:
                own = definition.subject
                yield DefinitionError(
                    f"{definition.noun} '{own}' brings a resource '{key}' that is not the one which others use. "
                    "Use the same object, or another key.",
                    asset=str(own),
                    location=definition.location,
                )


def _missing_resources(defs: Definitions) -> Iterator[DefinitionError]:
    for definition in defs.op_defs:
        for key in sorted(named_resources(definition) - set(defs.resources) - {DEFAULT_IO_MANAGER_KEY}):
            own = definition.subject
            yield MissingResourceError(
                f"{definition.noun} '{own}' needs resource '{key}', which is not provided."
                f"{suggest(key, defs.resources)} Add it: Definitions(resources={{'{key}': ...}}).",
                asset=str(own),
                location=definition.location,
            )


def _bad_ops(defs: Definitions) -> Iterator[DefinitionError]:
    for op in {id(step.op): step.op for step in (*defs.op_defs, *defs.step_defs)}.values():
        yield from _bad_op(op)


def _bad_op(op: Op) -> Iterator[DefinitionError]:
    try:
        step_timeout_s(op.tags)
        may_batch(op.tags)
    except UsageError as error:
        yield DefinitionError(f"'{op.name}': {error}", asset=op.name, location=op.location)
    for op_input in op.inputs:
        try:
            is_cached(op_input.asset_in.metadata)
        except UsageError as error:
            message = f"Input '{op_input.name}' of '{op.name}': {error}"
            yield DefinitionError(message, asset=op.name, location=op.location)


def _bad_pools(defs: Definitions) -> Iterator[DefinitionError]:
    for pool, limit in defs.pools.items():
        if pool != "*" and not is_pool_name(pool):
            yield DefinitionError(f"Definitions(pools=...) names {pool!r}; use letters, digits, '_', '-', '.', '/'.")
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
            yield DefinitionError(f"Pool '{pool}' has limit {limit!r}; a limit is a whole number from 0.")


def _bad_selection(defs: Definitions, job: JobDefinition) -> Iterator[DefinitionError]:
    if job.graph is not None:
        return
    try:
        import_module("assetq.selection.choice").check_selection(defs.graph, job.selection)
    except (DefinitionError, SelectionError) as error:
        found = DefinitionError(f"The selection of job '{job.name}' does not fit these definitions: {error}")
        found.__cause__ = error
        yield found


def _bad_jobs(defs: Definitions) -> Iterator[DefinitionError]:
    names: set[str] = set()
    for job in defs.resolve_all_job_defs():
        if job.name in names:
            yield DuplicateKeyError(f"Job '{job.name}' is defined twice. Rename one.")
        names.add(job.name)
        yield from _bad_selection(defs, job)
        given = {*defs.resources, *job.resource_defs, DEFAULT_IO_MANAGER_KEY}
        for step in job.steps:
            yield from _bad_op(step.op)
            needed = step.op.required_resource_keys | {output.io_manager_key for output in step.op.outputs}
            for key in sorted(needed - given):
                yield MissingResourceError(
                    f"Op '{step.op.name}' of job '{job.name}' needs resource '{key}', which is not provided."
                    f"{suggest(key, given)} Add it: Definitions(resources={{'{key}': ...}}).",
                    location=step.location,
                )
