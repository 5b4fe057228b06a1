"""Buckets in plain folders, and the Xet protocol over them."""
