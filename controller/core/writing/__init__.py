"""Manifests as text: what is written for people and their editors."""
