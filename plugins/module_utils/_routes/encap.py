# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encapsulations that a next hop puts around packets: what RTA_ENCAP says. Pure. PRIVATE to the collection.

``include/uapi/linux/lwtunnel.h``, ``mpls_iptunnel.h``, ``seg6.h``, ``seg6_iptunnel.h``, ``seg6_local.h``. Values are
named by the words of ``ip route``, in whose order they stand.
"""

from __future__ import annotations

import socket
import struct
import typing as t

from .._base.names import ENCAPSULATIONS, table_name
from .._base.values import INET, INET6
from .._netlink.wire import TYPE_MASK, attribute_dict

Details = dict[str, t.Any]

#: TUNNEL_* of if_tunnel.h, in network byte order.
TUNNEL_FLAGS = {"key": 0x04, "csum": 0x01, "seq": 0x08}
SEG6_MODES = ("inline", "encap", "l2encap", "encap.red", "l2encap.red")
_SEG6_ACTIONS = (
    "unspec End End.X End.T End.DX2 End.DX6 End.DX4 End.DT6 End.DT4 End.B6 End.B6.Encaps End.BM End.S End.AS End.AM "
    "End.BPF End.DT46"
).split()
_FLAVORS = {1: "psp", 2: "usp", 3: "usd", 4: "next-csid"}
_HMAC = 8  # SR6_FLAG1_HMAC


def details(kind: int, value: bytes, names: t.Mapping[int, str]) -> Details:
    """``type``, and what else this kernel's encapsulation says; ``names`` are those of devices by index."""
    name = ENCAPSULATIONS.get(kind & TYPE_MASK, str(kind))
    attrs = attribute_dict(value)
    read = _READERS.get(name)
    return {"type": name, **(read(attrs, names) if read else {})}


def words(found: Details) -> list[str]:
    """As ``ip route`` prints them, ``encap`` in front."""
    said = ["encap", found["type"]]
    for name, value in found.items():
        if name == "labels":
            said.append("/".join(map(str, value)))
        elif name == "segs":
            said += ["segs", str(len(value)), "[", *value, "]"]
        elif name in ("flags", "flavors"):
            said += [name] * (name == "flavors") + ([",".join(value)] if name == "flavors" else list(value))
        elif name == "hmac":
            said.append(f"hmac {value:X}")
        elif name in ("table", "vrftable"):
            said.append(f"{name} {table_name(value)}")
        elif name != "type":
            said.append(f"{name} {value}")
    return said


def _mpls(attrs: dict[int, bytes], _names: t.Mapping[int, str]) -> Details:
    stack = attrs.get(1, b"")
    labels = [int.from_bytes(stack[at : at + 4], "big") >> 12 for at in range(0, len(stack), 4)]
    return {"labels": labels, **({"ttl": attrs[2][0]} if 2 in attrs else {})}


def _ip(attrs: dict[int, bytes], _names: t.Mapping[int, str]) -> Details:
    return _tunnel(attrs, INET, ("ttl", "tos"))


def _ip6(attrs: dict[int, bytes], _names: t.Mapping[int, str]) -> Details:
    return _tunnel(attrs, INET6, ("hoplimit", "tc"))


def _tunnel(attrs: dict[int, bytes], family: int, names: tuple[str, str]) -> Details:
    found: Details = {}
    if 1 in attrs:
        found["id"] = int.from_bytes(attrs[1], "big")
    for name, kind in (("src", 3), ("dst", 2)):
        if kind in attrs:
            found[name] = socket.inet_ntop(family, attrs[kind])
    for name, kind in zip(names, (4, 5)):
        if kind in attrs:
            found[name] = attrs[kind][0]
    flags = int.from_bytes(attrs.get(6, b""), "big")
    found["flags"] = [name for name, bit in TUNNEL_FLAGS.items() if flags & bit]
    return found


def _seg6(attrs: dict[int, bytes], _names: t.Mapping[int, str]) -> Details:
    mode = struct.unpack_from("=i", attrs[1])[0]
    named = SEG6_MODES[mode] if 0 <= mode < len(SEG6_MODES) else str(mode)
    return {"mode": named, **_segments(attrs[1][4:])}


def _segments(header: bytes) -> Details:
    """Of a ``struct ipv6_sr_hdr``: the segments in the order in which they are visited."""
    count = header[4] + 1
    found: Details = {
        "segs": [socket.inet_ntop(INET6, header[8 + at * 16 : 24 + at * 16]) for at in reversed(range(count))]
    }
    if header[5] & _HMAC:
        tlv = ((header[1] + 1) << 3) - 40
        found["hmac"] = int.from_bytes(header[tlv + 4 : tlv + 8], "big")
    return found


def _seg6local(attrs: dict[int, bytes], names: t.Mapping[int, str]) -> Details:
    def number(kind: int) -> int:
        return int.from_bytes(attrs[kind][:4], "little" if struct.pack("=H", 1)[0] else "big")

    action = number(1)
    found: Details = {"action": _SEG6_ACTIONS[action] if action < len(_SEG6_ACTIONS) else str(action)}
    if 2 in attrs:
        found.update(_segments(attrs[2]))
    found.update({name: number(kind) for name, kind in (("table", 3), ("vrftable", 9)) if kind in attrs})
    for name, kind, family in (("nh4", 4, INET), ("nh6", 5, INET6)):
        if kind in attrs:
            found[name] = socket.inet_ntop(family, attrs[kind])
    for name, kind in (("iif", 6), ("oif", 7)):
        if kind in attrs:
            found[name] = names.get(number(kind), f"if{number(kind)}")
    if 8 in attrs:
        found["endpoint"] = _program(attrs[8])
    if 11 in attrs:
        flavors = attribute_dict(attrs[11])
        bits = struct.unpack("=I", flavors[1])[0] if 1 in flavors else 0
        found["flavors"] = [name for bit, name in _FLAVORS.items() if bits & 1 << bit]
        found.update({name: flavors[kind][0] for name, kind in (("lblen", 2), ("nflen", 3)) if kind in flavors})
    return found


def _bpf(attrs: dict[int, bytes], _names: t.Mapping[int, str]) -> Details:
    return {name: _program(attrs[kind]) for name, kind in (("in", 1), ("out", 2), ("xmit", 3)) if kind in attrs}


def _program(value: bytes) -> str:
    return attribute_dict(value).get(2, b"").rstrip(b"\0").decode(errors="replace")


_READERS: dict[str, t.Callable[[dict[int, bytes], t.Mapping[int, str]], Details]] = {
    "mpls": _mpls,
    "ip": _ip,
    "ip6": _ip6,
    "seg6": _seg6,
    "seg6local": _seg6local,
    "bpf": _bpf,
}
