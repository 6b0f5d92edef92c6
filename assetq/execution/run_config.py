"""Checks run config before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetq.definitions import ConfigurableResource, Definitions, ResourceDefinition
from assetq.definitions.config import op_config
from assetq.definitions.resource import ResourceAtLaunch, make_resource, nested_resources
from assetq.errors import ConfigError, suggest
from assetq.execution.io_config import check_io_config
from assetq.planning import Plan


def check_run_config(defs: Definitions, plan: Plan, config: Mapping[str, Any]) -> None:
    """Validate the config of every op of a plan.

    Raises:
        ConfigError: A section names an op that does not exist, or a field does not validate.
    """
    ops = config.get("ops") or {}
    names = {definition.op.name for definition in defs.op_defs}
    for name in ops:
        if name not in names:
            raise ConfigError(f"Run config names op '{name}', which does not exist.{suggest(name, names)}")
    for node in plan.nodes:
        op = defs.get_op(node.name).op
        op_config(op, ops.get(node.name))
    check_io_config(defs, plan, ops)
    _check_resources(defs, config.get("resources") or {})


def _check_resources(defs: Definitions, sections: Mapping[str, Any]) -> None:
    for key in sections:
        if key not in defs.resources:
            raise ConfigError(f"Run config names resource '{key}', which does not exist.{suggest(key, defs.resources)}")
    for key, value in defs.resources.items():
        section = sections.get(key) or {}
        if isinstance(value, ResourceAtLaunch) and not nested_resources(value.given):
            make_resource(value.cls, {**value.given, **(section.get("config") or {})})
        elif isinstance(value, ConfigurableResource) and "config" in section and not value.nested:
            make_resource(type(value), section["config"])
        elif isinstance(value, ResourceDefinition) and "config" not in section and value.needs_config:
            raise ConfigError(f"Resource '{key}' needs config: give it under resources.{key}.config.")
        elif isinstance(value, ResourceDefinition):
            value.check_config(section, f"resources.{key}.config")
