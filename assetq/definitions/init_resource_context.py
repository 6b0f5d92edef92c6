"""What a resource is told when it opens."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any


@dataclass(frozen=True, slots=True)
class InitResourceContext:
    """What a resource is told when it opens. Mirrors Dagster's `InitResourceContext`.

    Attributes:
        resource_config: Its config, validated.
        resources: The resources that it asked for, as attributes.
        log: A logger.
        run_id: Id of the run, when it opens for one.
        instance: The instance of the run.
        resource_def: The definition itself.
        dagster_run: The run, when it opens for one.
        all_resource_defs: Resource key -> what is provided under it.
    """

    resource_config: Any = None
    resources: Any = field(default_factory=SimpleNamespace)
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("assetq.resource"))
    run_id: str | None = None
    instance: Any = None
    resource_def: Any = None
    dagster_run: Any = None
    all_resource_defs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def log_manager(self) -> logging.Logger:
        """The logger."""
        return self.log

    @property
    def run(self) -> Any:
        """The run, when it opens for one."""
        return self.dagster_run

    def replace_config(self, config: Any) -> InitResourceContext:
        """A copy with other config."""
        return replace(self, resource_config=config)
