# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes: what a user asks for, checked; made; and what came of it. PRIVATE to the collection."""

from __future__ import annotations

import contextlib
import os
import socket
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .._base.errors import InvalidInput
from .capture import Capture, Wire
from .choices import leave_by, prefer, send_from
from .curl import (
    Interface,
    WrongFamily,
    bind_interface,
    parse_interface,
)
from .sockets import (
    CallFailed,
    ConnectionFailed,
    Recorder,
    bind_address,
    bind_device,
    connect,
    device_index,
    error_text,
    local_name,
    open_socket,
    parse_literal,
    sockaddr,
)

#: The port of a UDP probe that names none: discard, RFC 863.
DISCARD = 9
#: Probes that run at a time. A probe mostly waits, and an unreachable host must not hold up the others.
WORKERS = 16
KINDS = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}
PROTOCOLS = {"udp": int(socket.IPPROTO_UDP), "tcp": int(socket.IPPROTO_TCP)}


class Target(t.NamedTuple):
    """An address to connect to."""

    family: int
    address: str
    scope_id: int


@dataclass(frozen=True)
class Probe:
    """One probe, checked. ``target`` is None where ``destination`` is a host name; ``timeout`` in seconds."""

    destination: str
    target: Target | None
    port: int
    protocol: str
    interface: Interface | None
    bound: Target | None
    device: str | None
    mark: int | None
    capture: bool
    timeout: float
    preferences: tuple[str, ...] = ()
    unicast_device: str | None = None
    packet_source: Target | None = None
    packet_device: str | None = None


def parse_probe(item: t.Mapping[str, t.Any], what: str) -> Probe:
    """A probe from its options. InvalidInput, starting with ``what``; nothing has been sent by then."""
    protocol = item.get("protocol") or "udp"
    port = item.get("port")
    if port is None:
        if protocol == "tcp":
            raise InvalidInput(f"{what}: a TCP probe needs a port")
        port = DISCARD
    if not 1 <= port <= 65535:
        raise InvalidInput(f"{what}: port {port} is not between 1 and 65535")
    timeout = item.get("timeout")
    timeout = 3.0 if timeout is None else timeout
    if not 0 < timeout <= 300:
        raise InvalidInput(f"{what}: timeout {timeout} is not above 0 and at most 300 seconds")
    mark = item.get("mark")
    if mark is not None and not 0 <= mark <= 0xFFFFFFFF:
        raise InvalidInput(f"{what}: mark {mark} is not between 0 and 4294967295")
    destination = str(item["destination"])
    if not destination or "/" in destination or destination.isspace():
        raise InvalidInput(f"{what}: destination {destination!r} is neither an IP address nor a host name")
    interface, device = item.get("interface"), item.get("bind_device")
    address = item.get("bind_address")
    if interface is not None and (address is not None or device is not None):
        other = "bind_address" if address is not None else "bind_device"
        raise InvalidInput(
            f"{what}: interface and {other} are mutually exclusive; interface decides both, as curl does"
        )
    target, bound = _literal(destination, f"{what}: destination"), None
    if address is not None:
        bound = _literal(address, f"{what}: bind_address")
        if bound is None:
            raise InvalidInput(f"{what}: bind_address {address!r} is not an IP address")
        if target and target.family != bound.family:
            raise InvalidInput(
                f"{what}: bind_address {address} and destination {destination} are of different families"
            )
    devices = {
        name: _device(item[name], f"{what}: {name}") if item.get(name) is not None else None
        for name in ("bind_device", "unicast_device", "packet_device")
    }
    return Probe(
        destination=destination,
        target=target,
        port=port,
        protocol=protocol,
        interface=parse_interface(interface, f"{what}: interface") if interface is not None else None,
        bound=bound,
        device=devices["bind_device"],
        mark=mark,
        capture=bool(item.get("capture")),
        timeout=float(timeout),
        preferences=tuple(item.get("preferences") or ()),
        unicast_device=devices["unicast_device"],
        packet_source=_packet_source(item, target, protocol, what),
        packet_device=devices["packet_device"],
    )


def _packet_source(item: t.Mapping[str, t.Any], target: Target | None, protocol: str, what: str) -> Target | None:
    """``packet_source``, checked; what is said beside a packet needs one that is sent and seen."""
    name = next((one for one in ("packet_source", "packet_device") if item.get(one) is not None), None)
    if name is None:
        return None
    if protocol != "udp" or not item.get("capture"):
        raise InvalidInput(
            f"{what}: {name} is for a datagram that is captured; set capture to true, and protocol to udp"
        )
    text = item.get("packet_source")
    found = _literal(text, f"{what}: packet_source") if text is not None else None
    if text is not None and found is None:
        raise InvalidInput(f"{what}: packet_source {text!r} is not an IP address")
    if found and (target is None or target.family != found.family):
        raise InvalidInput(f"{what}: packet_source {text} needs a destination address of its family")
    return found


def run_probes(probes: t.Sequence[Probe]) -> list[dict[str, t.Any]]:
    """The results, in the order of the probes; up to WORKERS of them run at a time, in this thread's namespace."""
    if not probes:
        return []
    with ThreadPoolExecutor(max_workers=min(WORKERS, len(probes))) as pool:
        return list(pool.map(run_probe, probes))


