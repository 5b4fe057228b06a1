"""What a hub and its clients must agree on, and neither imports the other for.

Limits, rules of names, cleaning of text, connections, and the `hf` line of a job.
"""
