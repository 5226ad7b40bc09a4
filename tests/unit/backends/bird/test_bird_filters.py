# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator's export filter does to static routes of ours, and to the source of others."""

from __future__ import annotations

import ipaddress

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird import conf, hook, marks
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.expressions import Route, compile_term
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.filters import Filters
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused
from tests.unit.backends.bird.common import INCLUDE, plan

OURS = Route(ipaddress.ip_network("100.64.10.0/24"), "source_ip_254_static_ipv4")
DEFINES = {"LOCAL": "[ 10.0.0.0/8+, 100.64.0.0/10+ ]", "BGP": "RTS_BGP", "SHORT": "16", "ME": "192.0.2.1"}

#: True and False are what BIRD says of our route; None is what cannot be told without BIRD.
TERMS = {
    "source = RTS_BGP": False,
    "source != RTS_BGP": True,
    "source = RTS_STATIC": True,
    "source = BGP": False,
    "source ~ [ RTS_BGP, RTS_OSPF ]": False,
    "source ~ [ RTS_BGP, RTS_STATIC ]": True,
    "source !~ [ RTS_BGP ]": True,
    "! (source = RTS_BGP)": True,
    'proto = "statics"': False,
    'proto ~ "source_ip_*"': True,
    'proto ~ "*[4]"': False,
    "net = 100.64.10.0/24": True,
    "net ~ 100.64.0.0/10": True,
    "net ~ 10.0.0.0/8": False,
    "net ~ [ 100.64.10.0/24 ]": True,
    "net ~ [ 100.64.0.0/10 ]": False,
    "net ~ [ 100.64.0.0/10+ ]": True,
    "net ~ [ 100.64.10.0/30- ]": True,
    "net ~ [ 100.64.11.0/30- ]": False,
    "net ~ [ 100.64.0.0/10{16,23} ]": False,
    "net ~ [ 100.64.0.0/10{24,24}, 10.0.0.0/8 ]": True,
    "net ~ [ 100.64.10.0/26{20,25} ]": True,
    "net ~ LOCAL": True,
    "net ~ [ 2001:db8::/32+ ]": False,
    "net ~ [ ::/0+, 0.0.0.0/0 ]": False,
    "net ~ ELSEWHERE": None,
    "net.len > 24": False,
    "net.len <= SHORT": False,
    "net.len ~ [ 8, 20..24 ]": True,
    "net.type = NET_IP4": True,
    "net.type = NET_IP6": False,
    "true": True,
    "source = RTS_BGP && bgp_path ~ [= 1 * =]": False,
    "source = RTS_STATIC && gw = 10.0.0.1": None,
    "source = RTS_STATIC || gw = 10.0.0.1": True,
    "source = RTS_BGP || net ~ LOCAL && source = RTS_BGP": False,  # && and || bind alike
    "(64512, 5) ~ bgp_community": None,
    "defined(bgp_path)": None,
    "net.mask(8) = 100.0.0.0/8": None,
    "elsewhere() && source = RTS_BGP": False,
    "bgp_local_pref + 10 > 100": None,
    "source = RTS_BGP // 3": None,
    "preference = 200": None,
    "": None,
    "(" * 5000: None,
}


@pytest.mark.parametrize("text", TERMS)
def test_what_a_condition_says_of_our_static_route(text: str) -> None:
    assert compile_term(text, DEFINES)(OURS) is TERMS[text]


#: How a kernel protocol exports, and whether our static route is certain to be rejected.
EXPORTS = {
    "all": False,
    "where source = RTS_BGP": True,
    "where source ~ [ RTS_BGP, RTS_OSPF ] || net ~ [ 10.0.0.0/8+ ]": True,
    "where source != RTS_DEVICE": False,
    "where elsewhere()": False,
    "where elsewhere() && source = RTS_BGP": False,  # what stands elsewhere may accept
    "filter { accept; }": False,
    "filter { reject; }": True,
    "filter { }": True,
    "filter { if source = RTS_BGP then accept; reject; }": True,
    "filter { if source = RTS_BGP then accept; else reject; }": True,
    "filter { if source = RTS_DEVICE then reject; accept; }": False,
    "filter { if source = RTS_BGP then { krt_mtu = 1400; accept; } if is_bogon() then reject; reject; }": True,
    "filter { if is_bogon() then reject; accept; }": False,
    "filter { if is_bogon() then accept; reject; }": False,
    "filter { keep_ours(); reject; }": False,
    "filter { keep_bgp(); reject; }": True,
    "filter { elsewhere(); reject; }": False,
    "filter { if gw = 10.0.0.1 then accept; reject; }": False,
    "filter { case source { RTS_BGP: accept; else: reject; } }": False,
    "filter { case source { RTS_BGP: reject; } reject; }": True,
    'filter { if proto ~ "source_ip_*" then accept; if source = RTS_BGP then accept; reject; }': False,
    "filter { print net; error; }": True,
    "filter to_kernel": True,
    "filter in_an_included_file": False,
    "filter { if source = RTS_STATIC then if net ~ [ 10.0.0.0/8+ ] then accept; else reject; accept; }": True,
}
AROUND = """\
function is_bogon() { return net ~ [ 0.0.0.0/8+ ]; }
function keep_ours() { if source = RTS_STATIC then accept; }
function keep_bgp() { if source != RTS_BGP then return false; accept; }
filter to_kernel { if source = RTS_DEVICE then reject; if source ~ [ RTS_BGP, RTS_RIP ] then accept; reject; }
"""


@pytest.mark.parametrize("export", EXPORTS)
def test_what_an_export_does_to_our_static_route(export: str) -> None:
    read = conf.read(f"{AROUND}protocol kernel {{ ipv4 {{ export {export}; }}; }}\n")
    (kernel,) = read.kernels
    assert Filters(read).rejected(kernel, [OURS]) == ([OURS] if EXPORTS[export] else [])


