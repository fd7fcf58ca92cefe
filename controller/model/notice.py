"""What is sent to people who do not look: a title, a text, and whether it is good news."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    title: str
    body: str
    good: bool = False
