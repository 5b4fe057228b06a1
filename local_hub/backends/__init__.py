"""How an attempt is run: a plain process, a sandboxed one, or a container."""
