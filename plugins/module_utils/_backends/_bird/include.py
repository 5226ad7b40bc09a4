# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of our own file, which the operator's ``bird.conf`` includes. PRIVATE to the collection. Pure."""

from __future__ import annotations

import typing as t

from .conf import MAIN_TABLE

Entry = dict[str, t.Any]
#: Kernel table -> sets of destinations, one for each family, that are rejected for a moment.
Withdrawn = t.Mapping[int, t.Sequence[t.Sequence[str]]]
_INLINE = 3  # destinations that stand in one line


def render(view: Entry, withdrawn: Withdrawn | None = None) -> str:
    """The file, from what ``plan`` decided (``view``: tables, functions, kernels, statics, revision)."""
    lines = [
        "# Written by Ansible, role l3host.source_ip.bird. Changes here are lost; change the intent.",
        f'define source_ip_revision = "{view["revision"]}"; # what the running BIRD has read: birdc eval '
        "source_ip_revision",
    ]
    for table in view["tables"]:
        lines += ["", f"{table['family']} table {table['name']};"]
    for function in view["functions"]:
        lines += ["", *_function(function, (withdrawn or {}).get(function["kernel_table"], ()))]
    for kernel in view["kernels"]:
        lines += ["", *_kernel(kernel)]
    for static in view["statics"]:
        lines += ["", *_static(static)]
    return "\n".join(lines) + "\n"


def _function(function: Entry, withdrawn: t.Sequence[t.Sequence[str]]) -> t.Iterator[str]:
    table = function["kernel_table"]
    main = " (main)" if table == MAIN_TABLE else ""
    yield f"# The source of routes on their way to kernel table {table}{main}. Of clauses that match, the last counts."
    yield f"function {function['name']}() {{"
    for nets in withdrawn:
        why = "for a moment: BIRD 3 writes a route again only after this"
        yield f"  if net ~ [ {', '.join(nets)} ] then reject; # {why}"
    for family in function["families"]:
        others = f' && proto != "{family["static"]}"' if family["static"] else ""
        yield f"  if net.type = {family['net_type']}{others} then {{"
        for clause in family["clauses"]:
            yield from _clause(clause)
        yield "  }"
    yield "}"


def _clause(clause: Entry) -> t.Iterator[str]:
    condition = f"{clause['condition']} && " if clause["condition"] else ""
    nets = clause["nets"]
    yield f"    # {clause['comment']}"
    if len(nets) <= _INLINE:
        yield f"    if {condition}net ~ [ {', '.join(nets)} ]"
    else:
        yield f"    if {condition}net ~ ["
        yield from (f"        {net}," for net in nets[:-1])
        yield f"        {nets[-1]}"
        yield "      ]"
    if clause["except"]:
        yield f"      && !(net ~ [ {', '.join(clause['except'])} ])"
    yield f"    then krt_prefsrc = {clause['source']};"


def _kernel(kernel: Entry) -> t.Iterator[str]:
    yield f"protocol kernel {kernel['name']} {{"
    if kernel["kernel_table"] != MAIN_TABLE:
        yield f"  kernel table {kernel['kernel_table']};"
    yield f"  metric {kernel['metric']};"
    if kernel["scan_time"]:
        yield f"  scan time {kernel['scan_time']};"
    for setting, text in (("persist", "persist"), ("learn", "learn"), ("merge_paths", "merge paths on")):
        if kernel[setting]:
            yield f"  {text};"
    yield f"  {kernel['family']} {{"
    yield f"    table {kernel['bird_table']};"
    yield f"    import {'all' if kernel['learn'] else 'none'};"
    yield "    export filter {"
    yield f"      {kernel['function']}();"
    if kernel["export"]:
        yield f'      if {kernel["export"]} || proto ~ "source_ip_*" then accept;'
        yield "      reject;"
    else:
        yield "      if source = RTS_DEVICE then reject; # connected routes are the kernel's own"
        yield "      accept;"
    yield "    };"
    yield "  };"
    yield "}"


def _static(static: Entry) -> t.Iterator[str]:
    yield f"protocol static {static['name']} {{"
    if static["vrf"]:
        yield f'  vrf "{static["vrf"]}";'
    yield f"  {static['family']} {{ table {static['table']}; }};"
    for route in static["routes"]:
        yield f"  route {route['head']} {{ {'; '.join(route['attributes'])}; }};"
    yield "}"
