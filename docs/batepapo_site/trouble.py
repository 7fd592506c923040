"""What is wrong with a page, said to whoever wrote it."""


class Trouble(Exception):
    """A page, or what it asks for, cannot be meant; the text says where and why."""
