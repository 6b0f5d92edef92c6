"""Definitions as one job sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assetq.definitions.assets_definition import AssetsDefinition
from assetq.definitions.definitions import Definitions
from assetq.definitions.job_definition import JobDefinition
from assetq.definitions.op import DEFAULT_IO_MANAGER_KEY
from assetq.definitions.op_step import OpStep
from assetq.errors import MissingResourceError, suggest


class JobScope(Definitions):
    """Definitions with the resources, hooks and retries of one job; of a graph's job also its ops.

    Args:
        defs: The definitions.
        job: The job.
        resources: Further resources; they go before others.
    """

    def __init__(self, defs: Definitions, job: JobDefinition, resources: Mapping[str, Any] | None = None) -> None:
        given = defs.given
        super().__init__(
            assets=[_within(item, job) for item in given["assets"]],
            asset_checks=given["asset_checks"],
            resources={**defs.resources, **job.resource_defs, **(resources or {})},
            pools=given["pools"],
        )
        self.job = job
        self.job_name = job.name
        self.op_steps: tuple[OpStep, ...] = job.steps
        self.job_graph = job.graph

    @property
    def step_defs(self) -> tuple[AssetsDefinition, ...]:
        """What has steps."""
        return self.op_steps if self.job_graph is not None else super().step_defs

    @property
    def configurable_names(self) -> set[str]:
        """Names that may stand under `ops` in run config."""
        return super().configurable_names if self.job_graph is None else set(self.job_graph.node_dict)

    def validate(self) -> None:
        """Check everything that can be checked before anything runs."""
        super().validate()
        for step in self.op_steps:
            managers = {output.io_manager_key for output in step.op.outputs}
            for key in sorted((step.op.required_resource_keys | managers) - {DEFAULT_IO_MANAGER_KEY}):
                if key not in self.resources:
                    raise MissingResourceError(
                        f"Op '{step.op.name}' of job '{self.job_name}' needs resource '{key}', which is not provided."
                        f"{suggest(key, self.resources)}",
                        location=step.location,
                    )


def _within(item: Any, job: JobDefinition) -> Any:
    """The definition with what the job adds to it."""
    if job.graph is not None or not isinstance(item, AssetsDefinition):
        return item
    found = item.with_hooks(job.hook_defs) if job.hook_defs else item
    if job.op_retry_policy is not None and found.op.retry_policy is None:
        found = found.replace(op=replace(found.op, retry_policy=job.op_retry_policy))
    return found
