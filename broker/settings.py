"""Settings of the engine: environment first, then `[tool.assetq]` of the nearest pyproject.toml."""

from __future__ import annotations

import json
import os
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assetq.broker.lifeline import is_alive
from assetq.errors import UsageError, suggest

STATE_DIRECTORY = ".assetq"
SERVER_FILE = "server.json"
ENDING_TIMEOUT_S = 10.0
DEFAULT_URL = "redis://127.0.0.1:6379/0"
ENVIRONMENT_PREFIX = "ASSETQ_"


class Settings(BaseModel):
    """What the engine, the workers and the command line agree on.

    Every field can be given as `ASSETQ_<NAME>` in the environment or as `<name>` under
    `[tool.assetq]`; the environment wins. Times are in milliseconds.

    Attributes:
        redis_url: State and event log. Without it, a server started by `assetq dev` in this
            folder is used, else `redis://127.0.0.1:6379/0`.
        broker_url: Celery's broker; by default the same server.
        storage: Base path or URL under which outputs are stored.
        namespace: Prefix of every Redis key and Celery queue.
        lease_ms: How long a worker may be silent before its steps are taken back.
        heartbeat_ms: How often a worker renews its leases.
        recovery_ms: How often the fleet looks for lost work.
        republish_ms: How long a granted step may wait unclaimed before its message is checked.
        max_crashes: Attempts that may end with their worker dead before the step fails.
        drift_patience_ms: How long steps wait for a worker that has the definitions of their plan, while others refuse
            them, before they fail.
        batch_ms: Expected time that steps travelling in one message may take together.
        batch_limit: Most steps in one message.
        chain_ms: How long one Celery message may go on with further ready steps.
        default_pool_limit: Limit of every named pool that has none of its own; none by default.
        tag_concurrency_limits: Runs at once by tag, as Dagster's run queue has them: `key`, `limit`, and a `value`
            or `{applyLimitPerUniqueValue = true}`; in the environment as JSON.
        grace_ms: How long running steps may take to end after SIGTERM or a cancel.
        max_memory_mb: Memory above which a child process is replaced when its step has ended; 0 for no ceiling.
        max_steps_per_child: Steps after which a child process is replaced; 0 for no bound.
        cached_inputs: Most values that a process keeps for further steps, of inputs that ask for it (`assetq/cache`); 0
            for none.
        keep_intermediates: Whether what ops of a graph gave each other stays when their run has succeeded: "failed"
            keeps it only of other runs, which may be retried, "always" keeps all of it.
        archive: Base path or URL under which archives of runs lie; by default `.archive` below `storage`.
        archive_after_s: Seconds after its end when a run leaves Redis for the archive; 0 for never because of its age.
        keep_runs: Ended runs that stay in Redis; with more of them the oldest go to the archive. 0 for no bound.
        keep_events: Events of one run under way that stay in Redis; with more of them the oldest go to the archive. 0
            for no bound.
        module: Default code of `-m`.
        file: Default code of `-f`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    redis_url: str = DEFAULT_URL
    broker_url: str = ""
    storage: str = ""
    namespace: str = Field(default="assetq", pattern=r"^[A-Za-z0-9_.\-]+$", max_length=64)
    lease_ms: int = Field(default=15_000, ge=500)
    heartbeat_ms: int = Field(default=3_000, ge=50)
    recovery_ms: int = Field(default=500, ge=20)
    republish_ms: int = Field(default=3_000, ge=100)
    max_crashes: int = Field(default=3, ge=1)
    drift_patience_ms: int = Field(default=60_000, ge=0)
    batch_ms: int = Field(default=250, ge=0)
    batch_limit: int = Field(default=64, ge=1)
    chain_ms: int = Field(default=60_000, ge=0)
    grace_ms: int = Field(default=30_000, ge=0)
    max_memory_mb: int = Field(default=0, ge=0)
    max_steps_per_child: int = Field(default=0, ge=0)
    cached_inputs: int = Field(default=16, ge=0)
    default_pool_limit: int | None = Field(default=None, ge=0)
    keep_intermediates: Literal["failed", "always"] = "failed"
    tag_concurrency_limits: tuple[dict[str, Any], ...] = ()
    archive: str = ""
    archive_after_s: int = Field(default=7 * 24 * 3600, ge=0)
    keep_runs: int = Field(default=1000, ge=0)
    keep_events: int = Field(default=0, ge=0)
    module: str | None = None
    file: str | None = None
    project_directory: str = "."

    @property
    def default_module(self) -> str | None:
        """The module that `-m` falls back to."""
        return self.module

    @property
    def default_file(self) -> str | None:
        """The file that `-f` falls back to."""
        return self.file

    @property
    def effective_broker_url(self) -> str:
        """The URL that Celery connects to."""
        return self.broker_url or self.redis_url

    @property
    def effective_archive(self) -> str:
        """Where archives of runs lie."""
        return self.archive or f"{self.storage.rstrip('/')}/.archive"

    @classmethod
    def load(cls, *, directory: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings that hold in a folder.

        Args:
            directory: Where to look for pyproject.toml and `.assetq/`; the current folder by default.
            environ: The environment; `os.environ` by default.

        Raises:
            UsageError: A setting is unknown or its value does not validate.
        """
        here = (directory or Path.cwd()).resolve()
        env = os.environ if environ is None else environ
        project = find_project(here)
        values = read_project_table(project / "pyproject.toml") if project else {}
        base = project or here
        values["project_directory"] = str(base)
        values.update(_from_environment(env))
        if "redis_url" not in values and (url := running_server_url(base)):
            values["redis_url"] = url
        values.setdefault("storage", str(base / STATE_DIRECTORY / "storage"))
        return cls.parse(values)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Settings:
        """Validate a mapping of settings.

        Raises:
            UsageError: Names each bad setting, its value and what is allowed.
        """
        unknown = [name for name in values if name not in cls.model_fields]
        if unknown:
            hint = suggest(unknown[0], list(cls.model_fields))
            raise UsageError(f"Unknown setting '{unknown[0]}' in [tool.assetq].{hint}")
        try:
            return cls(**values)
        except ValidationError as error:
            problems = "; ".join(f"{p['loc'][0]}: {p['msg']} (got {p['input']!r})" for p in error.errors())
            raise UsageError(f"Bad setting: {problems}.") from None

    def public(self) -> dict[str, Any]:
        """All settings with passwords hidden, for `assetq doctor`."""
        values = self.model_dump()
        for name in ("redis_url", "broker_url", "storage", "archive"):
            values[name] = hide_password(values[name])
        return values


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    fields = Settings.model_fields
    names = {ENVIRONMENT_PREFIX + name.upper(): name for name in fields if name != "project_directory"}
    found: dict[str, Any] = {names[key]: value for key, value in environ.items() if key in names and value != ""}
    if isinstance(limits := found.get("tag_concurrency_limits"), str):
        try:
            found["tag_concurrency_limits"] = json.loads(limits)
        except ValueError as error:
            raise UsageError(f"Bad setting: tag_concurrency_limits: {error}.") from None
    return found


