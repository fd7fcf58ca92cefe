"""Faults: what they are, the file that declares them, and what each of them does to a call."""
