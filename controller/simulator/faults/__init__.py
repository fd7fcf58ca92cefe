"""Faults: their kinds, the file that declares them, and their effects on a call."""
