# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pyroute2, as much of it as is used: its socket, and its messages of devices. PRIVATE to the collection.

The only file that imports it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import sys
import traceback
import typing as t

from .._base.errors import MissingLibrary
from .._base.values import Link

MINIMUM_PYROUTE2 = (0, 7, 2)
_PARTS = ("netlink.nlsocket", "netlink.rtnl.ifinfmsg")


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


class _Parts(t.NamedTuple):
    """What is used of pyroute2."""

    nlsocket: t.Any
    ifinfmsg: t.Any


@functools.lru_cache(None)
def parts() -> _Parts:
    """What is used of pyroute2, imported when first asked for: what does without (plain.py) does not pay for it."""
    return _Parts(*_load())


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


def check_pyroute2() -> None:
    """Raise MissingLibrary unless pyroute2 is there and new enough."""
    wanted = f"pyroute2 >= {'.'.join(map(str, MINIMUM_PYROUTE2))}"
    try:
        nlsocket = parts().nlsocket
    except ImportError:
        raise MissingLibrary(
            f"{wanted} is needed on the host and cannot be imported by {sys.executable};"
            " install python3-pyroute2 or run the role l3host.source_ip.prerequisites",
            missing_library=wanted,
            exception=traceback.format_exc(),
        ) from None
    found = _version()
    numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdigit())
    # Debian 12 packages 0.7.2 with the version "unknown": no number is no reason to refuse.
    if numbers and numbers < MINIMUM_PYROUTE2:
        raise MissingLibrary(
            f"{wanted} is needed; found {found} at {nlsocket.__file__}; install a newer python3-pyroute2 or run the "
            "role l3host.source_ip.prerequisites",
            missing_library=wanted,
        )


def open_socket(protocol: int = 0) -> t.Any:
    """pyroute2's socket, of NETLINK_ROUTE unless another NETLINK_* protocol is named.

    It checks requests strictly, and errors come with the kernel's text.
    """
    check_pyroute2()
    return parts().nlsocket.NetlinkSocket(family=protocol, strict_check=True, ext_ack=True)


def link(message: bytes) -> Link:
    """The device of an RTM_NEWLINK, header included."""
    found = _decoded(parts().ifinfmsg.ifinfmsg(message))
    info = found.get_attr("IFLA_LINKINFO")
    table, kind = None, (info.get_attr("IFLA_INFO_KIND") if info is not None else None) or ""
    if kind == "vrf":
        data = info.get_attr("IFLA_INFO_DATA")
        table = data.get_attr("IFLA_VRF_TABLE") if data is not None else None
    properties = found.get_attr("IFLA_PROP_LIST")
    return Link(
        index=found["index"],
        name=_name(found.get_attr("IFLA_IFNAME")),
        master=found.get_attr("IFLA_MASTER") or 0,
        table=table,
        up=bool(found["flags"] & 0x1),
        running=bool(found["flags"] & 0x40),
        altnames=tuple(map(_name, properties.get_attrs("IFLA_ALT_IFNAME"))) if properties is not None else (),
        kind=kind,
    )


def _name(found: str | bytes) -> str:
    """A device's name as text: names are bytes to the kernel, and pyroute2 leaves those that are no UTF-8."""
    return found.decode(errors="replace") if isinstance(found, bytes) else found


def _decoded(message: t.Any) -> t.Any:
    message.decode()
    return message
