"""A home with a local hub for one test alone."""

from tests.homes import own_home

__all__ = ["own_home"]
