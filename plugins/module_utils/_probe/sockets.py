# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets as an application opens them: bind, connect, and what the kernel said to it. PRIVATE to the collection.

No address of a socket that this room opens is ever guessed: it is what ``getsockname()`` returned.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import sys
import typing as t
from dataclasses import dataclass

from .._base.errors import InvalidInput
from .._base.names import is_decimal
from .._netlink.altnames import index_of

OK = "ok"
FAMILY_NAMES = {int(socket.AF_INET): "AF_INET", int(socket.AF_INET6): "AF_INET6"}
TYPE_NAMES = {
    int(socket.SOCK_DGRAM): "SOCK_DGRAM",
    int(socket.SOCK_STREAM): "SOCK_STREAM",
    int(socket.SOCK_RAW): "SOCK_RAW",
}
#: What to add to an error of a call, by its beginning.
HINTS = {
    ("setsockopt SO_MARK", errno.EPERM): "needs CAP_NET_ADMIN, or CAP_NET_RAW from Linux 5.17 on; use become: true",
    ("setsockopt SO_BINDTODEVICE", errno.EPERM): (
        "needs CAP_NET_RAW (use become: true): the socket is bound to a device already, or Linux is older than 5.7"
    ),
    ("bind", errno.EADDRNOTAVAIL): "this host does not have the address",
    ("bind", errno.EACCES): "ports below net.ipv4.ip_unprivileged_port_start need CAP_NET_BIND_SERVICE",
    ("connect", errno.ENETUNREACH): "no route, or the route's source is not here",
    ("fchown", errno.EPERM): "a socket of another user needs CAP_CHOWN; use become: true",
    ("fchown", errno.EINVAL): "the user namespace does not know this user",
    ("socket", errno.EPERM): (
        "a raw socket needs CAP_NET_RAW; only UDP is asked without privilege and without a packet; use become: true"
    ),
}
_T = t.TypeVar("_T")


class CallFailed(Exception):
    """A call failed; the text is ``ERRNO: text (call arguments; hint)``. The record of calls ends with it."""


class ConnectionFailed(CallFailed):
    """A TCP connection was begun, and refused or not answered; ``getsockname()`` still tells its source."""


class Recorder:
    """Makes calls and keeps the record: ``calls`` is a list of ``{call, arguments, result}``, in order.

    ``result`` is ``ok`` or the name and the text of the error: ``EADDRNOTAVAIL: Cannot assign requested address``.
    """

    def __init__(self) -> None:
        self.calls: list[dict[str, str]] = []

    def note(self, call: str, arguments: str, result: str) -> None:
        self.calls.append({"call": call, "arguments": arguments, "result": result})

    def run(self, call: str, arguments: str, function: t.Callable[[], _T], hint: str = "") -> _T:
        """What ``function`` returns. CallFailed when it raises OSError."""
        try:
            value = function()
        except OSError as error:
            result = error_text(error)
            self.note(call, arguments, result)
            called = f"{call} {arguments}".strip()
            why = hint or next((HINTS[key] for key in HINTS if called.startswith(key[0]) and error.errno == key[1]), "")
            raise CallFailed(f"{result} ({called}{'; ' if why else ''}{why})") from error
        self.note(call, arguments, OK)
        return value


def error_text(error: OSError) -> str:
    """``ENETUNREACH: Network is unreachable``; for ``getaddrinfo`` its own names, as ``EAI_NONAME: …``."""
    if isinstance(error, socket.gaierror):
        names = {int(getattr(socket, name)): name for name in dir(socket) if name.startswith("EAI_")}
        return f"{names.get(error.errno or 0, error.errno)}: {error.strerror}"
    number = error.errno or 0
    return f"{errno.errorcode.get(number, number)}: {os.strerror(number)}"


def split_scope(text: str) -> tuple[str, str]:
    """``fe80::1%eth0`` as ``("fe80::1", "eth0")``; the second is empty without a scope."""
    address, _percent, scope = text.partition("%")
    return address, scope


