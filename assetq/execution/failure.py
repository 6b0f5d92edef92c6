"""Errors of user code, wrapped once: what is recorded, and whether the step runs again."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from assetq.definitions import Failure, MetadataValue, RetryPolicy, RetryRequested
from assetq.definitions.type_check import TypeCheckError, TypeCheckFunctionError
from assetq.errors import AssetqError, PartitionsFailedError, StepFailedError

# The op gave what it does not have, or not what it must: it will again.
NEVER_RETRIED = (StepFailedError, TypeCheckError, TypeCheckFunctionError)
LONGEST_STACK = 16_384
OWN_CODE = __name__.partition(".")[0]


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """An error as it is recorded: `stack` begins in the user's code and is at most 16 KiB long.

    `is_failure` tells that the op raised `Failure`, so the message is the description that it gave.
    """

    class_name: str
    message: str
    stack: str = ""
    metadata: Mapping[str, MetadataValue] = field(default_factory=dict)
    is_failure: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain."""
        document: dict[str, Any] = {
            "class_name": self.class_name,
            "message": self.message,
            "stack": self.stack,
        }
        if self.is_failure:
            document["is_failure"] = True
        if self.metadata:
            document["metadata"] = {name: value.to_json() for name, value in self.metadata.items()}
        return document


def error_info(error: BaseException) -> ErrorInfo:
    """What is recorded of an error."""
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None and _is_own(_module_of(frames)):
        frames = frames.tb_next
    is_told = isinstance(error, AssetqError) and (frames is None or _is_own(_module_of(frames)))
    stack = "" if is_told else "".join(traceback.format_exception(type(error), error, frames))
    told = (type(error).__name__, str(error), stack[-LONGEST_STACK:])
    return ErrorInfo(*told, error.metadata, is_failure=True) if isinstance(error, Failure) else ErrorInfo(*told)


def _module_of(frames: TracebackType) -> str:
    return str(frames.tb_frame.f_globals.get("__name__", ""))  # code made by exec may have none


def _is_own(module: str) -> bool:
    return module == OWN_CODE or module.startswith(OWN_CODE + ".")


def ends_process(error: BaseException) -> bool:
    """True for an exit that a signal handler asked for: it is meant for the process, not for the step under way."""
    if not isinstance(error, SystemExit):
        return False
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None:
        frames = frames.tb_next
    return frames is not None and frames.tb_frame.f_code.co_varnames[:2] == ("signum", "frame")


def retry_delay_s(error: BaseException, policy: RetryPolicy | None, attempt: int) -> float | None:
    """Seconds before the next attempt; None when there is none.

    Args:
        error: What the attempt raised.
        policy: The op's policy.
        attempt: Number of the attempt that failed, from 1.
    """
    if isinstance(error, PartitionsFailedError):  # one that may be retried is enough: a retry takes all that failed
        delays = [retry_delay_s(each, policy, attempt) for each in error.partitions.values()]
        return max((delay for delay in delays if delay is not None), default=None)
    if isinstance(error, RetryRequested):
        return (error.seconds_to_wait or 0.0) if attempt <= error.max_retries else None
    if isinstance(error, Failure) and not error.allow_retries:
        return None
    if isinstance(error, NEVER_RETRIED) or not isinstance(error, Exception):
        return None
    if policy is None or attempt > policy.max_retries:
        return None
    return policy.delay_s(attempt)
