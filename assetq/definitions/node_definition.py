"""What ops and graphs share: they can be called inside of a graph, under other names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assetq.definitions.composition import composing
from assetq.definitions.hook import HookDefinition
from assetq.definitions.retry_policy import RetryPolicy


class NodeDefinition(ABC):
    """An op or a graph: something with inputs and outputs that a graph is made of."""

    name: str
    description: str | None

    @property
    @abstractmethod
    def input_names(self) -> Sequence[str]:
        """Names of the inputs, in the order of the function's arguments."""

    @property
    @abstractmethod
    def output_names(self) -> Sequence[str]:
        """Names of the outputs, in their order."""

    @abstractmethod
    def is_dynamic(self, output_name: str) -> bool:
        """True for an output of which there is any number of values."""

    @abstractmethod
    def call_directly(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Call it outside of a graph."""

    def alias(self, name: str) -> PendingNodeInvocation:
        """The same under another name, to be called in a graph."""
        return PendingNodeInvocation(self, name)

    def tag(self, tags: Mapping[str, str] | None) -> PendingNodeInvocation:
        """The same with further tags, to be called in a graph."""
        return PendingNodeInvocation(self, tags=dict(tags or {}))

    def with_hooks(self, hook_defs: Iterable[HookDefinition]) -> PendingNodeInvocation:
        """The same with further hooks, to be called in a graph."""
        return PendingNodeInvocation(self, hooks=frozenset(hook_defs))

    def with_retry_policy(self, retry_policy: RetryPolicy) -> PendingNodeInvocation:
        """The same with a retry policy of its own, to be called in a graph."""
        return PendingNodeInvocation(self, retry_policy=retry_policy)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Inside of a graph's function, put it into the graph; an op elsewhere is called as its function."""
        return PendingNodeInvocation(self)(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class PendingNodeInvocation:
    """An op or graph with what is special about one call of it. Mirrors Dagster's `PendingNodeInvocation`."""

    node_def: NodeDefinition
    given_alias: str | None = None
    tags: Mapping[str, str] | None = None
    hooks: frozenset[HookDefinition] = frozenset()
    retry_policy: RetryPolicy | None = None

    def alias(self, name: str) -> PendingNodeInvocation:
        """The same under another name."""
        return replace(self, given_alias=name)

    def tag(self, tags: Mapping[str, str] | None) -> PendingNodeInvocation:
        """The same with further tags."""
        return replace(self, tags={**(self.tags or {}), **(tags or {})})

    def with_hooks(self, hook_defs: Iterable[HookDefinition]) -> PendingNodeInvocation:
        """The same with further hooks."""
        return replace(self, hooks=self.hooks | frozenset(hook_defs))

    def with_retry_policy(self, retry_policy: RetryPolicy) -> PendingNodeInvocation:
        """The same with a retry policy of its own."""
        return replace(self, retry_policy=retry_policy)

    @property
    def name(self) -> str:
        """Its name in the graph, unless that is taken."""
        return self.given_alias or self.node_def.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Put it into the graph whose function runs; without one, call an op as its function."""
        composition = composing()
        if composition is None:
            return self.node_def.call_directly(args, kwargs)
        return composition.invoke(self, args, kwargs)
