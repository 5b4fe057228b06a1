"""A home with a local hub that the server itself starts, shared by the tests of this room."""

from tests.homes import home, nothing_was_risked, own_home

__all__ = ["home", "nothing_was_risked", "own_home"]