def run_probe(probe: Probe) -> dict[str, t.Any]:
    """Makes one probe. What the kernel or the resolver refuses is in the result, never raised."""
    recorder = Recorder()
    result: dict[str, t.Any] = {
        "destination": probe.destination,
        "address": None,
        "port": probe.port,
        "protocol": probe.protocol,
        "source": None,
        "source_port": None,
        "error": None,
        "calls": recorder.calls,
        "wire": None,
        "wire_error": None,
    }
    try:
        targets = _targets(probe, recorder)
        for left, target in zip(range(len(targets) - 1, -1, -1), targets):
            result["address"] = target.address
            try:
                _attempt(probe, target, recorder, result)
                break
            except WrongFamily:
                # curl goes on with the destination's next address only in this case; see bindlocal().
                if not left:
                    raise
    except CallFailed as error:
        result["error"] = str(error)
        if probe.capture and result["wire_error"] is None and result["wire"] is None:
            result["wire_error"] = "nothing was sent"
    return result


def _targets(probe: Probe, recorder: Recorder) -> list[Target]:
    """The destination's addresses, in the order of getaddrinfo(3); of ``bind_address``'s family if there is one."""
    if probe.target:
        return [probe.target]
    family = probe.bound.family if probe.bound else 0
    found = recorder.run(
        "getaddrinfo",
        probe.destination,
        lambda: _lookup(probe.destination, probe.port, family, KINDS[probe.protocol]),
        hint=f"destination {probe.destination!r} does not resolve",
    )
    return [
        Target(int(family), str(name[0]).partition("%")[0], int(name[3]) if family == socket.AF_INET6 else 0)
        for family, _kind, _protocol, _canonical, name in found
    ]


def _lookup(host: str, port: int, family: int, kind: int) -> list[t.Any]:
    try:
        return socket.getaddrinfo(host, port, family, kind)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None


def _attempt(probe: Probe, target: Target, recorder: Recorder, result: dict[str, t.Any]) -> None:
    """One socket to one address; fills ``result`` as far as it comes."""
    with contextlib.ExitStack() as stack:
        capture = _start_capture(probe, target, result, stack)
        sock = stack.enter_context(
            contextlib.closing(open_socket(recorder, target.family, KINDS[probe.protocol], mark=probe.mark))
        )
        if probe.preferences and target.family == socket.AF_INET6:
            prefer(recorder, sock, probe.preferences)
        if probe.unicast_device:
            leave_by(recorder, sock, target.family, probe.unicast_device)
        if probe.interface:
            bind_interface(recorder, sock, probe.interface, *target)
        if probe.device:
            bind_device(recorder, sock, probe.device)
        if probe.bound:
            bind_address(recorder, sock, *probe.bound)
        if probe.packet_source or probe.packet_device:
            # Not connected: a socket that has a source already is led by that too.
            token, to = _token(), sockaddr(target.family, target.address, probe.port, target.scope_id)
            source = probe.packet_source.address if probe.packet_source else None
            send_from(recorder, sock, target.family, token, to, source, probe.packet_device)
            _take_name(recorder, sock, result)
            if capture:
                _take_wire(capture, probe, time.monotonic() + probe.timeout, result, token)
            return
        deadline = time.monotonic() + probe.timeout
        try:
            connect(recorder, sock, target.family, target.address, probe.port, target.scope_id, probe.timeout)
        except ConnectionFailed:
            _take_name(recorder, sock, result)
            if capture:
                _take_wire(capture, probe, deadline, result)
            raise
        _take_name(recorder, sock, result)
        if capture:
            token = b""
            if probe.protocol == "udp":
                token = _token()
                recorder.run("send", f"{len(token)} bytes", lambda: sock.send(token))
                deadline = time.monotonic() + probe.timeout
            _take_wire(capture, probe, deadline, result, token)


def _token() -> bytes:
    return b"l3host.source_ip probe " + os.urandom(8).hex().encode()


def _take_name(recorder: Recorder, sock: socket.socket, result: dict[str, t.Any]) -> None:
    result["source"], result["source_port"] = local_name(recorder, sock)


def _start_capture(
    probe: Probe, target: Target, result: dict[str, t.Any], stack: contextlib.ExitStack
) -> Capture | None:
    """A running capture, or None: not wanted, or not permitted, which ``wire_error`` then says."""
    if not probe.capture:
        return None
    try:
        return stack.enter_context(Capture(target.family, target.address, PROTOCOLS[probe.protocol], probe.port))
    except PermissionError as error:
        result["wire_error"] = f"{error_text(error)} (capturing needs CAP_NET_RAW; use become: true)"
    except OSError as error:
        result["wire_error"] = f"{error_text(error)} (capturing packets)"
    return None


def _take_wire(capture: Capture, probe: Probe, deadline: float, result: dict[str, t.Any], token: bytes = b"") -> None:
    # The first packet is seen before the call that caused it returns, unless its neighbour has to be found first.
    seen: Wire | None = capture.wait(max(deadline, time.monotonic() + 0.2), result["source_port"], token)
    if seen:
        result["wire"] = seen._asdict()
    else:
        result["wire_error"] = (
            f"no packet to {result['address']} port {probe.port} left in {probe.timeout:g} seconds: the gateway's or "
            "the destination's link-layer address is not found, a firewall dropped it, or translation changed its "
            "destination"
        )


def _literal(text: str, what: str) -> Target | None:
    try:
        found = parse_literal(text)
    except InvalidInput as error:
        raise InvalidInput(f"{what} {text!r}: {error.message}") from error
    return Target(*found) if found else None


def _device(name: str, what: str) -> str:
    """The first name of a device, which is the only one that every call takes."""
    try:
        if name.isdecimal():
            raise InvalidInput("give the device's name, not its index")
        return socket.if_indextoname(device_index(name))
    except InvalidInput as error:
        raise InvalidInput(f"{what} {name!r}: {error.message}") from error
