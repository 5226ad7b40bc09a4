# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's door: sockets, namespaces, dumps, lookups, writes. PRIVATE to the collection.

The only room that imports pyroute2. Devices, addresses and rules are asked for through pyroute2's own calls; routes
go as bytes over its socket, because its route decoder loses attributes and is a hundred times slower than the kernel.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import sys
import traceback
import typing as t
from concurrent.futures import ThreadPoolExecutor

from .._base.errors import InvalidInput, KernelError, MissingLibrary
from .._base.values import (
    INET,
    INET6,
    Address,
    Link,
    Prefix,
    Query,
    Rule,
)
from . import wire
from .wire import Failure, Message, Rows, Sent

if t.TYPE_CHECKING:
    from types import TracebackType

try:
    import pyroute2
    import pyroute2.netns

    _IMPORT_ERROR: str | None = None
except ImportError:
    _IMPORT_ERROR = traceback.format_exc()

MINIMUM_PYROUTE2 = (0, 7, 2)
_SOL_NETLINK, _NETLINK_CAP_ACK = 270, 10
_SO_RCVBUFFORCE = 33
_RTM_GETADDRLABEL = 74
_RECEIVE_BUFFER = 4 << 20
_ACK_COST = 832  # bytes of receive buffer that the kernel charges for one acknowledgement
_BATCH_MESSAGES, _BATCH_BYTES = 1024, 96 << 10
_FOREVER = 0xFFFFFFFF
_RULE_ACTIONS = {1: "lookup", 2: "goto", 3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit"}


class _Batch(t.NamedTuple):
    """Messages to be sent at once: how many, and their last sequence number."""

    data: bytes | bytearray
    last: int
    messages: int


class Label(t.NamedTuple):
    """An entry of the RFC 6724 policy table (``ip addrlabel``)."""

    prefix: Prefix
    label: int
    device: int


def check_pyroute2() -> None:
    """Raise MissingLibrary unless pyroute2 is there and new enough."""
    wanted = ".".join(map(str, MINIMUM_PYROUTE2))
    if _IMPORT_ERROR:
        raise MissingLibrary(
            f"pyroute2 >= {wanted} is needed on the host and cannot be imported by {sys.executable};"
            " install python3-pyroute2 or run the role l3host.source_ip.prerequisites",
            exception=_IMPORT_ERROR,
        )
    found = getattr(pyroute2, "__version__", "unknown")
    numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdigit())
    # Debian 12 packages 0.7.2 with the version "unknown": no number is no reason to refuse.
    if numbers and numbers < MINIMUM_PYROUTE2:
        raise MissingLibrary(f"pyroute2 >= {wanted} is needed; found {found} at {pyroute2.__file__}")


def enter_netns(name: str) -> None:
    """Move this process into an existing network namespace, by name or path. Never creates one."""
    check_pyroute2()
    try:
        pyroute2.netns.setns(name, flags=0)
    except FileNotFoundError:
        raise InvalidInput(f"netns: there is no network namespace {name!r}; see 'ip netns list'") from None
    except OSError as error:
        raise InvalidInput(f"netns: cannot enter {name!r}: {error.strerror}") from error


