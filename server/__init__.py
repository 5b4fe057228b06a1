"""What an MCP client connects to: app assembly, transports, settings, the command line."""
