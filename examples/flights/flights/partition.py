"""The year in days and months."""

from assetq import DailyPartitionsDefinition, MonthlyPartitionsDefinition

days = DailyPartitionsDefinition("2013-01-01", end_date="2014-01-01")
months = MonthlyPartitionsDefinition("2013-01-01", end_date="2014-01-01")
