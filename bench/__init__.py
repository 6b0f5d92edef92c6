"""Measurements: `python -m bench [NAME ...] [--json FILE]`. They print figures and assert nothing."""
