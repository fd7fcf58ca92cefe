"""Markdown for pull requests: values from anybody, shown as plain text, within the size of a comment."""
