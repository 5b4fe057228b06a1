"""A home with a local hub that the server itself starts, shared by the tests of this room."""

from tests.homes import home, own_home

__all__ = ["home", "own_home"]
