"""A linear model, fitted by least squares."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

FEATURES = ["dep_delay", "distance", "hour"]
TARGET = "arr_delay"


@dataclass(frozen=True, slots=True)
class LinearModel:
    """An intercept, and a weight for each feature."""

    intercept: float
    weights: dict[str, float]

    @classmethod
    def fit(cls, table: pd.DataFrame, features: list[str]) -> "LinearModel":
        """The model with the least squared error."""
        matrix = np.column_stack([np.ones(len(table)), table[features].to_numpy(float)])
        solution, *_ = np.linalg.lstsq(matrix, table[TARGET].to_numpy(float))
        return cls(float(solution[0]), dict(zip(features, map(float, solution[1:]), strict=True)))

    def predict(self, table: pd.DataFrame) -> Any:
        """What the model expects for each row."""
        return self.intercept + sum(weight * table[name] for name, weight in self.weights.items())


def scores(model: LinearModel, table: pd.DataFrame) -> dict[str, float]:
    """How far predictions are off (root mean square, minutes), and the share of variance explained."""
    error = table[TARGET] - model.predict(table)
    spread = table[TARGET] - table[TARGET].mean()
    return {
        "rmse": float(np.sqrt((error**2).mean())),
        "r2": float(1 - (error**2).sum() / (spread**2).sum()),
    }
