"""Run config from YAML and JSON: files, texts, and what lies in packages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from glob import glob
from importlib.resources import files
from pathlib import Path
from typing import Any

from assetq.errors import InvariantError


class ConfigSchema:
    """Stands in annotations for whatever describes config: a dict of types, a `Field`, a `Shape`.

    Mirrors Dagster's name; it is not to be made.
    """

    def __init__(self) -> None:
        raise NotImplementedError("ConfigSchema is a name for annotations; give a dict, a Field or a Shape instead.")


def config_from_files(config_files: Sequence[str]) -> dict[str, Any]:
    """Run config from YAML or JSON files, a later one over an earlier one. Mirrors Dagster's function.

    Args:
        config_files: Paths, or glob patterns, whose files are taken by name.

    Raises:
        InvariantError: There is no such file, or one is no mapping in YAML.
    """
    paths = [path for pattern in config_files for path in _matching(pattern)]
    return _merged((path, partial(Path(path).read_text, encoding="utf-8")) for path in paths)


def config_from_pkg_resources(pkg_resource_defs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Run config from YAML files in packages. Mirrors Dagster's function.

    Args:
        pkg_resource_defs: Packages with the path of a file inside.

    Raises:
        InvariantError: There is no such file, or one is no mapping in YAML.
    """
    return _merged(
        (f"{path} of package {package}", partial(_packaged, package, path)) for package, path in pkg_resource_defs
    )


def config_from_yaml_strings(yaml_strings: Sequence[str]) -> dict[str, Any]:
    """Run config from YAML texts, a later one over an earlier one. Mirrors Dagster's function.

    Raises:
        InvariantError: One is no mapping in YAML.
    """
    return _merged((f"text {n}", partial(str, text)) for n, text in enumerate(yaml_strings, start=1))


def read_yaml(text: str) -> Any:
    """What a YAML text says. Dates stay text: config has no type of its own for them.

    Raises:
        yaml.YAMLError: It is no YAML.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers = {
            first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    return yaml.load(text, Loader)


def _packaged(package: str, path: str) -> str:
    return files(package).joinpath(path).read_text(encoding="utf-8")


def _matching(pattern: str) -> list[str]:
    found = sorted(glob(str(pattern)))
    if not found:
        raise InvariantError(f"There is no file '{pattern}' for run config. Correct the path or the pattern.")
    return found


def _merged(sources: Iterable[tuple[str, Callable[[], str]]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name, read in sources:
        merged = _over(merged, _mapping(name, read))
    return merged


def _mapping(name: str, read: Callable[[], str]) -> Mapping[str, Any]:
    import yaml

    try:
        found = read_yaml(read())
    except OSError as error:
        raise InvariantError(f"Run config cannot be read from {name}: {error.strerror or error}.") from error
    except ModuleNotFoundError as error:
        raise InvariantError(f"Run config cannot be read from {name}: {error}.") from error
    except yaml.YAMLError as error:
        raise InvariantError(f"Run config in {name} is no YAML: {error}. Mend the text.") from error
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise InvariantError(f"Run config in {name} must be a mapping from section to config, not {found!r}.")
    return found


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both, mappings merged in depth; elsewhere the upper one stands."""
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        both = isinstance(value, Mapping) and isinstance(old, Mapping)
        merged[name] = _over(old, value) if both and old is not None else value
    return merged
