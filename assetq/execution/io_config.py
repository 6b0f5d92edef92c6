"""Config of single inputs and outputs: what run config says of them, read by the schemas of their managers."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from assetq.definitions import Definitions, OpInput, OpOutput
from assetq.definitions.config_schema import process_config, schema_default
from assetq.definitions.op_source import ConfiguredInput
from assetq.definitions.source_location import SourceLocation
from assetq.errors import ConfigError, suggest
from assetq.execution.intermediate import configured_input
from assetq.execution.op_section import op_section
from assetq.planning import Plan

Section = Mapping[str, Any] | None


def output_config(defs: Definitions, op_name: str, output: OpOutput, section: Section) -> Any:
    """The config of an output; None when there is none.

    Args:
        defs: The definitions.
        op_name: The op that gives it.
        output: The output.
        section: What run config says of the op.

    Raises:
        ConfigError: It does not fit the schema of the I/O manager, or the manager takes none.
    """
    schema = _schema(defs, output.io_manager_key, "output_config_schema")
    path = f"ops.{op_name}.outputs.{output.name}"
    return _read(schema, _given(section, "outputs"), output.name, path, output.io_manager_key)


def input_config(defs: Definitions, op_name: str, op_input: OpInput, section: Section) -> Any:
    """The config of an input; None when there is none.

    Only an input manager can demand it: an I/O manager loads what other runs have stored without it.

    Args:
        defs: The definitions.
        op_name: The op that reads it.
        op_input: The input.
        section: What run config says of the op.

    Raises:
        ConfigError: It does not fit the schema of the manager, or the manager takes none.
    """
    manager_key = op_input.asset_in.input_manager_key or defs.graph.get(op_input.key).io_manager_key
    schema = _schema(defs, manager_key, "input_config_schema")
    given = _given(section, "inputs")
    if op_input.name not in given and op_input.asset_in.input_manager_key is None:
        return None
    return _read(schema, given, op_input.name, f"ops.{op_name}.inputs.{op_input.name}", manager_key)


def check_io_config(defs: Definitions, plan: Plan, ops: Mapping[str, Any]) -> None:
    """Validate the config of all inputs and outputs of a plan.

    Raises:
        ConfigError: It names one that does not exist, or does not fit.
    """
    for node in plan.nodes:
        definition = defs.get_op(node.name)
        op, section = definition.op, op_section(definition, {"ops": ops})
        _refuse_unknown(section, "outputs", [output.name for output in op.outputs], op.name, op.location)
        _refuse_unknown(section, "inputs", [op_input.name for op_input in op.inputs], op.name, op.location)
        for output in op.outputs:
            output_config(defs, op.name, output, section)
        for op_input in op.inputs:
            if isinstance(op_input.source, ConfiguredInput):
                configured_input(definition, op_input, op_input.source, {"ops": ops})
            if op_input.source is not None:
                continue
            input_config(defs, op.name, op_input, section)


def _schema(defs: Definitions, manager_key: str, name: str) -> Any:
    """The schema that a manager has: as an attribute, or of a class with fields as a method."""
    found = getattr(defs.resources.get(manager_key), name, None)
    return found() if inspect.ismethod(found) else found


def _given(section: Section, kind: str) -> Mapping[str, Any]:
    return (section or {}).get(kind) or {}


def _read(schema: Any, given: Mapping[str, Any], name: str, path: str, manager_key: str) -> Any:
    if schema is None:
        if name in given:
            raise ConfigError(f"{path} is given, but resource '{manager_key}' has no schema for it; leave it out.")
        return None
    return process_config(schema, given[name], path=path) if name in given else schema_default(schema, path=path)


def _refuse_unknown(
    section: Section, kind: str, known: list[str], op_name: str, location: SourceLocation | None
) -> None:
    for name in _given(section, kind):
        if name not in known:
            raise ConfigError(
                f"Run config names ops.{op_name}.{kind}.{name}, which does not exist.{suggest(name, known)}",
                asset=op_name,
                location=location,
            )
