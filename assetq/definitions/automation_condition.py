"""`AutomationCondition`: the vocabulary of when an asset or check is to be executed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import timedelta
from typing import Any

from assetq.definitions.asset_key import AssetKey
from assetq.definitions.automation_node import (
    All,
    Condition,
    ConditionAlgebra,
    OfChecks,
    OfDeps,
    Passing,
    Replacing,
    leaf,
    node,
)
from assetq.definitions.cron import Cron
from assetq.errors import DefinitionError


class AutomationCondition(ConditionAlgebra, ABC):
    """When an asset or a check is to be executed. Mirrors Dagster's `AutomationCondition`.

    Take one that is ready, such as `AutomationCondition.eager()`, or join several with `&`, `|` and `~`.
    """

    @abstractmethod
    def evaluate(self, context: Any) -> Any:
        """Decide for what is to be executed; classes of one's own define it."""

    @staticmethod
    def eager() -> All:
        """When something upstream was updated, or the asset is missing, and nothing upstream is missing."""
        condition = AutomationCondition
        changed = (condition.newly_missing() | condition.any_deps_updated()).since_last_handled()
        settled = ~condition.any_deps_missing() & ~condition.any_deps_in_progress() & ~condition.in_progress()
        return (condition.in_latest_time_window() & changed & settled).with_label("eager")

    @staticmethod
    def on_cron(cron_schedule: str, cron_timezone: str = "UTC") -> All:
        """Once for each tick of a schedule, when everything upstream was updated since the tick."""
        condition = AutomationCondition
        due = condition.cron_tick_passed(cron_schedule, cron_timezone).since_last_handled()
        updated = condition.all_deps_updated_since_cron(cron_schedule, cron_timezone)
        whole = condition.in_latest_time_window() & due & updated
        return whole.with_label(f"on_cron({cron_schedule}, {cron_timezone})")

    @staticmethod
    def on_missing() -> All:
        """Once when the asset is missing and nothing upstream is."""
        condition = AutomationCondition
        missing = condition.missing().newly_true().since_last_handled().with_label("missing_since_last_handled")
        whole = condition.in_latest_time_window() & missing & ~condition.any_deps_missing()
        return whole.with_label("on_missing")

    @staticmethod
    def missing() -> Condition:
        """What was never executed."""
        return leaf("missing")

    @staticmethod
    def newly_missing() -> Condition:
        """What has become missing since it was evaluated last."""
        return leaf("missing").newly_true().with_label("newly_missing")

    @staticmethod
    def in_progress() -> Passing:
        """What is part of a run or backfill that goes on."""
        return (leaf("run_in_progress") | leaf("backfill_in_progress")).with_label("in_progress")

    @staticmethod
    def run_in_progress() -> Condition:
        """What is part of a run that goes on."""
        return leaf("run_in_progress")

    @staticmethod
    def backfill_in_progress() -> Condition:
        """What is part of a backfill that goes on."""
        return leaf("backfill_in_progress")

    @staticmethod
    def execution_failed() -> Condition:
        """What failed when it was executed last."""
        return leaf("execution_failed")

    @staticmethod
    def newly_updated() -> Condition:
        """What was updated since it was evaluated last."""
        return leaf("newly_updated")

    @staticmethod
    def newly_requested() -> Condition:
        """What was requested when it was evaluated last."""
        return leaf("newly_requested")

    @staticmethod
    def will_be_requested() -> Condition:
        """What is requested in this evaluation."""
        return leaf("will_be_requested")

    @staticmethod
    def initial_evaluation() -> Condition:
        """True when it is evaluated for the first time."""
        return leaf("initial_evaluation")

    @staticmethod
    def code_version_changed() -> Condition:
        """What has another code version than when it was evaluated last."""
        return leaf("code_version_changed")

    @staticmethod
    def data_version_changed() -> Condition:
        """What has another data version than when it was evaluated last."""
        return leaf("data_version_changed")

    @staticmethod
    def executed_with_root_target() -> Condition:
        """What was executed last together with the asset that is decided on."""
        return leaf("executed_with_root_target")

    @staticmethod
    def any_downstream_conditions() -> Condition:
        """Any of the conditions of what is downstream."""
        return leaf("ANY_DOWNSTREAM_CONDITIONS")

    @staticmethod
    def check_passed() -> Condition:
        """Checks that passed last."""
        return leaf("check_passed")

    @staticmethod
    def check_failed() -> Condition:
        """Checks that failed last."""
        return leaf("check_failed")

    @staticmethod
    def freshness_passed() -> Condition:
        """What is fresh by its freshness policy."""
        return _of_freshness("PASS", "freshness_passed")

    @staticmethod
    def freshness_warned() -> Condition:
        """What is near to being late by its freshness policy."""
        return _of_freshness("WARN", "freshness_warned")

    @staticmethod
    def freshness_failed() -> Condition:
        """What is late by its freshness policy."""
        return _of_freshness("FAIL", "freshness_failed")

    @staticmethod
    def in_latest_time_window(lookback_delta: timedelta | None = None) -> Condition:
        """Partitions of the latest time window, or those that end at most `lookback_delta` before its end."""
        if lookback_delta is not None and not isinstance(lookback_delta, timedelta):
            raise DefinitionError(f"lookback_delta is {lookback_delta!r}; give a timedelta.")
        return _with_options("in_latest_time_window", lookback_timedelta=lookback_delta)

    @staticmethod
    def cron_tick_passed(cron_schedule: str, cron_timezone: str = "UTC") -> Condition:
        """True when a tick of a schedule has passed since it was evaluated last."""
        Cron.parse(cron_schedule)
        return _with_options("cron_tick_passed", cron_schedule=cron_schedule, cron_timezone=cron_timezone)

    @staticmethod
    def executed_with_tags(
        *, tag_keys: AbstractSet[str] | None = None, tag_values: Mapping[str, str] | None = None
    ) -> Condition:
        """What was executed last by a run with some tags."""
        return _of_tags("executed_with_tags", tag_keys, tag_values)

    @staticmethod
    def any_new_update_has_run_tags(
        *, tag_keys: AbstractSet[str] | None = None, tag_values: Mapping[str, str] | None = None
    ) -> Condition:
        """What was updated since it was evaluated last by at least one run with some tags."""
        return _of_tags("any_new_update_has_run_tags", tag_keys, tag_values)

    @staticmethod
    def all_new_updates_have_run_tags(
        *, tag_keys: AbstractSet[str] | None = None, tag_values: Mapping[str, str] | None = None
    ) -> Condition:
        """What was updated since it was evaluated last only by runs with some tags."""
        return _of_tags("all_new_updates_have_run_tags", tag_keys, tag_values)

    @staticmethod
    def any_deps_match(condition: Any) -> OfDeps:
        """What has at least one dependency that fulfils a condition."""
        return node(OfDeps, "ANY_DEPS_MATCH", condition)

    @staticmethod
    def all_deps_match(condition: Any) -> OfDeps:
        """What has only dependencies that fulfil a condition."""
        return node(OfDeps, "ALL_DEPS_MATCH", condition)

    @staticmethod
    def any_deps_missing() -> OfDeps:
        """What has a dependency that is missing and will not be there after this evaluation."""
        return AutomationCondition.any_deps_match(leaf("missing") & ~leaf("will_be_requested")).with_label(
            "any_deps_missing"
        )

    @staticmethod
    def any_deps_updated() -> OfDeps:
        """What has a dependency that was updated by itself, or will be by this evaluation."""
        alone = (leaf("newly_updated") & ~leaf("executed_with_root_target")).with_label("newly_updated_without_root")
        return AutomationCondition.any_deps_match(alone | leaf("will_be_requested")).with_label("any_deps_updated")

    @staticmethod
    def any_deps_in_progress() -> OfDeps:
        """What has a dependency that is part of a run that goes on."""
        return AutomationCondition.any_deps_match(AutomationCondition.in_progress()).with_label("any_deps_in_progress")

    @staticmethod
    def all_deps_updated_since_cron(cron_schedule: str, cron_timezone: str = "UTC") -> OfDeps:
        """What has only dependencies that were updated since the last tick of a schedule, or will be now."""
        tick = AutomationCondition.cron_tick_passed(cron_schedule, cron_timezone)
        updated = leaf("newly_updated").since(tick) | leaf("will_be_requested")
        label = f"all_deps_updated_since_cron({cron_schedule}, {cron_timezone})"
        return AutomationCondition.all_deps_match(updated).with_label(label)

    @staticmethod
    def all_deps_blocking_checks_passed() -> OfDeps:
        """What has only dependencies whose blocking checks passed, or will be evaluated now."""
        passed = AutomationCondition.all_checks_match(
            leaf("check_passed") | leaf("will_be_requested"), blocking_only=True
        )
        return AutomationCondition.all_deps_match(passed.with_label("all_blocking_checks_passed")).with_label(
            "all_deps_blocking_checks_passed"
        )

    @staticmethod
    def any_checks_match(condition: Any, blocking_only: bool = False) -> OfChecks:
        """What has at least one check that fulfils a condition."""
        return node(OfChecks, "ANY_CHECKS_MATCH", condition, blocking_only=blocking_only)

    @staticmethod
    def all_checks_match(condition: Any, blocking_only: bool = False) -> OfChecks:
        """What has only checks that fulfil a condition."""
        return node(OfChecks, "ALL_CHECKS_MATCH", condition, blocking_only=blocking_only)

    @staticmethod
    def any_job_root_assets_match(condition: Any) -> Condition:
        """True when at least one root asset of the job fulfils a condition."""
        return _of_job_roots("any_job_root_assets_match", condition)

    @staticmethod
    def all_job_root_assets_match(condition: Any) -> Condition:
        """True when every root asset of the job fulfils a condition."""
        return _of_job_roots("all_job_root_assets_match", condition)

    @staticmethod
    def asset_matches(key: Any, condition: Any) -> Replacing:
        """True when a named asset fulfils a condition."""
        return node(Replacing, "ENTITY_MATCHES", condition, key=AssetKey.from_coercible(key))


AutomationCondition.register(Condition)


def _with_options(kind: str, **options: Any) -> Condition:
    return node(Condition, kind, **options)


def _of_freshness(state: str, label: str) -> Condition:
    return _with_options("freshness_result", state=state).with_label(label)


def _of_tags(kind: str, keys: AbstractSet[str] | None, values: Mapping[str, str] | None) -> Condition:
    frozen = None if values is None else tuple(sorted(values.items()))
    return _with_options(kind, tag_keys=None if keys is None else frozenset(keys), tag_values=frozen)


def _of_job_roots(kind: str, condition: Any) -> Condition:
    made = node(Condition, kind.upper(), condition)
    inner = made.children[0]
    return made.with_label(f"{kind}({inner.get_label() or inner.name})")


def check_condition(condition: Any, what: str, location: object | None = None) -> Any:
    """The condition, if it is one or absent.

    Raises:
        DefinitionError: It is something else; names what was given it.
    """
    if condition is not None and not isinstance(condition, AutomationCondition):
        raise DefinitionError(
            f"{what} has automation_condition {condition!r}; give an AutomationCondition.", location=location
        )
    return condition
