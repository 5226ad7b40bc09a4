# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of BIRD share: an operator's bird.conf, random intents."""

from __future__ import annotations

import pathlib
from typing import Any

from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird import answers
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird import plan as _bird
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import IntentError
from ansible_collections.l3host.source_ip.plugins.module_utils._intent import normal as _intent

DATA = pathlib.Path(__file__).resolve().parent / "data"
INCLUDE = "/etc/bird/source_ip.conf"

VERSIONS = ["2.0.12", "2.17.6", "3.1.8"]


def exported(version: str, number: str) -> list[answers.Exported]:
    return answers.exported_routes((DATA / f"export{number}-{version}.txt").read_text(encoding="utf-8"))


OPERATOR = """\
# export all; { a brace in a comment
router id 10.0.0.1; /* protocol kernel { ipv4 { export all; }; } */
ipv4 table t100; ipv6 table t100v6;
define TT = 100;
define NETS = [ 10.0.0.0/8{24,32}, 93.184.216.0/21+, 198.51.100.0/24 ];
protocol device {}
filter out6 { if source = RTS_DEVICE then reject; accept; }
protocol kernel { ipv4 { export all; }; }
protocol kernel { ipv6 { export filter out6; }; }
protocol kernel k100 { kernel table TT; metric 64; ipv4 { table t100; export where net ~ NETS; }; }
template kernel tk { scan time 3; kernel table 100; ipv6 { table t100v6; export filter { accept; }; }; }
protocol kernel k1006 from tk {}
protocol bgp b { description "export all; }"; neighbor 10.0.0.2 as 1; local as 2; ipv4 { import all; export none; }; }
"""


def intent(routes: Any = None, policies: Any = None, addresses: Any = None) -> dict[str, Any]:
    return _intent.normalise(addresses=addresses, routes=routes, policies=policies, backend="bird")


def plan(routes: Any = None, policies: Any = None, text: str = OPERATOR, **options: Any) -> _bird.Content:
    return _bird.contents(intent(routes, policies), text, INCLUDE, **options)


def _prefix(family: str) -> st.SearchStrategy[str]:
    # Few bits, so that prefixes meet, contain and repeat each other.
    if family == "ipv4":
        return st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.0.0.0/24", "10.0.0.1/32"])
    return st.sampled_from(["::/0", "2001:db8::/32", "2001:db8::/33", "2001:db8:8000::/33", "2001:db8::1/128"])


SOURCES = {"ipv4": ["192.0.2.1", "192.0.2.2"], "ipv6": ["2001:db8:ffff::1", "2001:db8:ffff::2"]}
PROTOCOLS = ["babel", "bgp", "ospf", "rip", "static"]


@st.composite
def one_policy(draw: st.DrawFn, family: str = "ipv4") -> dict[str, Any]:
    return {
        "name": draw(st.none() | st.text("ab.,:/@+()=- ", min_size=1, max_size=4).map(lambda text: f"p{text}")),
        "destinations": draw(st.lists(_prefix(family), min_size=1, max_size=3, unique=True)),
        "match": draw(st.sampled_from(["exact", "orlonger"])),
        "except": draw(st.lists(_prefix(family), max_size=2, unique=True)),
        "protocols": draw(st.none() | st.lists(st.sampled_from(PROTOCOLS), min_size=1, max_size=2, unique=True)),
        "source": draw(st.sampled_from(SOURCES[family])),
    }


def _accepted(policies: list[dict[str, Any]]) -> dict[str, Any]:
    """The intent of as many of them as do not contradict one another, in their order."""
    kept: list[dict[str, Any]] = []
    for policy in policies:
        try:
            intent(policies=[*kept, policy])
        except IntentError:
            continue
        kept.append(policy)
    return intent(policies=kept)


def some_intent(family: str = "ipv4") -> st.SearchStrategy[dict[str, Any]]:
    """Random policies that may overlap in every way the intent allows."""
    return st.lists(one_policy(family), max_size=6).map(_accepted)
