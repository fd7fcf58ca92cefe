"""Edges: one file for each outside system. An edge translates, and makes no decision."""
