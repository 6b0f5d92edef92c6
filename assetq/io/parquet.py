"""Data frames as Parquet files, for polars and pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from assetq.errors import StorageError
from assetq.io.context import InputContext, OutputContext
from assetq.io.upath_io_manager import ConfigurableUPathIOManager

if TYPE_CHECKING:
    from upath import UPath


class ParquetIOManager(ConfigurableUPathIOManager):
    """Stores polars and pandas data frames as Parquet.

    A frame is loaded as what the reading argument is annotated with; without an annotation as polars when it
    is installed, else as pandas. Row counts are recorded with the materialization.
    """

    extension: ClassVar[str] = ".parquet"
    writes_one_file: ClassVar[bool] = True

    def dump_to_path(self, context: OutputContext, obj: Any, path: UPath) -> None:
        library = type(obj).__module__.partition(".")[0]
        if library == "polars":
            frame = obj.collect() if hasattr(obj, "collect") else obj
            frame.write_parquet(path)
        elif library == "pandas":
            frame = obj
            frame.to_parquet(path)
        else:
            raise StorageError(
                f"Asset '{context.asset_key}' returned {type(obj).__name__}; ParquetIOManager stores polars and pandas "
                "data frames. Return one, or give the asset another io_manager_key."
            )
        if context.partition_keys is None or context.has_one_partition:
            context.add_output_metadata({"row_count": len(frame)})

    def load_from_path(self, context: InputContext, path: UPath) -> Any:
        if not path.exists():
            raise FileNotFoundError(path)
        if _wants_pandas(context.annotation):
            import pandas

            return pandas.read_parquet(path)
        import polars

        return polars.read_parquet(path)


def _wants_pandas(annotation: Any) -> bool:
    if "pandas" in str(annotation):
        return True
    if "polars" in str(annotation):
        return False
    from importlib.util import find_spec

    return find_spec("polars") is None
