"""Checks run config before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from assetq.definitions import ConfigurableResource, Definitions, ResourceDefinition
from assetq.definitions.config import op_config
from assetq.definitions.resource import ResourceAtLaunch, make_resource, nested_resources
from assetq.definitions.resource_need import needed_resources
from assetq.errors import ConfigError, suggest
from assetq.execution.io_config import check_io_config
from assetq.execution.op_section import op_section, refuse_unknown_graph_ops
from assetq.planning import Plan

OP_SECTION = ("config", "inputs", "outputs", "ops")
RESOURCE_SECTION = ("config",)


def check_run_config(defs: Definitions, plan: Plan, config: Mapping[str, Any]) -> None:
    """Validate the config of every op of a plan.

    Raises:
        ConfigError: A section names an op that does not exist, or a field does not validate.
    """
    ops = _sections(config, "ops", OP_SECTION)
    names = defs.configurable_names
    for name in ops:
        if name not in names:
            raise ConfigError(f"Run config names op '{name}', which does not exist.{suggest(name, names)}")
    refuse_unknown_graph_ops(defs, config)
    definitions = [defs.get_op(node.name) for node in plan.nodes]
    for definition in definitions:
        op_config(definition.op, op_section(definition, config))
    check_io_config(defs, plan, ops)
    _check_resources(defs, _sections(config, "resources", RESOURCE_SECTION), needed_resources(defs, definitions))


def _sections(config: Mapping[str, Any], kind: str, known: tuple[str, ...]) -> Mapping[str, Any]:
    """What run config says of ops or resources, by name; each a mapping of nothing unknown."""
    sections = config.get(kind) or {}
    if not isinstance(sections, Mapping):
        raise ConfigError(f"Run config: {kind} must be a mapping from name to config, not {sections!r}.")
    for name, section in sections.items():
        if not isinstance(section, Mapping | None):
            raise ConfigError(
                f"Run config: {kind}.{name} must be a mapping, not {section!r}; write {kind}.{name}.config."
            )
        for part in section or {}:
            if part not in known:
                raise ConfigError(
                    f"Run config names {kind}.{name}.{part}, which does not exist.{suggest(str(part), known)} "
                    f"Fields stand under {kind}.{name}.config."
                )
    return sections


def _check_resources(defs: Definitions, sections: Mapping[str, Any], needed: Set[str]) -> None:
    for key in sections:
        if key not in defs.resources:
            raise ConfigError(f"Run config names resource '{key}', which does not exist.{suggest(key, defs.resources)}")
    for key, value in defs.resources.items():
        if key in needed or key in sections:
            _check_resource(key, value, sections.get(key) or {})


def _check_resource(key: str, value: Any, section: Mapping[str, Any]) -> None:
    path = f"resources.{key}.config"
    if isinstance(value, ResourceAtLaunch) and not nested_resources(value.given):
        make_resource(value.cls, {**value.given, **(section.get("config") or {})}, path)
    elif isinstance(value, ConfigurableResource) and "config" in section and not value.nested:
        make_resource(type(value), section["config"], path)
    elif isinstance(value, ResourceDefinition) and "config" not in section and value.needs_config:
        raise ConfigError(f"Resource '{key}' needs config: give it under {path}.")
    elif isinstance(value, ResourceDefinition):
        value.check_config(section, path)
