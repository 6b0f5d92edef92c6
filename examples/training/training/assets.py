"""From flights to a model of their delay on arrival."""

from typing import Any

import pandas as pd
from pydantic import Field

from training.dg import dg
from training.model import FEATURES, TARGET, LinearModel, scores
from training.source import read_flights

common: dict[str, Any] = {"group_name": "delays", "owners": ["team:models"]}


class FlightsConfig(dg.Config):
    """Which flights to learn from."""

    rows: int = Field(default=10_000, gt=0, description="How many flights, from the first of January on.")
    drop_cancelled: bool = Field(default=True, description="Leave out flights that never arrived.")


class ModelConfig(dg.Config):
    """What to learn from them."""

    features: list[str] = FEATURES


@dg.asset(kinds={"pandas"}, code_version="1", **common)
def flights(config: FlightsConfig) -> dg.Output[pd.DataFrame]:
    """Flights with their delays; in minutes."""
    table = read_flights(config.rows)
    kept = table.dropna(subset=[*FEATURES, TARGET]) if config.drop_cancelled else table
    return dg.Output(kept.reset_index(drop=True), metadata={"flights": len(kept), "cancelled": len(table) - len(kept)})


@dg.asset(kinds={"pandas"}, **common)
def training_set(flights: pd.DataFrame) -> pd.DataFrame:
    """Four flights of five."""
    return flights[flights.index % 5 != 0]


@dg.asset(kinds={"pandas"}, **common)
def test_set(flights: pd.DataFrame) -> pd.DataFrame:
    """Every fifth flight."""
    return flights[flights.index % 5 == 0]


@dg.asset(kinds={"numpy"}, code_version="1", **common)
def model(context: dg.AssetExecutionContext, config: ModelConfig, training_set: pd.DataFrame) -> LinearModel:
    """The delay on arrival, from the delay at departure and the flight."""
    fitted = LinearModel.fit(training_set, config.features)
    context.add_output_metadata({"intercept": fitted.intercept, **fitted.weights})
    return fitted


@dg.asset(**common)
def evaluation(model: LinearModel, test_set: pd.DataFrame) -> dg.Output[dict[str, float]]:
    """How good the model is on flights that it has not seen."""
    found = scores(model, test_set)
    lines = [f"| {name} | {value:.3f} |" for name, value in found.items()]
    table = "\n".join(["| Score | Value |", "| --- | ---: |", *lines])
    return dg.Output(found, metadata={**found, "table": dg.MetadataValue.md(table)})
