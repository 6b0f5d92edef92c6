"""What happens while the function of a graph runs: calls of ops are noted, and give handles of their outputs."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from assetq.definitions.asset_key import check_name
from assetq.definitions.hook import HookDefinition
from assetq.definitions.op_source import AssetValue, GraphInput, Several, Source, StepOutput
from assetq.definitions.retry_policy import RetryPolicy
from assetq.errors import DefinitionError, InvariantError, suggest

if TYPE_CHECKING:
    from assetq.definitions.node_definition import NodeDefinition, PendingNodeInvocation


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of an op or graph in a graph.

    Attributes:
        name: Its name there, of its own.
        inputs: Input -> where it comes from; those that are not connected are left out.
    """

    name: str
    node: NodeDefinition
    inputs: Mapping[str, Source]
    tags: Mapping[str, str] = field(default_factory=dict)
    hooks: frozenset[HookDefinition] = frozenset()
    retry_policy: RetryPolicy | None = None


@dataclass(frozen=True, slots=True)
class OutputHandle:
    """Stands for an output, or for an argument of the graph, while the graph's function runs."""

    source: StepOutput | GraphInput
    graph: str

    def _refuse(self, what: str) -> NoReturn:
        raise InvariantError(
            f"The function of graph '{self.graph}' {what} {self._named()}. It runs once, to connect ops; values are "
            "there only inside of ops."
        )

    def _named(self) -> str:
        if isinstance(self.source, GraphInput):
            return f"its argument '{self.source.name}'"
        return f"output '{self.source.output}' of '{self.source.step}'"

    def __iter__(self) -> Iterator[Any]:
        self._refuse("iterates over")

    def __getitem__(self, index: Any) -> Any:
        self._refuse("takes an item of")

    def __bool__(self) -> bool:
        self._refuse("asks for the truth of")

    def alias(self, name: str) -> Any:
        """Not there: the name comes before the call."""
        self._refuse(f"gives the alias '{name}' to")

    with_hooks = tag = alias


@dataclass(frozen=True, slots=True)
class DynamicHandle(OutputHandle):
    """Stands for a dynamic output, or for what was mapped over one."""

    def map(self, fn: Callable[[Any], Any]) -> Any:
        """Call a function on each value: once, with a handle that stands for any of them.

        Returns:
            What stands for the outputs of all of these calls, in the form in which the function returns them.
        """
        assert isinstance(self.source, StepOutput)
        one = OutputHandle(StepOutput(self.source.step, self.source.output, is_mapped=True), self.graph)
        return _as_dynamic(fn(one))

    def collect(self) -> CollectedHandle:
        """All values together, as a list."""
        assert isinstance(self.source, StepOutput)
        return CollectedHandle(StepOutput(self.source.step, self.source.output, is_collected=True), self.graph)


@dataclass(frozen=True, slots=True)
class CollectedHandle(OutputHandle):
    """Stands for all values of a dynamic output."""


def _as_dynamic(returned: Any) -> Any:
    if isinstance(returned, tuple) and hasattr(returned, "_fields"):
        return type(returned)(*map(_as_dynamic, returned))
    if isinstance(returned, tuple | list):
        return type(returned)(map(_as_dynamic, returned))
    if type(returned) is OutputHandle and isinstance(returned.source, StepOutput):
        return DynamicHandle(StepOutput(returned.source.step, returned.source.output), returned.graph)
    return returned


@dataclass(slots=True)
class Composition:
    """The graph whose function runs."""

    graph: str
    location: object | None = None
    invocations: dict[str, Invocation] = field(default_factory=dict)

    def error(self, what: str) -> DefinitionError:
        """An error that names the graph."""
        return DefinitionError(f"Graph '{self.graph}' {what}", location=self.location)

    def invoke(self, pending: PendingNodeInvocation, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Put a call into the graph; returns handles of its outputs."""
        node = pending.node_def
        name = self._name_for(pending)
        inputs = {input_name: self.source_of(value, name, input_name)
                  for input_name, value in self._bound(name, node, args, kwargs).items()}  # fmt: skip
        self.invocations[name] = Invocation(
            name, node, inputs, dict(pending.tags or {}), pending.hooks, pending.retry_policy
        )
        return self._handles(name, node)

    def _name_for(self, pending: PendingNodeInvocation) -> str:
        wanted = check_name(pending.name, "op", self.location)
        if wanted not in self.invocations:
            return wanted
        if pending.given_alias is not None:
            raise self.error(f"has two ops called '{wanted}'; give another alias.")
        numbers = range(2, len(self.invocations) + 3)
        return next(f"{wanted}_{n}" for n in numbers if f"{wanted}_{n}" not in self.invocations)

    def _bound(
        self, name: str, node: NodeDefinition, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> dict[str, Any]:
        names = list(node.input_names)
        if len(args) > len(names):
            raise self.error(f"calls '{name}' with {len(args)} arguments, and it has {len(names)} inputs.")
        bound = dict(zip(names, args, strict=False))
        for key, value in kwargs.items():
            if key not in names:
                raise self.error(f"calls '{name}' with '{key}', which is no input of it.{suggest(key, names)}")
            if key in bound:
                raise self.error(f"gives '{name}' its input '{key}' twice.")
            bound[key] = value
        return bound

    def source_of(self, value: Any, name: str, input_name: str) -> Source:
        """Where an argument comes from.

        Raises:
            DefinitionError: It is a value, and not the output of an op.
        """
        if isinstance(value, DynamicHandle):
            raise self.error(
                f"gives the dynamic {value._named()} to '{name}'; use .map(...), or .collect() for all of it."
            )
        if isinstance(value, OutputHandle):
            return value.source
        if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
            return Several(tuple(self.source_of(one, name, input_name) for one in value))
        if hasattr(value, "_fields"):
            raise self.error(f"gives all outputs of an op to input '{input_name}' of '{name}'; choose one.")
        key = getattr(value, "key", None)
        if key is not None and hasattr(key, "path"):
            return AssetValue(key)
        raise self.error(
            f"gives {value!r} to input '{input_name}' of '{name}'; inputs are outputs of other ops or arguments of the "
            "graph. Values belong into config."
        )

    def _handles(self, name: str, node: NodeDefinition) -> Any:
        outputs = list(node.output_names)
        handles = [
            (DynamicHandle if node.is_dynamic(output) else OutputHandle)(StepOutput(name, output), self.graph)
            for output in outputs
        ]
        if len(handles) == 1:
            return handles[0]
        return namedtuple("Outputs", outputs, rename=True)(*handles) if handles else None


_composing: ContextVar[Composition | None] = ContextVar("assetq_composition", default=None)


def composing() -> Composition | None:
    """The graph whose function runs, if one does."""
    return _composing.get()


@contextmanager
def compose(composition: Composition) -> Iterator[Composition]:
    """Let calls of ops go into a graph for as long as the block lasts."""
    token = _composing.set(composition)
    try:
        yield composition
    finally:
        _composing.reset(token)
