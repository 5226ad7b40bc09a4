# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of NAT: read as the tools write them, and judged as the kernel goes through them."""

from __future__ import annotations

import shutil
import struct

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._preflight import translated
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._preflight.nat import Packets, hits
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._preflight.nat_text import of_iptables, of_nft
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._preflight.sentences import replaced
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import SourceIPError
from ansible_collections.l3host.source_ip.plugins.module_utils._base.values import INET, INET6
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.policy import prefix_of
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink import wire
from ansible_collections.l3host.source_ip.plugins.module_utils._netlink.nat import NatTable, of_chain

SOURCE, DEVICE = "192.0.2.2", "v0"
#: (rule of nft, rule of iptables, what it does to packets from 192.0.2.2 to 198.51.100.0/24 by v0)
RULES = [
    ("masquerade", "-j MASQUERADE", "replaces"),
    ("counter packets 7 bytes 77 masquerade fully-random", "-j MASQUERADE --random-fully", "replaces"),
    ('oifname "v0" masquerade', "-o v0 -j MASQUERADE", "replaces"),
    ('oif "v0" masquerade', "-o v0 -j MASQUERADE", "replaces"),
    ('oifname != "v1" masquerade', "! -o v1 -j MASQUERADE", "replaces"),
    ('oifname "v*" masquerade', "-o v+ -j MASQUERADE", "replaces"),
    ('oifname { "v0", "v1" } masquerade', None, "replaces"),
    ('oifname "v1" masquerade', "-o v1 -j MASQUERADE", ""),
    ('oifname != "v0" masquerade', "! -o v0 -j MASQUERADE", ""),
    ('iifname "docker0" masquerade', None, ""),
    ("ip saddr 192.0.2.0/24 masquerade", "-s 192.0.2.0/24 -j MASQUERADE", "replaces"),
    ("ip saddr { 10.0.0.0/8, 192.0.2.1-192.0.2.9 } masquerade", None, "replaces"),
    (
        'oifname != "docker0" ip saddr 172.17.0.0/16 counter packets 0 bytes 0 masquerade',
        "-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE",
        "",
    ),
    ("ip saddr != 192.0.2.0/24 masquerade", "! -s 192.0.2.0/24 -j MASQUERADE", ""),
    ("ip saddr @inside masquerade", None, "may"),
    ("ip saddr & 0.0.0.255 == 0.0.0.2 masquerade", "-m iprange --src-range 192.0.2.1-192.0.2.9 -j MASQUERADE", "may"),
    ("ip daddr 198.51.0.0/16 masquerade", "-d 198.51.0.0/16 -j MASQUERADE", "replaces"),
    ("ip daddr 198.51.100.7 masquerade", "-d 198.51.100.7/32 -j MASQUERADE", "may"),
    ("ip daddr != 198.51.100.7 masquerade", "! -d 198.51.100.7/32 -j MASQUERADE", "may"),
    ("ip daddr 10.0.0.0/8 masquerade", "-d 10.0.0.0/8 -j MASQUERADE", ""),
    ("ip daddr != 198.51.0.0/16 masquerade", "! -d 198.51.0.0/16 -j MASQUERADE", ""),
    ("tcp dport 80 masquerade", "-p tcp -m tcp --dport 80 -j MASQUERADE", "may"),
    (
        "meta l4proto tcp fib daddr type != local snat to 10.9.0.1",
        "-m addrtype ! --dst-type LOCAL -j SNAT --to-source 10.9.0.1",
        "may",
    ),
    ("fib saddr . iif oif eq 0 masquerade", None, "may"),
    ("ct mark 0x1 masquerade", "-m connmark ! --mark 0x1 -j MASQUERADE", "may"),
    ("meta mark 0x00000001 masquerade", "-m mark --mark 0x1 -j MASQUERADE", ""),
    ("meta mark & 0x00004000 != 0x00004000 masquerade", "-m mark ! --mark 0x4000/0x4000 -j MASQUERADE", "replaces"),
    ("meta nfproto ipv6 masquerade", None, ""),
    ("ip6 saddr 2001:db8::/32 masquerade", None, ""),
    ("snat to 10.9.0.1:1024-65535", "-j SNAT --to-source 10.9.0.1:1024-65535", "replaces"),
    ("snat ip to 192.0.2.2", "-j SNAT --to-source 192.0.2.2", ""),
    ("snat to 192.0.2.2-192.0.2.9", "-j SNAT --to-source 192.0.2.2-192.0.2.9", "replaces"),
    ("snat to ip saddr map { 192.0.2.2 : 10.9.0.1, 10.0.0.1 : 10.9.0.2 }", None, "replaces"),
    ('xt target "MASQUERADE"', None, "replaces"),
    ('xt match "addrtype" xt target "MASQUERADE"', None, "may"),
    ('comment "masquerade" return', '-m comment --comment "-j MASQUERADE" -j RETURN', ""),
    ("meta mark set 0x00000001", "-j MARK --set-xmark 0x1/0xffffffff", ""),
    ("jump sub", "-j sub", "replaces"),
    ('oifname "v1" jump sub', "-o v1 -j sub", ""),
    ("tcp dport 80 jump sub", "-p tcp -j sub", "may"),
    ("goto sub", "-g sub", "replaces"),
    ('oifname vmap { "v1" : accept, "v0" : jump sub }', None, "replaces"),
    ("ip saddr vmap { 192.0.2.0/24 : goto sub }", None, "may"),
]


