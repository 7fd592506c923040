"""What the tests of the labs share."""

from made_up_course import made_up_labs

__all__ = ["made_up_labs"]
