"""What pydantic found wrong with config, in words about the field."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

TAG_PROBLEMS = ("union_tag_not_found", "union_tag_invalid")


def describe_problems(model: type[BaseModel], error: ValidationError, path: str) -> str:
    """All problems, each with the path of its field.

    Args:
        model: What was validated.
        error: What pydantic raised.
        path: Where the model's fields stand in run config; empty for fields by themselves.
    """
    at = f"{path}." if path else ""
    return "; ".join(f"{at}{'.'.join(map(str, p['loc']))}: {_say(model, p)}" for p in error.errors())


def _say(model: type[BaseModel], problem: Mapping[str, Any]) -> str:
    *outer, name = problem["loc"] or ("",)
    if problem["type"] == "extra_forbidden":
        fields = {field for found in _models_at(model, outer) for field in found.model_fields}
        known = f"; the fields are {', '.join(sorted(fields))}" if fields else ""
        return f"There is no such field{known}"
    if problem["type"] in TAG_PROBLEMS:
        kinds = ", ".join(f"'{kind}'" for kind in _kinds(model, outer, name))
        return f"Give one section, named by its kind{': ' + kinds if kinds else ''}"
    return str(problem["msg"])


def _models_at(model: type[BaseModel], names: Sequence[Any]) -> list[type[BaseModel]]:
    """The models that may stand at a place; positions, keys and kinds on the way lead to the same models."""
    found = [model]
    for name in names:
        inner = [
            m for each in found if name in each.model_fields for m in _models_in(each.model_fields[name].annotation)
        ]
        found = inner or found
    return found


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _kinds(model: type[BaseModel], outer: Sequence[Any], name: Any) -> list[str]:
    fields = [found.model_fields[name] for found in _models_at(model, outer) if name in found.model_fields]
    kinds: list[str] = []
    for field in fields:
        tagged = [m.model_fields.get(str(field.discriminator)) for m in _models_in(field.annotation)]
        kinds += [str(kind) for tag in tagged if tag is not None for kind in get_args(tag.annotation)]
    return kinds
