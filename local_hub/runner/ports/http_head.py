"""The head of one HTTP/1 message, read strictly: what two programs could read differently is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REQUEST = re.compile(rb"[A-Z]{1,20} [!-~]+ HTTP/1\.[01]\Z")
_RESPONSE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n\0]*)?\Z")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*\Z")

#: What belongs to the caller and this hub, or to other ports of the same host, and is never passed on.
PRIVATE = frozenset(
    {
        *("authorization", "proxy-authorization", "proxy-authenticate", "cookie", "cookie2"),
        *("set-cookie", "set-cookie2", "clear-site-data"),
    }
)
#: What counts for one connection only; the next one gets its own.
_OF_THE_CONNECTION = frozenset({"connection", "proxy-connection", "keep-alive", "te", "trailer", "upgrade"})


class BadHeadError(ValueError):
    """A head that is not one, or that could be read in more than one way."""


@dataclass(frozen=True)
class Head:
    """A start line and fields, in the order given, names in lower case."""

    start: bytes
    fields: tuple[tuple[str, str], ...]

    @classmethod
    def request(cls, raw: bytes) -> Head:
        """Read a request's head; raises `BadHeadError`."""
        return cls._read(raw, _REQUEST)

    @classmethod
    def response(cls, raw: bytes) -> Head:
        """Read a response's head; raises `BadHeadError`."""
        return cls._read(raw, _RESPONSE)

    @classmethod
    def _read(cls, raw: bytes, start_line: re.Pattern[bytes]) -> Head:
        start, *lines = raw.split(b"\r\n")
        found = [_FIELD.match(line) for line in lines]
        if not start_line.match(start) or None in found:
            raise BadHeadError
        fields = tuple((one[1].decode("ascii").lower(), one[2].decode("latin-1")) for one in found if one)
        return cls(start, fields)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def one(self, name: str) -> str | None:
        """Return the only field of this name, None without one; raises `BadHeadError` when there are several."""
        given = self.all(name)
        if len(given) > 1:
            raise BadHeadError
        return given[0] if given else None

    @property
    def status(self) -> int:
        return int(self.start.split(b" ")[1])

    @property
    def length(self) -> int | None:
        """Return the bytes of a request's body, None for one in chunks; raises `BadHeadError` when it says both."""
        coding, length = self.one("transfer-encoding"), self.one("content-length")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise BadHeadError
            return None
        if length is not None and not re.fullmatch(r"[0-9]{1,18}", length):
            raise BadHeadError
        return int(length or 0)

    @property
    def upgrades(self) -> bool:
        """Whether this asks for, or grants, a WebSocket. Other protocols could carry heads that nobody reads here."""
        words = {word.strip().lower() for value in self.all("connection") for word in value.split(",")}
        return "upgrade" in words and [value.lower() for value in self.all("upgrade")] == ["websocket"]

    def passed_on(self) -> bytes:
        """Return the head as the other side gets it: without what is private, and for this one exchange only."""
        named = {word.strip().lower() for value in self.all("connection") for word in value.split(",")}
        left_out = PRIVATE | _OF_THE_CONNECTION | (named - {"content-length", "transfer-encoding", "host"})
        lines = [f"{name}: {value}" for name, value in self.fields if name not in left_out]
        lines += ["connection: upgrade", "upgrade: websocket"] if self.upgrades else ["connection: close"]
        return b"\r\n".join([self.start, *(line.encode("latin-1") for line in lines), b"", b""])
