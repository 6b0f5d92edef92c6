"""The year in days and months; the last day of the data is December 30."""

from etl.dg import dg

days = dg.DailyPartitionsDefinition(start_date="2013-01-01", end_date="2013-12-31")
months = dg.MonthlyPartitionsDefinition(start_date="2013-01-01", end_date="2014-01-01")
