"""Finds the definitions of a code location: what `-m MODULE` and `-f FILE` mean."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
import sysconfig
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from assetq.definitions.definitions import Definitions
from assetq.definitions.lazy_definitions import LazyDefinitions
from assetq.definitions.load_from import load_definitions_from_module
from assetq.errors import AssetqError, LoadError


def load_definitions(module: str | None, file: str | None) -> Definitions:
    """The definitions of a module or file: its one `Definitions` object, or its loose assets.

    Args:
        module: Dotted name; the current folder is searched first.
        file: Path of a Python file.

    Raises:
        LoadError: Neither or both are given, the code cannot be imported, or it holds no definitions.
        DefinitionError: What the user's code raised while it was defining assets.
    """
    if (module is None) == (file is None):
        raise LoadError(
            'Say where the code is: -m MODULE or -f FILE, or module = "..." under [tool.assetq] in pyproject.toml.'
            if module is None
            else "Give -m MODULE or -f FILE, not both."
        )
    name = module or str(file)
    loaded = _guarded(name, (lambda: _import_module(name)) if module else (lambda: _import_file(Path(name))))
    return definitions_in(loaded, name)


def definitions_in(module: ModuleType, name: str) -> Definitions:
    """The `Definitions` of a module, or its loose assets."""
    kinds = (Definitions, LazyDefinitions)
    found = {id(value): value for value in vars(module).values() if isinstance(value, kinds)}
    if len(found) == 1:
        [only] = found.values()
        return _made(only, name)
    if len(found) > 1:
        raise LoadError(f"'{name}' holds {len(found)} Definitions objects; keep one, or merge them.")
    loose = load_definitions_from_module(module)
    if not loose.assets and not loose.asset_checks:
        raise LoadError(f"'{name}' holds neither a Definitions object nor assets. Decorate functions with @asset.")
    return loose


def _made(found: Definitions | LazyDefinitions, name: str) -> Definitions:
    if isinstance(found, Definitions):
        return found
    try:
        return found()
    except AssetqError:
        raise
    except Exception as error:
        what = f"'{found.load_fn.__name__}' of '{name}'"
        raise LoadError(f"{what} cannot make its definitions: {_told(error)} ({_place(error)}).") from error


def _guarded(name: str, load: Any) -> ModuleType:
    try:
        module: ModuleType = load()
        return module
    except AssetqError:
        raise
    except ModuleNotFoundError as error:
        if error.name and (error.name == name or name.startswith(error.name + ".")):
            raise LoadError(
                f"There is no module '{name}' here ({Path.cwd()}) or on PYTHONPATH. Check -m, or give -f FILE."
            ) from None
        raise LoadError(f"'{name}' imports '{error.name}', which is not installed ({_place(error)}).") from error
    except Exception as error:
        raise LoadError(f"'{name}' cannot be imported: {_told(error)} ({_place(error)}).") from error


def _told(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}"
    problems = (f"{'.'.join(map(str, found['loc']))}: {found['msg']}" for found in error.errors(include_url=False))
    return f"{error.title}: {'; '.join(problems)}"


def _place(error: BaseException) -> str:
    """The last line of the user's code that was under way; of a library's, where there is none."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "importlib" not in frame.filename]
    known = (sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))
    libraries = tuple(os.path.join(folder, "") for folder in (*known, str(Path(__file__).parents[1])))
    own = [frame for frame in frames if not frame.filename.startswith(libraries)]
    frame = (own or frames)[-1]
    return f"{frame.filename}:{frame.lineno}"


def _import_module(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    return importlib.import_module(name)


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise LoadError(f"There is no file '{path}'.")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    name = f"assetq_file_{path.stem}_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LoadError(f"'{path}' is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
