"""Resources outside of a run: opened for a test, a notebook, or one direct call."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Generator, Mapping
from typing import Any

from assetq.definitions import ConfigurableResource, Definitions, ResourceDefinition
from assetq.definitions.resource import ConfigurableResourceFactory
from assetq.errors import ConfigError, UsageError, suggest
from assetq.execution.resources import Resources
from assetq.execution.session import ExecutionSession


class ResourceScope:
    """Some resources, opened when first asked for and closed at the end of a `with` block.

    Args:
        given: Resource key -> resource.
        config: What run config says under `resources`.
        instance: What resources see as their instance.
    """

    def __init__(
        self, given: Mapping[str, Any] | None, config: Mapping[str, Any] | None = None, instance: Any = None
    ) -> None:
        self.given = dict(given or {})
        for key in config or {}:
            if key not in self.given:
                raise ConfigError(
                    f"There is config for resource '{key}', which is not given.{suggest(key, self.given)}"
                )
        self._session = ExecutionSession(Definitions(resources=self.given), config=config, instance=instance)
        self._is_entered = False
        self.resources = Resources(self._get, list(self.given))

    def _get(self, key: str) -> Any:
        if not self._is_entered:
            self._refuse_teardown()
        return self._session.resource(key)

    def _refuse_teardown(self) -> None:
        for key, value in self.given.items():
            if has_teardown(value):
                raise UsageError(
                    f"Resource '{key}' must be closed after use. Build the context in a with statement: "
                    "`with build_asset_context(...) as context:`."
                )

    def __enter__(self) -> Resources:
        self._is_entered = True
        return self.resources

    def __exit__(self, *exc: Any) -> None:
        self._is_entered = False
        self._session.close()


def has_teardown(resource: Any) -> bool:
    """True when something has to be done after the resource was used."""
    if isinstance(resource, ResourceDefinition):
        return inspect.isgeneratorfunction(inspect.unwrap(resource.resource_fn))
    if not isinstance(resource, ConfigurableResource):
        return False
    cls = type(resource)
    opens = (ConfigurableResource.yield_for_execution, ConfigurableResourceFactory.yield_for_execution)
    return (
        cls.teardown_after_execution is not ConfigurableResource.teardown_after_execution
        or cls.yield_for_execution not in opens
        or any(has_teardown(inner) for inner in resource.nested.values())
    )


@contextlib.contextmanager
def build_resources(
    resources: Mapping[str, Any],
    instance: Any = None,
    resource_config: Mapping[str, Any] | None = None,
    dagster_run: Any = None,
    log_manager: Any = None,
    event_loop: Any = None,
) -> Generator[Resources, None, None]:
    """Open resources for the length of a `with` block. Mirrors Dagster's `build_resources`.

    Args:
        resources: Resource key -> resource.
        instance: What resources see as their instance.
        resource_config: Resource key -> `{"config": ...}`.
        dagster_run, log_manager, event_loop: Taken for compatibility; they change nothing.

    Raises:
        ConfigError: Config does not fit, or is for a resource that is not given.
        MissingResourceError: A resource needs another one that is not given.
    """
    with ResourceScope(resources, resource_config, instance) as opened:
        opened._asdict()
        yield opened
