# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A normalised intent as BIRD holds it: the content of both files. PRIVATE to the collection. Pure.

``contents()`` decides everything before the first write: the operator's new ``bird.conf``, what our included file says,
which kernel tables to compare afterwards. What BIRD cannot hold raises ``Refused``.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import posixpath
import typing as t
from dataclasses import dataclass

from ..._base.errors import InvalidInput, Refused
from . import conf, hook, marks
from .clauses import clauses
from .conf import FAMILIES, MAIN_TABLE
from .expressions import Route
from .filters import Filters
from .include import render
from .kernels import MASTER, bird_name, kernel_protocols, kernel_table
from .statics import static, static_name

MODES = ("edit", "manual", "render")
_NET_TYPE = {"ipv4": "NET_IP4", "ipv6": "NET_IP6"}

Scope = tuple[int, str]
Entry = dict[str, t.Any]


@dataclass
class Content:
    """Both files, and what to compare once BIRD has read them.

    ``config``: the new bird.conf. ``present``: whether our file is to exist; ``included``: whether the operator
    includes it already; ``view``: what it says, for ``render``. ``scopes``:
    ``[{family, bird_table, kernel_table, policies, routes}]``. ``lines``: what an operator adds in mode ``manual``.
    """

    config: str
    present: bool
    included: bool
    view: Entry
    scopes: list[Entry]
    lines: str

    @property
    def include(self) -> str:
        """The text of our file."""
        return render(self.view)

    @property
    def revision(self) -> str:
        """A fingerprint: what the running daemon says of it tells whether it has read our file."""
        return str(self.view["revision"])


def contents(
    intent: Entry,
    text: str,
    path: str,
    mode: str = "edit",
    version: str = "2.0.0",
    protocols: t.Sequence[Entry] = (),
    tables: t.Sequence[Entry] = (),
    vrf_tables: t.Mapping[str, int] | None = None,
    known_functions: t.Sequence[str] = (),
    folder: str = "/etc/bird",
) -> Content:
    """What both files are to hold.

    ``intent``: in normal form. ``text``: the ``bird.conf`` of now, in ``folder``. ``path``: of our included file.
    ``mode``: ``edit`` the operator's kernel protocols, leave that to him (``manual``), or ``render`` our own, which are
    then ``protocols``. ``tables``: BIRD tables of kernel tables where the text does not tell,
    ``[{table, family, bird_table}]``. ``vrf_tables``: the kernel table of each VRF of the host. ``known_functions``:
    functions of ours in the running configuration.
    """
    if mode not in MODES:
        raise InvalidInput(f"bird_mode: {mode!r} is not one of {', '.join(MODES)}")
    own = marks.unhook(text)
    read = conf.read(own)
    by_scope = _by_scope(intent, vrf_tables or {})
    kernels = kernel_protocols(protocols, read) if mode == "render" else []
    if protocols and mode != "render":
        raise InvalidInput("bird_kernel_protocols needs bird_mode: render")
    bird_tables = {scope: _bird_table(scope, mode, read, kernels, tables) for scope in by_scope}
    metrics: dict[Scope, int | None] = {(k.kernel_table or 0, k.family): k.metric for k in read.kernels}
    metrics.update({(k["kernel_table"], k["family"]): k["metric"] for k in kernels})
    functions = {table for table, _family in by_scope} | {conf.table_of(name) for name in read.calls}
    functions |= {kernel["kernel_table"] for kernel in kernels}
    # BIRD looks for a relative name beside the file that names it.
    included = path in (posixpath.join(folder, name) for name in read.includes)
    if mode == "manual" and (included or known_functions or by_scope):
        functions |= {MAIN_TABLE} | {conf.table_of(name) for name in known_functions}
    elif included and not functions:
        functions.add(MAIN_TABLE)
    statics = [static(scope, part["routes"], bird_tables[scope], metrics, version) for scope, part in by_scope.items()]
    view: Entry = {
        "tables": [{"family": k["family"], "name": k["bird_table"]} for k in kernels if k["declare"]],
        "functions": [_function(table, by_scope) for table in sorted(functions)],
        "kernels": kernels,
        "statics": [static for static in statics if static["routes"]],
    }
    if mode != "render":
        _check_filters(read, by_scope)
    if mode == "edit":
        needs = [bird_tables[scope] for scope, part in by_scope.items() if part["routes"]]
        config = hook.hook(own, path, by_scope, needs, included)
    elif mode == "render" and functions and not included:
        config = hook.append_include(own, path)
    else:
        config = own
    for kernel in hook.hooked(read if text == own else conf.read(text)):
        bird_tables.setdefault((t.cast(int, kernel.kernel_table), kernel.family), kernel.table)
    for rendered in kernels:
        bird_tables.setdefault((rendered["kernel_table"], rendered["family"]), rendered["bird_table"])
    empty: Entry = {"policies": [], "routes": []}
    calls = sorted(f"{table} {family}" for table, family in by_scope)
    view["revision"] = hashlib.sha256(json.dumps([view, calls], sort_keys=True).encode()).hexdigest()[:12]
    return Content(
        config=config,
        present=bool(functions),
        # The operator's include may stand in a file that we do not read; the running daemon knows.
        included=included or bool(known_functions),
        view=view,
        scopes=[
            {"family": scope[1], "kernel_table": scope[0], "bird_table": name, **by_scope.get(scope, empty)}
            for scope, name in sorted(bird_tables.items())
        ],
        lines=hook.two_lines(path, {table for table, _family in by_scope} or {MAIN_TABLE}),
    )


