# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's door: dumps, lookups, writes, over pyroute2's socket. PRIVATE to the collection.

Devices are decoded by pyroute2's own messages; the rest stays bytes, because its decoders lose attributes, and that of
routes is a hundred times slower than the kernel.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import typing as t

from .._base.errors import KernelError
from .._base.values import INET, INET6, Label, Link, Prefix, Query, Rule
from . import decode, library, rules, wire
from .connection import Connection
from .dump import dump
from .rules import RuleEntry
from .wire import Failure, Message, Rows, Sent

_SOL_NETLINK, _NETLINK_CAP_ACK = 270, 10
_SO_RCVBUFFORCE = 33
_RECEIVE_BUFFER = 4 << 20
_ACK_COST = 832  # bytes of receive buffer that the kernel charges for one acknowledgement
_BATCH_MESSAGES, _BATCH_BYTES = 1024, 96 << 10
_RTM_GETNEXTHOP, _NHA_ID = 106, 1  # include/uapi/linux/nexthop.h; its struct nhmsg has 8 bytes
_DUMPS = 5  # how often a list that changed while it was read is asked for
#: Lists: the number of the request, that of the answer, and the size of the header, which names at most a family.
#: ``struct ifinfomsg``, ``ifaddrmsg``, ``fib_rule_hdr``, ``ifaddrlblmsg``, ``nhmsg``.
_LINKS, _ADDRESSES, _RULES, _LABELS = (18, 16, 16), (22, 20, 8), (34, 32, 12), (74, 72, 12)
_NEXTHOPS = (106, 104, 8)


class _Batch(t.NamedTuple):
    """Messages to be sent at once: how many, and their last sequence number."""

    data: bytes | memoryview
    last: int
    messages: int


class Kernel(Connection):
    """One connection to the kernel's routing tables, in the namespace that the process is in.

    ``means``: what opens its socket and decodes devices, ``library`` or ``plain``.
    """

    def __init__(self, means: t.Any = library) -> None:
        super().__init__(means=means)
        self._link: t.Callable[[bytes], Link] = means.link
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER)
        except PermissionError:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        self._socket.setsockopt(_SOL_NETLINK, _NETLINK_CAP_ACK, 1)
        acks = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // _ACK_COST
        self._batch = max(1, min(_BATCH_MESSAGES, acks))

    # Devices, addresses, rules

    def links(self) -> list[Link]:
        """All devices."""
        return [self._link(message) for message in self._list(_LINKS, "devices")]

    def addresses(self, names: t.Mapping[int, str]) -> list[decode.Entry]:
        """All addresses of both families, in the kernel's order, IPv4 first; ``names`` are the devices' by index."""
        messages = [one for family in (INET, INET6) for one in self._list(_ADDRESSES, "addresses", family)]
        return [decode.Entry(decode.address(message[16:], names), message[16:]) for message in messages]

    def rules(self, family: int) -> list[Rule]:
        """The policy rules of a family, by priority."""
        return [entry.rule for entry in self.rule_entries(family)]

    def rule_entries(self, family: int) -> list[RuleEntry]:
        """The same with the payloads; none where this kernel has no such family."""
        messages = self._list(_RULES, "rules", family)
        found = [RuleEntry(rules.rule(message[16:]), message[16:]) for message in messages]
        return sorted(found, key=lambda entry: entry.rule.priority)

    def labels(self) -> list[Label]:
        """The RFC 6724 policy table."""
        return [decode.label(message[16:]) for message in self._list(_LABELS, "address labels", INET6)]

    def nexthops(self) -> list[bytes]:
        """The payloads of all nexthop objects."""
        return [message[16:] for message in self._list(_NEXTHOPS, "nexthop objects")]

    def _list(self, kind: tuple[int, int, int], what: str, family: int = 0) -> list[bytes]:
        """The messages of a dump that nothing changed meanwhile, headers included."""
        request, answer, size = kind
        for _attempt in range(_DUMPS):
            chunks = self._dump(request, bytes((family,)) + bytes(size - 1), what)
            found = [one for chunk in chunks for one in wire.messages(chunk)]
            if not any(flags & wire.NLM_F_DUMP_INTR for _kind, flags, _sequence, _payload in found):
                break
        return [wire.message(*one) for one in found if one[0] == answer]

    # Routes

    def dump_routes(
        self, family: int, table: int | None = None, protocol: int = 0, device: int | None = None, kind: int = 0
    ) -> t.Iterator[bytes]:
        """What ``recv`` returns while the kernel dumps its routes, filtered by the kernel.

        ``table`` None means all; 0 leaves protocol and type open. A table that does not exist is empty.
        """
        body = wire.dump_request(family, table, protocol, device, kind)
        return self._dump(wire.RTM_GETROUTE, body, f"routes of table {table}")

    def destinations(self, family: int, table: int, kind: int) -> list[Prefix]:
        """The prefixes of a table's routes of one type."""
        chunks = self.dump_routes(family, table, kind=kind)
        return [wire.destination_of(message[3]) for chunk in chunks for message in wire.messages(chunk)]

    def _dump(self, kind: int, body: bytes, what: str) -> t.Iterator[bytes]:
        # ENOENT: "FIB table does not exist", that is, it is empty. EAFNOSUPPORT: the family is not there.
        return dump(self._socket, kind, self._next(), body, what, empty=(errno.ENOENT, errno.EAFNOSUPPORT))

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

    def nexthop_family(self, number: int) -> int | None:
        """The family of a nexthop object, 0 of a group; None where there is none of this id."""
        answer = self._answer(_RTM_GETNEXTHOP, bytes(8) + wire.attribute(_NHA_ID, wire.U32.pack(number)))
        return None if isinstance(answer, Failure) else answer[0]

    def _ask(self, body: bytes) -> bytes | Failure:
        return self._answer(wire.RTM_GETROUTE, body)

    def _answer(self, request: int, body: bytes) -> bytes | Failure:
        sequence = self._next()
        self._socket.send(wire.message(request, wire.NLM_F_REQUEST, sequence, body))
        while True:
            for kind, flags, number, payload in wire.messages(self._socket.recv(1 << 16)):
                if number != sequence:
                    continue
                if kind == wire.NLMSG_ERROR:
                    return _failure(0, flags, payload)
                return payload

    def send(self, requests: t.Iterable[Message | Rows]) -> Sent:
        """Send all, in order, in bounded batches; stop after the first batch that holds a refused message.

        Within a batch the kernel carries out what follows a refused message.
        """
        position = 0
        for batch in self._batches(requests):
            self._socket.send(batch.data)
            failures = self._collect(batch.last - batch.messages + 1, batch.last, position)
            position += batch.messages
            if failures:
                return Sent(position, failures)
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
        """The same of rows, all of which get their numbers at once."""
        size, count = rows.size, len(rows.data) // rows.size
        step = max(1, min(self._batch, _BATCH_BYTES // size))
        first = self._sequence + 1
        self._sequence += count
        whole = memoryview(wire.numbered(rows, first, step))
        for start in range(0, count, step):
            stop = min(start + step, count)
            yield _Batch(whole[start * size : stop * size], first + stop - 1, stop - start)

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


def _failure(position: int, flags: int, payload: bytes) -> Failure:
    code = -struct.unpack_from("=i", payload)[0]
    # NLM_F_CAPPED (0x100): only the header of the refused message is echoed in front of the extended ack.
    offset = 20 if flags & 0x100 else 4 + struct.unpack_from("=I", payload, 4)[0]
    text = wire.extack(payload, offset) if flags & 0x200 else ""
    return Failure(position, code, text or os.strerror(code))
