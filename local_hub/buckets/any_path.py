"""A part of an address that is a path with whatever a file's name may hold, line breaks too."""

from starlette.convertors import Convertor, register_url_convertor


class AnyPath(Convertor[str]):
    """`{path:any}`; Starlette's own `path` stops at a line break."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


def register() -> None:
    """Have routes know it."""
    register_url_convertor("any", AnyPath())
