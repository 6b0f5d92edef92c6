"""Finds what run config says of one op, inside of graphs too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetq.definitions import AssetsDefinition, Definitions
from assetq.definitions.config_mapping import ConfigMapping
from assetq.definitions.graph_backed import GraphAssetsDefinition
from assetq.definitions.graph_definition import GraphDefinition
from assetq.definitions.op_step import OpStep
from assetq.errors import ConfigError, suggest


def op_section(definition: AssetsDefinition, run_config: Mapping[str, Any]) -> Mapping[str, Any]:
    """What run config says of an op: `{"config": ..., "inputs": ..., "outputs": ...}`, each where it is given.

    Raises:
        ConfigError: The config of a graph around it does not fit.
    """
    ops = run_config.get("ops") or {}
    if not isinstance(definition, OpStep):
        return ops.get(definition.op.name) or {}
    is_job = definition.owner is None
    sections = _inside(definition.graph, {"ops": ops, "config": run_config.get("config")}, "") if is_job else ops
    path = "ops"
    for name, graph in definition.sections:
        section = sections.get(name) or {}
        path = f"{path}.{name}"
        if graph is None:
            return section
        sections = _inside(graph, section, path)
        path = f"{path}.ops"
    return {}


def _inside(graph: GraphDefinition | None, section: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """Sections of the ops of a graph: as given, or as the graph makes them."""
    config = None if graph is None else graph.config
    given = section.get("ops") or {}
    if config is None:
        return given
    if isinstance(config, ConfigMapping):
        return config.sections(section, path or "the job")
    made = dict(config.get("ops", config) if isinstance(config, Mapping) else {})
    return {**made, **given}


def refuse_unknown_graph_ops(defs: Definitions, run_config: Mapping[str, Any]) -> None:
    """Refuse run config that names an op which a graph does not have.

    Raises:
        ConfigError: It does.
    """
    ops = run_config.get("ops") or {}
    if defs.job_graph is not None:
        _refuse_unknown(defs.job_graph, {"ops": ops}, "")
        return
    for definition in defs.op_defs:
        if isinstance(definition, GraphAssetsDefinition) and definition.op_def is None:
            _refuse_unknown(definition.graph_def, ops.get(definition.op.name) or {}, f"ops.{definition.op.name}.")


def _refuse_unknown(graph: GraphDefinition, section: Mapping[str, Any], path: str) -> None:
    known = graph.node_dict
    for name, inner in (section.get("ops") or {}).items():
        if name not in known:
            raise ConfigError(f"Run config names {path}ops.{name}, which does not exist.{suggest(name, known)}")
        node = known[name]
        if isinstance(node, GraphDefinition):
            _refuse_unknown(node, inner or {}, f"{path}ops.{name}.")
