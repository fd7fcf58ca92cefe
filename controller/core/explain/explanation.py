"""An explanation of a word that this program prints: what it means, an example, and what to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row of a table in docs/. The texts are Markdown, their links relative to docs/.

    *word*: several words of one meaning have commas between them. *mark*: the cell of the column that its
    section calls `marked`.
    """

    word: str
    means: str
    example: str
    remedy: str
    mark: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.word.split(", "))


@dataclass(frozen=True, slots=True)
class Section:
    """One table. *kind* says what its words are; *place* is the heading in docs/ below which it stands.

    *marked* is the head of the second column, "" if there is none; *last* is that of the last column.
    *by_mark*: the marks are words, too.
    """

    kind: str
    place: str
    rows: tuple[Explanation, ...]
    marked: str = ""
    last: str = "what to do"
    by_mark: bool = False

    def words(self, row: Explanation) -> tuple[str, ...]:
        """Return the words that *row* explains."""
        return (*row.words, row.mark) if self.by_mark else row.words