def parse_literal(text: str) -> tuple[int, str, int] | None:
    """``(family, canonical address, scope id)`` of an IP address, or None where the text is none.

    ``%DEVICE`` (or ``%INDEX``) behind an IPv6 address is its scope, RFC 4007. InvalidInput where that device is absent.
    """
    address, scope = split_scope(text)
    family = int(socket.AF_INET6) if ":" in address else int(socket.AF_INET)
    try:
        packed = socket.inet_pton(family, address)
    except (OSError, ValueError):
        return None
    if scope and family == socket.AF_INET:
        return None
    return family, socket.inet_ntop(family, packed), device_index(scope) if scope else 0


def device_index(name: str) -> int:
    """The interface index of a device, given by one of its names or by index. InvalidInput where it does not exist."""
    found = None
    if is_decimal(name):
        with contextlib.suppress(OSError, OverflowError):
            socket.if_indextoname(int(name))
            found = int(name)
    else:
        found = index_of(name)
    if found is None:
        known = ", ".join(one for _index, one in sorted(socket.if_nameindex())[:20])
        raise InvalidInput(f"device {name!r} does not exist here; there are: {known}")
    return found


def sockaddr(family: int, address: str, port: int, scope_id: int = 0) -> tuple[t.Any, ...]:
    return (address, port) if family == socket.AF_INET else (address, port, 0, scope_id)


def open_socket(
    recorder: Recorder,
    family: int,
    kind: int,
    protocol: int = 0,
    mark: int | None = None,
) -> socket.socket:
    """A socket, marked where ``mark`` is given. The caller closes it; CallFailed has closed it already."""
    names = f"{FAMILY_NAMES[family]}, {TYPE_NAMES[kind]}"
    arguments = f"{names}, {protocol}" if protocol else names
    sock = recorder.run("socket", arguments, lambda: socket.socket(family, kind, protocol))
    if mark is not None:
        # As bytes: the kernel reads an unsigned int where Python would pack a signed one.
        option = mark.to_bytes(4, sys.byteorder)
        try:
            recorder.run(
                "setsockopt",
                f"SO_MARK, {mark}",
                lambda: sock.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, option),
            )
        except CallFailed:
            sock.close()
            raise
    return sock


def bind_device(recorder: Recorder, sock: socket.socket, device: str) -> None:
    """SO_BINDTODEVICE. From Linux 5.7 on it needs no privilege on a socket that is bound to no device (socket(7))."""
    option = device.encode() + b"\0"
    recorder.run(
        "setsockopt",
        f"SO_BINDTODEVICE, {device}",
        lambda: sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, option),
    )


def bind_address(
    recorder: Recorder, sock: socket.socket, family: int, address: str, scope_id: int = 0, port: int = 0
) -> None:
    name = sockaddr(family, address, port, scope_id)
    recorder.run("bind", f"{_scoped(address, scope_id)}, {port}", lambda: sock.bind(name))


def connect(
    recorder: Recorder,
    sock: socket.socket,
    family: int,
    address: str,
    port: int,
    scope_id: int = 0,
    timeout: float = 3.0,
) -> None:
    """Connects; a TCP connection is waited for ``timeout`` seconds, then it is ETIMEDOUT. CallFailed, ConnectionFailed.

    ``connect`` of a datagram or raw socket sends nothing (``connect(2)``).
    """
    name = sockaddr(family, address, port, scope_id)
    begun = False

    def run() -> None:
        nonlocal begun
        sock.setblocking(False)
        number = sock.connect_ex(name)
        if number == errno.EINPROGRESS:
            begun = True
            # poll and not select: the number of a file may be above FD_SETSIZE.
            poller = select.poll()
            poller.register(sock, select.POLLOUT)
            ready = poller.poll(timeout * 1000)
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if ready else errno.ETIMEDOUT
        if number:
            raise OSError(number, os.strerror(number))

    try:
        recorder.run("connect", f"{_scoped(address, scope_id)}, {port}", run)
    except CallFailed as error:
        if begun:
            raise ConnectionFailed(str(error)) from error
        raise


def local_name(recorder: Recorder, sock: socket.socket) -> tuple[str | None, int | None]:
    """``(address, port)`` by ``getsockname()``; the address None where the socket has none."""
    name = recorder.run("getsockname", "", sock.getsockname)
    address = split_scope(name[0])[0]
    return (None if address in ("0.0.0.0", "::") else address), name[1] or None


