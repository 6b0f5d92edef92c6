"""A model of the delays of 2013's flights, and checks of its data and of itself."""

from training.assets import evaluation, flights, model, test_set, training_set
from training.checks import evaluation_is_good, flights_are_complete, model_makes_sense
from training.dg import dg

defs = dg.Definitions(
    assets=[flights, training_set, test_set, model, evaluation],
    asset_checks=[flights_are_complete, evaluation_is_good, model_makes_sense],
)
