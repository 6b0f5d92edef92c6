"""Base of the I/O managers that keep one file for each asset or partition.

Layout: `<base>/<asset key parts><ext>`, or `<base>/<asset key parts>/<partition key><ext>`. See `assetq.io.atomic` for
how a value gets there.
"""

from __future__ import annotations

import asyncio
import inspect
from abc import abstractmethod
from collections.abc import Awaitable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from assetq.definitions import ConfigurableIOManager, EnvVar, IOManager, MetadataValue
from assetq.definitions.env_var import read_environment
from assetq.errors import StorageError
from assetq.io.atomic import as_local, is_local, publish
from assetq.io.context import InputContext, OutputContext
from assetq.io.path import escape_part, escape_partition_key

if TYPE_CHECKING:
    from upath import UPath

ALLOW_MISSING = "allow_missing_partitions"


class ValueNotStoredError(StorageError, FileNotFoundError):
    """What is to be loaded was never stored. Also a `FileNotFoundError`, which Dagster raises here."""


class UPathIOManager(IOManager):
    """Stores each value as a file below a base path, local or remote. Mirrors Dagster's `UPathIOManager`.

    Subclasses say the extension and how to write and read one file. The paths that they are given are local ones, with
    the name of the final place; what is written there is put in place as a whole.

    A subclass whose `dump_to_path` makes one file, whatever its name, may set `writes_one_file`: that is quicker.

    Args:
        base_path: Folder or URL; by default the storage of the run (`ASSETQ_STORAGE`).
        base_dir: The same, under the name that `FilesystemIOManager` uses.
    """

    extension: ClassVar[str | None] = None
    writes_one_file: ClassVar[bool] = False

    def __init__(self, base_path: UPath | str | None = None, base_dir: UPath | str | None = None) -> None:
        base = base_path if base_path is not None else base_dir
        self._base_path: Any = base if base is None or isinstance(base, EnvVar) else _upath(base)

    @abstractmethod
    def dump_to_path(self, context: OutputContext, obj: Any, path: UPath) -> None:
        """Write a value to a path."""

    @abstractmethod
    def load_from_path(self, context: InputContext, path: UPath) -> Any:
        """Read a value from a path; may be a coroutine function, and then partitions are read side by side."""

    def get_metadata(self, context: OutputContext, obj: Any) -> Mapping[str, Any]:
        """Metadata to record with the materialization of a value."""
        return {}

    # Where things are.

    def get_asset_relative_path(self, context: InputContext | OutputContext) -> UPath:
        """Place of an asset below the base path, without extension."""
        return _upath("").joinpath(*(escape_part(part) for part in context.asset_key.path))

    def get_op_output_relative_path(self, context: InputContext | OutputContext) -> UPath:
        """Place below the base path of an output that is no asset, without extension."""
        return _upath("").joinpath(*(escape_part(part) for part in context.get_identifier()))

    def get_path_for_partition(self, context: InputContext | OutputContext, path: UPath, partition: str) -> UPath:
        """Place of one partition, without extension.

        Args:
            context: What is stored or loaded.
            path: Place of the asset.
            partition: Key of the partition.
        """
        return path / escape_partition_key(partition)

    def path_of(self, context: InputContext | OutputContext, partition_key: str | None) -> UPath:
        """Where the asset, or one of its partitions, is stored."""
        path = self._get_path_without_extension(context)
        if partition_key is None:
            return self._with_extension(path)
        if type(self).get_path_for_partition is UPathIOManager.get_path_for_partition:  # a path less to make
            return path / f"{escape_partition_key(partition_key)}{self.extension or ''}"
        return self._with_extension(self.get_path_for_partition(context, path, partition_key))

    def _base(self, context: InputContext | OutputContext) -> UPath:
        base = getattr(self, "_base_path", None)
        base = base if base is not None else getattr(self, "base_dir", None) or context.storage
        if not base:
            raise StorageError(
                f"{type(self).__name__} has no base path and no storage is set. Give base_path, or set ASSETQ_STORAGE."
            )
        return _upath(read_environment(base, f"{type(self).__name__}.base_path"))

    def _get_path_without_extension(self, context: InputContext | OutputContext) -> UPath:
        base, parts = self._base(context), self._relative_parts(context)
        return _below(base, *parts) if is_local(base) else base.joinpath(*parts)

    def _relative_parts(self, context: InputContext | OutputContext) -> Sequence[str]:
        """What the methods above say, without making paths where they are not overridden."""
        if context.has_asset_key:
            if type(self).get_asset_relative_path is UPathIOManager.get_asset_relative_path:
                return [escape_part(part) for part in context.asset_key.path]
            return self.get_asset_relative_path(context).parts
        if type(self).get_op_output_relative_path is UPathIOManager.get_op_output_relative_path:
            return [escape_part(part) for part in context.get_identifier()]
        return self.get_op_output_relative_path(context).parts

    def _with_extension(self, path: UPath) -> UPath:
        return path.with_name(f"{path.name}{self.extension}") if self.extension else path

    def _get_path(self, context: InputContext | OutputContext) -> UPath:
        return self.path_of(context, None)

    def _get_paths_for_partitions(self, context: InputContext | OutputContext) -> dict[str, UPath]:
        return {key: self.path_of(context, key) for key in context.asset_partition_keys}

    @property
    def fs(self) -> Any:
        """The file system of the base path."""
        return self._own_base.fs

    @property
    def storage_options(self) -> dict[str, Any]:
        """How the file system of the base path was opened."""
        return dict(self._own_base.storage_options)

    @property
    def _own_base(self) -> UPath:
        base = getattr(self, "_base_path", None) or getattr(self, "base_dir", None) or "."
        return _upath(read_environment(base, f"{type(self).__name__}.base_path"))

    # What can be done there.

    def make_directory(self, path: UPath) -> None:
        """Make a folder, with those above it."""
        path.mkdir(parents=True, exist_ok=True)

    def path_exists(self, path: UPath) -> bool:
        """True when there is something at the path."""
        return bool(path.exists())

    def unlink(self, path: UPath) -> None:
        """Remove the file at the path."""
        path.unlink()

    def has_output(self, context: OutputContext) -> bool:
        """True when what the context means is stored."""
        return all(self.path_exists(self.path_of(context, key)) for key in _keys_of(context))

    # Storing.

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        """Store one value, or a mapping of values by partition key when the step has several partitions."""
        keys = _keys_of(context)
        if len(keys) == 1 and not context.is_by_partition:
            context.add_output_metadata({**self._store(context, obj, keys[0]), **self.get_metadata(context, obj)})
            return
        for key, value in _by_partition(context, obj).items():
            self._store(context, value, key)

    def _store(self, context: OutputContext, obj: Any, partition_key: str | None) -> dict[str, Any]:
        path = self.path_of(context, partition_key)
        try:
            size = publish(
                path,
                lambda place: self.dump_to_path(context, obj, place),
                context.fence,
                context.guard,
                is_one_file=self.writes_one_file,
            )
        except OSError as error:
            raise StorageError(f"{_named(context, partition_key)} cannot be written to {path}: {error}.") from error
        return {"path": MetadataValue.path(str(path)), "size_bytes": size}

    # Loading.

    def load_input(self, context: InputContext) -> Any:
        """Load one value, or a dict of values by partition key when several partitions are read.

        None when no partition is read, as by the first partition of what reads the one before it.
        With the input metadata `allow_missing_partitions`, partitions that are not stored are left out.
        """
        keys = _keys_of(context)
        if not keys:
            return None
        loaded = self._load_all(context, keys)
        if len(keys) == 1:
            return loaded.get(keys[0])
        return loaded

    def _load_all(self, context: InputContext, keys: list[str | None]) -> dict[Any, Any]:
        if inspect.iscoroutinefunction(self.load_from_path):
            return asyncio.run(self._load_side_by_side(context, keys))
        loaded: dict[Any, Any] = {}
        for key in keys:
            path = self.path_of(context, key)
            try:
                with as_local(path) as local:
                    loaded[key] = self.load_from_path(context, local)
            except FileNotFoundError:
                self._refuse_missing(context, path, key)
        return loaded

    async def _load_side_by_side(self, context: InputContext, keys: list[str | None]) -> dict[Any, Any]:
        paths = {key: self.path_of(context, key) for key in keys}
        values = await asyncio.gather(
            *(self._load_one(context, path) for path in paths.values()), return_exceptions=True
        )
        loaded: dict[Any, Any] = {}
        for (key, path), value in zip(paths.items(), values, strict=True):
            if isinstance(value, FileNotFoundError):
                self._refuse_missing(context, path, key)
            elif isinstance(value, BaseException):
                raise value
            else:
                loaded[key] = value
        return loaded

    async def _load_one(self, context: InputContext, path: UPath) -> Any:
        with as_local(path) as local:
            found: Awaitable[Any] = self.load_from_path(context, local)
            return await found

    def _refuse_missing(self, context: InputContext, path: UPath, key: str | None) -> None:
        if key is not None and context.definition_metadata.get(ALLOW_MISSING):
            context.log.warning("%s is not stored, and is left out.", _named(context, key))
            return
        reader = context.reader or "the caller"
        raise ValueNotStoredError(
            f"{_named(context, key)}, which '{reader}' reads, is not stored at {path}. Materialize it first"
            + (f", for example by selecting '+{reader}'." if context.reader else ".")
        ) from None


