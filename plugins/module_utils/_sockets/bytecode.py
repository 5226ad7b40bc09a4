# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs by which the kernel picks sockets: INET_DIAG_REQ_BYTECODE. PRIVATE to the collection. Pure.

``include/uapi/linux/inet_diag.h``; ``inet_diag_bc_audit()`` and ``inet_diag_bc_run()`` in net/ipv4/inet_diag.c. A
program is a row of operations, some with a condition behind them::

    struct inet_diag_bc_op { unsigned char code, yes; unsigned short no; };
    struct inet_diag_hostcond { __u8 family, prefix_len; int port; __be32 addr[]; };

``yes`` and ``no`` say how many bytes further the next operation is. A socket passes when the end is reached exactly;
four bytes behind it is the way out for those that do not. ``no`` may only lead to what is reached by ``yes`` alone.
"""

from __future__ import annotations

import struct
import typing as t

from .._base.errors import InvalidInput
from .._base.values import INET, INET6, Prefix

_JUMP, _SOURCE, _DESTINATION = 1, 7, 8  # INET_DIAG_BC_JMP, _S_COND, _D_COND
_OPERATION = struct.Struct("=BBH")
_CONDITION = struct.Struct("=BBxxi")
_UNSPEC, _ANY_PORT = 0, -1
#: ``no`` has 16 bits, and must be able to lead from the first operation to behind the end.
LARGEST = 0xFFFF - 4 & ~3
_MAPPED = bytes(10) + b"\xff\xff"


class Filter(t.NamedTuple):
    """What a socket must have to pass; an empty part lets everything pass.

    ``families``: INET, INET6; an IPv6 socket that speaks IPv4 counts as INET. Prefixes and ports: one of them.
    """

    families: tuple[int, ...] = (INET, INET6)
    sources: tuple[Prefix, ...] = ()
    destinations: tuple[Prefix, ...] = ()
    source_ports: tuple[int, ...] = ()
    destination_ports: tuple[int, ...] = ()


class _Step(t.NamedTuple):
    """A condition with its operation. ``refuses``: a socket that meets it is out; else it has what is asked for."""

    code: int
    condition: bytes
    refuses: bool = False


def plain(prefix: Prefix) -> Prefix:
    """The prefix in the form in which its addresses are told: that of IPv4 for one inside ``::ffff:0:0/96``."""
    if prefix.family == INET6 and prefix.length >= 96 and prefix.packed[:12] == _MAPPED:
        return Prefix(INET, prefix.packed[12:], prefix.length - 96)
    return prefix


def program(wanted: Filter, family: int) -> bytes | None:
    """The program for the kernel's list of sockets of one family; empty passes all, None where none can pass.

    InvalidInput where it would be longer than the kernel takes.
    """
    parts = [_family(wanted.families, family)]
    for code, prefixes in ((_SOURCE, wanted.sources), (_DESTINATION, wanted.destinations)):
        if prefixes:
            parts.append(_prefixes(code, prefixes, family))
    for code, ports in ((_SOURCE, wanted.source_ports), (_DESTINATION, wanted.destination_ports)):
        if ports:
            parts.append([_Step(code, _CONDITION.pack(_UNSPEC, 0, port)) for port in ports])
    if any(part is None for part in parts):
        return None
    return _assembled([part for part in parts if part])


def _family(families: t.Container[int], family: int) -> list[_Step] | None:
    """The steps that leave only sockets of these families; None where no socket of this list is."""
    if family == INET:
        return [] if INET in families else None
    # An unconnected socket may have only one of its addresses in the form of IPv4.
    mapped = [(code, _host(Prefix(INET, bytes(4), 0))) for code in (_SOURCE, _DESTINATION)]
    if INET in families:
        return [] if INET6 in families else [_Step(*one) for one in mapped]
    return [_Step(*one, refuses=True) for one in mapped] if INET6 in families else None


def _prefixes(code: int, prefixes: t.Iterable[Prefix], family: int) -> list[_Step] | None:
    """The steps that leave only sockets with an address in one of these prefixes."""
    found = [plain(prefix) for prefix in prefixes]
    # The kernel finds IPv4 prefixes in the addresses of IPv6 sockets that speak IPv4 …
    steps = [_Step(code, _host(prefix)) for prefix in found if prefix.family == INET]
    longer = [_Step(code, _host(prefix)) for prefix in found if prefix.family == INET6]
    if family == INET6 and longer:
        # … and takes these for addresses of ::/0 too.
        steps += [_Step(code, _host(Prefix(INET, bytes(4), 0)), refuses=True), *longer]
    return steps or None


def _host(prefix: Prefix) -> bytes:
    return _CONDITION.pack(prefix.family, prefix.length, _ANY_PORT) + prefix.packed


def _assembled(parts: t.Sequence[t.Sequence[_Step]]) -> bytes:
    """The program of parts all of which must be passed."""
    total = sum(_size(part, step) for part in parts for step in range(len(part)))
    if total > LARGEST:
        raise InvalidInput(
            f"the kernel takes filters of up to {LARGEST} bytes, and this one has {total}; name fewer prefixes"
        )
    done: list[bytes] = []
    at = 0
    for part in parts:
        end = at + sum(_size(part, step) for step in range(len(part)))
        for number, step in enumerate(part):
            length = _OPERATION.size + len(step.condition)
            more = _size(part, number) > length
            # Not met: the step behind, or out.
            no = length + _OPERATION.size if more else total - at + 4
            done += [_OPERATION.pack(step.code, length, no), step.condition]
            at += length
            if more:
                there = total - at + 4 if step.refuses else end - at
                done.append(_OPERATION.pack(_JUMP, _OPERATION.size, there))
                at += _OPERATION.size
    return b"".join(done)


def _size(part: t.Sequence[_Step], number: int) -> int:
    """Bytes of a step: all but a last one that does not refuse have a jump behind their condition."""
    step = part[number]
    jump = step.refuses or number + 1 < len(part)
    return _OPERATION.size + len(step.condition) + (_OPERATION.size if jump else 0)
