"""Several `Definitions` as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assetq.errors import UsageError

LISTS = ("assets", "schedules", "sensors", "jobs", "asset_checks")
MAPPINGS = ("resources", "loggers", "pools")


def merged(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What to give to one `Definitions` that is to hold what several were given.

    Args:
        parts: For each, what it was given.

    Raises:
        UsageError: Two have different values under one key, or different executors.
    """
    return {
        **{name: [item for part in parts for item in part[name]] for name in LISTS},
        **{name: _joined(name, [part[name] for part in parts]) for name in MAPPINGS},
        "metadata": {key: value for part in parts for key, value in part["metadata"].items()},
        "component_tree": next((part["component_tree"] for part in parts if part["component_tree"]), None),
        "executor": _executor([part["executor"] for part in parts]),
    }


def given_to(def_sets: Iterable[object]) -> list[Mapping[str, Any]]:
    """What each was given.

    Raises:
        UsageError: One is no `Definitions`.
    """
    found = []
    for number, defs in enumerate(def_sets):
        given = getattr(defs, "given", None)
        if given is None:
            raise UsageError(f"Number {number} of what is to be merged is {defs!r}; give Definitions objects.")
        found.append(given)
    return found


def _joined(name: str, mappings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    joined: dict[str, Any] = {}
    first: dict[str, int] = {}
    for number, mapping in enumerate(mappings):
        for key, value in mapping.items():
            if joined.setdefault(key, value) is not value:
                raise UsageError(
                    f"Definitions {first[key]} and {number} have different {name} under '{key}'. "
                    "Use the same object in both, or another key."
                )
            first.setdefault(key, number)
    return joined


def _executor(executors: Sequence[Any]) -> Any:
    chosen = [executor for executor in executors if executor is not None]
    if any(executor is not chosen[0] for executor in chosen):
        raise UsageError("The Definitions to be merged have different executors. Keep one.")
    return chosen[0] if chosen else None
