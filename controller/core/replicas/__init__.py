"""Replicas: which process writes for which partner."""
