"""`with_resources`: definitions with the resources they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from assetq.definitions import AssetsDefinition, ConfigurableResource, ResourceDefinition
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY
from assetq.definitions.resource import ResourceAtLaunch
from assetq.errors import InvocationError, MissingResourceError, suggest

T = TypeVar("T")


def with_resources(
    definitions: Iterable[T],
    resource_defs: Mapping[str, object],
    resource_config_by_key: Mapping[str, Any] | None = None,
) -> Sequence[T]:
    """Copies of definitions that bring their resources along. Mirrors Dagster's `with_resources`.

    Args:
        definitions: Assets and checks; what needs no resources stays as it is.
        resource_defs: Resource key -> resource. Each definition takes those that it needs.
        resource_config_by_key: Resource key -> `{"config": ...}`.

    Raises:
        InvocationError: A definition has one of the resources already, or config has another form.
        MissingResourceError: A definition needs a resource that is not there.
    """
    for key, section in (resource_config_by_key or {}).items():
        if not isinstance(section, Mapping) or "config" not in section:
            raise InvocationError(f"Config of resource '{key}' must have the form {{'config': ...}}, not {section!r}.")
    configs = resource_config_by_key or {}
    given = {key: _configured(value, configs.get(key)) for key, value in resource_defs.items()}
    return [_provided(item, given) for item in definitions]


def _configured(value: Any, section: Mapping[str, Any] | None) -> Any:
    if section is None:
        return value
    config = section["config"]
    if isinstance(value, ResourceDefinition):
        return value.configured(config)
    if isinstance(value, ResourceAtLaunch):
        return ResourceAtLaunch(value.cls, {**value.given, **config})
    return value.resolved(config) if isinstance(value, ConfigurableResource) else value


def _provided(item: Any, given: Mapping[str, Any]) -> Any:
    if not isinstance(item, AssetsDefinition):
        return item
    twice = sorted(set(item.resource_defs) & set(given))
    if twice:
        raise InvocationError(f"{item.noun} '{item.subject}' has resource '{twice[0]}' already; give it once.")
    known = {**given, **item.resource_defs}
    needed = _needed(item, known)
    for key in sorted(needed - set(known) - {DEFAULT_IO_MANAGER_KEY}):
        raise MissingResourceError(
            f"{item.noun} '{item.subject}' needs resource '{key}', which is not given.{suggest(key, known)}",
            asset=item.subject,
            location=item.location,
        )
    return item.replace(resource_defs={key: value for key, value in known.items() if key in needed})


def _needed(item: AssetsDefinition, known: Mapping[str, Any]) -> set[str]:
    """Resources of the op, its hooks and I/O managers, and those that these need themselves."""
    op = item.op
    found: set[str] = set()
    wanted = {*op.required_resource_keys, *item.resource_defs, *(output.io_manager_key for output in op.outputs)}
    wanted |= {key for hook in item.hooks for key in hook.required_resource_keys}
    wanted |= {i.asset_in.input_manager_key for i in op.inputs if i.asset_in.input_manager_key}
    while wanted:
        found |= wanted
        inner = [known[key].required_resource_keys for key in wanted if isinstance(known.get(key), ResourceDefinition)]
        wanted = {key for keys in inner for key in keys} - found
    return found
