"""Dynamic outputs: any number of values of one output, each under a mapping key.

Each value is stored by the output's I/O manager, and the keys beside them under the run, in their order. An op that is
mapped over them is one step, which calls its function once for each key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from assetq.definitions import OpOutput
from assetq.definitions.op_step import OpStep
from assetq.execution.placing import runs_folder
from assetq.io import FilesystemIOManager, InputContext, OutputContext

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from assetq.execution.intermediate import Origin, SourceLoader
    from assetq.execution.session import ExecutionSession

KEYS = "keys of "


def _place(session: ExecutionSession, run_id: str, step_key: str, output: str, **told: Any) -> OutputContext:
    return OutputContext(
        name=f"{KEYS}{output}", run_id=run_id, step_key=step_key, storage=runs_folder(session.storage), **told
    )


def write_keys(
    session: ExecutionSession,
    run_id: str,
    step_key: str,
    output: OpOutput,
    keys: Sequence[str],
    *,
    fence: int,
    guard: Callable[[], None],
) -> None:
    """Record which mapping keys an output has."""
    context = _place(session, run_id, step_key, output.name, fence=fence, guard=guard)
    FilesystemIOManager().handle_output(context, list(keys))


def read_keys(session: ExecutionSession, origin: Origin, step_key: str, output: str) -> list[str]:
    """The mapping keys of an output that was given."""
    upstream = _place(session, origin.run_id, step_key, output)
    context = InputContext(upstream_output=upstream, storage=runs_folder(session.storage), run_id=origin.run_id)
    keys: list[str] = FilesystemIOManager().load_input(context)
    return keys


def mapped_keys(loader: SourceLoader, definition: OpStep) -> list[str]:
    """The keys for which a mapped op is called: those that all of its mapped arguments have."""
    found: list[list[str]] = [loader.keys_of(one) for one in definition.above if one.is_mapped]
    shared = set(found[0]).intersection(*found[1:])
    return [key for key in found[0] if key in shared]