def _check_filters(read: conf.Conf, by_scope: dict[Scope, Entry]) -> None:
    """Refused where a filter in this file undoes what the intent says, as far as that is certain."""
    filters = Filters(read)
    for kernel in read.kernels:
        part = by_scope.get((kernel.kernel_table or 0, kernel.family))
        if part is None:
            continue
        hook.check_own_calls(read, filters, kernel)
        proto = static_name(kernel.kernel_table or 0, kernel.family)
        routes = [Route(ipaddress.ip_network(route["destination"]), proto) for route in part["routes"]]
        rejected = filters.rejected(kernel, routes)
        if rejected:
            raise Refused(hook.rejection(read, filters, kernel, [str(route.net) for route in rejected]))


def _by_scope(intent: Entry, vrf_tables: t.Mapping[str, int]) -> dict[Scope, Entry]:
    """Routes and policies of each (kernel table, family), in the order of the numbers."""
    found: dict[Scope, Entry] = {}
    for kind in ("policies", "routes"):
        for entry in intent[kind]:
            scope = table_of(entry, vrf_tables), entry["family"]
            found.setdefault(scope, {"policies": [], "routes": []})[kind].append(entry)
    return dict(sorted(found.items()))


def table_of(entry: Entry, vrf_tables: t.Mapping[str, int]) -> int:
    """The kernel table of a route or policy. Refused where the host does not have its VRF."""
    if not entry["vrf"]:
        return entry["table"] or MAIN_TABLE
    if entry["vrf"] not in vrf_tables:
        raise Refused(f"vrf {entry['vrf']}: the host has no such VRF. Create it first, or name its table.")
    return vrf_tables[entry["vrf"]]


def _bird_table(scope: Scope, mode: str, read: conf.Conf, kernels: t.Sequence[Entry], tables: t.Sequence[Entry]) -> str:
    table, family = scope
    shown = "main" if table == MAIN_TABLE else str(table)
    if mode == "render":
        for rendered in kernels:
            if (rendered["kernel_table"], rendered["family"]) == scope:
                return str(rendered["bird_table"])
        raise Refused(
            f"bird_kernel_protocols: none is for {family} and kernel table {shown}, which the intent needs. Add "
            f"{{family: {family}, table: {shown}}}."
        )
    for kernel in read.kernels:
        if (kernel.kernel_table, kernel.family) == scope:
            return kernel.table
    for entry in tables:
        if (kernel_table(entry.get("table")), entry.get("family")) == scope:
            return bird_name(entry.get("bird_table"), "bird_tables")
    if mode == "manual" and table != MAIN_TABLE:
        raise Refused(
            f"bird.conf does not tell which BIRD table goes to kernel table {shown}. Add to bird_tables: "
            f"{{table: {shown}, family: {family}, bird_table: NAME}}."
        )
    return MASTER[family]


def _function(table: int, by_scope: dict[Scope, Entry]) -> Entry:
    families = []
    for family in FAMILIES:
        part = by_scope.get((table, family))
        if part and part["policies"]:
            families.append(
                {
                    "net_type": _NET_TYPE[family],
                    "static": static_name(table, family) if part["routes"] else None,
                    "clauses": clauses(part["policies"]),
                }
            )
    return {"name": conf.function_name(table), "kernel_table": table, "families": families}
