# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Laws of the rendering, of the steps from one intent to the next, and of the file around our block."""

from __future__ import annotations

import copy
import ipaddress
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.audit import Judge
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.conf import edit
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.objects import build
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.parse import Config, Objects, parse
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.stages import same, stages
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import IntentError
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise
from tests.unit.backends.frr import model
from tests.unit.backends.frr.common import PREFIX, TAG, edited, saved

prefixes = st.builds(
    lambda a, n: str(ipaddress.IPv4Network((a << 28, n), strict=False)), st.integers(0, 15), st.integers(0, 8)
)
policies = st.lists(
    st.fixed_dictionaries(
        {
            "destinations": st.lists(prefixes, min_size=1, max_size=4, unique=True),
            "match": st.sampled_from(["exact", "orlonger"]),
            "except": st.lists(prefixes, max_size=2, unique=True),
            "protocols": st.sampled_from([["bgp"], ["ospf"], ["static", "bgp"], None]),
            "vrf": st.sampled_from([None, "red"]),
            "source": st.sampled_from(["192.0.2.1", "192.0.2.2"]),
        }
    ),
    max_size=5,
)
routes = st.lists(
    st.fixed_dictionaries(
        {
            "destination": prefixes,
            "gateway": st.sampled_from(["10.0.0.1", "10.0.0.2"]),
            "source": st.sampled_from(["192.0.2.1", "192.0.2.2"]),
            "vrf": st.sampled_from([None, "red"]),
        }
    ),
    max_size=3,
)
OPERATOR = """\
frr defaults traditional
! a comment
ip prefix-list SIPHON seq 5 permit any
router bgp 65001
 neighbor 10.0.0.9 remote-as 65000
exit
vrf red
 ip route 203.0.113.0/24 blackhole
exit-vrf
route-map OP permit 10
 match ip address prefix-list SIPHON
"""
BOUND = [
    "",
    "ip protocol bgp route-map OP\n",
    "ip protocol any route-map OP\nvrf red\n ip protocol static route-map OP\n",
]
ENDS = ["", "\n", "! no end"]


def intent(policies: list[Any], routes: list[Any]) -> dict[str, Any]:
    try:
        return normalise([], routes, policies, backend="frr")
    except IntentError:
        assume(False)
        raise


def text_of(objects: Objects) -> str:
    return edited(b"", objects).decode()


def without(content: str) -> str:
    """The file as it is without anything of ours."""
    return edited(content.encode(), Objects()).decode()


@settings(max_examples=80, deadline=None)
@given(policies, routes, policies, routes)
def test_the_stages_lead_from_one_intent_to_the_next(
    p1: list[Any], r1: list[Any], p2: list[Any], r2: list[Any]
) -> None:
    """Trap 6: after each single line every bound map exists and ends with a permit (model.Frr.check)."""
    one, two = (build(intent(p, r), Config(), PREFIX, TAG) for p, r in ((p1, r1), (p2, r2)))
    frr = model.Frr()
    for have, want in ((Objects(), one), (one, two), (two, Objects())):
        for stage in stages(copy.deepcopy(frr.objects), want, {}):
            assert all(name in frr.objects.maps for name in stage.needs)
            frr.feed(stage.lines)
        assert same(frr.objects, want), (have, want)
        assert stages(frr.objects, want, {}) == []


@settings(max_examples=80, deadline=None)
@given(policies, routes, st.lists(prefixes, max_size=5))
def test_the_maps_say_what_the_rules_say(p: list[Any], r: list[Any], probes: list[str]) -> None:
    normal = intent(p, r)
    frr = model.Frr()
    frr.objects = build(normal, Config(), PREFIX, TAG)
    judge = Judge({"policies": normal["policies"], "routes": normal["routes"]})
    probes += [d for policy in p for d in policy["destinations"] + policy["except"]] + [x["destination"] for x in r]
    for probe in probes:
        for vrf in ("", "red"):
            for protocol in ("bgp", "ospf", "static", "isis"):
                assert frr.source(vrf, "ipv4", protocol, probe) == judge.wants(vrf, "ipv4", probe, protocol)


@settings(max_examples=60, deadline=None)
@given(policies, routes)
def test_what_is_written_is_read_back(p: list[Any], r: list[Any]) -> None:
    want = build(intent(p, r), Config(), PREFIX, TAG)
    text = text_of(want)
    found = parse(text, PREFIX, TAG)
    assert same(found.ours, want)
    assert found.theirs == Objects()
    frr = model.Frr()
    frr.feed(text.split("\n"))
    assert same(frr.objects, want)


@settings(max_examples=60, deadline=None)
@given(policies, routes, policies, st.builds(str.__add__, st.sampled_from(BOUND), st.sampled_from(ENDS)))
def test_the_operators_file_stays_byte_for_byte(p: list[Any], r: list[Any], p2: list[Any], bound: str) -> None:
    original = OPERATOR + bound
    text = original
    for wanted in (intent(p, r), intent(p2, []), intent([], [])):
        running = parse(text, PREFIX, TAG)
        want = build(wanted, running, PREFIX, TAG)
        text = edited(text.encode(), want).decode()
        assert without(text) == original
        assert same(parse(text, PREFIX, TAG).ours, want)
        assert edit(saved(text.encode()), want).content is None
    assert text == original


@settings(max_examples=50, deadline=None)
@given(policies, routes)
def test_ours_is_found_without_markers(p: list[Any], r: list[Any]) -> None:
    """`write memory` drops comments and puts a `!` behind each object."""
    want = build(intent(p, r), Config(), PREFIX, TAG)
    ours = [line for line in text_of(want).split("\n") if line and not line.startswith("! ")]
    text = "\n".join([*OPERATOR.rstrip("\n").split("\n"), "!", *ours, "end", ""])
    kept = without(text)
    assert same(parse(kept, PREFIX, TAG).ours, Objects())
    assert [line for line in kept.split("\n") if line not in ("!", "vrf red", "exit-vrf")] == [
        line for line in [*OPERATOR.rstrip("\n").split("\n"), "end", ""] if line not in ("vrf red", "exit-vrf")
    ]
