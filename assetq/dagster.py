"""assetq under Dagster's names: `import assetq.dagster as dg` runs code that was written for `import dagster as dg`.

Everything that `assetq` has is here under the same name, and the names that begin with `Dagster` besides. What is
here, what is not, and what differs is listed in `docs/dagster_compat.md`.
"""

from __future__ import annotations

import logging
from typing import Any

import assetq
from assetq import errors
from assetq.definitions.config_mapping import ConfigMappingError
from assetq.definitions.lazy_definitions import definitions
from assetq.definitions.type_check import TypeCheckError, TypeCheckFunctionError
from assetq.execution import Event, EventType, Instance, RunRecord, RunStatus


class BetaWarning(Warning):
    """Category of Dagster's warnings about beta features; assetq issues none."""


class PreviewWarning(Warning):
    """Category of Dagster's warnings about previews; assetq issues none."""


class SupersessionWarning(FutureWarning):
    """Category of Dagster's warnings about superseded features; assetq issues none."""


class ConfigArgumentWarning(SyntaxWarning):
    """Category of Dagster's warnings about arguments named config; assetq issues none."""


# Dagster's error -> the class that catches the same situations. Where Dagster has two classes for what one of assetq's
# stands for, the bases in `assetq.errors` make both catch it.
ERRORS: dict[str, type[BaseException]] = {
    "DagsterAssetCheckFailedError": errors.CheckFailedError,
    "DagsterConfigMappingFunctionError": ConfigMappingError,
    "DagsterError": errors.AssetqError,
    "DagsterExecutionInterruptedError": errors.StepInterrupted,
    "DagsterExecutionStepExecutionError": errors.UserCodeError,
    "DagsterExecutionStepNotFoundError": errors.UsageError,
    "DagsterInvalidConfigDefinitionError": errors.DefinitionError,
    "DagsterInvalidConfigError": errors.ConfigError,
    "DagsterInvalidDefinitionError": errors.DefinitionError,
    "DagsterInvalidInvocationError": errors.InvocationError,
    "DagsterInvalidSubsetError": errors.UnknownAssetError,
    "DagsterInvariantViolationError": errors.InvariantError,
    "DagsterResourceFunctionError": errors.ResourceError,
    "DagsterRunNotFoundError": errors.UnknownRunError,
    "DagsterStepOutputNotFoundError": errors.StepFailedError,
    "DagsterTypeCheckDidNotPass": TypeCheckError,
    "DagsterTypeCheckError": TypeCheckFunctionError,
    "DagsterUnknownPartitionError": errors.UnknownPartitionError,
    "DagsterUnknownResourceError": errors.MissingResourceError,
    "DagsterUnmetExecutorRequirementsError": errors.UsageError,
    "DagsterUserCodeExecutionError": errors.UserCodeError,
}

# Dagster's name -> assetq's.
RENAMED: dict[str, Any] = {
    **ERRORS,
    "DagsterEvent": Event,
    "DagsterEventType": EventType,
    "DagsterInstance": Instance,
    "DagsterLogManager": logging.Logger,
    "DagsterRun": RunRecord,
    "DagsterRunStatus": RunStatus,
    "definitions": definitions,
    "EventLogEntry": Event,
}

WARNINGS = ("BetaWarning", "ConfigArgumentWarning", "PreviewWarning", "SupersessionWarning")

__all__ = sorted({*assetq.__all__, *RENAMED, *WARNINGS})


def __getattr__(name: str) -> Any:
    if name in RENAMED:
        return RENAMED[name]
    if name in assetq.__all__:
        return getattr(assetq, name)
    raise AttributeError(f"module 'assetq.dagster' has no attribute '{name}'; see docs/dagster_compat.md")


def __dir__() -> list[str]:
    return list(__all__)
