"""Diagnoses of an installation: each is one thing that is as it should be, or what to do about it."""
