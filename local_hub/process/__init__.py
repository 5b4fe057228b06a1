"""The hub as a process: starting, stopping, its state file, its HTTP application."""
