"""The flights of 2013 from New York: assets by day and month, and a report of the year."""

from assetq import Definitions, ParquetIOManager
from flights.daily import delays_by_carrier, flights_clean, flights_weather, raw_flights, raw_weather
from flights.partition import days, months
from flights.reference import airlines, airports, planes
from flights.report import ReportFolder, monthly_delays, year_report
from flights.source import FlightData
from flights.totals import totals

defs = Definitions(
    assets=[
        airlines,
        airports,
        planes,
        raw_flights,
        raw_weather,
        flights_clean,
        flights_weather,
        delays_by_carrier,
        monthly_delays,
        year_report,
    ],
    resources={"io_manager": ParquetIOManager(), "data": FlightData(), "folder": ReportFolder()},
    pools={"enrich": 3},
)

__all__ = ["days", "defs", "months", "totals"]
