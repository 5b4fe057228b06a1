"""The skills that come with the server, for clients that know the skills extension of MCP."""
