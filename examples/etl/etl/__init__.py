"""The weather of 2013 at New York's airports: from CSV into a database, by hour, day and month."""

from etl.assets import daily, daily_has_every_day, hourly, monthly, readings, wettest_month
from etl.dg import dg
from etl.source import WeatherArchive
from etl.warehouse import Warehouse

defs = dg.Definitions(
    assets=[readings, hourly, daily, monthly, wettest_month],
    asset_checks=[daily_has_every_day],
    resources={"archive": WeatherArchive(), "warehouse": Warehouse(path=dg.EnvVar("ETL_WAREHOUSE"))},
)
