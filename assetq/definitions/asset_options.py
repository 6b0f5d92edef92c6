"""Checks of what decorators are given, beyond what the parts they make check themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from assetq.definitions.asset_dep import AssetDep
from assetq.definitions.asset_key import AssetKey
from assetq.definitions.check import AssetCheckSpec
from assetq.definitions.config_schema import check_schema
from assetq.definitions.hook import HookDefinition
from assetq.definitions.pool_name import bundle_of, slots_given
from assetq.definitions.retry_policy import BackfillPolicy, RetryPolicy
from assetq.definitions.signature import OpSignature
from assetq.definitions.source_location import SourceLocation
from assetq.definitions.spec_check import check_kinds, check_partitions, check_type
from assetq.errors import DefinitionError

# Option of the decorator -> what it must be.
CLASSES: dict[str, type] = {
    "ins": Mapping,
    "deps": Iterable,
    "metadata": Mapping,
    "description": str,
    "required_resource_keys": Iterable,
    "resource_defs": Mapping,
    "hooks": Iterable,
    "io_manager_key": str,
    "op_tags": Mapping,
    "output_required": bool,
    "backfill_policy": BackfillPolicy,
    "retry_policy": RetryPolicy,
    "code_version": str,
    "check_specs": Iterable,
    "kinds": Iterable,
}
# The same, of which it must not be one.
NEVER: dict[str, type] = {"required_resource_keys": str}
# Option of the decorator -> what each of its members must be; of a mapping, each key.
MEMBERS: dict[str, type] = {
    "required_resource_keys": str,
    "resource_defs": str,
    "hooks": HookDefinition,
    "op_tags": str,
    "check_specs": AssetCheckSpec,
}


def check_options(key: AssetKey, options: Mapping[str, Any], location: SourceLocation | None) -> None:
    """Refuse values of a wrong kind, which would otherwise fail far from here.

    Raises:
        DefinitionError: Names the option.
    """
    for name, allowed in CLASSES.items():
        value = options[name]
        if value is not None and (not isinstance(value, allowed) or isinstance(value, NEVER.get(name, ()))):
            raise _wrong_kind(key, name, value, allowed, location)
    for name, member in MEMBERS.items():
        for one in options[name] or ():
            if not isinstance(one, member):
                raise _wrong_kind(key, name, one, member, location)
    check_partitions(options["partitions_def"], f"Asset '{key}'", location)
    check_type(options["dagster_type"], f"Asset '{key}'", location)
    check_kinds(options["kinds"], key, location)
    if options["compute_kind"] and options["kinds"]:
        raise DefinitionError(
            f"Asset '{key}' has compute_kind and kinds; keep kinds.", asset=str(key), location=location
        )


def _wrong_kind(key: AssetKey, name: str, value: object, wanted: type, location: object | None) -> DefinitionError:
    return DefinitionError(
        f"Asset '{key}' is given {name} {value!r}; give a {wanted.__name__}.", asset=str(key), location=location
    )


def refuse_self(key: AssetKey, deps: Iterable[AssetDep], grid: Any, location: object | None) -> None:
    """Refuse an asset that reads itself without earlier partitions to read.

    Raises:
        DefinitionError: It does.
    """
    own = [dep for dep in deps if dep.asset_key == key]
    if all(grid is not None and reads_earlier(dep.partition_mapping) for dep in own):
        return
    raise DefinitionError(
        f"Asset '{key}' depends on itself. Only a partitioned asset can, by its earlier partitions: give it "
        "TimeWindowPartitionMapping(start_offset=-1, end_offset=-1) as mapping.",
        asset=str(key),
        location=location,
    )


def reads_earlier(mapping: Any) -> bool:
    """True for a mapping by which a partition reads only partitions that lie before it in time."""
    if hasattr(mapping, "start_offset"):
        return bool(mapping.start_offset <= mapping.end_offset < 0)
    inner = getattr(mapping, "downstream_mappings_by_upstream_dimension", {})
    return any(reads_earlier(dimension.partition_mapping) for dimension in inner.values())


def required_keys(
    signature: OpSignature, given: Iterable[str] | None, what: str, location: SourceLocation | None
) -> frozenset[str]:
    """Keys of the resources that a function needs: named by its decorator, or by its arguments.

    Raises:
        DefinitionError: Both name some.
    """
    keys = frozenset(given or ())
    if keys and signature.resource_params:
        raise DefinitionError(
            f"{what} has required_resource_keys and resource arguments "
            f"({', '.join(sorted(signature.resource_params))}); use one of the two for all.",
            location=location,
        )
    return keys | frozenset(signature.resource_params.values())


def check_config_roles(signature: OpSignature, schema: Any, what: str, location: SourceLocation | None) -> None:
    """Refuse a schema that is none, or that stands beside a config argument.

    Raises:
        DefinitionError: Names the asset or check.
    """
    if schema is None:
        return
    if signature.config_param is not None:
        raise DefinitionError(f"{what} has config_schema and an argument 'config'; keep one.", location=location)
    check_schema(schema, what, location)


def op_tag_values(tags: Mapping[str, Any] | None, what: str, location: SourceLocation | None) -> dict[str, str]:
    """Op tags with every value as text; others than strings as JSON.

    Raises:
        DefinitionError: A value has no JSON form.
    """
    values: dict[str, str] = {}
    for key, value in (tags or {}).items():
        try:
            values[key] = value if isinstance(value, str) else json.dumps(value)
        except (TypeError, ValueError):
            raise DefinitionError(
                f"{what} has op tag '{key}': {value!r}, which has no JSON form; give text.", location=location
            ) from None
    return values


def check_pool(pool: str | Mapping[str, int] | None, key: AssetKey, location: object | None) -> str | None:
    """The slots of pools that an op needs, as a bundle; None for none.

    Raises:
        DefinitionError: It is neither a name that can name a queue, nor slots of such.
    """
    if pool is None:
        return None
    slots = slots_given(pool)
    if slots is None:
        raise DefinitionError(
            f"Asset '{key}' has pool {pool!r}; give a name of letters, digits, '_', '-', '.', '/', at most 128, or "
            "several with the slots of each, from 1 to 1000: {'db': 2, 'api': 1}.",
            asset=str(key),
            location=location,
        )
    return bundle_of(slots)
