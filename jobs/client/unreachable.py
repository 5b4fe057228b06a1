"""Why a hub cannot be reached: name, proxy, certificate, clock, or nobody there; each with its remedy."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

_SCHEME_OF_PROXY = {"http": "HTTP_PROXY", "https": "HTTPS_PROXY", "all": "ALL_PROXY"}
_TIMES = ("certificate has expired", "certificate is not yet valid")
_STRANGERS = ("self-signed", "self signed", "unable to get local issuer", "unknownissuer", "unable to get issuer")


def reason(error: BaseException, endpoint: str) -> tuple[str, str] | None:
    """One sentence and one remedy for a connection that did not come about; None where nothing more is known."""
    chain = list(_chain(error))
    said = " ".join(str(one).lower() for one in chain)
    if any(isinstance(one, ssl.SSLError) for one in chain) or "certificate" in said or "[ssl" in said:
        return _tls(said)
    if "illegal header value" in said:
        return ("The token has characters that no token has.", "Copy it again, without quotes and line breaks.")
    nobody, proxy = _nobody(chain, said), _proxy(endpoint)
    if proxy is not None and (nobody or isinstance(error, httpx2.ProxyError)):
        return (
            f"The hub cannot be reached through the proxy that {proxy} names.",
            f"Check the proxy, or put {urlsplit(endpoint).hostname} into NO_PROXY where none is needed.",
        )
    if endpoint.startswith("http://") and isinstance(error, httpx2.RemoteProtocolError | httpx2.ReadError):
        return (
            "What answers at the hub's address breaks the connection off.",
            "Check that its address begins with the right http:// or https://; if it does, call again.",
        )
    return _nowhere(error, chain, said) if nobody else None


def _nowhere(error: BaseException, chain: list[BaseException], said: str) -> tuple[str, str]:
    if any(isinstance(one, socket.gaierror) for one in chain) or "name or service" in said or "name resolution" in said:
        return (
            "The hub's name cannot be resolved to an address.",
            "Check the network and the spelling in HF_JOBS_MCP_HUB and HF_ENDPOINT; behind a proxy, set HTTPS_PROXY.",
        )
    if isinstance(error, httpx2.ConnectTimeout):
        return (
            "No connection to the hub came about in time.",
            "Check the network; where only a proxy leads outside, set HTTPS_PROXY for this server.",
        )
    return (
        "Nothing answers at the hub's address.",
        "Check HF_JOBS_MCP_HUB and HF_ENDPOINT; where only a proxy leads outside, set HTTPS_PROXY for this server.",
    )


def _tls(said: str) -> tuple[str, str]:
    if any(words in said for words in _TIMES):
        return (
            "The hub's certificate is not valid at the time this machine's clock shows.",
            "Set the clock; if it is right, whoever runs that hub or proxy must renew the certificate.",
        )
    if any(words in said for words in _STRANGERS):
        return (
            "The hub's certificate comes from an authority that is not known here, as behind a company's proxy.",
            "Set SSL_CERT_FILE for this server to a file with that authority's certificate.",
        )
    if "hostname mismatch" in said or "not valid for" in said or "doesn't match" in said:
        return (
            "The certificate is another host's, so this is not the hub.",
            "Check HF_JOBS_MCP_HUB and HF_ENDPOINT, and whether a proxy or the network's sign-in page is in between.",
        )
    return (
        "No encrypted connection to the hub came about.",
        "Check that its address begins with the right http:// or https://, and SSL_CERT_FILE, HTTPS_PROXY.",
    )


def _nobody(chain: list[BaseException], said: str) -> bool:
    """Whether no connection came about at all."""
    kinds = httpx2.ConnectError | httpx2.ConnectTimeout | socket.gaierror | ConnectionError
    return any(isinstance(one, kinds) for one in chain) or "connection refused" in said


def _proxy(endpoint: str) -> str | None:
    """The variable that names the proxy for an address, as it is written in the environment."""
    parts = urlsplit(endpoint)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    for scheme in (parts.scheme, "all"):
        if scheme in getproxies():
            name = _SCHEME_OF_PROXY.get(scheme, "HTTPS_PROXY")
            return name.lower() if name not in os.environ and name.lower() in os.environ else name
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
