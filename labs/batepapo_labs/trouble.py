"""What keeps a command from being carried out, for the student to mend."""

from batepapo_conformance.words import Words


class Trouble(Exception):
    """Something that a student can mend, told in the student's language.

    Args:
        key: its name among the words, below `trouble`.
        values: what is put into these words.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key = key
        self.values = values

    def told(self, words: Words) -> str:
        """What is wrong, and what to do."""
        return words(f"trouble.{self.key}", **self.values)
