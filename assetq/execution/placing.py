"""Where an output is stored: as an asset, or under the run for other ops of its graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assetq.definitions import OpOutput
from assetq.planning import PlanNode

if TYPE_CHECKING:
    from assetq.execution.session import ExecutionSession
    from assetq.execution.task import StepTask

RUNS_FOLDER = ".runs"


def is_stored_as_asset(node: PlanNode, output: OpOutput) -> bool:
    """True for a selected asset, and for one that nobody asked for: an op gave it all the same.

    What is not selected and read by other ops of the graph is stored under the run.
    """
    return output.is_asset and (str(output.key) in node.assets or not node.wants(output.name, str(output.key)))


def runs_folder(storage: str) -> str:
    """Base path of what ops of a graph give each other."""
    return f"{storage.rstrip('/')}/{RUNS_FOLDER}"


def place_of(session: ExecutionSession, task: StepTask, output: OpOutput, keys: list[str] | None) -> dict[str, Any]:
    """What an I/O manager is told of the place of an output that is to be stored; `keys` are its partitions."""
    if is_stored_as_asset(task.plan_node, output):
        return {
            "asset_key": output.key, "asset_spec": output.spec, "partition_keys": keys, "storage": session.storage,
        }  # fmt: skip
    only = keys[0] if keys and len(keys) == 1 else None
    return {"storage": runs_folder(session.storage), "partition_key": only}
