# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queries of a task, checked before the first of them is asked. PRIVATE to the collection."""

from __future__ import annotations

import re
import socket
import typing as t
from dataclasses import dataclass, field

from .._base.errors import InvalidInput
from .._base.names import is_decimal
from .._base.values import INET, INET6, Link, Query, parse_address
from .._host.host import Host
from . import options as _options

UDP = 17
#: The protocols that a look-up may name: ``rtm_getroute_parse_ip_proto()`` in net/ipv4/fib_frontend.c.
_PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": UDP, "icmpv6": 58, "ipv6-icmp": 58}
_ICMP = {INET: 1, INET6: 58}
_LIMITS = {"mark": 0xFFFFFFFF, "uid": 0xFFFFFFFE, "source_port": 0xFFFF, "destination_port": 0xFFFF, "tos": 0xFF}
_FAMILIES = {INET: "IPv4", INET6: "IPv6"}
_HOST_NAME = re.compile(
    r"(?=.{1,253}\.?$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?"
)
_RESOLVERS = 16
_MAPPED, _LOOPBACK = bytes(10) + b"\xff\xff", bytes(15) + b"\x01"


@dataclass(frozen=True)
class Question:
    """One address to ask about. ``name`` is the host name it came from; ``given`` the options as the task has them.

    ``device`` is what a socket would be bound to (the device, else the VRF), or what ``options`` lead to instead;
    ``source`` what it would be bound to, or what is said beside its packet.
    """

    what: str
    destination: str
    query: Query
    device: str | None = None
    source: str | None = None
    name: str | None = None
    given: t.Mapping[str, t.Any] | None = None
    options: _options.Options = field(default_factory=_options.Options)


def questions(queries: t.Sequence[t.Mapping[str, t.Any]], destinations: t.Sequence[str], host: Host) -> list[Question]:
    """All of a task's questions, in order. InvalidInput names the item: ``queries[2].from``."""
    items: list[tuple[str, str, t.Mapping[str, t.Any]]] = [
        (f"queries[{index}]", f"queries[{index}].destination", item) for index, item in enumerate(queries)
    ]
    items += [
        (f"destinations[{index}]", f"destinations[{index}]", {"destination": text})
        for index, text in enumerate(destinations)
    ]
    drafts = [_draft(item, what, where, host) for what, where, item in items]
    names = {(draft.host, draft.family): draft.where for draft in drafts if draft.host}
    resolved = _resolve_all(names)
    found = []
    for draft in drafts:
        if draft.packed is not None:
            found.append(draft.question(draft.packed))
        else:
            found += [draft.question(packed) for packed in resolved[draft.host or "", draft.family]]
    return found


@dataclass(frozen=True)
class _Draft:
    """A query whose destination may still have to be resolved; ``family`` 0 is either."""

    what: str
    where: str
    item: t.Mapping[str, t.Any]
    family: int
    packed: bytes | None
    host: str | None
    link: Link | None
    source: bytes | None
    options: _options.Options

    def question(self, packed: bytes) -> Question:
        item = self.item
        family = INET if len(packed) == 4 else INET6
        return Question(
            what=self.what,
            destination=socket.inet_ntop(family, packed),
            query=Query(
                family=family,
                destination=packed,
                source=self.source,
                device=self.link.index if self.link else None,
                mark=item.get("mark"),
                uid=item.get("uid"),
                ip_protocol=_protocol(item.get("ip_protocol"), family, f"{self.what}.ip_protocol"),
                source_port=item.get("source_port") or None,
                destination_port=item.get("destination_port") or None,
                tos=item.get("tos") or 0,
            ),
            device=self.link.name if self.link else None,
            source=socket.inet_ntop(family, self.source) if self.source else None,
            name=self.host,
            given={key: value for key, value in item.items() if value is not None},
            options=self.options,
        )


def _draft(item: t.Mapping[str, t.Any], what: str, where: str, host: Host) -> _Draft:
    for key, limit in _LIMITS.items():
        value = item.get(key)
        if value is not None and not 0 <= value <= limit:
            raise InvalidInput(f"{what}.{key}: {value} is not between 0 and {limit}")
    family, packed, name, scope = _destination(str(item["destination"]), where)
    source = None
    for key in ("from", "packet_source"):
        if item.get(key) is not None:
            family, source = _source(item, key, family, what)
    if family:
        _protocol(item.get("ip_protocol"), family, f"{what}.ip_protocol")
    else:
        _protocol_number(item.get("ip_protocol"), f"{what}.ip_protocol")
    link = _device(item.get("device"), scope, item.get("vrf"), what, where, host)
    udp = _protocol_number(item.get("ip_protocol"), f"{what}.ip_protocol") == UDP
    options = _options.parse(item, link, udp, host, what)
    return _Draft(what, where, item, family, packed, name, options.lead or link, source, options)


