"""Buckets as plain folders: ``ROOT/NAMESPACE/NAME/…`` holds the files themselves, as anyone would expect them."""

from pathlib import Path


class Buckets:
    """All buckets of this hub, each a folder that a person can open and a job can mount."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, namespace: str, name: str) -> Path:
        """Return where the bucket's files lie, whether or not the bucket exists."""
        return self.root / namespace / name

    def ensure(self, namespace: str, name: str) -> Path:
        """Create the bucket, private, unless it exists; return its folder."""
        folder = self.folder(namespace, name)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
