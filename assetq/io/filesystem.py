"""The default I/O manager: pickle files."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, ClassVar

from assetq.definitions import Field, IOManagerDefinition, Noneable
from assetq.errors import StorageError
from assetq.io.context import InputContext, OutputContext
from assetq.io.upath_io_manager import ConfigurableUPathIOManager

if TYPE_CHECKING:
    from upath import UPath


class FilesystemIOManager(ConfigurableUPathIOManager):
    """Stores values as pickle files. Load only what you trust: pickle runs code when it is read."""

    extension: ClassVar[str] = ".pickle"
    writes_one_file: ClassVar[bool] = True

    def dump_to_path(self, context: OutputContext, obj: Any, path: UPath) -> None:
        try:
            with path.open("wb") as file:
                pickle.dump(obj, file, protocol=pickle.HIGHEST_PROTOCOL)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise StorageError(
                f"Asset '{context.asset_key}' returned {type(obj).__name__}, which cannot be pickled ({error}). Return "
                "plain data, or give the asset another io_manager_key."
            ) from error

    def load_from_path(self, context: InputContext, path: UPath) -> Any:
        with path.open("rb") as file:
            return pickle.load(file)


fs_io_manager = IOManagerDefinition(
    lambda context: FilesystemIOManager(base_dir=(context.resource_config or {}).get("base_dir")),
    {"base_dir": Field(Noneable(str), is_required=False)},
    "Stores values as pickle files below base_dir.",
)
