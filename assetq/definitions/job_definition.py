"""`JobDefinition`: something that can be launched by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from assetq.definitions.config import run_config_dict
from assetq.definitions.config_mapping import ConfigMapping
from assetq.definitions.executor_definition import ExecutorDefinition, multi_or_in_process_executor
from assetq.definitions.graph_definition import GraphDefinition
from assetq.definitions.graph_mapping import check_mapping
from assetq.definitions.hook import HookDefinition
from assetq.definitions.metadata import normalize_metadata
from assetq.definitions.op_source import ConfiguredInput, GivenValue, Source
from assetq.definitions.op_step import GraphSteps, OpStep
from assetq.definitions.retry_policy import RetryPolicy
from assetq.definitions.spec_check import check_class
from assetq.errors import DefinitionError, UsageError, suggest

if TYPE_CHECKING:
    from assetq.definitions.definitions import Definitions

RUN_SECTIONS = frozenset({"ops", "resources", "execution", "loggers"})
PRIORITY_TAGS = ("assetq/priority", "dagster/priority")


class JobDefinition:
    """Ops of a graph, or a selection of assets, under a name. Mirrors Dagster's `JobDefinition`.

    Made by `@job`, `GraphDefinition.to_job` and `define_asset_job`.

    Args:
        graph: The graph; None for a job of assets.
        name: By default the graph's.
        selection: Which assets.
        description, metadata, owners, logger_defs, automation_condition: Carried along.
        resource_defs: Resources that come with the job; they go before those of the definitions.
        config: Config of its runs, a `ConfigMapping` that makes it, or a `PartitionedConfig`.
        tags: Of the job, and of its runs unless `run_tags` is given.
        run_tags: Of its runs.
        executor_def: Who runs the steps when it is launched.
        hooks: Run behind each step.
        op_retry_policy: Of ops that have none of their own.
        partitions_def: Which partitions its runs are about.
        input_values: Values of the graph's inputs.
        op_selection: Only these ops.
    """

    def __init__(
        self,
        graph: GraphDefinition | None = None,
        *,
        name: str | None = None,
        selection: Any = None,
        description: str | None = None,
        resource_defs: Mapping[str, object] | None = None,
        config: Any = None,
        tags: Mapping[str, Any] | None = None,
        run_tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        logger_defs: Mapping[str, Any] | None = None,
        executor_def: ExecutorDefinition | None = None,
        hooks: Iterable[HookDefinition] | None = None,
        op_retry_policy: RetryPolicy | None = None,
        op_selection: Sequence[str] | None = None,
        partitions_def: Any = None,
        input_values: Mapping[str, object] | None = None,
        owners: Sequence[str] | None = None,
        automation_condition: Any = None,
    ) -> None:
        if name is None and graph is None:
            raise DefinitionError("A job of assets needs a name.")
        self.graph, self.selection = graph, "*" if selection is None else selection
        self.name: str = name or (graph.name if graph is not None else "")
        what = f"Job '{self.name}'"
        self.description = description or (graph.description if graph is not None else None)
        self.resource_defs = dict(check_class(resource_defs, Mapping, "resource_defs", what) or {})
        self.config = config
        self.tags = {key: str(value) for key, value in (tags or {}).items()}
        self.run_tags = {key: str(value) for key, value in (run_tags if run_tags is not None else tags or {}).items()}
        self.metadata = normalize_metadata(metadata)
        self.executor_def = check_class(executor_def, ExecutorDefinition, "executor_def", what)
        self.executor_def = self.executor_def or multi_or_in_process_executor
        self.hook_defs = frozenset(hooks or ())
        self.op_retry_policy = check_class(op_retry_policy, RetryPolicy, "op_retry_policy", what)
        self.op_selection = list(op_selection) if op_selection is not None else None
        self.loggers, self.owners = dict(logger_defs or {}), list(owners or ())
        self.automation_condition = automation_condition
        self.partitions_def = self._partitions(partitions_def)
        self.input_values = dict(input_values or {})
        self.bound_to: Definitions | None = None
        self._refuse_unknown_inputs()
        if graph is not None:
            check_mapping(graph)

    def _partitions(self, given: Any) -> Any:
        own = getattr(self.config, "partitions_def", None)
        if own is not None and given is not None and own != given:
            raise DefinitionError(f"Job '{self.name}' has partitions_def, and its config has another one; keep one.")
        return given or own

    def _refuse_unknown_inputs(self) -> None:
        known = self.graph.input_names if self.graph is not None else ()
        for name in self.input_values:
            if name not in known:
                raise DefinitionError(f"Job '{self.name}' has no input '{name}'.{suggest(name, known)}")

    @property
    def is_asset_job(self) -> bool:
        """True when it materializes assets."""
        return self.graph is None

    @property
    def partitioned_config(self) -> Any:
        """How config is made for a partition, if it is."""
        return self.config if hasattr(self.config, "get_run_config_for_partition_key") else None

    @property
    def run_config(self) -> Any:
        """The config of its runs, where it is the same for all."""
        is_made = self.partitioned_config is not None or isinstance(self.config, ConfigMapping)
        return None if is_made else self.config

    @property
    def priority(self) -> int:
        """Of its runs, by the tag "assetq/priority" (or "dagster/priority").

        Raises:
            DefinitionError: That is no whole number.
        """
        text = next((self.run_tags[tag] for tag in PRIORITY_TAGS if tag in self.run_tags), "0")
        try:
            return int(text)
        except ValueError:
            raise DefinitionError(f"Tag '{PRIORITY_TAGS[0]}' of job '{self.name}' must be a whole number.") from None

    @property
    def steps(self) -> tuple[OpStep, ...]:
        """The ops of its graph, each after what it reads."""
        if self.graph is None:
            return ()
        feed: dict[str, Source] = {
            name: GivenValue(self.input_values[name]) if name in self.input_values else ConfiguredInput()
            for name in self.graph.input_names
        }
        return GraphSteps(
            self.graph,
            feed={name: source for name, source in feed.items() if isinstance(source, GivenValue)},
            hooks=self.hook_defs,
            retry_policy=self.op_retry_policy,
            partitions_def=self.partitions_def,
        ).make()

    def config_for(self, given: Any, partition_key: str | None) -> dict[str, Any]:
        """The config of a run.

        Args:
            given: What the run was given; it goes before the job's own.
            partition_key: Partition of the run.

        Raises:
            ConfigError: The given config does not fit the job's mapping.
        """
        if isinstance(self.config, ConfigMapping):
            made = self.config.sections({"config": given} if given else None, f"job '{self.name}'")
            return made if made and set(made) <= RUN_SECTIONS else {"ops": made}
        if given is not None:
            return run_config_dict(given)
        if self.partitioned_config is not None:
            if partition_key is None:
                return {}
            return run_config_dict(self.config.get_run_config_for_partition_key(partition_key))
        config = self.config
        if isinstance(config, Mapping) and config and not set(config) <= RUN_SECTIONS:
            config = {"ops": config}
        return run_config_dict(config)

    def tags_for(self, given: Mapping[str, str] | None, partition_key: str | None) -> dict[str, str]:
        """The tags of a run."""
        tags = dict(self.run_tags)
        if partition_key is not None and self.partitioned_config is not None:
            tags.update(self.config.get_tags_for_partition_key(partition_key))
        return {**tags, **(given or {})}

    def get_partition_keys(self) -> Sequence[str]:
        """Keys of its partitions.

        Raises:
            UsageError: It has none.
        """
        if self.partitions_def is None:
            raise UsageError(f"Job '{self.name}' is not partitioned.")
        keys: Sequence[str] = self.partitions_def.get_partition_keys()
        return keys

    def with_hooks(self, hook_defs: Iterable[HookDefinition]) -> JobDefinition:
        """The same job with further hooks."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.hook_defs = self.hook_defs | frozenset(hook_defs)
        return copy

    def bound(self, defs: Definitions) -> JobDefinition:
        """The job as one of some definitions."""
        copy = object.__new__(JobDefinition)
        copy.__dict__.update(self.__dict__)
        copy.bound_to = defs
        return copy

    def execute_in_process(
        self,
        run_config: Any = None,
        instance: Any = None,
        partition_key: str | None = None,
        raise_on_error: bool = True,
        op_selection: Sequence[str] | None = None,
        asset_selection: Sequence[Any] | None = None,
        run_id: str | None = None,
        input_values: Mapping[str, object] | None = None,
        tags: Mapping[str, str] | None = None,
        resources: Mapping[str, object] | None = None,
    ) -> Any:
        """Run the job in this process. Mirrors Dagster's method.

        Args:
            run_config: Instead of the job's own config.
            instance: Where the run is recorded; by default one in memory.
            partition_key: Partition of the run.
            raise_on_error: Raise what the first failed op raised.
            op_selection: Only these ops: names, `*name` with everything upstream, `name*` downstream, `+` for one step.
            asset_selection: Only these assets of a job of assets.
            run_id: Taken and not used: ids are made here.
            input_values: Values of the graph's inputs.
            tags: Further tags of the run.
            resources: Further resources; they go before others.

        Raises:
            UsageError: Something does not fit; nothing has run.
        """
        running = import_module("assetq.execution.job_run")  # a layer above, found when it is needed
        return running.run_job(
            self.with_input_values(input_values),
            defs=self.bound_to,
            run_config=run_config,
            instance=instance,
            partition_key=partition_key,
            raise_on_error=raise_on_error,
            op_selection=op_selection,
            asset_selection=asset_selection,
            tags=tags,
            resources=resources,
        )

    def with_input_values(self, values: Mapping[str, object] | None) -> JobDefinition:
        """The same job with further values for the graph's inputs."""
        if not values:
            return self
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.input_values = {**self.input_values, **values}
        copy._refuse_unknown_inputs()
        return copy

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"


