"""``hf-jobs-mcp install``: an entry for this server in the configuration of MCP clients, and the way back."""
