"""Secret values, where they come from, and raw values where none belongs."""
