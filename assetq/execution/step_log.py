"""`context.log`: lines of an op become events of its run."""

from __future__ import annotations

import logging
from typing import Any

from assetq.execution.event import EventType, StepEvent

MOST_LINES = 1000
LONGEST_LINE = 4096


class StepLogger(logging.Logger):
    """A logger that takes the name of a level, too: `context.log.log("info", "...")`."""

    def log(self, level: int | str, msg: object, *args: object, **kwargs: Any) -> None:
        """Log a line at a level."""
        super().log(
            logging.getLevelNamesMapping()[level.upper()] if isinstance(level, str) else level, msg, *args, **kwargs
        )


class StepLog:
    """A logger whose lines are appended to a step's events, and passed on to Python's logging."""

    def __init__(self, step_key: str, events: list[StepEvent]) -> None:
        self.logger = StepLogger(f"assetq.step.{step_key}", logging.DEBUG)
        self.logger.addHandler(_ToEvents(events))
        self.logger.parent = logging.getLogger("assetq.step")


class _ToEvents(logging.Handler):
    def __init__(self, events: list[StepEvent]) -> None:
        super().__init__(logging.DEBUG)
        self.events = events
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += 1
        if self.lines > MOST_LINES:
            return
        text = record.getMessage()[:LONGEST_LINE]
        if self.lines == MOST_LINES:
            text = f"{text} (further lines of this attempt are not kept in the event log)"
        moment = int(record.created * 1000)
        self.events.append(StepEvent(EventType.LOG, moment, message=text, data={"level": record.levelname}))
