"""Outputs of a command: its progress, its report, and the outputs of a process that never stops."""
