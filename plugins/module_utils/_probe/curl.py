# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``interface`` as curl's ``--interface`` takes it. PRIVATE to the collection.

Follows ``Curl_parse_interface()`` and ``bindlocal()`` in ``lib/cf-socket.c`` and ``Curl_if2ip()`` in ``lib/if2ip.c``,
curl 7.24 to 8.23, and was compared with curl 7.88.1 and libcurl 8.23.0. In words:

1. ``NAME``: SO_BINDTODEVICE with it. When that succeeds it is all, and no address is bound.
2. When it fails for whatever reason (no such device, not permitted, an interface label such as ``eth0:1``), the first
   address that ``getifaddrs()`` lists under NAME is bound: of the destination's family, for IPv6 also of its scope.
   An interface with no such address is an error. Letter case matters, as in 8.23; up to 8.21 curl overlooks it here.
3. When no interface has the name, it is resolved as an address or a host name, and that address is bound.

``if!NAME`` leaves out 3, ``host!NAME`` leaves out 1 and 2. ``ifhost!NAME!HOST`` (curl 8.9 and newer) tries 1, goes on
whether that worked or not, as the source does though the manual says otherwise, and then binds HOST as in 3.

One fault is not followed: libcurl 8.23.0 loses the scope of a link-local address that step 2 found for a plain NAME,
and its bind fails (EINVAL). 7.88.1 keeps it, and so does 8.23.0 with ``if!NAME``.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import socket
import typing as t
from dataclasses import dataclass

from .._base.errors import InvalidInput
from .sockets import (
    FAMILY_NAMES,
    CallFailed,
    Recorder,
    bind_address,
    bind_device,
    error_text,
    parse_literal,
)

#: ``include/uapi/linux/in.h``; Python's socket module has it from 3.12 on only.
IP_BIND_ADDRESS_NO_PORT = 24


class WrongFamily(CallFailed):
    """The interface or the host has no address of the destination's family: curl tries the next destination address."""


@dataclass(frozen=True)
class Interface:
    """``--interface`` taken apart: ``device`` is tried first, then ``host``; ``fallback``: whether step 2 follows 1."""

    device: str | None
    host: str | None
    fallback: bool


def parse_interface(text: str, what: str) -> Interface:
    """Takes the four forms apart; InvalidInput, starting with ``what``, for an empty or overlong name."""
    forms = f"{what}: {text!r} is not NAME, if!NAME, host!NAME or ifhost!NAME!HOST"
    if not text or len(text) > 512 or "\0" in text:
        raise InvalidInput(forms)
    prefix, mark, rest = text.partition("!")
    if not mark or prefix not in ("if", "host", "ifhost"):
        return Interface(device=text, host=text, fallback=True)
    device, _mark, host = rest.partition("!")
    if not rest or (prefix == "ifhost" and not (device and host)):
        raise InvalidInput(forms)
    if prefix == "if":
        return Interface(device=rest, host=None, fallback=True)
    if prefix == "host":
        return Interface(device=None, host=rest, fallback=False)
    return Interface(device=device, host=host, fallback=False)


def bind_interface(
    recorder: Recorder, sock: socket.socket, interface: Interface, family: int, destination: str, scope_id: int
) -> None:
    """Binds ``sock`` as curl does for one destination address. CallFailed or WrongFamily where curl gives up."""
    failed = ""
    if interface.device:
        try:
            bind_device(recorder, sock, interface.device)
            if interface.fallback:
                return
        except CallFailed as error:
            failed = str(error)
    bound: tuple[str, int] | None = None
    if interface.device and interface.fallback:
        bound = _interface_address(recorder, interface.device, family, destination, scope_id)
        if bound is None and not interface.host:
            raise CallFailed(failed)
    if bound is None and interface.host:
        bound = _resolve(recorder, interface.host, family)
    if bound is not None:
        _bind(recorder, sock, family, *bound)


def _bind(recorder: Recorder, sock: socket.socket, family: int, address: str, scope_id: int) -> None:
    # curl goes on when this fails: the port is then taken at bind instead of at connect.
    with contextlib.suppress(CallFailed):
        recorder.run(
            "setsockopt",
            "IP_BIND_ADDRESS_NO_PORT, 1",
            lambda: sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1),
        )
    bind_address(recorder, sock, family, address, scope_id)


