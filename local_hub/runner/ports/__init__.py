"""The ports that jobs open to their callers."""
