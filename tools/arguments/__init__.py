"""Arguments as models write them, taken for what they mean where that is certain."""
