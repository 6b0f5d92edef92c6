"""Checks the config of a job without running it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetq.definitions import Definitions
from assetq.definitions.config import op_config
from assetq.definitions.config_plain import plain_config_value
from assetq.definitions.job_definition import JobDefinition
from assetq.definitions.job_scope import JobScope
from assetq.execution.op_section import op_section
from assetq.execution.run_config import check_run_config
from assetq.planning import PartitionScope
from assetq.planning.job_plan import make_job_plan


def validate_run_config(job_def: JobDefinition, run_config: Any = None) -> dict[str, Any]:
    """Check run config against a job, and give it with its defaults. Mirrors Dagster's `validate_run_config`.

    Args:
        job_def: The job.
        run_config: A mapping or a `RunConfig`; by default the job's own.

    Returns:
        Run config in its plain form, each op of the job under its name.

    Raises:
        ConfigError: Names the path of each bad field.
    """
    scope = JobScope(job_def.bound_to or Definitions(), job_def)
    is_partitioned = job_def.partitions_def is not None or job_def.graph is None
    plan = make_job_plan(scope, scope=PartitionScope(all=True) if is_partitioned else None)
    config = job_def.config_for(run_config, None)
    check_run_config(scope, plan, config)
    ops = dict(config.get("ops") or {})
    for node in plan.nodes:
        if "." not in node.name:
            ops[node.name] = _read(scope, node.name, config)
    return {
        "execution": plain_config_value(config.get("execution") or {}),
        "loggers": plain_config_value(config.get("loggers") or {}),
        "ops": ops,
        "resources": plain_config_value(config.get("resources") or {}),
    }


def _read(scope: JobScope, name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    definition = scope.get_op(name)
    section = op_section(definition, config)
    read = op_config(definition.op, section)
    return {**section, **({} if read is None else {"config": plain_config_value(read)})}