def _interface_address(
    recorder: Recorder, name: str, family: int, destination: str, scope_id: int
) -> tuple[str, int] | None:
    """Step 2: ``(address, scope id)``, or None where no interface has the name."""
    arguments = f"{name}, {FAMILY_NAMES[family]}"
    wanted = address_scope(destination)
    known = False
    for found in interface_addresses():
        if found.name != name:
            continue
        known = True
        if found.family != family:
            continue
        if family == socket.AF_INET6 and address_scope(found.address) != wanted:
            continue
        if scope_id and found.scope_id != scope_id:
            continue
        recorder.note("getifaddrs", arguments, f"ok: {found.address}")
        return found.address, found.scope_id
    if known:
        version = "IPv4" if family == socket.AF_INET else f"IPv6 ({wanted})"
        text = f"EAFNOSUPPORT: interface {name} has no {version} address"
        recorder.note("getifaddrs", arguments, text)
        raise WrongFamily(text)
    recorder.note("getifaddrs", arguments, "ENODEV: No such device")
    return None


def _resolve(recorder: Recorder, host: str, family: int) -> tuple[str, int]:
    """Step 3: the first address of ``host`` in this family; a literal of the other family is WrongFamily."""
    literal = parse_literal(host)
    if literal:
        if literal[0] != family:
            text = f"EAFNOSUPPORT: {host} is not an address of the destination's family"
            recorder.note("getaddrinfo", f"{host}, {FAMILY_NAMES[family]}", text)
            raise WrongFamily(text)
        return literal[1], literal[2]
    arguments = f"{host}, {FAMILY_NAMES[family]}"
    try:
        found: tuple[t.Any, ...] = socket.getaddrinfo(host, None, family, socket.SOCK_DGRAM)[0][4]
    except UnicodeError:
        recorder.note("getaddrinfo", arguments, "EAI_NONAME: Name or service not known")
        raise CallFailed(f"EAI_NONAME: Name or service not known (interface {host!r} is no host name)") from None
    except socket.gaierror as error:
        recorder.note("getaddrinfo", arguments, error_text(error))
        raise CallFailed(f"{error_text(error)} (getaddrinfo {host!r}, which is no device and no address)") from error
    address = str(found[0]).partition("%")[0]
    recorder.note("getaddrinfo", arguments, f"ok: {address}")
    return address, int(found[3]) if family == socket.AF_INET6 else 0


def address_scope(address: str) -> str:
    """curl's five scopes: an IPv6 address of an interface serves destinations of its own scope only."""
    value = ipaddress.ip_address(address.partition("%")[0])
    if value.version == 6:
        if value.packed[0] & 0xFE == 0xFC:
            return "unique local"
        if value.is_link_local:
            return "link-local"
        if value.is_site_local:
            return "site-local"
        if value.is_loopback:
            return "node-local"
    return "global"


class InterfaceAddress(t.NamedTuple):
    """One entry of ``getifaddrs(3)``; ``address`` is empty for families other than IPv4 and IPv6."""

    name: str
    family: int
    address: str
    scope_id: int


class _Ifaddrs(ctypes.Structure):
    pass


# The beginning of ``struct ifaddrs`` in <ifaddrs.h>, the same in glibc and musl; what follows is not read.
_Ifaddrs._fields_ = [
    ("ifa_next", ctypes.POINTER(_Ifaddrs)),
    ("ifa_name", ctypes.c_char_p),
    ("ifa_flags", ctypes.c_uint),
    ("ifa_addr", ctypes.c_void_p),
]


def interface_addresses() -> list[InterfaceAddress]:
    """What ``getifaddrs()`` lists, in its order, under its names: an IPv4 address with a label has the label's name."""
    libc = ctypes.CDLL(None, use_errno=True)
    head = ctypes.POINTER(_Ifaddrs)()
    if libc.getifaddrs(ctypes.byref(head)) != 0:
        return []
    found = []
    try:
        entry = head
        while entry:
            item = entry.contents
            if item.ifa_addr:
                found.append(_entry(item.ifa_name.decode(errors="replace"), item.ifa_addr))
            entry = item.ifa_next
    finally:
        libc.freeifaddrs(head)
    return found


def _entry(name: str, pointer: int) -> InterfaceAddress:
    family = ctypes.c_uint16.from_address(pointer).value
    if family == socket.AF_INET:
        return InterfaceAddress(name, family, socket.inet_ntop(family, ctypes.string_at(pointer + 4, 4)), 0)
    if family == socket.AF_INET6:
        packed = ctypes.string_at(pointer + 8, 16)
        scope_id = ctypes.c_uint32.from_address(pointer + 24).value
        return InterfaceAddress(name, family, socket.inet_ntop(family, packed), scope_id)
    return InterfaceAddress(name, family, "", 0)
