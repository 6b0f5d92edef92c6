"""The nodes of automation conditions: what each is made of, and how they are composed.

A condition is data: a tree of nodes, each with a kind, operands and options. What evaluates it stands in the layers
above.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

from assetq.errors import DefinitionError

Node = TypeVar("Node", bound="Condition")

# Name of a node -> what it says, for those that need a word more than their name.
DESCRIPTIONS = {
    "AND": "All of",
    "OR": "Any of",
    "NOT": "Not",
    "ANY_DOWNSTREAM_CONDITIONS": "Any downstream conditions",
    "will_be_requested": "Will be requested this tick",
}


class ConditionAlgebra:
    """What can be made of one condition, and what every condition tells."""

    @property
    def name(self) -> str:
        """What kind of condition it is; the class's name for a class of one's own."""
        return type(self).__name__

    @property
    def description(self) -> str:
        """What it means, in words; empty where the name says it."""
        return ""

    @property
    def children(self) -> list[ConditionAlgebra]:
        """The conditions that it is made of."""
        return []

    @property
    def is_serializable(self) -> bool:
        """Whether it is made of this library's conditions only."""
        return False

    def get_label(self) -> str | None:
        """The label that it was given."""
        return None

    def is_called(self, old: Any) -> bool:
        """Whether it equals a condition, or has a text as its label or name."""
        return self == old or (isinstance(old, str) and old in (self.get_label(), self.name))

    def replace(self, old: ConditionAlgebra | str, new: Any) -> Any:
        """A copy with another condition wherever it holds one. Mirrors Dagster's method.

        Args:
            old: The condition, or its label or name.
            new: Put in its place.
        """
        return new if self.is_called(old) else self

    def newly_true(self) -> Condition:
        """True when this has become true since it was evaluated last."""
        return node(Condition, "NEWLY_TRUE", self)

    def since(self, reset_condition: Any) -> Passing:
        """True from when this was true until `reset_condition` is."""
        return Passing("SINCE", (_checked(self), _checked(reset_condition)))

    def since_last_handled(self) -> Passing:
        """True from when this was true until it is requested, or updated in another way."""
        handled = leaf("newly_requested") | leaf("newly_updated") | leaf("initial_evaluation")
        return self.since(handled.with_label("handled"))

    def __and__(self, other: Any) -> All:
        return All("AND", _joined("AND", self, other))

    def __or__(self, other: Any) -> Passing:
        return Passing("OR", _joined("OR", self, other))

    def __invert__(self) -> Passing:
        return Passing("NOT", (_checked(self),))


if TYPE_CHECKING:
    from assetq.definitions.automation_condition import AutomationCondition as Base
else:
    # AutomationCondition builds the nodes, so it comes after them and registers them as its subclasses.
    Base = ConditionAlgebra


