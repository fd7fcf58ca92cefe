"""Saved plans at the command line: their files, and what `apply FILE` does with them."""
