"""Resources as functions: `@resource`, and what is made of one by configuring it."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from importlib import import_module
from typing import Any

from assetq.definitions.config_schema import check_schema, is_config_required, process_config, schema_default
from assetq.definitions.init_resource_context import InitResourceContext
from assetq.errors import DefinitionError, InvocationError, MissingResourceError


class ResourceDefinition:
    """A resource made by a function of an init context; a generator's rest is its teardown.

    Mirrors Dagster's `ResourceDefinition`.

    Args:
        resource_fn: Takes an `InitResourceContext`, or nothing.
        config_schema: Schema of its config.
        description: What it is.
        required_resource_keys: Resources that it uses itself, through `context.resources`.
        version: Carried along.

    Raises:
        DefinitionError: The schema is none.
    """

    def __init__(
        self,
        resource_fn: Callable[..., Any],
        config_schema: Any = None,
        description: str | None = None,
        required_resource_keys: Iterable[str] | None = None,
        version: str | None = None,
    ) -> None:
        check_schema(config_schema, f"Resource '{getattr(resource_fn, '__name__', 'resource')}'")
        self.resource_fn = resource_fn
        self.config_schema = config_schema
        self.description = description
        self.required_resource_keys = frozenset(required_resource_keys or ())
        self.version = version
        self.preset: Any = None
        self.inner: ResourceDefinition | None = None
        self.config_fn: Callable[[Any], Any] | None = None

    def configured(
        self, config_or_config_fn: Any, config_schema: Any = None, description: str | None = None
    ) -> ResourceDefinition:
        """A copy that needs no config any more, or other config, of which a function makes what this one takes.

        Args:
            config_or_config_fn: The config, or a function from config of `config_schema` to config of this resource.
            config_schema: Schema of what the function takes.
            description: What the copy is.
        """
        made = copy(self)
        made.description = description or self.description
        if callable(config_or_config_fn):
            made.config_schema, made.preset = config_schema, None
            made.inner, made.config_fn = self, config_or_config_fn
        else:
            made.preset = {"config": config_or_config_fn}
        return made

    @property
    def needs_config(self) -> bool:
        """True when run config must say something of it."""
        return self.preset is None and self.config_schema is not None and is_config_required(self.config_schema)

    def read_config(self, section: Mapping[str, Any] | None, path: str) -> Any:
        """The config that the function is given.

        Args:
            section: What run config says under `resources.<key>`.
            path: Where that stands, for messages.

        Raises:
            ConfigError: It does not fit the schema.
        """
        read = self._read_own(dict(self.preset or section or {}), path)
        if self.config_fn is None or self.inner is None:
            return read
        return self.inner.read_config({"config": self.config_fn(read)}, path)

    def check_config(self, section: Mapping[str, Any] | None, path: str) -> None:
        """Refuse config that does not fit; variables of the environment may be those of another machine.

        Raises:
            ConfigError: Names the path of what does not fit.
        """
        given = dict(self.preset or section or {})
        if self.config_schema is not None and "config" in given:
            process_config(self.config_schema, given["config"], path=path, reads_environment=False)

    def _read_own(self, given: Mapping[str, Any], path: str) -> Any:
        if self.config_schema is None:
            return given.get("config")
        if "config" in given:
            return process_config(self.config_schema, given["config"], path=path)
        return schema_default(self.config_schema, path=path)

    @contextlib.contextmanager
    def open(self, context: InitResourceContext) -> Iterator[Any]:
        """The resource for as long as the block lasts."""
        made = self.resource_fn(context) if inspect.signature(self.resource_fn).parameters else self.resource_fn()
        if inspect.isgenerator(made):
            with contextlib.contextmanager(lambda: made)() as value:
                yield value
        elif isinstance(made, contextlib.AbstractContextManager) and hasattr(made, "gen"):
            with made as value:
                yield value
        else:
            yield made

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function directly, as in a unit test, with a context from `build_init_resource_context`.

        Returns:
            The resource; for a generator a context manager that gives it.

        Raises:
            InvocationError: The function takes a context and none is given, or the other way round.
            ConfigError: The context's config does not fit.
            MissingResourceError: The context lacks a resource that is needed.
        """
        given = [*args, *kwargs.values()]
        takes = len(inspect.signature(self.resource_fn).parameters)
        if len(given) != takes:
            hint = "; give build_init_resource_context()" if takes > len(given) else ""
            raise InvocationError(f"The resource's function takes {takes} arguments, not {len(given)}{hint}.")
        made = self.resource_fn(*(self._checked(context) for context in given))
        return contextlib.contextmanager(lambda: made)() if inspect.isgenerator(made) else made

    def _checked(self, context: InitResourceContext | None) -> InitResourceContext:
        context = context or InitResourceContext()
        section = None if context.resource_config is None else {"config": context.resource_config}
        for key in sorted(self.required_resource_keys):
            if not hasattr(context.resources, key):
                raise MissingResourceError(f"The resource needs resource '{key}'; give it to the context.")
        return replace(context, resource_config=self.read_config(section, "resources.config"), resource_def=self)

    @staticmethod
    def hardcoded_resource(value: Any, description: str | None = None) -> ResourceDefinition:
        """A resource that is always `value`."""
        return ResourceDefinition(lambda: value, description=description)

    @staticmethod
    def none_resource(description: str | None = None) -> ResourceDefinition:
        """A resource that is None."""
        return ResourceDefinition.hardcoded_resource(None, description)

    @staticmethod
    def mock_resource(description: str | None = None) -> ResourceDefinition:
        """A resource that is a `MagicMock`."""
        return ResourceDefinition(lambda: import_module("unittest.mock").MagicMock(), description=description)

    @staticmethod
    def string_resource(description: str | None = None) -> ResourceDefinition:
        """A resource that is the string in its config."""
        return ResourceDefinition(lambda context: context.resource_config, str, description)


def resource(config_schema: Any = None, description: str | None = None, **options: Any) -> Any:
    """Decorator: a function of an init context that returns, or yields, a resource. Mirrors `@resource`."""
    if inspect.isfunction(config_schema):
        return ResourceDefinition(config_schema)
    return lambda fn: ResourceDefinition(fn, config_schema, description, **options)


def make_values_resource(**schema: Any) -> ResourceDefinition:
    """A resource that is the values in its config, by name. Mirrors Dagster's function."""
    return ResourceDefinition(lambda context: dict(context.resource_config or {}), schema or None)


def configured(configurable: Any, config_schema: Any = None, description: str | None = None) -> Any:
    """Decorator, or a function of config: a resource with other config. Mirrors Dagster's `configured`.

    Args:
        configurable: A `ResourceDefinition`.
        config_schema: Schema of what the decorated function takes.
        description: What the copy is.

    Returns:
        A function that takes a function from the new config to the resource's, or the resource's config itself.

    Raises:
        DefinitionError: It is given something that is not configurable.
    """
    if not isinstance(configurable, ResourceDefinition):
        raise DefinitionError(f"configured takes a ResourceDefinition, not {configurable!r}; use its own configured().")
    return lambda config: configurable.configured(
        config, config_schema, description or inspect.getdoc(config) if callable(config) else description
    )
