"""Ways for a person to answer outside the client: a terminal and a browser page."""