def nft(*rules: str) -> str:
    lines = [*rules] or [""]
    return "\n".join(
        [
            "table ip nat { # handle 1",
            "\tset inside {",
            "\t\ttype ipv4_addr",
            "\t}",
            "\tchain pre {",
            "\t\ttype nat hook prerouting priority dstnat; policy accept;",
            "\t\tmasquerade",
            "\t}",
            "\tchain post { # handle 1",
            "\t\ttype nat hook postrouting priority srcnat; policy accept;",
            *(f"\t\t{rule} # handle {number}" for number, rule in enumerate(lines, 4)),
            "\t}",
            "\tchain sub { # handle 2",
            "\t\tmasquerade # handle 3",
            "\t}",
            "}",
        ]
    )


def iptables(*rules: str) -> str:
    return "\n".join(
        ["*nat", ":POSTROUTING ACCEPT [0:0]", *(f"-A POSTROUTING {rule}" for rule in rules), "-A sub -j MASQUERADE"]
    )


def packets(source: str = SOURCE, destination: str = "198.51.100.0/24", *replacing: str) -> Packets:
    return Packets(prefix_of(source), prefix_of(destination), (DEVICE,), replacing)


def judged(text: str, spoken: Packets | None = None) -> str:
    spoken = spoken or packets()
    family = spoken.source.family
    rules = (
        of_nft(text, "nft table ip nat") if text.startswith("table") else of_iptables(text, "iptables -t nat", family)
    )
    found = hits(rules, spoken)
    return ("replaces" if any(hit.certain for hit in found) else "may") if found else ""


@pytest.mark.parametrize(("of_nft_", "of_iptables_", "does"), RULES)
def test_what_a_rule_does(of_nft_: str, of_iptables_: str | None, does: str) -> None:
    assert judged(nft(of_nft_)) == does
    if of_iptables_ is not None:
        assert judged(iptables(of_iptables_)) == does


@pytest.mark.parametrize(
    ("first", "does"),
    [
        (("ip saddr 192.0.2.2 accept", "-s 192.0.2.2/32 -j ACCEPT"), ""),
        (("ip daddr 198.51.100.0/24 return", "-d 198.51.100.0/24 -j RETURN"), ""),
        (("ip daddr 198.51.100.0/25 return", "-d 198.51.100.0/25 -j RETURN"), "may"),
        (("tcp dport 80 accept", "-p tcp -j ACCEPT"), "may"),
        (("ip daddr 10.0.0.0/8 accept", "-d 10.0.0.0/8 -j ACCEPT"), "replaces"),
        # As Kubernetes does it.
        (("meta mark & 0x00004000 != 0x00004000 return", "-m mark ! --mark 0x4000/0x4000 -j RETURN"), ""),
        (("snat to 192.0.2.2", "-j SNAT --to-source 192.0.2.2"), ""),
    ],
)
def test_what_a_rule_before_it_lets_be(first: tuple[str, str], does: str) -> None:
    assert judged(nft(first[0], "masquerade")) == does
    assert judged(iptables(first[1], "-j MASQUERADE")) == does


def test_a_return_leads_back_to_the_chain_before() -> None:
    text = nft("jump sub", "masquerade").replace("\t\tmasquerade # handle 3", "\t\treturn # handle 3")
    assert judged(text) == "replaces"


def test_a_chain_that_leads_to_itself_has_an_end() -> None:
    assert judged(nft("jump post")) == ""


@pytest.mark.parametrize(
    ("replacing", "does"),
    [((), "replaces"), ((SOURCE,), ""), ((SOURCE, "192.0.2.9"), "may"), (("10.0.0.1",), "replaces")],
)
def test_masquerade_by_the_very_source(replacing: tuple[str, ...], does: str) -> None:
    assert judged(nft("masquerade"), packets(SOURCE, "198.51.100.0/24", *replacing)) == does