class UnresolvedAssetJobDefinition(JobDefinition):
    """A selection of assets under a name, before it is known which assets there are; see `define_asset_job`."""

    def resolve(self, asset_graph: Any = None, **_: Any) -> JobDefinition:
        """The job; the selection is read when it is launched."""
        return self.bound(self.bound_to) if self.bound_to is not None else self


def define_asset_job(
    name: str,
    selection: Any = None,
    config: Any = None,
    description: str | None = None,
    tags: Mapping[str, Any] | None = None,
    run_tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    partitions_def: Any = None,
    executor_def: ExecutorDefinition | None = None,
    hooks: Iterable[HookDefinition] | None = None,
    op_retry_policy: RetryPolicy | None = None,
    owners: Sequence[str] | None = None,
    automation_condition: Any = None,
) -> UnresolvedAssetJobDefinition:
    """A job that materializes a selection of assets. Mirrors Dagster's `define_asset_job`.

    Args:
        name: Its name.
        selection: Which assets, as for `AssetSelection`; by default all.
        config, description, tags, run_tags, metadata, partitions_def, executor_def, hooks, op_retry_policy, owners,
            automation_condition: As for `JobDefinition`; a priority is the tag "assetq/priority".
    """
    return UnresolvedAssetJobDefinition(
        name=name, selection=selection, config=config, description=description, tags=tags, run_tags=run_tags,
        metadata=metadata, partitions_def=partitions_def, executor_def=executor_def, hooks=hooks,
        op_retry_policy=op_retry_policy, owners=owners, automation_condition=automation_condition,
    )  # fmt: skip
