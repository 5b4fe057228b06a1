"""What a job left: artifacts, a fast-agent's answer, and why it failed."""
