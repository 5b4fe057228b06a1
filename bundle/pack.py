"""Packs this project as an MCP Bundle (MCPB): ``python bundle/pack.py [FILE]``; ``--folder`` only lays it out.

The bundle holds the sources that the wheel holds and no packages: a host that knows bundles of the type ``uv``, such as
Claude Desktop, brings its own uv, which fetches what pyproject.toml names. The same files make the same bytes.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = Path(__file__).with_name("manifest.json")
_BESIDE = ("pyproject.toml", "README.md", "LICENSE")
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
_ALWAYS = (1980, 1, 1, 0, 0, 0)


def lay_out(folder: Path) -> None:
    """Put the bundle's files into `folder`, which is empty or not there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    for name in project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]:
        shutil.copytree(ROOT / name, folder / name, ignore=_LEFT_OUT)
    for name in _BESIDE:
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copyfile(MANIFEST, folder / "manifest.json")


def pack(bundle: Path) -> None:
    """Write the bundle."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "bundle"
        lay_out(folder)
        with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(one for one in folder.rglob("*") if one.is_file()):
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _ALWAYS)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(entry, path.read_bytes())


def main() -> None:
    """Pack, and say where."""
    parser = argparse.ArgumentParser(description="Pack this project as an MCP Bundle.")
    parser.add_argument("target", nargs="?", type=Path, default=ROOT / "dist" / "hf-jobs-mcp.mcpb")
    parser.add_argument("--folder", action="store_true", help="lay the files out in the folder TARGET instead")
    given = parser.parse_args()
    if given.folder:
        if given.target.exists() and any(given.target.iterdir()):
            sys.exit(f"{given.target} is not empty")
        lay_out(given.target)
    else:
        given.target.parent.mkdir(parents=True, exist_ok=True)
        pack(given.target)
    sys.stdout.write(f"{given.target}\n")


if __name__ == "__main__":
    main()
