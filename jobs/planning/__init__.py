"""Which environment variables a job will want, from its command, its files and its models."""
