# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The open sockets of a host: what is asked for, and a socket as a result. PRIVATE to the collection."""

from __future__ import annotations

import itertools
import typing as t

from .._base.errors import InvalidInput
from .._base.values import INET, INET6, Prefix, address_text, parse_prefix
from .._host.host import Host
from .._netlink.diag import Diagnostics
from . import message
from .bytecode import Filter, program
from .judge import Listeners
from .message import Socket
from .processes import Process, holders

_FAMILIES = {"any": (INET, INET6), "ipv4": (INET,), "ipv6": (INET6,)}
#: Words of the option ``states`` that stand for several.
STATES = {"connected": message.CONNECTED, "all": frozenset(message.STATES)}
#: Up to so many sockets of a result their processes are looked up without being asked for.
FEW = 200


class Wanted(t.NamedTuple):
    """Which sockets are asked for; all of it is decided by the kernel."""

    filter: Filter = Filter()
    protocols: tuple[str, ...] = ("tcp", "udp")
    states: frozenset[str] = message.CONNECTED


def wanted(options: t.Mapping[str, t.Any]) -> Wanted:
    """The options of a task: ``family protocols states sources destinations source_ports destination_ports``."""
    states = itertools.chain.from_iterable(STATES.get(word, (word,)) for word in options["states"])
    checks = Filter(
        _FAMILIES[options["family"]],
        sources=_prefixes(options, "sources"),
        destinations=_prefixes(options, "destinations"),
        source_ports=_ports(options, "source_ports"),
        destination_ports=_ports(options, "destination_ports"),
    )
    return Wanted(checks, tuple(options["protocols"]), frozenset(states))


def _prefixes(options: t.Mapping[str, t.Any], name: str) -> tuple[Prefix, ...]:
    return tuple(parse_prefix(text, f"{name}[{number}]") for number, text in enumerate(options[name]))


def _ports(options: t.Mapping[str, t.Any], name: str) -> tuple[int, ...]:
    for number, port in enumerate(options[name]):
        if not 0 <= port <= 0xFFFF:
            raise InvalidInput(f"{name}[{number}]: {port} is not between 0 and 65535")
    return tuple(options[name])


def read(diagnostics: Diagnostics, which: Wanted) -> t.Iterator[Socket]:
    """The sockets of this namespace, in the kernel's order, by protocol and family of the socket."""
    for protocol in which.protocols:
        number = message.PROTOCOLS[protocol]
        for family in (INET, INET6):
            checks = program(which.filter, family)
            if checks is not None and which.states:
                request = message.request(family, number, which.states, checks)
                for chunk in diagnostics.dump(request, f"{protocol} sockets"):
                    yield from message.sockets(chunk, number)


def listeners(diagnostics: Diagnostics, protocols: tuple[str, ...]) -> Listeners:
    """Where this host is a server."""
    return Listeners(read(diagnostics, Wanted(protocols=protocols, states=frozenset(("listen", "close")))))


def processes(sockets: t.Sequence[Socket], asked: bool | None) -> dict[int, Process]:
    """Who holds these sockets, by inode; nobody where that was not asked for, or (None) there are more than a few."""
    if asked or (asked is None and len(sockets) <= FEW):
        return holders({one.inode for one in sockets})
    return {}


def result(socket: Socket, host: Host, process: Process | None) -> dict[str, t.Any]:
    """A socket as the task's result has it."""
    vrf = host.domain_of(socket.device)
    return {
        "protocol": message.NAME_OF_PROTOCOL[socket.protocol],
        "family": "ipv4" if socket.family == INET else "ipv6",
        "state": message.NAME_OF_STATE.get(socket.state, str(socket.state)),
        "source": address_text(socket.source) if any(socket.source) else None,
        "source_port": socket.source_port or None,
        "destination": address_text(socket.destination) if any(socket.destination) else None,
        "destination_port": socket.destination_port or None,
        "device": host.names.get(socket.device, f"if{socket.device}") if socket.device else None,
        "vrf": vrf.name if vrf else None,
        "mark": socket.mark,
        "uid": socket.uid,
        "inode": socket.inode,
        "pid": process.pid if process else None,
        "process": process.name if process else None,
        "unit": process.unit if process else None,
    }
