# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pyroute2, as much of it as is used: its socket, and its messages of devices and rules. PRIVATE to the collection.

The only file that imports it.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import traceback
import typing as t

from .._base.errors import MissingLibrary

MINIMUM_PYROUTE2 = (0, 7, 2)
_PARTS = ("netlink.nlsocket", "netlink.rtnl.ifinfmsg", "netlink.rtnl.fibmsg")


@contextlib.contextmanager
def _without_init() -> t.Iterator[None]:
    """Import parts of pyroute2 without the rest of it.

    Its ``__init__`` imports all of its 160 modules (0.1 to 0.3 s; we need 25 to 35), whichever part is asked for. So a
    package that has its path and nothing in it stands in its place meanwhile; whoever imports pyroute2 later gets all.
    """
    spec = importlib.util.find_spec("pyroute2")
    if spec is None or "pyroute2" in sys.modules:
        yield
        return
    sys.modules["pyroute2"] = importlib.util.module_from_spec(spec)
    try:
        yield
    finally:
        del sys.modules["pyroute2"]


def _load() -> list[t.Any]:
    try:
        with _without_init():
            return [importlib.import_module(f"pyroute2.{part}") for part in _PARTS]
    except (ImportError, AttributeError):
        # A pyroute2 whose parts need its __init__: from the beginning, as everybody imports it.
        for name in [name for name, found in sys.modules.items() if found and name.partition(".")[0] == "pyroute2"]:
            del sys.modules[name]
        return [importlib.import_module(f"pyroute2.{part}") for part in _PARTS]


def _version() -> str:
    try:
        with _without_init():
            return str(importlib.import_module("pyroute2.config.version").__version__)
    except ImportError:
        return "unknown"


try:
    _nlsocket, _ifinfmsg, _fibmsg = _load()
    _IMPORT_ERROR: str | None = None
except ImportError:
    _IMPORT_ERROR = traceback.format_exc()


def check_pyroute2() -> None:
    """Raise MissingLibrary unless pyroute2 is there and new enough."""
    wanted = ".".join(map(str, MINIMUM_PYROUTE2))
    if _IMPORT_ERROR:
        raise MissingLibrary(
            f"pyroute2 >= {wanted} is needed on the host and cannot be imported by {sys.executable};"
            " install python3-pyroute2 or run the role l3host.source_ip.prerequisites",
            exception=_IMPORT_ERROR,
        )
    found = _version()
    numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdigit())
    # Debian 12 packages 0.7.2 with the version "unknown": no number is no reason to refuse.
    if numbers and numbers < MINIMUM_PYROUTE2:
        raise MissingLibrary(f"pyroute2 >= {wanted} is needed; found {found} at {_nlsocket.__file__}")


def open_socket() -> t.Any:
    """pyroute2's socket of NETLINK_ROUTE; it checks requests strictly, and errors come with the kernel's text."""
    check_pyroute2()
    return _nlsocket.NetlinkSocket(family=0, strict_check=True, ext_ack=True)


def device_message(message: bytes) -> t.Any:
    """An RTM_NEWLINK, header included, decoded by pyroute2."""
    return _decoded(_ifinfmsg.ifinfmsg(message))


def rule_message(message: bytes) -> t.Any:
    """An RTM_NEWRULE, header included, decoded by pyroute2."""
    return _decoded(_fibmsg.fibmsg(message))


def _decoded(message: t.Any) -> t.Any:
    message.decode()
    return message
