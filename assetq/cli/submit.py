"""`plan`, `materialize` and `backfill`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from assetq.broker.settings import Settings
from assetq.cli.option import (
    Code,
    code_options,
    connect,
    json_option,
    parse_tags,
    partition_options,
    range_tags,
    read_config,
    select_option,
    tag_option,
    timeout_option,
)
from assetq.cli.output import exit_code_of, print_json, print_table, summary
from assetq.definitions import AssetKey, Definitions
from assetq.definitions.time_limit import RUN_TIMEOUT_TAG
from assetq.errors import UsageError
from assetq.execution import Event, EventType, Instance, RunRecord, materialize_plan
from assetq.execution.run_tag import MAX_STEPS_TAG
from assetq.partitions import IndexSet, PartitionsDefinition
from assetq.planning import PartitionScope, Plan, PlanNode, make_plan


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as `--json` prints it."""
    return {
        "steps": plan.step_count,
        "partitions": plan.partition_count,
        "nodes": [
            {
                **subject,
                "partitions": len(node.partitions),
                "steps": len(node.steps),
                "pool": node.pool,
            }
            for node in plan.nodes
            for subject in _subjects(node)
        ],
    }


def _subjects(node: PlanNode) -> list[dict[str, str]]:
    """What a node is about: the assets that it makes, else the checks that it evaluates, else what it observes."""
    if node.assets:
        return [{"asset": asset} for asset in node.assets]
    if node.part is not None and not node.checks:
        return [{"asset": node.name, "does": "compute"}]
    pairs = (check.rpartition(":") for check in node.checks)
    checks = [{"asset": asset, "check": name} for asset, _, name in pairs]
    return checks or [{"asset": node.name, "does": "observe"}]


def _title(subject: Mapping[str, str]) -> str:
    if "check" in subject:
        return f"{subject['asset']}:{subject['check']} (check)"
    said = {"observe": " (observation)", "compute": " (op)"}
    return subject["asset"] + said.get(subject.get("does", ""), "")


def show_plan(plan: Plan, as_json: bool) -> None:
    """Print what would run."""
    if as_json:
        print_json(plan_json(plan))
        return
    rows = [
        (
            _title(subject),
            len(node.partitions) if node.partitions_def else "-",
            len(node.steps),
            node.pool,
            _span(plan, node.index),
        )
        for node in plan.nodes
        for subject in _subjects(node)
    ]
    print_table(("ASSET", "PARTITIONS", "STEPS", "POOL", "FROM .. TO"), rows, "Nothing to run.")
    click.echo(f"{plan.step_count} steps, {plan.partition_count} partitions")


def _span(plan: Plan, index: int) -> str:
    node = plan.nodes[index]
    if node.partitions_def is None:
        return "-"
    return f"{node.partitions_def.key_at(node.partitions.first)} .. {node.partitions_def.key_at(node.partitions.last)}"


@dataclass(slots=True)
class OnDemand:
    """What a plan asks an instance for; connects with the first question, since most plans ask nothing."""

    settings: Settings
    instance: Instance | None = None

    def connected(self) -> Instance:
        """The instance that the settings name."""
        self.instance = self.instance or connect(self.settings)
        return self.instance

    def partition_states(self, asset: str, partitions_def: PartitionsDefinition | None) -> tuple[IndexSet, IndexSet]:
        """Materialized and failed partitions."""
        return self.connected().partition_states(asset, partitions_def)

    def dynamic_partition_slots(self, partitions_def_name: str) -> Mapping[str, int]:
        """Keys of dynamic partitions."""
        return self.connected().dynamic_partition_slots(partitions_def_name)

    def stale_partitions(self, defs: Definitions, key: AssetKey) -> IndexSet:
        """Partitions of an asset that are out of date."""
        return self.connected().stale_partitions(defs, key)


def _preview(settings: Settings, defs: Definitions, select: str, scope: PartitionScope) -> Plan:
    """The plan that a submission would make."""
    source = OnDemand(settings)
    try:
        return make_plan(
            defs,
            selection=select,
            scope=scope,
            states=source.partition_states,
            store=source,
            stale=source.stale_partitions,
        )
    finally:
        if source.instance is not None:
            source.instance.close()


@click.command()
@code_options
@select_option
@partition_options
@json_option
def plan(module: str | None, file: str | None, select: str, scope: PartitionScope, as_json: bool) -> None:
    """Show what would run. Runs nothing."""
    settings = Settings.load()
    defs = Code.choose(module, file, settings).load()
    show_plan(_preview(settings, defs, select, scope), as_json)


