"""Saved plans: a plan as a file that a person approves, and that a later run does, and nothing else."""
