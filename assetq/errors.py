"""Every error that assetq raises.

    AssetqError                     exit code 1
    ├── InvariantError              something that cannot be was asked for or given
    │   ├── UsageError              exit code 2: something given to assetq is wrong
    │   │   ├── DefinitionError     definitions that cannot work; names asset, file and line
    │   │   │   ├── CycleError
    │   │   │   ├── DuplicateKeyError
    │   │   │   ├── UnknownUpstreamError
    │   │   │   ├── UnknownAssetError
    │   │   │   │   └── SubsetError     some assets of an op that makes all or none
    │   │   │   ├── InvalidKeyError
    │   │   │   ├── ConfigError
    │   │   │   ├── InvocationError         also a TypeError: a direct call with the wrong arguments
    │   │   │   └── MissingResourceError    also an AttributeError
    │   │   │       └── UnknownResourceError
    │   │   ├── LoadError           code that cannot be imported
    │   │   ├── UnknownPartitionError
    │   │   ├── UnknownRunError
    │   │   ├── SelectionError
    │   │   └── PoolLimitError
    │   ├── StepFailedError
    │   │   └── CheckFailedError    a blocking check found the asset wrong
    │   └── StorageError
    ├── UserCodeError               code around the ops raised; what it raised is the cause
    │   └── ResourceError
    ├── PartitionsFailedError       some partitions of a step failed
    ├── ServerUnreachableError      exit code 3
    ├── RunFailedError
    ├── PlanError                   a stored plan that this version cannot read
    ├── StepTimeoutError            a step took longer than its limit
    └── StaleAttemptError           an attempt whose lease was lost
        └── RunCanceledError
    StepInterrupted                 BaseException: a running step is told to stop
    └── StepTimedOut                because its time is over

Every message says what was wrong, where, and what to do next; attributes carry the parts. Some classes have a second
base, or stand below a wider one, so that code written for Dagster catches them: `assetq.dagster` gives Dagster's names.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping


class AssetqError(Exception):
    """Something went wrong in assetq."""

    exit_code = 1


class InvariantError(AssetqError):
    """Something that cannot be was asked for or given."""


class UsageError(InvariantError):
    """Something given to assetq is wrong: nothing has run."""

    exit_code = 2


class DefinitionError(UsageError):
    """A definition cannot work.

    Attributes:
        asset: Key of the asset, as text, when one asset is meant.
        location: "file:line" of the definition, when known.
    """

    def __init__(self, message: str, *, asset: str | None = None, location: object | None = None) -> None:
        self.asset = asset
        self.location = str(location) if location is not None else None
        super().__init__(f"{message} ({self.location})" if self.location else message)


class CycleError(DefinitionError):
    """Assets depend on each other in a circle."""


class DuplicateKeyError(DefinitionError):
    """Two definitions claim the same asset key or op name."""


class UnknownUpstreamError(DefinitionError):
    """An asset depends on one that is not defined."""


class InvalidKeyError(DefinitionError):
    """A name or key has characters that are not allowed."""


class ConfigError(DefinitionError):
    """Configuration does not validate."""


class MissingResourceError(DefinitionError, AttributeError):
    """A required resource or I/O manager is not provided. `hasattr(context.resources, key)` is False for it."""


class UnknownResourceError(MissingResourceError):
    """A resource is asked for that is not there."""


class InvocationError(DefinitionError, TypeError):
    """An asset or op was called directly with arguments that do not fit its function."""


class LoadError(UsageError):
    """The module or file with the definitions cannot be loaded."""


class UnknownAssetError(DefinitionError):
    """There is no such asset."""


class SubsetError(UnknownAssetError):
    """Some assets of an op are selected that makes all of them or none."""


class UnknownPartitionError(UsageError):
    """There is no such partition."""


class UnknownRunError(UsageError):
    """There is no such run."""


class SelectionError(UsageError):
    """An asset selection cannot be read.

    Attributes:
        text: The selection as it was given.
        position: Index of the character at fault.
    """

    def __init__(self, message: str, *, text: str = "", position: int = 0) -> None:
        self.text = text
        self.position = position
        super().__init__(message)


class PoolLimitError(UsageError):
    """A pool limit is not a number of slots, or leaves too few for a step."""


class ServerUnreachableError(AssetqError):
    """No Redis answers.

    Attributes:
        url: Where it was looked for, password hidden.
    """

    exit_code = 3
    url: str = ""


class RunFailedError(AssetqError):
    """A run did not succeed."""


class PartitionsFailedError(AssetqError):
    """Some partitions of a step failed; the others may have been made.

    Attributes:
        partitions: Key -> why, in the order in which they failed.
    """

    def __init__(self, message: str, partitions: Mapping[str, BaseException]) -> None:
        super().__init__(message)
        self.partitions = dict(partitions)


class PlanError(AssetqError):
    """A stored plan cannot be read: another version of assetq wrote it, or it is damaged."""


class StepTimeoutError(AssetqError):
    """A step took longer than its limit. Its retry policy applies.

    Attributes:
        timeout_s: The limit in seconds.
    """

    def __init__(self, message: str, *, timeout_s: float = 0.0) -> None:
        self.timeout_s = timeout_s
        super().__init__(message)


class StepFailedError(InvariantError):
    """A step's op raised."""


class CheckFailedError(StepFailedError):
    """A blocking check failed with severity ERROR."""


class UserCodeError(AssetqError):
    """User code that stands around the ops raised. What an op raises itself is never wrapped."""

    @property
    def user_exception(self) -> BaseException | None:
        """What was raised."""
        return self.__cause__


class ResourceError(UserCodeError):
    """A resource could not be opened."""


class StaleAttemptError(AssetqError):
    """The attempt's lease was lost: its result must not become visible."""


class RunCanceledError(StaleAttemptError):
    """The attempt's run was canceled: what ended is recorded, and nothing more of the batch is to begin."""


class StorageError(InvariantError):
    """A stored value cannot be written or read."""


class StepInterrupted(BaseException):
    """The running step is told to stop, by a cancel or because the worker drains.

    Derives from BaseException so that `except Exception` in user code does not swallow it.
    """


class StepTimedOut(StepInterrupted):
    """The running step is told to stop because its time is over."""


def suggest(word: str, choices: Iterable[object]) -> str:
    """A sentence that proposes the nearest of `choices`, with a leading space; empty when none is near."""
    near = difflib.get_close_matches(str(word), [str(choice) for choice in choices], n=1, cutoff=0.5)
    return f" Did you mean '{near[0]}'?" if near else ""
