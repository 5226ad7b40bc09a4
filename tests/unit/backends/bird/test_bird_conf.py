# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and hooking an operator's bird.conf."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird import conf, hook, marks
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused
from tests.unit.backends.bird.common import INCLUDE, OPERATOR

EVERY = [(254, "ipv4"), (254, "ipv6"), (100, "ipv4"), (100, "ipv6")]


def test_kernel_protocols_are_read_through_comments_strings_templates_and_defines() -> None:
    found = [(k.name, k.family, k.table, k.kernel_table, k.metric, k.line) for k in conf.read(OPERATOR).kernels]
    assert found == [
        (None, "ipv4", "master4", 254, 32, 8),
        (None, "ipv6", "master6", 254, 32, 9),
        ("k100", "ipv4", "t100", 100, 64, 10),
        ("k1006", "ipv6", "t100v6", 100, 32, 12),
    ]


def test_each_form_of_export_calls_the_function_first() -> None:
    hooked = hook.hook(OPERATOR, INCLUDE, EVERY)
    assert "filter out6 {/* source_ip{ */ source_ip(); /* }source_ip */ if source" in hooked
    assert "export /* source_ip{ was: all */ filter { source_ip(); accept; } /* }source_ip */;" in hooked
    assert (
        "export /* source_ip{ was: where */ filter { source_ip_100(); if /* }source_ip */ net ~ NETS"
        "/* source_ip{ */ then accept; reject; } /* }source_ip */;" in hooked
    )
    assert "export filter {/* source_ip{ */ source_ip_100(); /* }source_ip */ accept; };" in hooked


def test_the_include_stands_once_directly_above_the_first_use() -> None:
    """Trap 5."""
    hooked = hook.hook(OPERATOR, INCLUDE, EVERY)
    assert hooked.count("include ") == 1
    assert f'include "{INCLUDE}"; /* source_ip */\nfilter out6 {{' in hooked
    only4 = hook.hook(OPERATOR, INCLUDE, [(254, "ipv4")])
    assert f'include "{INCLUDE}"; /* source_ip */\nprotocol kernel {{ ipv4' in only4
    assert only4.count("source_ip();") == 1


NUMBERS = {
    "define T = 100; protocol kernel { kernel table T; ipv4 { table t; export all; }; }": 100,
    "define T = 0x64; protocol kernel { kernel table T; ipv4 { table t; export all; }; }": 100,
    "define A = 100; define T = A; protocol kernel { kernel table T; ipv4 { table t; export all; }; }": 100,
    "protocol kernel { kernel table 0x64; ipv4 { table t; export all; }; }": 100,
    "template kernel a { kernel table 100; } protocol kernel b from a { ipv4 { table t; export all; }; }": 100,
    "protocol kernel a { kernel table 100; ipv4 {table t; export all;}; } protocol kernel b from a { ipv6 {}; }": 100,
    "protocol kernel { kernel table T; ipv4 { table t; export all; }; }": None,
    "define T = 50 + 50; protocol kernel { kernel table T; ipv4 { table t; export all; }; }": None,
    "protocol kernel { kernel table (50 + 50); ipv4 { table t; export all; }; }": None,
}


@pytest.mark.parametrize("text", NUMBERS)
def test_the_number_of_a_kernel_table(text: str) -> None:
    assert {kernel.kernel_table for kernel in conf.read(text).kernels} == {NUMBERS[text]}


def test_a_table_that_cannot_be_read_is_told_with_its_line() -> None:
    text = 'include "names.conf";\nprotocol kernel k {\n  kernel table MGMT; ipv4 { table t; export all; };\n}\n'
    with pytest.raises(Refused, match=r"In line 2 stands one whose table could not be read: 'kernel table MGMT' is"):
        hook.hook(text, INCLUDE, [(100, "ipv4")])


def test_an_export_limit_is_no_export() -> None:
    text = "protocol kernel { ipv4 { export filter { accept; }; export limit 1000 action warn; }; }"
    assert "export filter {/* source_ip{ */" in hook.hook(text, INCLUDE, [(254, "ipv4")])
    with pytest.raises(Refused, match="exports no ipv4 route"):
        hook.hook("protocol kernel { ipv4 { export limit 10; }; }", INCLUDE, [(254, "ipv4")])


def test_source_specific_routes_are_no_ipv6_routes() -> None:
    text = "ipv6 sadr table s;\nprotocol kernel { ipv6 sadr { table s; export all; }; }\n"
    read = conf.read(text)
    assert read.tables["s"][0] == "ipv6 sadr"
    assert [kernel.family for kernel in read.kernels] == ["ipv6 sadr"]
    with pytest.raises(Refused, match="The one in line 2 exports 'ipv6 sadr', destinations with a source prefix"):
        hook.hook(text, INCLUDE, [(254, "ipv6")])


def test_a_table_ends_without_a_semicolon() -> None:
    for ending in ("", " { sorted on; }", ";"):
        text = f"ipv4 table t{ending}\nprotocol kernel {{ kernel table 7; ipv4 {{ table t; export all; }}; }}\n"
        read = conf.read(text)
        assert read.tables["t"][0] == "ipv4"
        assert [kernel.kernel_table for kernel in read.kernels] == [7]


@pytest.mark.parametrize("text", ['protocol device {} "', "protocol device {} /* "])
def test_a_file_that_bird_cannot_read_either_is_refused_by_line(text: str) -> None:
    with pytest.raises(Refused, match=r"bird\.conf line 2: what (\"|/\*) begins does not end"):
        hook.hook("protocol kernel { ipv4 { export all; }; }\n" + text, INCLUDE, [(254, "ipv4")])


