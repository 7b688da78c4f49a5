"""Takes the network from a process; sockets between processes of this machine (AF_UNIX) go on working."""

from __future__ import annotations

import socket
import sys

from mutagen.sandbox.failure import NetworkRefused

_NAMES = frozenset(
    {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo", "urllib.Request"}
)
_SENDS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_FAMILIES = frozenset({socket.AF_INET, socket.AF_INET6})


def refuse() -> None:
    """Let every attempt raise ``NetworkRefused``, for the rest of the life of this process."""
    sys.addaudithook(_hook)


def _hook(event: str, args: tuple[object, ...]) -> None:
    if event in _SENDS:
        if getattr(args[0], "family", None) in _FAMILIES:
            raise NetworkRefused(f"{event}({args[1]!r})")
    elif event in _NAMES:
        if event == "urllib.Request" and str(args[0]).startswith(("file:", "data:")):
            return
        raise NetworkRefused(f"{event}({args[0]!r})")