class Kernel:
    """One connection to the kernel's routing tables, in the namespace that the process is in."""

    def __init__(self) -> None:
        check_pyroute2()
        self._ip = pyroute2.IPRoute(ext_ack=True)
        self._routes = pyroute2.IPRoute(strict_check=True, ext_ack=True)
        # pyroute2 has no sending of many messages with an answer for each in every version: same socket, own numbers.
        self._socket = socket.socket(fileno=os.dup(self._routes.fileno()))
        self._socket.setblocking(True)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.setsockopt(_SOL_NETLINK, _NETLINK_CAP_ACK, 1)
        acks = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // _ACK_COST
        self._batch = max(1, min(_BATCH_MESSAGES, acks))
        self._sequence = 1
        self._links: tuple[Link, ...] | None = None

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()
        self._routes.close()
        self._ip.close()

    # Devices, addresses, rules

    def links(self) -> tuple[Link, ...]:
        """All devices; asked once for each connection."""
        if self._links is None:
            self._links = tuple(_link(message) for message in self._ip.get_links())
        return self._links

    def device_names(self) -> dict[int, str]:
        return {link.index: link.name for link in self.links()}

    def addresses(self) -> tuple[Address, ...]:
        """All addresses of both families, in the kernel's order."""
        names = self.device_names()
        found = []
        for family in (INET, INET6):
            found += [_address(message, names) for message in self._ip.get_addr(family=family)]
        return tuple(found)

    def dump_addresses(self) -> t.Iterator[bytes]:
        """The payload (``struct ifaddrmsg`` and attributes) of each address, in the kernel's order, IPv4 first."""
        for family in (INET, INET6):
            for chunk in self._dump(wire.RTM_GETADDR, struct.pack("=BBBBI", family, 0, 0, 0, 0), "addresses"):
                for kind, _flags, _sequence, payload in wire.messages(chunk):
                    if kind == wire.RTM_NEWADDR:
                        yield payload

    def rules(self, family: int) -> tuple[Rule, ...]:
        """The policy rules of a family, by priority."""
        found = [_rule(message) for message in self._ip.get_rules(family=family)]
        return tuple(sorted(found, key=lambda rule: rule.priority))

    def labels(self) -> tuple[Label, ...]:
        """The RFC 6724 policy table; pyroute2 has no decoder for ``struct ifaddrlblmsg``."""
        found = []
        for chunk in self._dump(_RTM_GETADDRLABEL, struct.pack("=BBBBII", INET6, 0, 0, 0, 0, 0), "address labels"):
            for kind, _flags, _sequence, payload in wire.messages(chunk):
                if kind == 72:  # RTM_NEWADDRLABEL
                    attrs = dict(wire.attributes(payload, 12))
                    prefix = Prefix(INET6, attrs.get(1, bytes(16)), payload[2])
                    found.append(
                        Label(prefix, struct.unpack("=I", attrs[2])[0], struct.unpack_from("=I", payload, 4)[0])
                    )
        return tuple(found)

    # Routes

    def dump_routes(
        self, family: int, table: int | None = None, protocol: int = 0, device: int | None = None, kind: int = 0
    ) -> t.Iterator[bytes]:
        """What ``recv`` returns while the kernel dumps its routes, filtered by the kernel.

        ``table`` None means all; 0 leaves protocol and type open. A table that does not exist is empty.
        """
        body = wire.dump_request(family, table, protocol, device, kind)
        return self._dump(wire.RTM_GETROUTE, body, f"routes of table {table}")

    def routes(self, family: int, table: int | None = None, protocol: int = 0, kind: int = 0) -> t.Iterator[bytes]:
        """The payload of each route of a filtered dump."""
        for chunk in self.dump_routes(family, table, protocol, kind=kind):
            for number, _flags, _sequence, payload in wire.messages(chunk):
                if number == wire.RTM_NEWROUTE:
                    yield payload

    def _dump(self, kind: int, body: bytes, what: str) -> t.Iterator[bytes]:
        sequence = self._next()
        flags = wire.NLM_F_REQUEST | wire.NLM_F_DUMP
        self._socket.send(wire.message(kind, flags, sequence, body))
        done = struct.pack("=HHI", wire.NLMSG_DONE, 2, sequence)
        while True:
            chunk = self._socket.recv(1 << 18)
            if len(chunk) < 16:
                raise KernelError(f"{what}: the kernel ended the dump early", errno.EIO, "short answer")
            first = wire.HEADER.unpack_from(chunk)
            if first[3] != sequence:
                continue  # the rest of a dump that its reader gave up
            if first[1] == wire.NLMSG_ERROR:
                code = -struct.unpack_from("=i", chunk, 16)[0]
                self._raise_dump(code, chunk[16 : first[0]], 20, what)
                return
            # The kernel puts NLMSG_DONE last: alone, or behind the last routes of a chunk.
            at = 0 if first[1] == wire.NLMSG_DONE else chunk.rfind(done) - 4
            if at < 0 or not _is_done(chunk, at):
                yield chunk
                continue
            if at:
                yield chunk[:at]
            payload = chunk[at + 16 :]
            code = -struct.unpack_from("=i", payload)[0] if len(payload) >= 4 else 0
            self._raise_dump(code, payload, 4, what)
            return

    @staticmethod
    def _raise_dump(code: int, payload: bytes, offset: int, what: str) -> None:
        if code in (0, errno.ENOENT):  # "FIB table does not exist", that is, it is empty
            return
        text = wire.extack(payload, offset) or os.strerror(code)
        raise KernelError(f"{what}: the kernel refused to list them: {text}", code, text)

    def lookup(self, query: Query, fib_match: bool = False) -> bytes:
        """The payload that answers RTM_GETROUTE; KernelError with the errno where there is no route.

        While an entry is being replaced a lookup can miss it (ENETUNREACH), so a miss is asked again.
        """
        flags = wire.RTM_F_FIB_MATCH if fib_match else 0
        if query.family == INET:
            # IPv6 names the table in any case, and refuses this flag when it checks strictly.
            flags |= wire.RTM_F_LOOKUP_TABLE
        body = wire.lookup_request(query, flags)
        answer = self._ask(body)
        for _attempt in range(2):
            if isinstance(answer, Failure) and answer.errno == errno.ENETUNREACH:
                answer = self._ask(body)
        if not isinstance(answer, Failure):
            return answer
        destination = socket.inet_ntop(query.family, query.destination)
        raise KernelError(f"{destination}: {answer.text}", answer.errno, answer.text)

    def _ask(self, body: bytes) -> bytes | Failure:
        sequence = self._next()
        self._socket.send(wire.message(wire.RTM_GETROUTE, wire.NLM_F_REQUEST, sequence, body))
        while True:
            for kind, flags, number, payload in wire.messages(self._socket.recv(1 << 16)):
                if number != sequence:
                    continue
                if kind == wire.NLMSG_ERROR:
                    return _failure(0, flags, payload)
                return payload

    def send(self, requests: t.Iterable[Message | Rows]) -> Sent:
        """Send all, in order, in bounded batches; stop after the first batch that holds a refused message.

        Within a batch the kernel carries out what follows a refused message. While the kernel works on a batch
        (``send`` returns when it is done, and leaves the interpreter to others) the next one is packed.
        """
        batches = self._batches(requests)
        batch, following = next(batches, None), next(batches, None)
        if batch is None or following is None:
            return Sent(batch.messages, self._exchange(batch, 0)) if batch else Sent(0, [])
        position = 0
        with ThreadPoolExecutor(max_workers=1) as sender:
            while batch:
                answer = sender.submit(self._exchange, batch, position)
                after = next(batches, None)
                failures = answer.result()
                position += batch.messages
                if failures:
                    return Sent(position, failures)
                batch, following = following, after
        return Sent(position, [])

    def _batches(self, requests: t.Iterable[Message | Rows]) -> t.Iterator[_Batch]:
        waiting: list[Message] = []
        size = 0
        for request in requests:
            if isinstance(request, Rows):
                if waiting:
                    yield self._pack(waiting)
                    waiting, size = [], 0
                yield from self._cut(request)
                continue
            waiting.append(request)
            size += 16 + len(request.payload)
            if len(waiting) == self._batch or size >= _BATCH_BYTES:
                yield self._pack(waiting)
                waiting, size = [], 0
        if waiting:
            yield self._pack(waiting)

    def _pack(self, requests: t.Sequence[Message]) -> _Batch:
        """Messages as one buffer; only the last asks for an acknowledgement."""
        pack, request = wire.HEADER.pack, wire.NLM_F_REQUEST
        parts: list[bytes] = []
        for sequence, (kind, flags, payload) in enumerate(requests, self._sequence + 1):
            parts += (pack(16 + len(payload), kind, flags | request, sequence, 0), payload)
        self._sequence += len(requests)
        parts[-2] = pack(16 + len(payload), kind, flags | request | wire.NLM_F_ACK, sequence, 0)
        return _Batch(b"".join(parts), self._sequence, len(requests))

    def _cut(self, rows: Rows) -> t.Iterator[_Batch]:
        size, data = rows
        step = size * max(1, min(self._batch, _BATCH_BYTES // size))
        for start in range(0, len(data), step):
            some = data[start : start + step]
            first = self._sequence + 1
            self._sequence += len(some) // size
            yield _Batch(wire.number(Rows(size, some), first), self._sequence, len(some) // size)

    def _exchange(self, batch: _Batch, position: int) -> list[Failure]:
        self._socket.send(batch.data)
        return self._collect(batch.last - batch.messages + 1, batch.last, position)

    def _collect(self, base: int, last: int, position: int) -> list[Failure]:
        failures: list[Failure] = []
        done = False
        while not done:
            try:
                chunk = self._socket.recv(1 << 18)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                return failures  # answers were dropped: what did not take is found when the task is read back
            for kind, flags, number, payload in wire.messages(chunk):
                if kind != wire.NLMSG_ERROR or not base <= number <= last:
                    continue
                failure = _failure(position + number - base, flags, payload)
                if failure.errno:
                    failures.append(failure)
                done = done or number == last
        return failures

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence


def _is_done(chunk: bytes, at: int) -> bool:
    """Whether a whole NLMSG_DONE begins at this offset and ends the chunk, and is not the inside of a route."""
    length: int = struct.unpack_from("=I", chunk, at)[0]
    return 16 <= length <= len(chunk) - at < length + 4


def _failure(position: int, flags: int, payload: bytes) -> Failure:
    code = -struct.unpack_from("=i", payload)[0]
    # NLM_F_CAPPED (0x100): only the header of the refused message is echoed in front of the extended ack.
    offset = 20 if flags & 0x100 else 4 + struct.unpack_from("=I", payload, 4)[0]
    text = wire.extack(payload, offset) if flags & 0x200 else ""
    return Failure(position, code, text or os.strerror(code))


def _value(message: t.Any, name: str) -> t.Any:
    return message.get_attr(name)


def _link(message: t.Any) -> Link:
    info = _value(message, "IFLA_LINKINFO")
    table = None
    if info is not None and info.get_attr("IFLA_INFO_KIND") == "vrf":
        data = info.get_attr("IFLA_INFO_DATA")
        table = data.get_attr("IFLA_VRF_TABLE") if data is not None else None
    return Link(
        index=message["index"],
        name=_value(message, "IFLA_IFNAME"),
        up=bool(message["flags"] & 1),
        loopback=bool(message["flags"] & 8),
        master=_value(message, "IFLA_MASTER") or 0,
        table=table,
        running=bool(message["flags"] & 0x40),
    )


def _lifetime(seconds: int | None) -> int | None:
    return None if seconds is None or seconds == _FOREVER else seconds


def _canonical(family: int, text: str) -> str:
    return socket.inet_ntop(family, socket.inet_pton(family, text))


def _address(message: t.Any, names: t.Mapping[int, str]) -> Address:
    family = message["family"]
    local, address = _value(message, "IFA_LOCAL"), _value(message, "IFA_ADDRESS")
    cache = _value(message, "IFA_CACHEINFO") or {}
    flags = _value(message, "IFA_FLAGS")
    own = _canonical(family, local or address)
    return Address(
        address=own,
        prefix_length=message["prefixlen"],
        family=family,
        index=message["index"],
        device=names.get(message["index"], f"if{message['index']}"),
        scope=message["scope"],
        flags=message["flags"] if flags is None else flags,
        label=_value(message, "IFA_LABEL"),
        peer=_canonical(family, address) if local and address and _canonical(family, address) != own else None,
        preferred_lifetime=_lifetime(cache.get("ifa_preferred", cache.get("ifa_prefered"))),
        valid_lifetime=_lifetime(cache.get("ifa_valid")),
        protocol=_value(message, "IFA_PROTO"),
    )


def _range(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, _colon, last = text.partition(":")
    return int(first), int(last)


def _rule(message: t.Any) -> Rule:
    family = message["family"]

    def prefix(name: str, length: str) -> Prefix | None:
        text = _value(message, name)
        return Prefix(family, socket.inet_pton(family, text), message[length]) if text else None

    mark = _value(message, "FRA_FWMARK")
    mask = _value(message, "FRA_FWMASK")
    suppress = _value(message, "FRA_SUPPRESS_PREFIXLEN")
    return Rule(
        family=family,
        priority=_value(message, "FRA_PRIORITY") or 0,
        action=_RULE_ACTIONS.get(message["action"], str(message["action"])),
        table=_value(message, "FRA_TABLE") or message["table"] or None,
        source=prefix("FRA_SRC", "src_len"),
        destination=prefix("FRA_DST", "dst_len"),
        iif=_value(message, "FRA_IIFNAME"),
        oif=_value(message, "FRA_OIFNAME"),
        mark=mark,
        mask=_FOREVER if mask is None else mask,
        tos=message["tos"],
        ip_protocol=_value(message, "FRA_IP_PROTO") or None,
        source_ports=_range(_value(message, "FRA_SPORT_RANGE")),
        destination_ports=_range(_value(message, "FRA_DPORT_RANGE")),
        uids=_range(_value(message, "FRA_UID_RANGE")),
        goto=_value(message, "FRA_GOTO"),
        invert=bool(message["flags"] & 2),
        l3mdev=bool(_value(message, "FRA_L3MDEV")),
        suppress_prefixlength=None if suppress in (None, _FOREVER) else suppress,
        protocol=_value(message, "FRA_PROTOCOL") or 0,
    )
