"""I/O managers: store and load values on shared storage, atomically."""

from assetq.io.build import build_input_context, build_output_context
from assetq.io.context import InputContext, OutputContext
from assetq.io.filesystem import FilesystemIOManager, fs_io_manager
from assetq.io.memory import InMemoryIOManager, mem_io_manager
from assetq.io.parquet import ParquetIOManager
from assetq.io.upath_io_manager import ConfigurableUPathIOManager, UPathIOManager, ValueNotStoredError

__all__ = [
    "ConfigurableUPathIOManager",
    "FilesystemIOManager",
    "InMemoryIOManager",
    "InputContext",
    "OutputContext",
    "ParquetIOManager",
    "UPathIOManager",
    "ValueNotStoredError",
    "build_input_context",
    "build_output_context",
    "fs_io_manager",
    "mem_io_manager",
]
