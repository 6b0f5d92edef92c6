"""`@job`: a function that connects ops, to be launched by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from assetq.definitions.executor_definition import ExecutorDefinition
from assetq.definitions.graph_decorator import graph_of
from assetq.definitions.hook import HookDefinition
from assetq.definitions.job_definition import JobDefinition
from assetq.definitions.retry_policy import RetryPolicy


def job(
    compose_fn: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    resource_defs: Mapping[str, object] | None = None,
    config: Any = None,
    tags: Mapping[str, str] | None = None,
    run_tags: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    logger_defs: Mapping[str, Any] | None = None,
    executor_def: ExecutorDefinition | None = None,
    hooks: Iterable[HookDefinition] | None = None,
    op_retry_policy: RetryPolicy | None = None,
    partitions_def: Any = None,
    input_values: Mapping[str, object] | None = None,
    owners: Sequence[str] | None = None,
) -> Any:
    """Define a job by a function that calls ops. Mirrors Dagster's `@job`; options as for `JobDefinition`.

    Raises:
        DefinitionError: Something does not fit, or the function returns something; names the job, file and line.
    """

    def make(fn: Callable[..., Any]) -> JobDefinition:
        body = graph_of(fn, name or fn.__name__, None, may_return=False, description=description)
        return JobDefinition(
            body, resource_defs=resource_defs, config=config, tags=tags, run_tags=run_tags, metadata=metadata,
            logger_defs=logger_defs, executor_def=executor_def, hooks=hooks, op_retry_policy=op_retry_policy,
            partitions_def=partitions_def, input_values=input_values, owners=owners,
        )  # fmt: skip

    return make if compose_fn is None else make(compose_fn)
