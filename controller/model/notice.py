"""Notices to people: a title, a text, and whether the news is good."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    title: str
    body: str
    good: bool = False