ONE_ROUTE = {"destination": "100.64.10.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2"}
ONE_POLICY = {"destinations": ["0.0.0.0/0"], "match": "orlonger", "source": "192.0.2.1"}


@pytest.mark.parametrize("mode", ["edit", "manual"])
def test_a_rejected_static_route_is_refused_with_the_line_to_add(mode: str) -> None:
    text = "\nprotocol kernel k {\n  ipv4 { export where source = RTS_BGP; };\n}\n"
    with pytest.raises(Refused) as refused:
        plan(routes=[ONE_ROUTE, {**ONE_ROUTE, "destination": "100.64.11.0/24"}], text=text, mode=mode)
    said = str(refused.value)
    assert said.startswith(
        "bird.conf line 3: 'export where source = RTS_BGP' of the kernel protocol in line 2 rejects "
    )
    assert "source_ip_routes: 100.64.10.0/24 and 1 more." in said
    assert said.endswith('\n  export where source = RTS_BGP || proto ~ "source_ip_*";')
    plan(routes=[ONE_ROUTE], text=text.replace("RTS_BGP;", 'RTS_BGP || proto ~ "source_ip_*";'), mode=mode)
    plan(policies=[ONE_POLICY], text=text, mode=mode)


def test_the_filter_that_rejects_is_named_with_its_line() -> None:
    text = AROUND + "protocol kernel {\n ipv4 { export filter to_kernel; };\n}\n"
    with pytest.raises(Refused) as refused:
        plan(routes=[ONE_ROUTE], text=text)
    said = str(refused.value)
    assert said.startswith("bird.conf line 4: filter to_kernel of the kernel protocol in line 5 rejects ")
    assert said.endswith('\n  if proto ~ "source_ip_*" then accept;')


def hooked(body: str, before: str = "") -> str:
    text = f"{before}protocol kernel {{ ipv4 {{ export filter {{ {body} }}; }}; }}\n"
    found = hook.hook(text, INCLUDE, [(254, "ipv4")])
    assert marks.unhook(found) == text
    return found


ASSIGNMENTS = {
    "krt_prefsrc = OWN; accept;": "krt_prefsrc = OWN;",
    "if source = RTS_BGP then krt_prefsrc = OWN; else krt_prefsrc = 192.0.2.9; accept;": "krt_prefsrc = 192.0.2.9;",
    "if source = RTS_BGP then { krt_prefsrc = OWN; accept; } reject;": "krt_prefsrc = OWN;",
    "case source { RTS_BGP: krt_prefsrc = OWN; } accept;": "krt_prefsrc = OWN;",
    "unset(krt_prefsrc); accept;": "unset(krt_prefsrc);",
    "set_it(); accept;": "set_it();",
}


@pytest.mark.parametrize("body", ASSIGNMENTS)
def test_where_the_intent_speaks_it_speaks_after_the_operator(body: str) -> None:
    found = hooked(body, "function set_it() { krt_prefsrc = OWN; }\n")
    assert (
        f'/* source_ip{{ */ {{ if !(proto ~ "source_ip_*") then /* }}source_ip */{ASSIGNMENTS[body]}'
        "/* source_ip{ */ source_ip(); } /* }source_ip */" in found
    )


def test_a_comparison_is_no_assignment() -> None:
    assert hooked("if krt_prefsrc = 192.0.2.1 then accept; reject;").count("source_ip();") == 1


@pytest.mark.parametrize(
    ("before", "export", "said"),
    [
        (
            "function f() { krt_prefsrc = OWN; accept; }\n",
            "filter {\nf(); }",
            "line 3: the export filter calls f, which",
        ),
        ("function f() { krt_prefsrc = OWN; return true; }\n", "filter { if f() then accept; }", "line 2: the export"),
        ("function f() { krt_prefsrc = OWN; return true; }\n", "where f()", "line 2: this condition calls f, which"),
        (
            "function g() { unset(krt_prefsrc); }\nfunction f() { g(); accept; }\n",
            "filter { f(); }",
            "line 3: the export filter calls f, which sets krt_prefsrc, where",
        ),
    ],
)
def test_a_source_that_is_set_where_ours_cannot_follow_is_refused_by_line(before: str, export: str, said: str) -> None:
    text = f"{before}protocol kernel {{ ipv4 {{ export {export}; }}; }}\n"
    with pytest.raises(Refused, match=said):
        hook.hook(text, INCLUDE, [(254, "ipv4")])


@pytest.mark.parametrize("mode", ["edit", "manual"])
def test_the_operators_own_call_must_come_last(mode: str) -> None:
    def text(body: str) -> str:
        return f'include "{INCLUDE}";\nprotocol kernel {{ ipv4 {{ export filter {{\n{body} }}; }}; }}\n'

    plan(policies=[ONE_POLICY], text=text("krt_prefsrc = 192.0.2.9; source_ip(); accept;"), mode=mode)
    with pytest.raises(
        Refused, match=r"line 4: the export filter sets krt_prefsrc behind its last call of our function"
    ):
        plan(policies=[ONE_POLICY], text=text("source_ip();\nkrt_prefsrc = 192.0.2.9; accept;"), mode=mode)


def test_functions_that_call_each_other_for_ever_end() -> None:
    functions = "".join(f"function f{n}() {{ f{n + 1}(); }}\n" for n in range(2000))
    read = conf.read(functions + "protocol kernel { ipv4 { export filter { f0(); reject; }; }; }\n")
    assert Filters(read).rejected(read.kernels[0], [OURS]) == []
