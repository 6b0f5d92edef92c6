"""What the scripts answer, and which answers are errors."""

from __future__ import annotations

from enum import StrEnum

from assetq.errors import AssetqError, RunCanceledError, StaleAttemptError, UnknownRunError, UsageError


class Code(StrEnum):
    """First element of every reply."""

    OK = "OK"
    STALE = "STALE"
    CANCELED = "CANCELED"
    EXISTS = "EXISTS"
    ENDED = "ENDED"
    BUSY = "BUSY"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    HELD = "HELD"
    EXPIRED = "EXPIRED"
    UNKNOWN_RUN = "UNKNOWN_RUN"


def error_of(code: Code, what: str) -> AssetqError:
    """The error that a refusing code stands for.

    Args:
        code: Any code but OK.
        what: The run or grant that was refused, for the message.
    """
    if code is Code.STALE or code is Code.OUT_OF_ORDER:
        return StaleAttemptError(f"{what}: this attempt is no longer the current one; its result is dropped.")
    if code is Code.CANCELED:
        return RunCanceledError(f"{what}: the run was canceled.")
    if code is Code.UNKNOWN_RUN:
        return UnknownRunError(f"There is no run {what}. `assetq runs list` shows the runs.")
    if code is Code.ENDED:
        return UsageError(f"Run {what} has already ended. `assetq runs show {what}` shows how.")
    if code is Code.HELD:
        return UsageError(
            f"Run {what} is executed by the process that submitted it. When that is gone, the recovery of any worker "
            "ends the run."
        )
    return AssetqError(f"{what}: refused with {code}.")
