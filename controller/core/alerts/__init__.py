"""Alerts: what people have to know, found in conditions and passes, and grouped into few notifications."""
