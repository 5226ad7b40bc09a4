# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab: a host with two uplinks and a loopback address, two routers, a far web server.

::

                 172.20.20.0/24   ┌────┐   10.1.1.0/24
                2001:db8:20::/64  │    │  2001:db8:a1::/64
            ┌── up0 ──────────────┤ r1 ├──────────── r1 ──┐
    ┌───────┴──┐                  └────┘              ┌───┴──┐
    │   host   │                                      │ web  │
    │ lo /32   │                                      │ lo   │
    └───────┬──┘                  ┌────┐              └───┬──┘
            └── up1 ──────────────┤ r2 ├──────────── r2 ──┘
                 172.20.30.0/24   │    │   10.1.2.0/24
                2001:db8:30::/64  └────┘  2001:db8:a2::/64

The host ends in .2 of each uplink, its router in .1. Default routes of the host: by r1 (metric 100), then by r2
(metric 200). Routers and web server know the way back to the loopback addresses and to both uplinks.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lab.netns import Namespace, NamespaceError, batch, delete, die_with_parent, owned_by, sweep

HOST_SOURCE = {4: "192.0.2.2", 6: "2001:db8:ff::2"}
UPLINKS = {
    "up0": {4: "172.20.20.2", 6: "2001:db8:20::2"},
    "up1": {4: "172.20.30.2", 6: "2001:db8:30::2"},
}
GATEWAYS = {
    "up0": {4: "172.20.20.1", 6: "2001:db8:20::1"},
    "up1": {4: "172.20.30.1", 6: "2001:db8:30::1"},
}
WEB = {4: "198.51.100.34", 6: "2001:db8:100::34"}
OTHER_WEB = {4: "203.0.113.80", 6: "2001:db8:113::80"}
WEB_NETWORK = {4: "198.51.100.0/24", 6: "2001:db8:100::/64"}
HTTP_PORT = 80

