"""Removes what ops of graphs gave each other, once their run has succeeded."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from assetq.definitions import OpOutput
from assetq.execution.placing import runs_folder
from assetq.io import OutputContext
from assetq.io.path import escape_part
from assetq.io.upath_io_manager import UPathIOManager
from assetq.planning import Plan

if TYPE_CHECKING:
    from assetq.execution.session import ExecutionSession

logger = logging.getLogger("assetq.cleanup")


def has_intermediates(plan: Plan) -> bool:
    """True when ops of the plan give each other values."""
    return any(node.part is not None for node in plan.nodes)


def remove_intermediates(session: ExecutionSession, plan: Plan, run_id: str) -> None:
    """Remove what a run has stored for its own ops, and what the runs had which it retries.

    Only what lies in folders of an I/O manager that is known to keep them; others keep what they were given. An error
    is logged: nothing is wrong with the run because of it.
    """
    managers = {output.io_manager_key for node in plan.nodes if node.part for output in _outputs(session, node.name)}
    for manager_key in sorted(managers):
        manager = session.io_manager(manager_key)
        if not isinstance(manager, UPathIOManager):
            continue
        for one in _with_parents(session, run_id):
            try:
                base = manager._base(OutputContext(name="", run_id=one, storage=runs_folder(session.storage)))
                folder = base / escape_part(one)
                with contextlib.suppress(FileNotFoundError):
                    folder.fs.rm(folder.path, recursive=True)
            except Exception as error:
                logger.warning("what ops of run %s gave each other is not removed: %s", one, error)


def _outputs(session: ExecutionSession, step: str) -> tuple[OpOutput, ...]:
    return session.defs.get_op(step).op.outputs


def _with_parents(session: ExecutionSession, run_id: str) -> list[str]:
    found = [run_id]
    while session.instance is not None:
        parent = session.instance.get_run_by_id(found[-1])
        if parent is None or parent.parent_run_id is None or parent.parent_run_id in found:
            break
        found.append(parent.parent_run_id)
    return found
