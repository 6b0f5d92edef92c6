"""Base of the I/O managers that keep one file for each asset or partition.

Layout: `<base>/<asset key parts><ext>`, or `<base>/<asset key parts>/<partition key><ext>`. A value is
written under `.attempts/` beside its place, under a name that carries the attempt's fence; the fence is checked, and
only then the value is moved into place (local) or sent as one object (remote). A reader never sees half a value.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from assetq.definitions import ConfigurableIOManager
from assetq.errors import StorageError
from assetq.io.context import InputContext, OutputContext
from assetq.io.path import escape_part, escape_partition_key

if TYPE_CHECKING:
    from upath import UPath

ATTEMPTS = ".attempts"
ABANDONED_S = 3600.0


class UPathIOManager(ConfigurableIOManager):
    """Stores each value as a file below `base_dir`, local or remote. Mirrors Dagster's `UPathIOManager`.

    Subclasses say the extension and how to write and read one local file.

    Args:
        base_dir: Folder or URL; by default the storage of the run (`ASSETQ_STORAGE`).
    """

    base_dir: str | None = None
    extension: ClassVar[str] = ""

    @abstractmethod
    def dump_to_path(self, context: OutputContext, obj: Any, path: Path) -> None:
        """Write a value to a local file."""

    @abstractmethod
    def load_from_path(self, context: InputContext, path: Path) -> Any:
        """Read a value from a local file."""

    def path_of(self, context: InputContext | OutputContext, partition_key: str | None) -> UPath:
        """Where the asset, or one of its partitions, is stored."""
        from upath import UPath  # brings fsspec, which takes its time

        base = self.base_dir or context.storage
        if not base:
            raise StorageError(
                f"{type(self).__name__} has no base_dir and no storage is set. Give base_dir, or set ASSETQ_STORAGE."
            )
        parts = [escape_part(part) for part in context.asset_key.path]
        names = [*parts, escape_partition_key(partition_key)] if partition_key is not None else parts
        return UPath(base).joinpath(*names[:-1], names[-1] + self.extension)

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        """Store one value, or a mapping of values by partition key when the step has several partitions."""
        if context.partition_keys is None:
            self._store(context, obj, None)
        elif len(context.partition_keys) == 1:
            self._store(context, obj, context.partition_keys[0])
        else:
            for key, value in _by_partition(context, obj).items():
                self._store(context, value, key)

    def _store(self, context: OutputContext, obj: Any, partition_key: str | None) -> None:
        path = self.path_of(context, partition_key)
        try:
            size = self._store_local(context, obj, path) if is_local(path) else self._store_remote(context, obj, path)
        except OSError as error:
            raise StorageError(
                f"Asset '{context.asset_key}'{_of(partition_key)} cannot be written to {path}: {error}."
            ) from error
        if partition_key is None or context.has_partition_key:
            context.add_output_metadata({"path": str(path), "size_bytes": size})

    def _store_local(self, context: OutputContext, obj: Any, path: UPath) -> int:
        target = Path(str(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        workplace = target.parent / ATTEMPTS
        workplace.mkdir(exist_ok=True)
        temporary = workplace / f"{context.fence}.{target.name}"
        try:
            self.dump_to_path(context, obj, temporary)
            _sync(temporary)
            size = temporary.stat().st_size
            context.guard()
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        _sweep(workplace)
        return size

    def _store_remote(self, context: OutputContext, obj: Any, path: UPath) -> int:
        with tempfile.TemporaryDirectory(prefix="assetq-") as folder:
            local = Path(folder) / path.name
            self.dump_to_path(context, obj, local)
            size = local.stat().st_size
            path.parent.mkdir(parents=True, exist_ok=True)
            context.guard()
            path.fs.put_file(str(local), path.path)
        return size

    def load_input(self, context: InputContext) -> Any:
        """Load one value, or a dict of values by partition key when several partitions are read."""
        if context.partition_keys is None:
            return self._load(context, None)
        if len(context.partition_keys) == 1 and not context.metadata.get("always_dict"):
            return self._load(context, context.partition_keys[0])
        return {key: self._load(context, key) for key in context.partition_keys}

    def _load(self, context: InputContext, partition_key: str | None) -> Any:
        path = self.path_of(context, partition_key)
        try:
            with _as_local(path) as local:
                return self.load_from_path(context, local)
        except FileNotFoundError:
            raise StorageError(
                f"Asset '{context.asset_key}'{_of(partition_key)}, which '{context.reader}' reads, is not stored at "
                f"{path}. Materialize it first, for example by selecting '+{context.reader}'."
            ) from None


def is_local(path: UPath) -> bool:
    """True for a path of this machine's file systems."""
    return getattr(path, "protocol", "") in ("", "file", "local")


@contextlib.contextmanager
def _as_local(path: UPath) -> Iterator[Path]:
    if is_local(path):
        yield Path(str(path))
        return
    with tempfile.TemporaryDirectory(prefix="assetq-") as folder:
        local = Path(folder) / path.name
        with path.open("rb") as source, local.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield local


def _sync(path: Path) -> None:
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _sweep(workplace: Path) -> None:
    """Remove what killed attempts left. A file that is still written to is never that old."""
    oldest = time.time() - ABANDONED_S
    for entry in os.scandir(workplace):
        with contextlib.suppress(FileNotFoundError):
            if entry.stat().st_mtime < oldest:
                os.unlink(entry)


def _of(partition_key: str | None) -> str:
    return "" if partition_key is None else f", partition '{partition_key}'"


def _by_partition(context: OutputContext, obj: Any) -> Mapping[str, Any]:
    wanted = set(context.asset_partition_keys)
    if not isinstance(obj, Mapping) or set(obj) != wanted:
        got = sorted(map(str, obj))[:5] if isinstance(obj, Mapping) else type(obj).__name__
        raise StorageError(
            f"Asset '{context.asset_key}' runs {len(wanted)} partitions in one step, so its op must return a mapping "
            f"with one value for each partition key; it returned {got}."
        )
    return obj
