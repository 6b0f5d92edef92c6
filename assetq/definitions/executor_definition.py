"""Executors by name: who runs the steps of a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class ExecutorDefinition:
    """Who runs the steps of a job that is launched: the fleet, or one process. Mirrors Dagster's class by name.

    Attributes:
        name: Its name.
        is_in_process: True when the process that launches a job runs it by itself, step after step.
        config: What `configured` was given; carried along, since pools and workers set the limits here.
    """

    name: str
    is_in_process: bool = False
    config: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def configured(self, config: Any = None, name: str | None = None, **_: Any) -> ExecutorDefinition:
        """The same, with config."""
        return replace(self, name=name or self.name, config=dict(config or {}))


in_process_executor = ExecutorDefinition("in_process", is_in_process=True)
multiprocess_executor = ExecutorDefinition("multiprocess")
multi_or_in_process_executor = ExecutorDefinition("multi_or_in_process_executor")
fleet_executor = ExecutorDefinition("fleet")