def _source(item: t.Mapping[str, t.Any], key: str, family: int, what: str) -> tuple[int, bytes]:
    """``(family, packed)`` of the address that an option names; ``family`` of the destination, 0 is either."""
    text = str(item[key])
    found, source = _unmapped(*parse_address(text, f"{what}.{key}"))
    if family and found != family:
        raise InvalidInput(
            f"{what}.{key}: {text} is {_FAMILIES[found]}, but the destination {item['destination']} is "
            f"{_FAMILIES[family]}"
        )
    if not any(source):
        raise InvalidInput(f"{what}.{key}: {text} means no address; leave it out")
    return found, source


def _destination(text: str, where: str) -> tuple[int, bytes | None, str | None, str | None]:
    """``(family, packed, host name, device behind a %)``."""
    address, _percent, scope = text.partition("%")
    if ":" in address or re.fullmatch(r"[0-9.]+", address) or "/" in text:
        family, packed = _sent_to(*parse_address(address, where))
        if scope and family == INET:
            raise InvalidInput(f"{where}: {text!r}: only an IPv6 address has a device behind it")
        return family, packed, None, scope or None
    if not _HOST_NAME.fullmatch(text):
        raise InvalidInput(f"{where}: {text!r} is neither an IP address nor a host name")
    return 0, None, text, None


def _unmapped(family: int, packed: bytes) -> tuple[int, bytes]:
    """``::ffff:192.0.2.1`` is how an IPv6 socket speaks IPv4, by which its packets go."""
    return (INET, packed[12:]) if packed[:12] == _MAPPED else (family, packed)


def _sent_to(family: int, packed: bytes) -> tuple[int, bytes]:
    """Where packets to this address go: those to ``::`` to ``::1`` (``__ip6_datagram_connect()``)."""
    return (family, _LOOPBACK) if packed == bytes(16) else _unmapped(family, packed)


def _protocol_number(value: t.Any, what: str) -> int:
    if value is None:
        return UDP
    text = str(value).strip().lower()
    known = _PROTOCOLS.get(text, int(text) if is_decimal(text) else -1)
    if known not in _PROTOCOLS.values():
        raise InvalidInput(f"{what}: {value!r}: the kernel looks routes up for tcp (6), udp (17) and icmp (1, 58) only")
    return known


def _protocol(value: t.Any, family: int, what: str) -> int:
    """The number of the protocol in that family: ``icmp`` is 58 there in IPv6."""
    found = _protocol_number(value, what)
    if found not in _ICMP.values():
        return found
    if str(value).strip().lower() == "icmp":
        return _ICMP[family]
    if found != _ICMP[family]:
        raise InvalidInput(f"{what}: {value!r} is not a protocol of {_FAMILIES[family]}")
    return found


def _device(device: str | None, scope: str | None, vrf: str | None, what: str, where: str, host: Host) -> Link | None:
    chosen = host.device(device, f"{what}.device") if device is not None else None
    if scope is not None:
        scoped = host.device(scope, where)
        if chosen not in (None, scoped):
            raise InvalidInput(f"{what}.device: {device} is not the device behind the destination's %, {scope}")
        chosen = scoped
    if vrf is not None:
        domain = host.vrf(vrf, f"{what}.vrf")
        if chosen and host.domain_of(chosen.index) != domain:
            raise InvalidInput(f"{what}.device: {chosen.name} does not belong to vrf {vrf}")
        chosen = chosen or domain
    return chosen


def _resolve_all(names: t.Mapping[tuple[str, int], str]) -> dict[tuple[str, int], list[bytes]]:
    if not names:
        return {}
    from concurrent.futures import ThreadPoolExecutor  # who asks for addresses does not pay for its import

    # Threads are in the network namespace of the thread that starts them.
    with ThreadPoolExecutor(max_workers=min(_RESOLVERS, len(names))) as pool:
        hosts, families = [key[0] for key in names], [key[1] for key in names]
        return dict(zip(names, pool.map(_resolve, hosts, families, names.values())))


def _resolve(host: str, family: int, where: str) -> list[bytes]:
    """The addresses of a host name, each once, in the order of ``getaddrinfo(3)``."""
    try:
        found = socket.getaddrinfo(host, None, family, socket.SOCK_DGRAM)
    except socket.gaierror as error:
        kind = f" to an {_FAMILIES[family]} address" if family else ""
        raise InvalidInput(
            f"{where}: {host!r} is no IP address, and as a host name it does not resolve{kind}: {error.strerror}"
        ) from None
    return list(
        dict.fromkeys(
            socket.inet_pton(kind, str(name[0]).partition("%")[0])
            for kind, _type, _protocol, _canonical, name in found
            if kind in (INET, INET6)
        )
    )
