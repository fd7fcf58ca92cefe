"""Conditions of resources, the report of a run, and the summary of a fleet."""
