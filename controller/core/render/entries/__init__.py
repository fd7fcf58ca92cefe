"""Entries of plans and reports for people, in words and in parts, whatever the form is."""
