# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The renderer: what is written says what the piece says, read back as systemd.network(5) has it."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.interface import is_ours
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.pieces import Piece, Way, split
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._networkd.render import METRICS, drop_in
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.managers import MANAGERS
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

_METRICS = st.dictionaries(st.sampled_from(["mtu", "advmss", "initcwnd", "initrwnd"]), st.integers(1, 1023), max_size=4)


def _net(version: int) -> st.SearchStrategy[str]:
    kind: Any = ipaddress.IPv4Network if version == 4 else ipaddress.IPv6Network
    bits = 32 if version == 4 else 128
    return st.tuples(st.integers(0, 2**bits - 1), st.integers(1, bits)).map(lambda pair: str(kind(pair, strict=False)))


def _routes(version: int) -> st.SearchStrategy[dict[str, Any]]:
    gateway = st.sampled_from(["10.0.0.1", "10.0.0.2"] if version == 4 else ["fd00::1", "fd00::2"])
    return st.fixed_dictionaries(
        {
            "destination": _net(version),
            "gateway": gateway,
            "source": st.just("192.0.2.2" if version == 4 else "2001:db8::2"),
            "metric": st.one_of(st.none(), st.integers(0, 2**32 - 1)),
            "table": st.one_of(st.none(), st.sampled_from(["main", 100, 4294967295])),
            "metrics": _METRICS,
        }
    )


def sections(content: bytes) -> list[tuple[str, dict[str, str]]]:
    """The sections of a file in order, each key once."""
    found: list[tuple[str, dict[str, str]]] = []
    for line in content.decode("ascii").splitlines():
        if line.startswith("["):
            found.append((line, {}))
        elif line and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals and value == value.strip() and key not in found[-1][1], line
            found[-1][1][key] = value
    return found


def _piece(routes: list[dict[str, Any]]) -> Piece:
    unique = {
        (one["destination"], one["table"] if one["table"] != "main" else None, one["metric"] or -1): one
        for one in routes
    }
    unique = {(key[0], key[1], key[2] if key[2] != 1024 else -1): one for key, one in unique.items()}
    intent = normalise([{"address": "192.0.2.2", "device": "eth0"}], list(unique.values()), backend="networkd")
    pieces, _problems = split(intent, {}, lambda _gateway, _vrf: Way("eth0"))
    return pieces[0]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(_routes(4), _routes(6)), max_size=8))
def test_what_is_written_is_what_is_wanted(routes: list[dict[str, Any]]) -> None:
    piece = _piece(routes)
    content = drop_in(piece)
    assert is_ours(content)
    address, *found = sections(content)
    assert address == ("[Address]", {"Address": "192.0.2.2/32"})
    assert [head for head, _keys in found] == ["[Route]"] * len(piece.routes)
    for (_head, keys), route in zip(found, piece.routes):
        metrics = {name: int(keys[key]) for name, (key, switch) in METRICS.items() if key in keys and not switch}
        assert {
            "destination": keys["Destination"],
            "gateway": keys["Gateway"],
            "source": keys["PreferredSource"],
            "metric": int(keys.get("Metric", "0")),
            "table": None if keys["Table"] == "main" else int(keys["Table"]),
            "metrics": metrics or None,
        } == {key: route[key] for key in ("destination", "gateway", "source", "metric", "table", "metrics")}


def test_what_the_intent_lets_pass_is_what_the_renderer_knows() -> None:
    assert set(METRICS) == set(MANAGERS["networkd"].metrics)
