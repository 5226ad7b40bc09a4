# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets a program choose its source besides bind, in a query: socket options and ancillary data. PRIVATE.

IP_UNICAST_IF and the device in IP_PKTINFO lead the look-up without binding the socket: ``udp_sendmsg()`` in
net/ipv4/udp.c, ``ip6_datagram_send_ctl()`` and ``ip6_datagram_flow_key_init()`` in net/ipv6/datagram.c.
"""

from __future__ import annotations

import socket
import typing as t
from dataclasses import dataclass

from .._base.errors import InvalidInput
from .._base.values import INET6, Link
from .._host.host import Host
from .._probe.choices import leave_by, prefer
from .._probe.sockets import Recorder

#: Of each of these RFC 5014 lets a socket prefer one.
_SIDES = (("temporary", "public", "public_or_temporary"), ("home", "care_of"))
#: What these are called in IPv4 and in IPv6.
UNICAST_IF = {False: "IP_UNICAST_IF", True: "IPV6_UNICAST_IF"}
PKTINFO = {False: "IP_PKTINFO", True: "IPV6_PKTINFO"}


@dataclass(frozen=True)
class Options:
    """``preferences`` as of RFC 5014; devices that lead the look-up; ``beside``: the source is said with the packet."""

    preferences: tuple[str, ...] = ()
    unicast: Link | None = None
    packet: Link | None = None
    beside: bool = False

    @property
    def lead(self) -> Link | None:
        """The device that leads the look-up."""
        return self.unicast or self.packet

    @property
    def unconnected(self) -> bool:
        """Whether only a packet shows what comes of it: a connected socket would be led by its own source too."""
        return self.beside or self.packet is not None

    @property
    def temporary(self) -> bool | None:
        """What rule 7 of RFC 6724 goes by; None: by ``use_tempaddr``."""
        return {"temporary": True, "public": False}.get(next(iter({*self.preferences} & {"temporary", "public"}), ""))

    @property
    def care_of(self) -> bool:
        """Whether rule 4 is turned round."""
        return "care_of" in self.preferences

    def named(self, family: int) -> str | None:
        """The option that leads the look-up, as the kernel calls it."""
        if self.unicast:
            return UNICAST_IF[family == INET6]
        return PKTINFO[family == INET6] if self.packet else None

    def set(self, recorder: Recorder, sock: socket.socket) -> None:
        """Set on a socket what belongs to it, and not to a packet."""
        family = int(sock.family)
        if self.preferences and family == INET6:
            prefer(recorder, sock, self.preferences)
        if self.unicast:
            leave_by(recorder, sock, family, self.unicast.name)


def parse(item: t.Mapping[str, t.Any], bound: Link | None, udp: bool, host: Host, what: str) -> Options:
    """The options of a query whose socket is bound to the device ``bound``. InvalidInput names the option."""
    chosen = tuple(item.get("preferences") or ())
    for side in _SIDES:
        if len({*side} & {*chosen}) > 1:
            raise InvalidInput(f"{what}.preferences: {', '.join(chosen)}: RFC 5014 lets a socket prefer one of them")
    devices = {}
    for key in ("unicast_device", "packet_device"):
        if item.get(key) is not None:
            devices[key] = host.device(item[key], f"{what}.{key}")
            if bound is not None or len(devices) == 2:
                other = f"the socket's device, {bound.name}, which" if bound else "unicast_device beside packet_device:"
                raise InvalidInput(f"{what}.{key}: {other} leaves it without effect; leave one of them out")
    for key in ("unicast_device", "packet_device", "packet_source"):
        if item.get(key) is not None and not udp:
            raise InvalidInput(f"{what}.{key}: TCP does not follow it; leave it out, or ip_protocol")
    if item.get("packet_source") is not None and item.get("from") is not None:
        raise InvalidInput(f"{what}.packet_source: it decides, whatever the socket is bound to; leave from out")
    return Options(
        chosen, devices.get("unicast_device"), devices.get("packet_device"), item.get("packet_source") is not None
    )