@pytest.mark.parametrize("wanted", [[], EVERY, [(100, "ipv4")], [(254, "ipv6"), (100, "ipv6")]])
@pytest.mark.parametrize("ending", ["", "\n", "# no newline", "\r\n", "\n\n"])
def test_taking_the_hook_out_gives_back_every_byte(wanted: list[tuple[int, str]], ending: str) -> None:
    text = OPERATOR + ending
    hooked = hook.hook(text, INCLUDE, wanted)
    assert (hooked != text) == bool(wanted)
    assert marks.unhook(hooked) == text
    assert hook.hook(marks.unhook(hooked), INCLUDE, wanted) == hooked
    assert marks.unhook(hook.append_include(text, INCLUDE)) == text


_PIECES = st.sampled_from(
    [
        "# a comment; {\n",
        "/* export all; */",
        'log "a } b";\n',
        "define X = [ 10.0.0.0/8{24,32} ];\n",
        "filter f int x; { x = 1; accept; }\n",
        "function g(int a) { if a > 1 then return true; return false; }\n",
        "protocol bgp { ipv4 { export filter f; import all; }; }",
        "protocol kernel { ipv4 { import none; export where source = RTS_BGP && (net ~ [ 10.0.0.0/8{9,10} ]); }; };\n",
        "protocol kernel ka {ipv6{export all;};}",
        "\tprotocol kernel kf { ipv4 { export filter f; }; }\n",
        "protocol kernel kx { kernel table 7; ipv4 { table t7; export filter {accept;}; }; }",
        "ipv4 table t7;\n",
        " \r\n",
        "'",
        '"',
        "}",
        "caf\udce9 ",
        "protocol kernel { ipv4 { export filter { if net = 10.0.0.0/8 then krt_prefsrc = 10.0.0.1;accept; }; }; }",
        "filter g {krt_prefsrc = 10.0.0.1;unset(krt_prefsrc);accept;}protocol kernel { ipv6 { export filter g; }; }",
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_any_text_comes_back_byte_for_byte(text: str) -> None:
    for wanted in ([(254, "ipv4")], [(254, "ipv6")], [(7, "ipv4")], [(254, "ipv4"), (254, "ipv6"), (7, "ipv4")]):
        try:
            hooked = hook.hook(text, INCLUDE, wanted)
        except Refused:
            continue
        assert marks.unhook(hooked) == text
        assert hook.hook(text, INCLUDE, wanted) == hooked
    assert marks.unhook(hook.append_include(text, INCLUDE)) == text


def test_the_operators_own_lines_are_left_as_they_are() -> None:
    by_hand = f'include "{INCLUDE}";\nprotocol kernel {{ ipv4 {{ export filter {{ source_ip(); accept; }}; }}; }}\n'
    assert hook.hook(by_hand, INCLUDE, [(254, "ipv4")]) == by_hand
    assert marks.unhook(by_hand) == by_hand
    assert [(kernel.kernel_table, kernel.family) for kernel in hook.hooked(conf.read(by_hand))] == [(254, "ipv4")]


REFUSALS = {
    "protocol device {}": "has no kernel protocol that exports ipv4 routes to kernel table main",
    "protocol kernel { ipv4 { export none; }; }": "line 1: this kernel protocol exports no ipv4 route",
    "protocol kernel { ipv4; }": "line 1: this kernel protocol exports no ipv4 route",
    "protocol kernel { ipv4 { export filter far; }; }": "filter far is not in this file",
    "protocol kernel { kernel table 7 + 7; ipv4 { export all; }; }": "has no kernel protocol",
    "protocol kernel { ipv4 { export in 10.0.0.0/8; }; }": "'export in …' is not a form the role can edit",
}


@pytest.mark.parametrize("text", REFUSALS)
def test_what_cannot_be_edited_safely_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(Refused) as refused:
        hook.hook(text, INCLUDE, [(254, "ipv4")])
    assert REFUSALS[text] in str(refused.value)


def test_a_refusal_prints_the_two_lines_to_add() -> None:
    with pytest.raises(Refused) as refused:
        hook.hook("protocol kernel { ipv4 { export filter far; }; }", INCLUDE, [(254, "ipv4")])
    assert f'\n  include "{INCLUDE}";' in str(refused.value)
    assert "\n  source_ip();" in str(refused.value)


def test_two_kernel_tables_behind_one_filter_are_refused() -> None:
    text = """filter f { accept; }
    protocol kernel { ipv4 { export filter f; }; }
    protocol kernel { kernel table 7; ipv4 { table t; export filter f; }; }"""
    with pytest.raises(Refused, match="kernel protocols of two kernel tables share one filter"):
        hook.hook(text, INCLUDE, [(254, "ipv4"), (7, "ipv4")])


def test_a_table_declared_below_the_first_use_is_refused_only_where_our_file_names_it() -> None:
    text = """protocol kernel { ipv4 { export all; }; }
ipv4 table t;
protocol kernel { kernel table 7; ipv4 { table t; export all; }; }
"""
    wanted = [(254, "ipv4"), (7, "ipv4")]
    assert marks.unhook(hook.hook(text, INCLUDE, wanted)) == text
    with pytest.raises(Refused, match="Move 'ipv4 table t;' to the top"):
        hook.hook(text, INCLUDE, wanted, ["t"])


@pytest.mark.parametrize("wanted", [[], EVERY, [(100, "ipv4")], [(254, "ipv6"), (100, "ipv6")], [(254, "ipv4")]])
def test_which_kernel_protocols_call_our_function_now(wanted: list[tuple[int, str]]) -> None:
    found = hook.hooked(conf.read(hook.hook(OPERATOR, INCLUDE, wanted)))
    assert sorted((kernel.kernel_table, kernel.family) for kernel in found) == sorted(wanted)
