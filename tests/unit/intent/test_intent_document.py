# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is packed comes back; what was not packed is refused."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.document import VERSION, pack, unpack
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise


def many(count: int) -> dict[str, list[Any]]:
    hops = [{"gateway": "10.0.0.1", "weight": 2}, {"device": "eth1"}]
    return normalise(
        addresses=[{"address": "192.0.2.2/32", "device": "lo"}, {"address": "2001:db8:ff::2", "device": "lo"}],
        routes=[
            {"destination": f"10.{n >> 8}.{n & 255}.0/24", "source": "192.0.2.2", "metrics": {"mtu": 1400}, **way}
            for n in range(count)
            for way in ({"gateway": "10.0.0.1", "vrf": "red"}, {"nexthops": hops, "table": 100, "metric": 5})
        ],
        policies=[
            {
                "name": f"p{n}",
                "destinations": [f"10.{n >> 8}.{n & 255}.0/24"],
                "match": "orlonger",
                "except": [f"10.{n >> 8}.{n & 255}.0/25"],
                "protocols": ["bgp"],
                "source": "127.0.0.5",
            }
            for n in range(count)
        ],
        backend="kernel",
    )


@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_what_is_packed_comes_back(count: int) -> None:
    intent = many(count)
    text = pack(intent)
    assert text.isascii()
    assert text.isprintable()
    assert unpack(text) == intent
    assert text.startswith("zlib:" if count == 100 else "{")


def test_an_empty_intent() -> None:
    assert unpack(pack(normalise())) == normalise()


def test_many_entries_are_small() -> None:
    intent = many(2000)
    text = pack(intent)
    assert unpack(text) == intent
    assert len(text) < 100_000


def spoiled(change: Any) -> str:
    document = json.loads(pack(many(1)))
    change(document)
    return json.dumps(document)


def compressed(text: str) -> bytes:
    return base64.b64encode(zlib.compress(text.encode()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "as the controller packs it"),
        ("{", "as the controller packs it"),
        ("zlib:", "cut off"),
        ("zlib:AAAA", "as the controller packs it"),
        ("zlib:\u00e9", "as the controller packs it"),
        (f"zlib:{compressed('{}').decode()[:-8]}", "as the controller packs it"),
        (f"zlib:{compressed('[]').decode()}", "not an intent of version"),
        (f"zlib:{base64.b64encode(zlib.compress(b'[]') + b'x').decode()}", "too long"),
        ("[]", "not an intent of version"),
        ("null", "not an intent of version"),
        ("[" * 100000, "as the controller packs it"),
        (spoiled(lambda d: d.update(version=VERSION + 1)), "must have one release"),
        (spoiled(lambda d: d.pop("warnings")), "must have one release"),
        (spoiled(lambda d: d.update(more=1)), "must have one release"),
        (spoiled(lambda d: d["routes"].update(columns=["destination"])), "other columns for routes"),
        (spoiled(lambda d: d.update(policies=[])), "other columns for policies"),
        (spoiled(lambda d: d["routes"]["rows"][0].pop()), "a row in routes that does not fit"),
        (spoiled(lambda d: d["policies"].update(rows=[{}])), "a row in policies"),
        (spoiled(lambda d: d["addresses"].pop("rows")), "a row in addresses"),
    ],
)
def test_what_is_no_document_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        unpack(text)
    assert len(caught.value.message) < 400


@given(st.text(), st.booleans())
def test_any_text_is_refused(text: str, behind: bool) -> None:
    with pytest.raises(InvalidInput):
        unpack(f"zlib:{text}" if behind else text)
