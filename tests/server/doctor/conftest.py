"""The doctor is shown a far hub too."""

from tests.account import far, stand_in

__all__ = ["far", "stand_in"]