@click.command()
@code_options
@select_option
@click.option("--partition", "keys", multiple=True, help="A partition key; may be repeated.")
@click.option("--partition-range", metavar="FIRST...LAST", help="Both included; each asset makes them in one step.")
@click.option("--config", "config_path", help="Run config: a YAML or JSON file.")
@tag_option
@timeout_option
@click.option("--local", is_flag=True, help="In this process, without a server.")
@click.option("--no-wait", is_flag=True, help="Print the run and leave.")
@json_option
def materialize(
    module: str | None,
    file: str | None,
    select: str,
    keys: tuple[str, ...],
    partition_range: str | None,
    config_path: str | None,
    tags: tuple[str, ...],
    local: bool,
    no_wait: bool,
    as_json: bool,
) -> int:
    """Materialize assets in one run."""
    settings = Settings.load()
    defs = Code.choose(module, file, settings).load()
    config, parsed = read_config(config_path), {**range_tags(partition_range), **parse_tags(tags)}
    scope = PartitionScope.of_tags(parsed)
    if keys and scope.ranges:
        raise UsageError("--partition and a range both name partitions; keep one.")
    scope = PartitionScope(keys=keys) if keys else scope
    if local:
        if RUN_TIMEOUT_TAG in parsed:
            raise UsageError(
                "--timeout needs the fleet: workers enforce it. Leave out --local, or give the op the tag "
                "'assetq/timeout', which holds in this process as well."
            )
        plan = make_plan(defs, selection=select, scope=scope)
        result = materialize_plan(
            defs, plan, storage=settings.storage, run_config=config, tags=parsed, raise_on_error=False
        )
        record = result.run.record()
        _show_failures(result.all_events)
    else:
        with connect(settings) as instance:
            handle = instance.submit(defs, selection=select, partitions=scope, tags=parsed, run_config=config)
            record = handle.status() if no_wait else handle.wait()
            if not no_wait:
                _show_failures([e for e in handle.events() if e.type is EventType.STEP_FAILURE])
    show_run(record, as_json)
    return 0 if no_wait else exit_code_of(record)


def _show_failures(events: list[Event]) -> None:
    for event in events:
        if event.type is EventType.STEP_FAILURE:
            click.echo(f"FAILED {event.step_key}: {event.message}", err=True)
            click.echo(event.data.get("error", {}).get("stack", ""), err=True)


def show_run(record: RunRecord, as_json: bool) -> None:
    """Print a run."""
    if as_json:
        print_json(record.to_json())
    else:
        click.echo(summary(record))


@click.command()
@code_options
@select_option
@partition_options
@click.option("--priority", type=int, default=0, show_default=True, help="A larger one goes first.")
@click.option("--max-concurrent", type=click.IntRange(min=1), help="Most of its steps that run at once.")
@tag_option
@timeout_option
@click.option("--config", "config_path", help="Run config: a YAML or JSON file.")
@click.option("--watch", "watching", is_flag=True, help="Show progress until the run ends.")
@click.option("--dry-run", is_flag=True, help="Like `assetq plan`.")
@json_option
def backfill(
    module: str | None,
    file: str | None,
    select: str,
    scope: PartitionScope,
    priority: int,
    max_concurrent: int | None,
    tags: tuple[str, ...],
    config_path: str | None,
    watching: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Submit one run over many partitions; prints its id."""
    settings = Settings.load()
    defs = Code.choose(module, file, settings).load()
    if dry_run:
        show_plan(_preview(settings, defs, select, scope), as_json)
        return 0
    parsed = parse_tags(tags)
    if max_concurrent is not None:
        parsed[MAX_STEPS_TAG] = str(max_concurrent)
    with connect(settings) as instance:
        instance.register_assets(defs)
        made = instance.plan(defs, selection=select, scope=scope)
        if not made.nodes:
            wanted = next(word for word in ("failed", "stale", "missing") if getattr(scope, word) or word == "missing")
            raise UsageError(f"Nothing to run: no partition is {wanted}.")
        handle = instance.submit_plan(
            made, priority=priority, tags=parsed, run_config=read_config(config_path), defs=defs
        )
        if as_json:
            print_json({"run_id": handle.run_id, "steps": made.step_count, "partitions": made.partition_count})
        else:
            click.echo(handle.run_id)
            click.echo(f"{made.step_count} steps, {made.partition_count} partitions", err=True)
        if not watching:
            return 0
        from assetq.cli.progress import watch

        record = watch(instance, handle.run_id)
        if not as_json:
            click.echo(summary(record), err=True)
        return exit_code_of(record)