@dataclass(frozen=True, slots=True, repr=False)
class Condition(Base):
    """One node of the expression.

    Attributes:
        kind: What it asks.
        operands: The conditions that it is made of.
        options: (name, value) of what else it was given.
        label: A name for people; set with `with_label`.
    """

    kind: str
    operands: tuple[ConditionAlgebra, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    label: str | None = None

    @property
    def name(self) -> str:
        """What it asks, with its options."""
        if self.kind == "ENTITY_MATCHES":
            return str(self.option("key"))
        shown = [f"{name}={_shown(value)}" for name, value in self.options if value not in (None, False)]
        return f"{self.kind}({', '.join(shown)})" if shown else self.kind

    @property
    def description(self) -> str:
        """What it means, in words; empty where the name says it."""
        if self.kind == "in_latest_time_window":
            delta = self.option("lookback_timedelta")
            return f"Within {delta} of the end of the latest time window" if delta else "Within latest time window"
        return DESCRIPTIONS.get(self.kind, "")

    @property
    def children(self) -> list[ConditionAlgebra]:
        """The conditions that it is made of."""
        return list(self.operands)

    @property
    def operand(self) -> ConditionAlgebra:
        """The condition that it is made of; of SINCE, the one that starts it."""
        return self.operands[0]

    @property
    def is_serializable(self) -> bool:
        """Whether it is made of this library's conditions only."""
        return all(child.is_serializable for child in self.operands)

    def evaluate(self, context: Any) -> Any:
        """Conditions of this library are data; only classes of one's own evaluate themselves."""
        raise NotImplementedError(f"{self!r} is evaluated as a part of what an asset carries, not by itself.")

    def option(self, name: str) -> Any:
        """Something that it was given; None when it was not."""
        return dict(self.options).get(name)

    def get_label(self) -> str | None:
        """The label that it was given."""
        return self.label

    def with_label(self, label: str | None) -> Self:
        """A copy with a name for people."""
        return replace(self, label=label)

    def __repr__(self) -> str:
        made_of = f"({', '.join(map(repr, self.operands))})" if self.operands else ""
        return f"{self.label}: {self.name}{made_of}" if self.label else f"{self.name}{made_of}"


class Replacing(Condition):
    """A node whose operands can be replaced."""

    __slots__ = ()

    def replace(self, old: ConditionAlgebra | str, new: Any) -> Any:
        """A copy with another condition wherever it, or what it is made of, is `old`."""
        if self.is_called(old):
            return new
        return replace(self, operands=tuple(_checked(child.replace(old, new)) for child in self.operands))


class Passing(Replacing):
    """A node that passes a restriction of dependencies or checks on to what it is made of."""

    __slots__ = ()

    def allow(self, selection: Any) -> Self:
        """A copy whose conditions about dependencies and checks look at selected assets only."""
        return self._passed_on("allow", selection)

    def ignore(self, selection: Any) -> Self:
        """A copy whose conditions about dependencies and checks do not look at selected assets."""
        return self._passed_on("ignore", selection)

    def _passed_on(self, method: str, selection: Any) -> Self:
        _refuse_no_selection(selection)
        changed = (getattr(child, method)(selection) if hasattr(child, method) else child for child in self.operands)
        return replace(self, operands=tuple(changed))

    @property
    def trigger_condition(self) -> ConditionAlgebra:
        """Of SINCE, the condition that starts it."""
        return self.operands[0]

    @property
    def reset_condition(self) -> ConditionAlgebra:
        """Of SINCE, the condition that ends it."""
        return self.operands[-1]


class All(Passing):
    """All of several conditions."""

    __slots__ = ()

    def without(self, condition: ConditionAlgebra) -> Self:
        """A copy that does not ask for one of its conditions.

        Raises:
            DefinitionError: It is none of them, or fewer than two would be left.
        """
        left = tuple(child for child in self.operands if child != condition)
        if left == self.operands:
            raise DefinitionError(f"{condition!r} is none of the conditions of {self!r}; name one of its children.")
        if len(left) < 2:
            raise DefinitionError(f"{self!r} without {condition!r} is one condition only; use that one itself.")
        return replace(self, operands=left)


class OfChecks(Condition):
    """What a part of an asset's checks must fulfil."""

    __slots__ = ()

    def allow(self, selection: Any) -> Self:
        """A copy that looks at selected ones only; a further selection adds to those allowed before."""
        return self._restricted("allow_selection", selection)

    def ignore(self, selection: Any) -> Self:
        """A copy that does not look at selected ones; a further selection adds to those ignored before."""
        return self._restricted("ignore_selection", selection)

    def _restricted(self, name: str, selection: Any) -> Self:
        _refuse_no_selection(selection)
        before = self.option(name)
        joined = selection if before is None else selection | before
        kept = [(other, value) for other, value in self.options if other != name]
        return replace(self, options=tuple(sorted([*kept, (name, joined)], key=lambda pair: pair[0])))


class OfDeps(OfChecks, Replacing):
    """What a part of an asset's dependencies must fulfil."""

    __slots__ = ()


def _shown(value: Any) -> str:
    if isinstance(value, frozenset):
        return f"{{{','.join(sorted(value))}}}"
    return f"{{{','.join(f'{key}:{text}' for key, text in value)}}}" if isinstance(value, tuple) else str(value)


def node(of: type[Node], kind: str, *operands: Any, **options: Any) -> Node:
    """A condition of one of the classes here; what it is made of must be conditions, too."""
    return of(kind, tuple(_checked(operand) for operand in operands), tuple(sorted(options.items())))


def leaf(kind: str) -> Condition:
    """A condition that is made of nothing else."""
    return Condition(kind)


def _checked(condition: Any) -> ConditionAlgebra:
    if not isinstance(condition, ConditionAlgebra):
        raise DefinitionError(f"{condition!r} is no AutomationCondition; conditions are made of conditions only.")
    return condition


def _joined(kind: str, first: Any, second: Any) -> tuple[ConditionAlgebra, ...]:
    """Operands of both; those of a node of the same kind without a label stand for themselves."""
    parts: list[ConditionAlgebra] = []
    for one in (_checked(first), _checked(second)):
        flat = isinstance(one, Condition) and one.kind == kind and one.label is None
        parts += one.children if flat else [one]
    return tuple(parts)


def _refuse_no_selection(selection: Any) -> None:
    if not hasattr(selection, "resolve"):
        raise DefinitionError(f"{selection!r} is no AssetSelection; give AssetSelection.assets(...) for example.")
