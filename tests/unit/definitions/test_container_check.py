"""Containers of many values: told at once where their classes tell it, else each is asked."""

from __future__ import annotations

from abc import ABC, abstractmethod

import pytest

from assetq import DagsterType, TypeCheckContext
from assetq.definitions.container_type import ListType
from assetq.definitions.type_resolution import resolve_dagster_type


class Even(type):
    def __instancecheck__(cls, value):
        return value % 2 == 0


class EvenNumber(metaclass=Even): ...


class Shape(ABC):
    """Others may call themselves one."""

    @property
    @abstractmethod
    def area(self): ...


@Shape.register
class Square: ...


class Own(DagsterType):
    def type_check(self, context, value):
        self.asked = getattr(self, "asked", 0) + 1
        return super().type_check(context, value)


@pytest.mark.parametrize(
    ("annotation", "value", "passes"),
    [
        (list[int], [1, 2, True], True),
        (list[int], [1, 2.0], False),
        (list[float], [1.0, 1], False),
        (dict[str, int], {"a": 1}, True),
        (dict[str, int], {"a": "b"}, False),
        (dict[str, int], {1: 1}, False),
        (set[str], {"a", "b"}, True),
        (set[str], {"a", 1}, False),
        (list[EvenNumber], [2, 4], True),
        (list[EvenNumber], [2, 3], False),
        (list[Shape], [Square()], True),
        (list[Shape], [1], False),
        (list[list[int]], [[1], [2, "x"]], False),
        (dict[str, list[int]], {"a": [1], "b": []}, True),
        (list, [1, "a", None], True),
        (list[int], [], True),
    ],
)
def test_what_a_container_holds(annotation, value, passes):
    assert resolve_dagster_type(annotation).type_check(TypeCheckContext(), value).success is passes


def test_a_type_with_a_check_of_its_own_is_asked_for_each():
    own = Own(lambda context, value: value < 3, "Small")
    assert not ListType(own).type_check(TypeCheckContext(), [1, 2, 3, 4]).success
    assert own.asked == 3
