"""The sensor of freshness checks, as far as it goes."""

import pytest

from assetq import asset, build_sensor_for_freshness_checks
from assetq.errors import DefinitionError


def test_it_takes_checks_only():
    @asset
    def one():
        return 1

    with pytest.raises(DefinitionError, match="freshness_checks_sensor"):
        build_sensor_for_freshness_checks(freshness_checks=[one])
