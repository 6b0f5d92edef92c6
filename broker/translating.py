"""Errors of Redis leave the methods of an instance in assetq's words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

from assetq.broker.connection import translated
from assetq.broker.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


class OnServer(Protocol):
    """What knows its server."""

    settings: Settings


Owner = TypeVar("Owner", bound=OnServer)


def on_redis(method: Callable[Concatenate[Owner, P], T]) -> Callable[Concatenate[Owner, P], T]:
    """The method, with errors of Redis translated."""

    @wraps(method)
    def translating(self: Owner, *args: P.args, **kwargs: P.kwargs) -> T:
        with translated(self.settings.redis_url):
            return method(self, *args, **kwargs)

    return cast("Callable[Concatenate[Owner, P], T]", translating)
