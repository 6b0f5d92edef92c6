"""Which resources steps need: those that their definitions name, and those that these are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from assetq.definitions.dagster_type import DagsterType
from assetq.definitions.resource import ConfigurableResource, ResourceAtLaunch, nested_resources
from assetq.definitions.resource_definition import ResourceDefinition

if TYPE_CHECKING:
    from assetq.definitions.assets_definition import AssetsDefinition
    from assetq.definitions.definitions import Definitions


def named_resources(definition: AssetsDefinition) -> set[str]:
    """Keys that a definition itself names: its op's, its hooks', its I/O managers', its types'."""
    op = definition.op
    wanted = set(op.required_resource_keys)
    wanted.update(key for hook in definition.hooks for key in hook.required_resource_keys)
    wanted.update(output.io_manager_key for output in op.outputs)
    wanted.update(i.asset_in.input_manager_key for i in op.inputs if i.asset_in.input_manager_key)
    types = [i.annotation for i in op.inputs] + [o.annotation for o in op.outputs]
    wanted.update(key for found in types if isinstance(found, DagsterType) for key in found.required_resource_keys)
    return wanted


def needed_resources(defs: Definitions, definitions: Iterable[AssetsDefinition]) -> set[str]:
    """Keys of all resources that are opened when these run, also inside of others.

    Args:
        defs: Where the resources are provided.
        definitions: What runs.
    """
    found: set[str] = set()
    left: list[str] = []
    for definition in definitions:
        left.extend(named_resources(definition))
        loaded = (i.key for i in definition.op.inputs if i.source is None and not i.asset_in.input_manager_key)
        left.extend(defs.graph.get(key).io_manager_key for key in loaded)
    while left:
        key = left.pop()
        if key not in found:
            found.add(key)
            left.extend(_inside(defs, defs.resources.get(key)))
    return found


def _inside(defs: Definitions, value: Any) -> list[str]:
    if isinstance(value, ResourceDefinition):
        return list(value.required_resource_keys)
    if isinstance(value, ResourceAtLaunch):
        nested = nested_resources(value.given)
    else:
        nested = value.nested if isinstance(value, ConfigurableResource) else {}
    own = [key for inner in nested.values() for key, other in defs.resources.items() if other is inner]
    return own + [key for inner in nested.values() for key in _inside(defs, inner)]
