"""assetq under Dagster's names: `import assetq.dagster as dg` runs code that was written for `import dagster as dg`.

Everything that `assetq` has is here under the same name, and the names that begin with `Dagster` besides. What is
here, what is not, and what differs is listed in `docs/dagster_compat.md`.
"""

from __future__ import annotations

from typing import Any

import assetq
from assetq import errors
from assetq.execution import EventType, Instance, RunRecord, RunStatus

# Dagster's name -> assetq's.
RENAMED: dict[str, Any] = {
    "DagsterAssetCheckFailedError": errors.CheckFailedError,
    "DagsterError": errors.AssetqError,
    "DagsterEventType": EventType,
    "DagsterExecutionInterruptedError": errors.StepInterrupted,
    "DagsterInstance": Instance,
    "DagsterInvalidConfigError": errors.ConfigError,
    "DagsterInvalidDefinitionError": errors.DefinitionError,
    "DagsterInvariantViolationError": errors.UsageError,
    "DagsterResourceFunctionError": errors.AssetqError,
    "DagsterRun": RunRecord,
    "DagsterRunStatus": RunStatus,
    "DagsterStepOutputNotFoundError": errors.StepFailedError,
    "DagsterUnknownPartitionError": errors.UnknownPartitionError,
    "DagsterUnmetExecutorRequirementsError": errors.UsageError,
}

__all__ = sorted({*assetq.__all__, *RENAMED})


def __getattr__(name: str) -> Any:
    if name in RENAMED:
        return RENAMED[name]
    if name in assetq.__all__:
        return getattr(assetq, name)
    raise AttributeError(f"module 'assetq.dagster' has no attribute '{name}'; see docs/dagster_compat.md")


def __dir__() -> list[str]:
    return list(__all__)
