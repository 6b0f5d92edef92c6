"""Reads a function's annotations, also those written as text."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, get_type_hints

from assetq.definitions.source_location import user_frame


def parameters_of(fn: Callable[..., Any]) -> list[inspect.Parameter]:
    """The function's parameters in order, seen through its decorators."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return list(inspect.signature(fn, annotation_format=annotationlib.Format.FORWARDREF).parameters.values())
    return list(inspect.signature(fn).parameters.values())


def annotations_of(fn: Callable[..., Any]) -> dict[str, Any]:
    """The function's annotations, each resolved by itself.

    Names are looked up in the function's module, its closure and the frame that is defining it. An annotation that
    cannot be resolved, as when its import stands under TYPE_CHECKING, stays text.
    """
    inner = inspect.unwrap(fn)
    globals_ = getattr(inner, "__globals__", {})
    raw = _raw_annotations(inner)
    names = _local_names(inner) if any(isinstance(value, str) for value in raw.values()) else {}
    return {name: _resolved(value, globals_, names) for name, value in raw.items()}


def _raw_annotations(fn: Callable[..., Any]) -> dict[str, Any]:
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(fn, format=annotationlib.Format.FORWARDREF)
    return dict(getattr(fn, "__annotations__", {}))


def _local_names(fn: Callable[..., Any]) -> dict[str, Any]:
    frame = user_frame()
    local = dict(frame.f_locals) if frame is not None else {}
    if inspect.isfunction(fn):
        local.update(inspect.getclosurevars(fn).nonlocals)
    return local


def _resolved(value: Any, globals_: Mapping[str, Any], names: Mapping[str, Any]) -> Any:
    holder = SimpleNamespace(__annotations__={"value": value})
    try:
        return get_type_hints(holder, dict(globals_), dict(names), include_extras=True)["value"]
    except Exception:  # user text: any error of evaluating it means that it cannot be resolved
        return value