class ConfigurableUPathIOManager(ConfigurableIOManager, UPathIOManager):
    """A `UPathIOManager` whose fields are configuration.

    Args:
        base_dir: Folder or URL; by default the storage of the run (`ASSETQ_STORAGE`).
    """

    base_dir: str | None = None


def _upath(path: Any) -> UPath:
    return _local(path) if isinstance(path, str) and "://" not in path else _made(path)


@lru_cache(maxsize=16)
def _local(path: str) -> UPath:
    """The same path is asked for at each step; one that is no URL has nothing to connect to."""
    return _made(path)


@lru_cache(maxsize=256)
def _below(base: UPath, *parts: str) -> UPath:
    """Below a local path: the place of an asset is asked for at each of its steps."""
    return base.joinpath(*parts)


def _made(path: Any) -> UPath:
    from upath import UPath  # brings fsspec, which takes its time

    return UPath(path)


def _keys_of(context: InputContext | OutputContext) -> list[str | None]:
    return [None] if context.partition_keys is None else list(context.partition_keys)


def _named(context: InputContext | OutputContext, partition_key: str | None) -> str:
    if not context.has_asset_key:
        return f"Output {'/'.join(context.get_identifier())}"
    return f"Asset '{context.asset_key}'" + ("" if partition_key is None else f", partition '{partition_key}'")


def _by_partition(context: OutputContext, obj: Any) -> Mapping[str, Any]:
    wanted = set(context.asset_partition_keys)
    if not isinstance(obj, Mapping) or set(obj) != wanted:
        got = sorted(map(str, obj))[:5] if isinstance(obj, Mapping) else type(obj).__name__
        raise StorageError(
            f"Asset '{context.asset_key}' runs {len(wanted)} partitions in one step, so its op must return a mapping "
            f"with one value for each partition key; it returned {got}."
        )
    return obj
