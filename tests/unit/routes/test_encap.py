# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encapsulations: what the kernel dumped is read, and packed again to the same bytes; kinds this kernel cannot make."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.edit import same_encap
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.encap import details, words
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.parts import NO_ENCAP, encapsulation
from ansible_collections.l3host.source_ip.plugins.module_utils._routes.payload import Payload
from tests.unit.routes import routes as R

PACKED = [kind for kind in R.RECORDED if " encap " in R.RECORDED[kind]["line"] and "hmac" not in kind]


def recorded(kind: str) -> tuple[int, bytes]:
    found = [hop.encap for hop in Payload(R.dumped(kind)).hops if hop.encap]
    assert found, kind
    return found[0]


@pytest.mark.parametrize("kind", [kind for kind in PACKED if "seg6local" not in kind])
def test_what_was_read_is_packed_to_the_same_bytes(kind: str) -> None:
    code, value = recorded(kind)
    assert encapsulation(details(code, value, {}), "encap") == (code, value)


@pytest.mark.parametrize("kind", [kind for kind in PACKED if "seg6local" not in kind])
def test_one_is_the_same_in_any_order_and_another_is_not(kind: str) -> None:
    code, value = recorded(kind)
    parts = [R.attr(number, content) for number, content in R.walk(value)]
    assert same_encap((code, b"".join(reversed(parts))), (code, value))
    assert not same_encap(NO_ENCAP, (code, value))
    assert not same_encap((code, value), None)
    assert not same_encap((1, R.attr(1, struct.pack("!I", 100 << 12 | 0x100))), (code, value))
    assert same_encap(NO_ENCAP, None)


#: Bytes by hand, after include/uapi/linux/mpls_iptunnel.h, bpf.h and seg6_local.h: (type, payload), values, words.
BY_HAND: dict[str, tuple[int, bytes, dict[str, Any], str]] = {
    "mpls": (
        1,
        R.attr(1, struct.pack("!II", 100 << 12, 200 << 12 | 0x100)) + R.attr(2, b"\x07"),
        {"type": "mpls", "labels": [100, 200], "ttl": 7},
        "encap mpls 100/200 ttl 7",
    ),
    "mpls without ttl": (
        1,
        R.attr(1, struct.pack("!I", 16 << 12 | 0x100)),
        {"type": "mpls", "labels": [16]},
        "encap mpls 16",
    ),
}


@pytest.mark.parametrize("kind", BY_HAND)
def test_kinds_that_not_every_kernel_has(kind: str) -> None:
    code, value, found, text = BY_HAND[kind]
    assert details(code, value, {}) == found
    assert " ".join(words(found)) == text
    assert encapsulation(found, "encap") == (code, value)


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        (6, R.attr(1, R.attr(2, b"a.o:[in]\0")) + R.attr(3, R.attr(2, b"b\0")), "encap bpf in a.o:[in] xmit b"),
        (7, R.attr(1, R.u32(16)) + R.attr(9, R.u32(254)), "encap seg6local action End.DT46 vrftable main"),
        (7, R.attr(1, R.u32(8)) + R.attr(9, R.u32(100)), "encap seg6local action End.DT4 vrftable 100"),
        (7, R.attr(1, R.u32(15)) + R.attr(8, R.attr(2, b"p\0")), "encap seg6local action End.BPF endpoint p"),
        (7, R.attr(1, R.u32(99)) + R.attr(7, R.u32(9)), "encap seg6local action 99 oif if9"),
        (8, b"", "encap rpl"),
        (77, b"\x01", "encap 77"),
    ],
)
def test_what_can_only_be_read(code: int, value: bytes, text: str) -> None:
    assert " ".join(words(details(code, value, {1: "lo"}))) == text


def test_options_of_another_kind_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"encap\.ttl: says nothing about encap ip6, which has id, src, dst"):
        encapsulation({"type": "ip6", "dst": "::1", "ttl": 3}, "encap")
    with pytest.raises(InvalidInput, match=r"encap\.type: 'vxlan' is not one of"):
        encapsulation({"type": "vxlan"}, "encap")
    with pytest.raises(InvalidInput, match=r"128 segments are more than"):
        encapsulation({"type": "seg6", "segs": ["2001:db8::1"] * 128}, "encap")
