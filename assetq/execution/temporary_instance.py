"""An instance for one test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from assetq.execution.instance import Instance
from assetq.execution.instance_view import CURRENT


@contextmanager
def instance_for_test(
    overrides: Mapping[str, Any] | None = None,
    set_dagster_home: bool = True,
    temp_dir: str | None = None,
    **_: Any,
) -> Iterator[Instance]:
    """An instance for one test, closed behind it. Mirrors Dagster's `instance_for_test`.

    Args:
        overrides: Taken and not used: there is no instance file here.
        set_dagster_home: Have `DagsterInstance.get()` give the instance inside the block.
        temp_dir: Folder that keeps records and values, as for `DagsterInstance.local_temp`; without it records live in
            memory, and values in a folder that goes with the block.
    """
    with ExitStack() as stack:
        if temp_dir is None:
            passing = stack.enter_context(tempfile.TemporaryDirectory(prefix="assetq-"))
            instance = Instance.ephemeral(passing)
        else:
            instance = Instance.local_temp(temp_dir)
        stack.enter_context(instance)
        if set_dagster_home:
            stack.callback(CURRENT.reset, CURRENT.set(instance))
        yield instance
