# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items of the module address: what is refused before the kernel is asked, lifetimes, and the bytes of requests."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._addresses import items as addresses
from ansible_collections.l3host.source_ip.plugins.module_utils._addresses import payload as _payload
from ansible_collections.l3host.source_ip.plugins.module_utils._addresses.line import line as address_line
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import Address, Link
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import decode
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.wire import RTM_DELADDR, attribute, attributes

LINKS = {"lo": Link(1, "lo"), "v0": Link(2, "v0")}
NAMES = {1: "lo", 2: "v0"}


def device(name: str, what: str) -> Link:
    if name not in LINKS:
        raise InvalidInput(f"{what}: there is no device {name!r}")
    return LINKS[name]


def parse(**item: Any) -> addresses.Item:
    return addresses.parse([{"device": "v0", **item}], device)[0]


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("192.0.2.2", "192.0.2.2/32"),
        ("192.0.2.2/24", "192.0.2.2/24"),
        ("2001:0db8:0:0::2", "2001:db8::2/128"),
        ("2001:DB8::2/64", "2001:db8::2/64"),
        (" fe80::1/64 ", "fe80::1/64"),
    ],
)
def test_address_text(text: str, canonical: str) -> None:
    assert parse(address=text).text == canonical


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"address": "192.0.2.256"}, "addresses[0].address: '192.0.2.256' is not an IP address"),
        ({"address": "web.example"}, "addresses[0].address: 'web.example' is not an IP address"),
        ({"address": "fe80::1%v0"}, "addresses[0].address: 'fe80::1%v0' is not an IP address"),
        ({"address": "10.0.0.1", "peer": "2001:db8::1"}, "addresses[0].peer: 2001:db8::1 is not of the family"),
        ({"address": "10.0.0.1", "peer": "10.0.0.1"}, "addresses[0].peer: 10.0.0.1 is the address itself"),
        ({"address": "10.0.0.1/24", "peer": "10.0.0.2/32"}, "/32 is not the /24 of 10.0.0.1/24"),
        ({"address": "10.0.0.1", "metric": -1}, "addresses[0].metric: -1 is not between 0"),
        ({"address": "10.0.0.1", "protocol": "bgp"}, "addresses[0].protocol: 'bgp' is unknown"),
        ({"address": "192.0.2.2/33"}, "addresses[0].address: '192.0.2.2/33' has a prefix length outside 0 to 32"),
        ({"address": "2001:db8::/129"}, "prefix length outside 0 to 128"),
        ({"address": "192.0.2.2/"}, "prefix length outside 0 to 32"),
        ({"address": "192.0.2.2/-1"}, "prefix length outside 0 to 32"),
        ({"address": "192.0.2.2/\u0663\u0662"}, "prefix length outside 0 to 32"),
        ({"address": "224.0.0.5"}, "224.0.0.5 is a multicast address"),
        ({"address": "ff02::5"}, "ff02::5 is a multicast address"),
        ({"address": "0.0.0.0"}, "0.0.0.0 is the unspecified address"),
        ({"address": "::"}, ":: is the unspecified address"),
        ({"address": "255.255.255.255"}, "255.255.255.255 is the broadcast address"),
        ({"address": "192.0.2.2", "device": "eth9"}, "addresses[0].device: there is no device 'eth9'"),
        ({"address": "2001:db8::2", "label": "v0:a"}, "addresses[0].label: IPv6 addresses have no label"),
        ({"address": "192.0.2.2", "label": "v1:a"}, "'v1:a' must be v0 or begin with 'v0:'"),
        ({"address": "192.0.2.2", "label": "v0:" + "a" * 13}, "longer than the 15 bytes"),
        ({"address": "192.0.2.2", "scope": "globe"}, "addresses[0].scope: 'globe' is unknown"),
        ({"address": "2001:db8::2", "scope": "link"}, "2001:db8::2/128 has global, not link"),
        ({"address": "192.0.2.2", "valid_lifetime": "0"}, "use state: absent"),
        ({"address": "192.0.2.2", "valid_lifetime": "1h"}, "addresses[0].valid_lifetime: '1h' is neither a number"),
        ({"address": "192.0.2.2", "valid_lifetime": "4294967295"}, "neither a number of seconds below 4294967295"),
        ({"address": "192.0.2.2", "preferred_lifetime": "-1"}, "addresses[0].preferred_lifetime: '-1' is neither"),
        (
            {"address": "192.0.2.2", "preferred_lifetime": "9", "valid_lifetime": "forever"},
            "the kernel ignores 9 s for 192.0.2.2/32, because an IPv4 address that is valid for ever stays preferred",
        ),
        (
            {"address": "192.0.2.2", "preferred_lifetime": "forever", "valid_lifetime": "60"},
            "192.0.2.2/32 cannot be preferred for longer (forever) than it is valid (60 s)",
        ),
    ],
)
def test_refused_before_the_kernel_is_asked(item: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(message)):
        parse(**item)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("192.0.2.2/32", "192.0.2.2", True),
        ("192.0.2.2/32", "192.0.2.2/24", False),
        ("2001:db8::2/64", "2001:db8:0::2/64", True),
        ("2001:db8::2/64", "2001:db8::2/128", True),
    ],
)
def test_the_same_address_twice(first: str, second: str, same: bool) -> None:
    items = [{"address": first, "device": "v0"}, {"address": second, "device": "v0", "state": "absent"}]
    if same:
        with pytest.raises(InvalidInput, match=r"^addresses\[1\]: .* on v0 is already in addresses\[0\]$"):
            addresses.parse(items, device)
    else:
        assert len(addresses.parse(items, device)) == 2
    items[1]["device"] = "lo"
    assert len(addresses.parse(items, device)) == 2


