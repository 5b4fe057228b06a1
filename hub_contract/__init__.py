"""What a hub and its clients must agree on: constants and the cleaning of text. It imports neither of them."""
