"""One file per tool an agent can call."""