@pytest.mark.parametrize(
    ("named", "left", "met"),
    [
        (None, 7, True),
        (None, None, True),
        (decode.FOREVER, None, True),
        (decode.FOREVER, 100, False),
        (100, None, False),
        (100, 100, True),
        (100, 50, True),
        (100, 49, False),
        (100, 101, False),
        (0, 0, True),
        (0, 1, False),
        (0, None, False),
        (1, 0, False),
    ],
)
def test_lifetime_met(named: int | None, left: int | None, met: bool) -> None:
    assert addresses.lifetime_met(named, left) is met


def there(preferred: int | None = None, valid: int | None = None) -> Address:
    return Address("192.0.2.2", 32, 2, 2, "v0", preferred_lifetime=preferred, valid_lifetime=valid)


@pytest.mark.parametrize(
    ("named", "address", "sent"),
    [
        ({}, None, (decode.FOREVER, decode.FOREVER)),
        ({"valid_lifetime": 60}, None, (60, 60)),
        ({"preferred_lifetime": 0}, None, (0, decode.FOREVER)),
        ({}, there(10, 60), (10, 60)),
        # Nothing named is due, so renewing something else leaves both alone.
        ({"valid_lifetime": 100}, there(10, 60), (10, 60)),
        ({"valid_lifetime": 100}, there(30, 30), (100, 100)),
        ({"valid_lifetime": 100}, there(20, 30), (20, 100)),
        ({"valid_lifetime": 100}, there(None, None), (100, 100)),
        ({"valid_lifetime": 100}, there(0, None), (0, 100)),
        ({"valid_lifetime": 100}, there(400, 500), (100, 100)),
        ({"preferred_lifetime": 50, "valid_lifetime": 100}, there(20, 90), (50, 100)),
        ({"preferred_lifetime": 0}, there(None, None), (0, decode.FOREVER)),
        ({"valid_lifetime": "forever"}, there(20, 30), (decode.FOREVER, decode.FOREVER)),
        ({"valid_lifetime": "forever"}, there(0, 30), (0, decode.FOREVER)),
        ({"preferred_lifetime": "forever"}, there(0, None), (decode.FOREVER, decode.FOREVER)),
    ],
)
def test_wanted_lifetimes(named: dict[str, Any], address: Address | None, sent: tuple[int, int]) -> None:
    assert addresses.wanted_lifetimes(parse(address="192.0.2.2", **named), address) == sent


def test_preferred_longer_than_what_is_left() -> None:
    with pytest.raises(InvalidInput, match=r"preferred for longer \(100 s\) than it is valid \(60 s left; name valid"):
        addresses.wanted_lifetimes(parse(address="192.0.2.2", preferred_lifetime=100), there(10, 60))


lifetimes = st.none() | st.integers(1, decode.FOREVER - 1)


@given(named=lifetimes, wanted_preferred=st.none() | st.just(0), left=st.tuples(lifetimes, lifetimes))
def test_what_is_sent_is_met(
    named: int | None, wanted_preferred: int | None, left: tuple[int | None, int | None]
) -> None:
    """Sending what wanted_lifetimes says never leaves anything due, and is never refused by the kernel."""
    if left[1] is not None and (left[0] is None or left[0] > left[1]):
        left = (left[1], left[1])
    item = parse(address="192.0.2.2", valid_lifetime=named, preferred_lifetime=wanted_preferred)
    preferred, valid = addresses.wanted_lifetimes(item, there(*left))
    assert preferred <= valid
    after = there(*(None if value == decode.FOREVER else value for value in (preferred, valid)))
    assert not addresses.differs(item, after)


