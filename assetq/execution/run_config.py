"""Checks run config before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assetq.definitions import Definitions
from assetq.definitions.config import op_config
from assetq.errors import ConfigError, suggest
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
