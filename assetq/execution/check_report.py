"""The checks that an op evaluates: which of them a result is about, which are missing, which stop the step."""

from __future__ import annotations

from dataclasses import dataclass, field

from assetq.definitions import (
    AssetCheckEvaluation,
    AssetCheckKey,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
)
from assetq.errors import CheckFailedError, StepFailedError
from assetq.execution.attempt_scope import AttemptScope
from assetq.execution.event import EventType
from assetq.execution.logged_event import evaluation_event


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The checks of one attempt, and how those came out that were evaluated."""

    scope: AttemptScope
    evaluations: dict[AssetCheckKey, AssetCheckEvaluation] = field(default_factory=dict)

    def take(self, result: AssetCheckResult, asset_key: AssetKey | None = None) -> None:
        """Record a result that the op gave.

        Args:
            result: The result.
            asset_key: The asset that it came with; a result that names one itself is about that one.

        Raises:
            StepFailedError: It is not about one of the op's checks, or about one that was evaluated.
        """
        spec = self._spec_of(result, result.asset_key or asset_key)
        if spec.key in self.evaluations:
            raise StepFailedError(f"'{self.scope.op.name}' gave two results for check '{spec.key}'; give one.")
        if self.scope.session.tells_all:
            self.scope.tell(EventType.STEP_OUTPUT, None, {"output": self._output_name(spec)})
        self.record(
            AssetCheckEvaluation(
                spec.asset_key,
                spec.name,
                result.passed,
                result.metadata,
                result.severity,
                result.description,
                spec.blocking,
            )
        )

    def _spec_of(self, result: AssetCheckResult, wanted: AssetKey | None) -> AssetCheckSpec:
        declared = self.scope.definition.check_specs
        specs = [
            spec
            for spec in declared
            if (wanted is None or spec.asset_key == wanted) and result.check_name in (None, spec.name)
        ]
        if len(specs) != 1:
            known = ", ".join(f"'{spec.key}'" for spec in declared) or "none"
            raise StepFailedError(
                f"'{self.scope.op.name}' gave a result for check '{result.check_name or ''}', which does not name "
                f"one of its checks ({known}); give asset_key and check_name."
            )
        return specs[0]

    def _output_name(self, spec: AssetCheckSpec) -> str:
        """The name that Dagster gives the output by which an op tells of a check."""
        name = f"{spec.asset_key.to_python_identifier()}_{spec.name}"
        is_own = isinstance(self.scope.definition, AssetChecksDefinition) and self.scope.op.name == name
        return "result" if is_own else name

    def record(self, evaluation: AssetCheckEvaluation) -> None:
        """Note how a check came out."""
        self.evaluations[evaluation.asset_check_key] = evaluation
        self.scope.events.append(evaluation_event(evaluation, evaluation.partition or self._own_partition()))

    def _own_partition(self) -> str | None:
        """The one partition of a check that has partitions itself."""
        context = self.scope.context
        is_check = isinstance(self.scope.definition, AssetChecksDefinition)
        return context.partition_key if is_check and context.has_partition_key else None

    def finish(self, *, has_given: bool) -> None:
        """The op is done.

        Args:
            has_given: True when it gave an output or an observation; one that gave none owes no results for them.

        Raises:
            StepFailedError: A result is missing.
            CheckFailedError: A blocking check failed.
        """
        for key in self._expected(has_given):
            if key not in self.evaluations:
                raise StepFailedError(f"'{self.scope.op.name}' gave no result for check '{key}'. Return or yield one.")
        self._refuse_blocking()

    def _expected(self, has_given: bool) -> list[AssetCheckKey]:
        definition, planned = self.scope.definition, self.scope.task.plan_node.checks
        if isinstance(definition, AssetChecksDefinition):
            return [] if definition.can_subset else [AssetCheckKey.from_user_string(text) for text in planned]
        if not has_given:
            return []
        return [spec.key for spec in definition.check_specs if not definition.can_subset or str(spec.key) in planned]

    def _refuse_blocking(self) -> None:
        failed = [e for e in self.evaluations.values() if e.blocking and not e.passed]
        bad = [e for e in failed if e.severity is AssetCheckSeverity.ERROR]
        if bad:
            names = ", ".join(f"'{e.asset_check_key}'" for e in bad)
            raise CheckFailedError(f"Blocking check {names} failed; what reads the asset does not run.")