_NO_FILTER = {
    "ipv4/conf/all/rp_filter": 0,
    "ipv4/conf/default/rp_filter": 0,
    "ipv6/conf/default/accept_dad": 0,
    "ipv6/conf/all/accept_dad": 0,
}
_ROUTER = {**_NO_FILTER, "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1}

_HOST_LINES = """\
link set up0 up
link set up1 up
address add 192.0.2.2/32 dev lo
address add 2001:db8:ff::2/128 dev lo nodad
address add 172.20.20.2/24 dev up0
address add 172.20.30.2/24 dev up1
address add 2001:db8:20::2/64 dev up0 nodad
address add 2001:db8:30::2/64 dev up1 nodad
route add default via 172.20.20.1 dev up0 proto static metric 100
route add default via 172.20.30.1 dev up1 proto static metric 200
route add ::/0 via 2001:db8:20::1 dev up0 proto static metric 100
route add ::/0 via 2001:db8:30::1 dev up1 proto static metric 200
"""

_ROUTER_LINES = """\
link set host up
link set web up
address add 172.20.{net}.1/24 dev host
address add 2001:db8:{net}::1/64 dev host nodad
address add 10.1.{number}.1/24 dev web
address add 2001:db8:a{number}::1/64 dev web nodad
route add 192.0.2.0/24 via 172.20.{net}.2 proto static
route add 2001:db8:ff::/64 via 2001:db8:{net}::2 proto static
route add default via 10.1.{number}.2 proto static
route add ::/0 via 2001:db8:a{number}::2 proto static
"""

_WEB_LINES = """\
link set r1 up
link set r2 up
address add 198.51.100.34/32 dev lo
address add 203.0.113.80/32 dev lo
address add 2001:db8:100::34/128 dev lo nodad
address add 2001:db8:113::80/128 dev lo nodad
address add 10.1.1.2/24 dev r1
address add 10.1.2.2/24 dev r2
address add 2001:db8:a1::2/64 dev r1 nodad
address add 2001:db8:a2::2/64 dev r2 nodad
route add 172.20.20.0/24 via 10.1.1.1 proto static
route add 172.20.30.0/24 via 10.1.2.1 proto static
route add 192.0.2.0/24 via 10.1.1.1 proto static metric 100
route add 192.0.2.0/24 via 10.1.2.1 proto static metric 200
route add 2001:db8:20::/64 via 2001:db8:a1::1 proto static
route add 2001:db8:30::/64 via 2001:db8:a2::1 proto static
route add 2001:db8:ff::/64 via 2001:db8:a1::1 proto static metric 100
route add 2001:db8:ff::/64 via 2001:db8:a2::1 proto static metric 200
"""


@dataclass(frozen=True)
class Lab:
    """The four namespaces of one lab, in working order."""

    host: Namespace
    r1: Namespace
    r2: Namespace
    web: Namespace

    @property
    def names(self) -> dict[str, str]:
        """Name of each namespace, by its part in the lab."""
        return {part: getattr(self, part).name for part in ("host", "r1", "r2", "web")}


def build(*, web_server: bool = True, owner: int | None = None) -> Lab:
    """Build a lab, after sweeping what killed runs left; the caller deletes it (``lab()`` does both).

    ``owner`` is the process it lives and dies with (default: this one).
    """
    sweep()
    made = Lab(*(Namespace(label, owner) for label in ("host", "r1", "r2", "web")))
    try:
        _build(made)
        if web_server:
            start_web_server(made.web, outlives=owner is not None)
    except BaseException:
        tear_down(made)
        raise
    return made


def _build(made: Lab) -> None:
    h, r1, r2, web = (made.names[part] for part in ("host", "r1", "r2", "web"))
    batch(f"netns add {name}" for name in (h, r1, r2, web))
    for namespace in (made.host, made.r1, made.r2, made.web):
        # Before the links, which inherit the defaults: link-local addresses are then usable at once.
        namespace.sysctl(_ROUTER if namespace in (made.r1, made.r2) else _NO_FILTER)
    batch(
        [
            f"link add up0 netns {h} type veth peer name host netns {r1}",
            f"link add up1 netns {h} type veth peer name host netns {r2}",
            f"link add web netns {r1} type veth peer name r1 netns {web}",
            f"link add web netns {r2} type veth peer name r2 netns {web}",
        ]
    )
    lines = {
        made.host: _HOST_LINES,
        made.r1: _ROUTER_LINES.format(number=1, net=20),
        made.r2: _ROUTER_LINES.format(number=2, net=30),
        made.web: _WEB_LINES,
    }
    for namespace, text in lines.items():
        namespace.batch(["link set lo up", *text.splitlines()])


def start_web_server(web: Namespace, port: int = HTTP_PORT, *, outlives: bool = False, timeout: float = 10.0) -> None:
    """Start the HTTP server in the background and return once it listens.

    It ends with its namespace and, unless it ``outlives`` this process, with this process.
    """
    script = Path(__file__).with_name("webserver.py")
    server = web.popen(
        [sys.executable, "-I", str(script), str(port)],
        start_new_session=True,
        preexec_fn=None if outlives else die_with_parent,
    )
    deadline = time.monotonic() + timeout
    while f":{port} " not in web.run(["ss", "-Hltn"]).stdout:
        if server.poll() is not None or time.monotonic() > deadline:
            raise NamespaceError(f"the web server in {web.name} does not listen on port {port} (see its message above)")
        time.sleep(0.02)


def tear_down(made: Lab) -> None:
    """Delete the lab's namespaces and everything in them."""
    delete(made.names.values())


def tear_down_own() -> None:
    """Delete everything that this process has made, whatever it was (for signal handlers and ``atexit``)."""
    delete(owned_by(os.getpid()))


@contextlib.contextmanager
def lab(*, web_server: bool = True) -> Iterator[Lab]:
    """A lab for the length of a ``with`` block."""
    made = build(web_server=web_server)
    try:
        yield made
    finally:
        tear_down(made)