@dataclass(frozen=True)
class SocketResult:
    """What a real socket got: ``source`` (canonical text, no scope) or ``error``, and the calls made, in order."""

    source: str | None
    error: str | None
    calls: list[dict[str, str]]


def socket_source(
    family: int,
    destination: str,
    source: str | None = None,
    device: str | None = None,
    mark: int | None = None,
    uid: int | None = None,
    protocol: str | int = "udp",
    destination_port: int = 0,
    source_port: int = 0,
    tos: int | None = None,
    prepare: t.Callable[[Recorder, socket.socket], None] | None = None,
) -> SocketResult:
    """The source that a socket gets for one destination: ``connect()`` and ``getsockname()``; no packet is sent.

    For a protocol other than UDP (``tcp``, ``icmp`` … or a number) it is a raw socket, whose ``connect()`` looks the
    route up for that protocol and sends nothing either; that needs CAP_NET_RAW, and ``source_port`` has no effect.
    ``mark`` needs CAP_NET_ADMIN (or CAP_NET_RAW), ``uid`` needs CAP_CHOWN: ``error`` names what was not permitted.
    ``device`` may be a VRF. Ports 0 leave port selectors of policy rules unmatched. ``prepare`` sets further options.
    Never raises for what the kernel answers; InvalidInput for an address or a protocol that is none.
    """
    recorder = Recorder()
    target, bound = _literal(destination, family), _literal(source, family) if source else None
    number = protocol_number(protocol)
    kind = socket.SOCK_DGRAM if number == socket.IPPROTO_UDP else socket.SOCK_RAW
    try:
        with contextlib.closing(
            open_socket(recorder, family, kind, number if kind == socket.SOCK_RAW else 0, mark)
        ) as sock:
            if uid is not None:
                # A socket's user is the owner of its inode, and fchown changes it: sockfs_setattr(), net/socket.c.
                recorder.run("fchown", str(uid), lambda: os.fchown(sock.fileno(), uid, -1))
            if tos is not None:
                _set_tos(recorder, sock, family, tos)
            if prepare is not None:
                prepare(recorder, sock)
            if device is not None:
                bind_device(recorder, sock, device)
            port = source_port if kind == socket.SOCK_DGRAM else 0
            if bound or port:
                address, scope_id = bound or (("0.0.0.0" if family == socket.AF_INET else "::"), 0)
                bind_address(recorder, sock, family, address, scope_id, port)
            connect(recorder, sock, family, target[0], destination_port, target[1])
            return SocketResult(local_name(recorder, sock)[0], None, recorder.calls)
    except CallFailed as error:
        return SocketResult(None, str(error), recorder.calls)


def protocol_number(protocol: str | int) -> int:
    """An IP protocol's number, given by number or by the name that the host knows. InvalidInput where it is unknown."""
    if isinstance(protocol, int) or is_decimal(protocol):
        return int(protocol)
    known = {"udp": socket.IPPROTO_UDP, "tcp": socket.IPPROTO_TCP, "icmp": socket.IPPROTO_ICMP}
    try:
        return known.get(protocol) or socket.getprotobyname(protocol)
    except OSError:
        raise InvalidInput(f"IP protocol {protocol!r} is unknown to this host; give its number") from None


def _set_tos(recorder: Recorder, sock: socket.socket, family: int, tos: int) -> None:
    if family == socket.AF_INET:
        recorder.run("setsockopt", f"IP_TOS, {tos}", lambda: sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos))
    else:
        recorder.run(
            "setsockopt",
            f"IPV6_TCLASS, {tos}",
            lambda: sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos),
        )


def _literal(text: str, family: int) -> tuple[str, int]:
    found = parse_literal(text)
    if found is None or found[0] != family:
        raise InvalidInput(f"{text!r} is not an {'IPv4' if family == socket.AF_INET else 'IPv6'} address")
    return found[1], found[2]


def _scoped(address: str, scope_id: int) -> str:
    if not scope_id:
        return address
    with contextlib.suppress(OSError):
        return f"{address}%{socket.if_indextoname(scope_id)}"
    return f"{address}%{scope_id}"
