# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and hooking an operator's bird.conf."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird import conf, marks
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
    hooked = conf.hook(OPERATOR, INCLUDE, EVERY)
    assert "filter out6 {/* source_ip{ */ source_ip(); /* }source_ip */ if source" in hooked
    assert "export /* source_ip{ was: all */ filter { source_ip(); accept; } /* }source_ip */;" in hooked
    assert (
        "export /* source_ip{ was: where */ filter { source_ip_100(); if /* }source_ip */ net ~ NETS"
        "/* source_ip{ */ then accept; reject; } /* }source_ip */;" in hooked
    )
    assert "export filter {/* source_ip{ */ source_ip_100(); /* }source_ip */ accept; };" in hooked


def test_the_include_stands_once_directly_above_the_first_use() -> None:
    """Trap 5."""
    hooked = conf.hook(OPERATOR, INCLUDE, EVERY)
    assert hooked.count("include ") == 1
    assert f'include "{INCLUDE}"; /* source_ip */\nfilter out6 {{' in hooked
    only4 = conf.hook(OPERATOR, INCLUDE, [(254, "ipv4")])
    assert f'include "{INCLUDE}"; /* source_ip */\nprotocol kernel {{ ipv4' in only4
    assert only4.count("source_ip();") == 1


@pytest.mark.parametrize("wanted", [[], EVERY, [(100, "ipv4")], [(254, "ipv6"), (100, "ipv6")]])
@pytest.mark.parametrize("ending", ["", "\n", "# no newline", "\r\n", "\n\n"])
def test_taking_the_hook_out_gives_back_every_byte(wanted: list[tuple[int, str]], ending: str) -> None:
    text = OPERATOR + ending
    hooked = conf.hook(text, INCLUDE, wanted)
    assert (hooked != text) == bool(wanted)
    assert marks.unhook(hooked) == text
    assert conf.hook(marks.unhook(hooked), INCLUDE, wanted) == hooked
    assert marks.unhook(conf.append_include(text, INCLUDE)) == text


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
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_any_text_comes_back_byte_for_byte(text: str) -> None:
    for wanted in ([(254, "ipv4")], [(254, "ipv6")], [(7, "ipv4")], [(254, "ipv4"), (254, "ipv6"), (7, "ipv4")]):
        try:
            hooked = conf.hook(text, INCLUDE, wanted)
        except Refused:
            continue
        assert marks.unhook(hooked) == text
        assert conf.hook(text, INCLUDE, wanted) == hooked
    assert marks.unhook(conf.append_include(text, INCLUDE)) == text


def test_the_operators_own_lines_are_left_as_they_are() -> None:
    by_hand = f'include "{INCLUDE}";\nprotocol kernel {{ ipv4 {{ export filter {{ source_ip(); accept; }}; }}; }}\n'
    assert conf.hook(by_hand, INCLUDE, [(254, "ipv4")]) == by_hand
    assert marks.unhook(by_hand) == by_hand
    assert conf.hooked_tables(by_hand) == {254}


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
        conf.hook(text, INCLUDE, [(254, "ipv4")])
    assert REFUSALS[text] in str(refused.value)


def test_a_refusal_prints_the_two_lines_to_add() -> None:
    with pytest.raises(Refused) as refused:
        conf.hook("protocol kernel { ipv4 { export filter far; }; }", INCLUDE, [(254, "ipv4")])
    assert f'\n  include "{INCLUDE}";' in str(refused.value)
    assert "\n  source_ip();" in str(refused.value)


def test_two_kernel_tables_behind_one_filter_are_refused() -> None:
    text = """filter f { accept; }
    protocol kernel { ipv4 { export filter f; }; }
    protocol kernel { kernel table 7; ipv4 { table t; export filter f; }; }"""
    with pytest.raises(Refused, match="kernel protocols of two kernel tables share one filter"):
        conf.hook(text, INCLUDE, [(254, "ipv4"), (7, "ipv4")])


def test_a_table_declared_below_the_first_use_is_refused_only_where_our_file_names_it() -> None:
    text = """protocol kernel { ipv4 { export all; }; }
ipv4 table t;
protocol kernel { kernel table 7; ipv4 { table t; export all; }; }
"""
    wanted = [(254, "ipv4"), (7, "ipv4")]
    assert marks.unhook(conf.hook(text, INCLUDE, wanted)) == text
    with pytest.raises(Refused, match="Move 'ipv4 table t;' to the top"):
        conf.hook(text, INCLUDE, wanted, ["t"])
