"""The domain, with no MCP in it: specs, secrets, the hub client, logs, results, cost."""