def find_project(here: Path) -> Path | None:
    """The nearest folder at or above `here` whose pyproject.toml has a `[tool.assetq]` table."""
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file() and read_project_table(folder / "pyproject.toml"):
            return folder
    return None


def read_project_table(path: Path) -> dict[str, Any]:
    """The `[tool.assetq]` table of a pyproject.toml; empty when there is none."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not valid TOML: {error}. Mend the file and try again.") from None
    return dict(document.get("tool", {}).get("assetq", {}))


def server_file(directory: Path) -> Path:
    """Where a server started in `directory` writes its address."""
    return directory / STATE_DIRECTORY / SERVER_FILE


def running_server_url(directory: Path) -> str | None:
    """URL of the live embedded server of a folder, or None when there is none; one that is ending is waited for."""
    try:
        record = json.loads(server_file(directory).read_text(encoding="utf-8"))
        url, pid = str(record["url"]), int(record["pid"])
        # It answers for a moment after the process died that it is tied to: nothing may rely on it, or start beside it.
        is_ending = record.get("ending", False) or not is_alive(int(record.get("owner", pid)))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    deadline = time.monotonic() + ENDING_TIMEOUT_S
    while is_ending and is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return url if is_alive(pid) else None


def hide_password(url: str) -> str:
    """The URL with its password replaced by `***`."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{host}"))
