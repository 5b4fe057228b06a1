"""Finding known secret values, in all their encodings, and putting their names in their place."""
