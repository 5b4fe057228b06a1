"""``hf-jobs-mcp audit``: the record, read for people."""