@given(
    packed=st.binary(min_size=4, max_size=4) | st.binary(min_size=16, max_size=16),
    length=st.integers(0, 32),
    noprefixroute=st.booleans(),
    nodad=st.booleans(),
    preferred=st.sampled_from([0, decode.FOREVER]),
)
def test_a_request_reads_back(packed: bytes, length: int, noprefixroute: bool, nodad: bool, preferred: int) -> None:
    family = 2 if len(packed) == 4 else 10
    item = addresses.Item(
        name="addresses[0]",
        family=family,
        packed=packed,
        prefix_length=length,
        index=2,
        device="v0",
        label="v0:a" if family == 2 else None,
        preferred_lifetime=preferred,
        noprefixroute=noprefixroute,
        nodad=nodad,
    )
    address = decode.address(_payload.new_payload(item), NAMES)
    assert addresses.key(item) == addresses.key(address) and not addresses.differs(item, address)
    assert not addresses.fixed_differences(item, address)
    assert (address.device, address.label, address.peer) == ("v0", item.label, None)
    assert bool(address.flags & Address.NOPREFIXROUTE) is noprefixroute
    assert bool(address.flags & Address.NODAD) is (nodad and family == 10)


def dumped(flags: int, *extra: tuple[int, bytes]) -> bytes:
    """10.0.0.1/24 on v0 as a kernel dumps it."""
    own = bytes((10, 0, 0, 1))
    parts = {1: own, 2: own, 4: bytes((10, 0, 0, 255)), 3: b"v0\0", 8: flags.to_bytes(4, "little")}
    parts.update({6: b"\xff" * 8 + bytes(8), **dict(extra)})
    head = decode.IFADDRMSG.pack(2, 24, flags & 0xFF, 0, 2)
    return head + b"".join(attribute(kind, value) for kind, value in parts.items())


def test_a_change_keeps_what_is_not_named() -> None:
    """Metric, protocol, broadcast and label: the kernel resets what a request leaves out."""
    metric, protocol = (9, (50).to_bytes(4, "little")), (11, b"\x85")
    payload = dumped(Address.PERMANENT | Address.SECONDARY | Address.NOPREFIXROUTE, metric, protocol, (10, b"\1\0\0\0"))
    entry = decode.Entry(decode.address(payload, NAMES), payload)
    item = parse(address="10.0.0.1/24", preferred_lifetime=0)
    changed = dict(attributes(_payload.changed_payload(item, entry), 8))
    before = dict(attributes(payload, 8))
    assert {kind: changed[kind] for kind in (1, 2, 3, 4, 9, 11)} == {kind: before[kind] for kind in (1, 2, 3, 4, 9, 11)}
    assert 10 not in changed, "IFA_TARGET_NETNSID is state of a dump"
    assert int.from_bytes(changed[8], "little") == Address.NOPREFIXROUTE, "permanent and secondary are state"
    assert changed[6][:8] == bytes(4) + b"\xff" * 4


def test_a_removal_names_only_the_entry() -> None:
    message = _payload.removal(dumped(Address.PERMANENT))
    assert message.kind == RTM_DELADDR
    assert dict(attributes(message.payload, 8)) == {1: bytes((10, 0, 0, 1)), 2: bytes((10, 0, 0, 1))}
    assert message.payload[1] == 24


@pytest.mark.parametrize(
    ("address", "line"),
    [
        (Address("192.0.2.2", 32, 2, 1, "lo", label="lo"), "inet 192.0.2.2/32 dev lo scope global"),
        (
            Address(
                "10.0.0.2", 24, 2, 2, "v0", flags=0x01 | 0x20, label="v0:a", valid_lifetime=9, preferred_lifetime=0
            ),
            "inet 10.0.0.2/24 dev v0 scope global secondary deprecated label v0:a valid_lft 9sec",
        ),
        (Address("10.0.0.2", 32, 2, 2, "v0", peer="10.0.0.3"), "inet 10.0.0.2 peer 10.0.0.3/32 dev v0 scope global"),
        (
            Address("fe80::1", 64, 10, 2, "v0", scope=253, flags=0x40 | 0x08 | 0x200),
            "inet6 fe80::1/64 dev v0 scope link tentative dadfailed noprefixroute",
        ),
        (Address("2001:db8::7", 64, 10, 2, "v0", flags=0x01), "inet6 2001:db8::7/64 dev v0 scope global temporary"),
    ],
)
def test_line(address: Address, line: str) -> None:
    assert address_line(address) == line
