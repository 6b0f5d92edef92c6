"""Connections to Redis: timeouts, retries with jitter, and errors in assetq's words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

import redis
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,
    InvalidResponse,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TimeoutError,
)
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_exponential, wait_random

from assetq.broker.keys import LAYOUT_VERSION, Keys
from assetq.broker.settings import hide_password
from assetq.errors import AssetqError, ServerUnreachableError, UsageError

if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")

PASSING = (ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError)
SOCKET_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 3.0
RECONNECT_S = 60.0
NAP_S, LONGEST_PAUSE_S = 0.1, 2.0


def connect(url: str, *, socket_timeout_s: float | None = SOCKET_TIMEOUT_S) -> Redis:
    """A client for `url`; it connects on first use.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
        socket_timeout_s: Longest wait for one answer in seconds; None for blocking reads.

    Raises:
        UsageError: The URL is not one that Redis clients understand.
    """
    try:
        return redis.Redis.from_url(
            url,
            socket_timeout=socket_timeout_s,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_keepalive=True,
            health_check_interval=15,
        )
    except ValueError as error:
        raise UsageError(
            f"'{hide_password(url)}' is not a Redis URL ({error}). Use redis://host:port/db, for example "
            "redis://127.0.0.1:6379/0, in ASSETQ_REDIS_URL."
        ) from None


def patience_s(lease_ms: int) -> float:
    """Longest wait of a worker for one answer: silence must leave it time for another try before its leases end."""
    return min(SOCKET_TIMEOUT_S, max(0.5, lease_ms / 3000))


def pause_s(lease_ms: int) -> float:
    """Longest pause of a worker between two tries: some must fit into a lease that a lost answer has brought it."""
    return min(LONGEST_PAUSE_S, lease_ms / 8000)


def unreachable(url: str, reason: object) -> ServerUnreachableError:
    """The error for a server that does not answer, with what to do."""
    shown = hide_password(url)
    error = ServerUnreachableError(
        f"No server reachable at {shown} ({reason}). Start one with `assetq dev`, or point "
        "ASSETQ_REDIS_URL at a running one."
    )
    error.url = shown
    return error


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn Redis exceptions into assetq's, with the URL named and its password hidden."""
    try:
        yield
    except AuthenticationError as error:
        raise UsageError(f"{hide_password(url)} refuses the password ({error}). Check ASSETQ_REDIS_URL.") from error
    except (*PASSING, InvalidResponse) as error:
        raise unreachable(url, error) from error
    except ResponseError as error:
        raise AssetqError(f"{hide_password(url)} refused a command: {error}") from error
    except RedisError as error:
        raise AssetqError(f"{hide_password(url)}: {error}") from error


def with_retries(
    call: Callable[[], T],
    *,
    deadline_s: float,
    longest_pause_s: float = LONGEST_PAUSE_S,
    gives_up: Callable[[], bool] = lambda: False,
) -> T:
    """Repeat `call` over passing faults (restart, dropped connection) until `deadline_s` seconds are over.

    Pauses grow to `longest_pause_s`. The last fault is raised as it is, also when `gives_up` says so before the time is
    over.
    """
    with suppress(*PASSING):
        return call()
    is_over = stop_after_delay(deadline_s)

    def nap(seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not gives_up():
            time.sleep(min(left, NAP_S))

    retrying = Retrying(
        retry=retry_if_exception_type(PASSING),
        wait=wait_exponential(multiplier=0.05, max=longest_pause_s) + wait_random(0, 0.2),
        sleep=nap,
        stop=lambda state: is_over(state) or gives_up(),
        reraise=True,
    )
    return retrying(call)


def check_layout(client: Redis, keys: Keys) -> None:
    """Write the layout version into a fresh namespace, or compare it.

    Raises:
        UsageError: The namespace was written by an incompatible version of assetq.
    """
    client.set(keys.root, LAYOUT_VERSION, nx=True)
    found = client.get(keys.root)
    text = found.decode() if isinstance(found, bytes) else str(found)
    if text != LAYOUT_VERSION:
        raise UsageError(
            f"Namespace '{keys.namespace}' holds data of layout {text}, and this assetq writes layout "
            f"{LAYOUT_VERSION}. Use the matching version of assetq, or another ASSETQ_NAMESPACE."
        )
