"""`get_dagster_logger`: a logger of Python whose lines belong to the step that logs them."""

from __future__ import annotations

import logging
from functools import lru_cache

from assetq.execution.context import running_context

NAME = "assetq.user"


class UserLogger(logging.Logger):
    """Passes its lines on: to the step of this thread, else to Python's logging.

    Python's logging does not know it, so that nothing which configures logging can silence or double its lines.
    """

    def handle(self, record: logging.LogRecord) -> None:
        """Pass a line on."""
        context = running_context()
        target = logging.getLogger(self.name) if context is None else context.log
        if target.isEnabledFor(record.levelno):
            target.handle(record)


@lru_cache(maxsize=256)
def get_dagster_logger(name: str | None = None) -> logging.Logger:
    """A logger for code that has no context: inside a step its lines are those of `context.log`.

    Elsewhere they go to Python's logging. Mirrors Dagster's `get_dagster_logger`.

    Args:
        name: Added to the logger's name.
    """
    return UserLogger(NAME if name is None else f"{NAME}.{name}", logging.DEBUG)
