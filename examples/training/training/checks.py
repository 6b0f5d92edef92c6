"""What must hold before a model is trained, and what should hold of it afterwards."""

from collections.abc import Iterator

import pandas as pd

from training.assets import evaluation, flights, model
from training.dg import dg
from training.model import FEATURES, TARGET, LinearModel


@dg.asset_check(asset=flights, blocking=True, description="Nothing that the model needs is missing.")
def flights_are_complete(flights: pd.DataFrame) -> dg.AssetCheckResult:
    """Nothing is trained while this fails."""
    missing = int(flights[[*FEATURES, TARGET]].isna().any(axis=1).sum())
    return dg.AssetCheckResult(passed=missing == 0, metadata={"missing": missing})


@dg.asset_check(asset=evaluation, description="Predictions explain most of the variance.")
def evaluation_is_good(evaluation: dict[str, float]) -> dg.AssetCheckResult:
    """A weak model is only warned of."""
    return dg.AssetCheckResult(
        passed=evaluation["r2"] > 0.7,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"r2": evaluation["r2"]},
    )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec("delay_is_passed_on", asset=model),
        dg.AssetCheckSpec("intercept_is_small", asset=model),
    ]
)
def model_makes_sense(model: LinearModel) -> Iterator[dg.AssetCheckResult]:
    """A minute of delay at departure is about a minute on arrival."""
    weight = model.weights.get("dep_delay", 0.0)
    yield dg.AssetCheckResult(check_name="delay_is_passed_on", passed=0.8 < weight < 1.2, metadata={"weight": weight})
    yield dg.AssetCheckResult(
        check_name="intercept_is_small",
        passed=abs(model.intercept) < 30,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"intercept": model.intercept},
    )
