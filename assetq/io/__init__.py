"""I/O managers: store and load values on shared storage, atomically."""

from assetq.io.context import InputContext, OutputContext
from assetq.io.filesystem import FilesystemIOManager
from assetq.io.memory import InMemoryIOManager
from assetq.io.parquet import ParquetIOManager
from assetq.io.upath_io_manager import UPathIOManager

__all__ = [
    "FilesystemIOManager",
    "InMemoryIOManager",
    "InputContext",
    "OutputContext",
    "ParquetIOManager",
    "UPathIOManager",
]