def test_both_families() -> None:
    v6 = packets("2001:db8::2", "2001:db8:100::/48")
    assert judged(nft("ip6 saddr 2001:db8::/32 masquerade"), v6) == "replaces"
    assert judged(nft("ip saddr 192.0.2.2 masquerade"), v6) == ""
    assert judged(nft("snat ip6 to [2001:db8::2]:1024-2048"), v6) == ""
    assert judged(iptables("-s 2001:db8::/64 -j MASQUERADE"), v6) == "replaces"
    rules = of_iptables(iptables("-j MASQUERADE"), "ip6tables -t nat", INET6)
    assert hits(rules, packets()) == [] and {INET, INET6} == {packets().source.family, v6.source.family}


def test_a_rule_of_several_lines() -> None:
    text = nft('oifname { "v1",').replace("# handle 4", '\n"v0" } masquerade # handle 4')
    assert judged(text) == "replaces"


def test_the_sentence_names_the_rule_and_what_to_do() -> None:
    rules = of_nft(
        nft('oifname "v0" counter packets 7 bytes 77 masquerade', "tcp dport 80 snat to 10.9.0.1"), "nft table ip nat"
    )
    text = replaced(hits(rules, packets()))
    assert text == (
        'NAT comes after the routes: `oifname "v0" masquerade (handle 4)` in the chain post of `nft table ip nat` '
        "replaces 192.0.2.2 of what leaves by v0. To exempt what the intent says, put in before it, and where these "
        "rules are loaded from at boot: `nft insert rule ip nat post ip saddr 192.0.2.2 accept`"
    )
    old = of_iptables(iptables("-p tcp -j MASQUERADE", "-o v0 -j SNAT --to-source 10.9.0.1"), "iptables -t nat", INET)
    text = replaced(hits(old, packets()))
    assert "`-A POSTROUTING -p tcp -j MASQUERADE` in the chain POSTROUTING of `iptables -t nat` may replace" in text
    assert "`-A POSTROUTING -o v0 -j SNAT --to-source 10.9.0.1` in" in text and text.count(" replaces ") == 0
    assert text.endswith(": `iptables -t nat -I POSTROUTING -s 192.0.2.2 -j ACCEPT`")


def chain(family: int = 2, kind: bytes = b"nat", hook: int | None = 4) -> bytes:
    nested = wire.attribute(1, struct.pack("!I", hook)) if hook is not None else b""
    attributes = ((1, b"mine\0"), (3, b"post\0"), (4, nested), (7, kind + b"\0"))
    return struct.pack("=BBH", family, 0, 0) + b"".join(wire.attribute(*one) for one in attributes)


@pytest.mark.parametrize(
    ("payload", "table"),
    [
        (chain(), NatTable("ip", "mine")),
        (chain(family=1), NatTable("inet", "mine")),
        (chain(family=10), NatTable("ip6", "mine")),
        (chain(family=5), None),
        (chain(kind=b"filter"), None),
        (chain(hook=0), None),
        (chain(hook=None), None),
    ],
)
def test_which_chains_translate_sources(payload: bytes, table: NatTable | None) -> None:
    assert of_chain(payload) == table


TABLE = "# Warning: table ip nat is managed by iptables-nft, do not touch!\ntable ip nat {\n}\n"


@pytest.mark.parametrize(
    ("there", "table", "ran", "place"),
    [
        (["nft"], NatTable("inet", "mine"), "nft", "nft table inet mine"),
        (["nft", "iptables"], NatTable("ip", "nat"), "nft", "iptables -t nat"),
        (["nft", "iptables", "iptables-nft"], NatTable("ip", "nat"), "nft", "iptables-nft -t nat"),
        (["iptables-save"], NatTable("ip", "nat"), "iptables-save", "iptables -t nat"),
        (
            ["ip6tables-save", "ip6tables-nft-save"],
            NatTable("ip6", "nat"),
            "ip6tables-nft-save",
            "ip6tables-nft -t nat",
        ),
        (["iptables-save"], NatTable("ip", "mine"), None, ""),
        ([], NatTable("ip", "nat"), None, ""),
    ],
)
def test_which_tool_reads_a_table(
    monkeypatch: pytest.MonkeyPatch, there: list[str], table: NatTable, ran: str | None, place: str
) -> None:
    def run(argv: list[str], timeout: float) -> str:
        assert argv[0] == ran and timeout > 0
        return TABLE if table.name == "nat" else TABLE.partition("\n")[2]

    monkeypatch.setattr(translated, "run", run)
    monkeypatch.setattr(shutil, "which", lambda name, path: name if name in there else None)
    if ran is None:
        with pytest.raises(SourceIPError, match="has rules of NAT"):
            translated._of_table(table)
    else:
        assert translated._of_table(table).place == place
