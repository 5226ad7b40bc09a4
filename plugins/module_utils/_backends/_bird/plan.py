# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A normalised intent as BIRD holds it: what the templates of the role ``bird`` write. PRIVATE to the collection. Pure.

``plan()`` decides everything before the first write: the operator's new ``bird.conf``, what our included file says,
which kernel tables to compare afterwards. What BIRD cannot hold raises ``Refused``.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import typing as t

from ..._base.errors import InvalidInput, Refused
from . import conf, hook, marks
from .conf import DEFAULT_METRIC, FAMILIES, MAIN_TABLE
from .expressions import Route
from .filters import Filters

MODES = ("edit", "manual", "render")
MASTER = {"ipv4": "master4", "ipv6": "master6"}
_NET_TYPE = {"ipv4": "NET_IP4", "ipv6": "NET_IP6"}
# filter/config.Y and proto/ospf/config.Y of BIRD: OSPF has four route sources.
_SOURCES = {
    "babel": ("RTS_BABEL",),
    "bgp": ("RTS_BGP",),
    "ospf": ("RTS_OSPF", "RTS_OSPF_IA", "RTS_OSPF_EXT1", "RTS_OSPF_EXT2"),
    "rip": ("RTS_RIP",),
    "static": ("RTS_STATIC",),
}
# conf/cf-lex.l of BIRD: what may stand between apostrophes.
_SYMBOL = re.compile(r"[A-Za-z0-9_.:-]+\Z")
_BIRD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}\Z")
_KERNEL_KEYS = ("family", "table", "bird_table", "metric", "scan_time", "persist", "learn", "merge_paths", "export")

Scope = tuple[int, str]
Entry = dict[str, t.Any]


def plan(
    intent: Entry,
    text: str,
    path: str,
    mode: str = "edit",
    version: str = "2.0.0",
    kernel_protocols: t.Sequence[Entry] = (),
    tables: t.Sequence[Entry] = (),
    links: t.Sequence[Entry] | None = None,
    known_functions: t.Sequence[str] = (),
) -> Entry:
    """What the role does.

    ``intent``: as ``_intent.normalise`` returns it. ``text``: the ``bird.conf`` of now. ``path``: of our included file.
    ``mode``: ``edit`` the operator's kernel protocols, leave that to him (``manual``), or ``render`` our own, which are
    then ``kernel_protocols``. ``tables``: BIRD tables of kernel tables where the text does not tell,
    ``[{table, family, bird_table}]``. ``links``: what ``ip -j -d address`` says of the host, None to ask nothing of it.
    ``known_functions``: functions of ours in the running configuration.

    The view's ``revision`` is a fingerprint: what the running daemon says of it tells whether it has read our file.

    Returns ``config`` (the new bird.conf), ``present`` (whether our file is to exist), ``included`` (whether the
    operator includes it already), ``view`` (what it says),
    ``scopes`` (``[{family, bird_table, kernel_table, policies, routes}]``: what to compare afterwards), ``lines``
    (what an operator adds in mode ``manual``).
    """
    if mode not in MODES:
        raise InvalidInput(f"bird_mode: {mode!r} is not one of {', '.join(MODES)}")
    own = marks.unhook(text)
    read = conf.read(own)
    by_scope = _by_scope(intent, vrf_tables(links or []))
    if links is not None:
        _require_local(intent, links)
    kernels = _kernel_protocols(kernel_protocols, read) if mode == "render" else []
    if kernel_protocols and mode != "render":
        raise InvalidInput("bird_kernel_protocols needs bird_mode: render")
    bird_tables = {scope: _bird_table(scope, mode, read, kernels, tables) for scope in by_scope}
    metrics: dict[Scope, int | None] = {(k.kernel_table or 0, k.family): k.metric for k in read.kernels}
    metrics.update({(k["kernel_table"], k["family"]): k["metric"] for k in kernels})
    functions = {table for table, _family in by_scope} | {conf.table_of(name) for name in read.calls}
    functions |= {kernel["kernel_table"] for kernel in kernels}
    included = path in read.includes
    if mode == "manual" and (included or known_functions or by_scope):
        functions |= {MAIN_TABLE} | {conf.table_of(name) for name in known_functions}
    elif included and not functions:
        functions.add(MAIN_TABLE)
    statics = [_static(scope, part["routes"], bird_tables[scope], metrics, version) for scope, part in by_scope.items()]
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
        config = hook.hook(own, path, by_scope, needs)
    elif mode == "render" and functions and not included:
        config = hook.append_include(own, path)
    else:
        config = own
    before = conf.hooked_tables(text) & {kernel.kernel_table for kernel in read.kernels}
    for kernel in read.kernels:
        if kernel.kernel_table in before:
            bird_tables.setdefault((kernel.kernel_table, kernel.family), kernel.table)
    for rendered in kernels:
        bird_tables.setdefault((rendered["kernel_table"], rendered["family"]), rendered["bird_table"])
    empty: Entry = {"policies": [], "routes": []}
    calls = sorted(f"{table} {family}" for table, family in by_scope)
    view["revision"] = hashlib.sha256(json.dumps([view, calls], sort_keys=True).encode()).hexdigest()[:12]
    return {
        "config": config,
        "present": bool(functions),
        # The operator's include may stand in a file that we do not read; the running daemon knows.
        "included": included or bool(known_functions),
        "view": view,
        "scopes": [
            {"family": scope[1], "kernel_table": scope[0], "bird_table": name, **by_scope.get(scope, empty)}
            for scope, name in sorted(bird_tables.items())
        ],
        "lines": hook.two_lines(path, {table for table, _family in by_scope} or {MAIN_TABLE}),
    }


def _check_filters(read: conf.Conf, by_scope: dict[Scope, Entry]) -> None:
    """Refused where a filter in this file undoes what the intent says, as far as that is certain."""
    filters = Filters(read)
    for kernel in read.kernels:
        part = by_scope.get((kernel.kernel_table or 0, kernel.family))
        if part is None:
            continue
        hook.check_own_calls(read, filters, kernel)
        proto = _static_name(kernel.kernel_table or 0, kernel.family)
        routes = [Route(ipaddress.ip_network(route["destination"]), proto) for route in part["routes"]]
        rejected = filters.rejected(kernel, routes)
        if rejected:
            raise Refused(hook.rejection(read, filters, kernel, [str(route.net) for route in rejected]))


def vrf_tables(links: t.Sequence[Entry]) -> dict[str, int]:
    """The kernel table of each VRF, by name."""
    infos = {link.get("ifname", ""): link.get("linkinfo", {}) for link in links}
    return {name: info["info_data"]["table"] for name, info in infos.items() if info.get("info_kind") == "vrf"}


def _require_local(intent: Entry, links: t.Sequence[Entry]) -> None:
    """BIRD and its parser take any address; the kernel then refuses the route, and the destination is lost."""
    local = {entry["address"].split("/")[0] for entry in intent["addresses"]}
    for link in links:
        for address in link.get("addr_info", []):
            if not address.get("dadfailed"):
                local.add(address.get("local"))
    for entry in [*intent["policies"], *intent["routes"]]:
        if entry["source"] not in local:
            name = entry.get("destination") or entry["name"] or entry["destinations"][0]
            raise Refused(
                f"{name}: source {entry['source']} is not an address of this host. The kernel would refuse every route "
                "with it, and BIRD would leave those destinations without a route. Add it to source_ip_addresses, or "
                "configure it first."
            )


def _by_scope(intent: Entry, vrf_tables: t.Mapping[str, int]) -> dict[Scope, Entry]:
    """Routes and policies of each (kernel table, family), in the order of the numbers."""
    found: dict[Scope, Entry] = {}
    for kind in ("policies", "routes"):
        for entry in intent[kind]:
            table = entry["table"] or MAIN_TABLE
            if entry["vrf"]:
                if entry["vrf"] not in vrf_tables:
                    raise Refused(f"vrf {entry['vrf']}: the host has no such VRF. Create it first, or name its table.")
                table = vrf_tables[entry["vrf"]]
            found.setdefault((table, entry["family"]), {"policies": [], "routes": []})[kind].append(entry)
    return dict(sorted(found.items()))


def _bird_table(scope: Scope, mode: str, read: conf.Conf, kernels: t.Sequence[Entry], tables: t.Sequence[Entry]) -> str:
    kernel_table, family = scope
    shown = "main" if kernel_table == MAIN_TABLE else str(kernel_table)
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
        if (_kernel_table(entry.get("table")), entry.get("family")) == scope:
            return _bird_name(entry.get("bird_table"), "bird_tables")
    if mode == "manual" and kernel_table != MAIN_TABLE:
        raise Refused(
            f"bird.conf does not tell which BIRD table goes to kernel table {shown}. Add to bird_tables: "
            f"{{table: {shown}, family: {family}, bird_table: NAME}}."
        )
    return MASTER[family]


def _kernel_table(value: t.Any) -> int:
    if value in (None, "main"):
        return MAIN_TABLE
    if isinstance(value, bool) or not re.match(r"\d{1,10}\Z", str(value)) or not 0 < int(value) < 2**32:
        raise InvalidInput(f"table: {str(value)[:60]!a} is not a kernel table number")
    return int(value)


def _bird_name(value: t.Any, what: str) -> str:
    if not isinstance(value, str) or not _BIRD_NAME.match(value):
        raise InvalidInput(f"{what}: {str(value)[:60]!a} is not a name BIRD can have (letters, digits, underscore)")
    return value


def _kernel_protocols(entries: t.Sequence[Entry], read: conf.Conf) -> list[Entry]:
    found: list[Entry] = []
    for index, entry in enumerate(entries):
        what = f"bird_kernel_protocols[{index}]"
        unknown = sorted(set(entry) - set(_KERNEL_KEYS))
        if unknown:
            raise InvalidInput(f"{what}: {unknown[0]!a} is not a known key; known keys: {', '.join(_KERNEL_KEYS)}")
        family = entry.get("family")
        if family not in FAMILIES:
            raise InvalidInput(f"{what}.family: {str(family)[:60]!a} is not ipv4 or ipv6")
        table = _kernel_table(entry.get("table"))
        for kernel in read.kernels:
            if (kernel.kernel_table, kernel.family) == (table, family):
                raise Refused(
                    f"{what}: bird.conf line {kernel.line} already has a kernel protocol for {family} and this kernel "
                    "table, and BIRD allows one. Set bird_mode to edit, or remove that protocol."
                )
        default = MASTER[family] if table == MAIN_TABLE else f"source_ip_{table}_{family}"
        name = _bird_name(entry.get("bird_table") or default, f"{what}.bird_table")
        if any((k["kernel_table"], k["family"]) == (table, family) or k["bird_table"] == name for k in found):
            raise InvalidInput(f"{what}: another entry is for the same table")
        found.append(
            {
                "name": f"source_ip_{table}_kernel_{family}",
                "family": family,
                "kernel_table": table,
                "bird_table": name,
                "declare": name not in read.tables,
                "function": conf.function_name(table),
                "metric": _number(entry.get("metric"), DEFAULT_METRIC, f"{what}.metric"),
                "scan_time": _number(entry.get("scan_time"), 0, f"{what}.scan_time"),
                **{key: _flag(entry.get(key), f"{what}.{key}") for key in ("persist", "learn", "merge_paths")},
                "export": _export(entry.get("export") or ["any"], what),
            }
        )
    return found


def _number(value: t.Any, default: int, what: str) -> int:
    if value is None:
        return default
    if isinstance(value, bool) or not re.match(r"\d{1,9}\Z", str(value)):
        raise InvalidInput(f"{what}: {str(value)[:60]!a} is not a number")
    return int(value)


def _flag(value: t.Any, what: str) -> bool:
    if value not in (None, True, False):
        raise InvalidInput(f"{what}: {str(value)[:60]!a} is not true or false")
    return bool(value)


def _export(protocols: t.Any, what: str) -> str | None:
    """The condition on ``source`` for what is exported; None for everything BIRD learned."""
    known = ("any", *_SOURCES)
    if not isinstance(protocols, list) or any(not isinstance(p, str) or p not in known for p in protocols):
        raise InvalidInput(f"{what}.export: {str(protocols)[:60]!a} is not a list of {', '.join(known)}")
    return None if "any" in protocols else _condition(sorted(set(protocols)))


def _condition(protocols: t.Sequence[str]) -> str:
    names = [name for protocol in protocols for name in _SOURCES[protocol]]
    return f"source = {names[0]}" if len(names) == 1 else f"source ~ [ {', '.join(names)} ]"


def _function(table: int, by_scope: dict[Scope, Entry]) -> Entry:
    families = []
    for family in FAMILIES:
        part = by_scope.get((table, family))
        if part and part["policies"]:
            families.append(
                {
                    "net_type": _NET_TYPE[family],
                    "static": _static_name(table, family) if part["routes"] else None,
                    "clauses": clauses(part["policies"]),
                }
            )
    return {"name": conf.function_name(table), "kernel_table": table, "families": families}


def clauses(policies: t.Sequence[Entry]) -> list[Entry]:
    """The policies of one table and family as ``if`` clauses, of which the LAST that matches counts.

    Order as the intent defines it (``_intent.policy``), turned round: shorter destinations first, ``orlonger``
    before ``exact``. Destinations of one length and match cannot overlap, so those with the same conditions share one
    clause whatever the number of policies; that keeps the function short where the intent is long.
    """
    grouped: dict[tuple[t.Any, ...], Entry] = {}
    for policy in policies:
        for text in policy["destinations"]:
            length = int(text.rsplit("/", 1)[1])
            key = (
                (length, policy["match"] == "exact"),
                tuple(policy["protocols"]),
                policy["source"],
                tuple(policy["except"]),
            )
            clause = grouped.setdefault(key, {"names": set(), "nets": set()})
            clause["names"].add(policy["name"] or "(no name)")
            clause["nets"].add(text)
    merged: list[tuple[tuple[t.Any, ...], Entry]] = []
    for key in sorted(grouped):
        _add(merged, key, grouped[key])
    return [_clause(key, clause) for key, clause in merged]


def _add(merged: list[tuple[tuple[t.Any, ...], Entry]], key: tuple[t.Any, ...], clause: Entry) -> None:
    """Join an earlier clause of the same conditions where nothing between them could change the answer."""
    exact = key[0][1]
    for other, earlier in reversed(merged):
        if other[1:] == key[1:] and other[0][1] == exact:
            earlier["nets"] |= clause["nets"]
            earlier["names"] |= clause["names"]
            return
        if other[2] != key[2]:
            break
    merged.append((key, clause))


def _clause(key: tuple[t.Any, ...], clause: Entry) -> Entry:
    (_length, exact), protocols, source, exempt = key
    names = sorted(clause["names"])
    return {
        "comment": ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else ""),
        "condition": None if "any" in protocols else _condition(protocols),
        "nets": [text if exact else f"{text}+" for text in sorted(clause["nets"], key=_order)],
        "except": [f"{text}+" for text in exempt],
        "source": source,
    }


def _order(text: str) -> tuple[int, int]:
    network = ipaddress.ip_network(text)
    return int(network.network_address), network.prefixlen


def _static_name(table: int, family: str) -> str:
    return f"source_ip_{table}_static_{family}"


def _static(
    scope: Scope, routes: t.Sequence[Entry], bird_table: str, metrics: dict[Scope, int | None], version: str
) -> Entry:
    metric = metrics.get(scope, DEFAULT_METRIC)
    vrfs = {route["vrf"] for route in routes}
    if len(vrfs) > 1:
        raise Refused(
            f"kernel table {scope[0]}: routes with and without a vrf in one table; name them all the same way"
        )
    return {
        "name": _static_name(*scope),
        "family": scope[1],
        "table": bird_table,
        "vrf": next(iter(vrfs), None),
        "routes": [_route(route, metric, version) for route in routes],
    }


def _route(route: Entry, metric: int | None, version: str) -> Entry:
    """A static route: ``head`` (``198.51.100.0/24 via 10.0.0.1``), ``attributes`` (``krt_prefsrc = 192.0.2.1``)."""
    if route["metric"] not in (None, metric):
        here = "one that could not be read" if metric is None else metric
        raise Refused(
            f"source_ip_routes: {route['destination']}: metric {route['metric']}: BIRD writes every route of a kernel "
            f"protocol with that protocol's metric, here {here}. Leave metric out, or use the kernel back end."
        )
    hops = " ".join(_hop(route, hop) for hop in route["nexthops"] or [route])
    attributes = [f"krt_prefsrc = {route['source']}"]
    for name, value in sorted((route["metrics"] or {}).items()):
        if name == "ssthresh" and version.startswith("2.0."):
            name = "sstresh"  # the spelling of krt.Y before BIRD 2.13
        attributes.append(f"krt_{name} = {value}")
    return {"head": f"{route['destination']} {hops}", "attributes": attributes}


def _hop(route: Entry, hop: Entry) -> str:
    gateway, device = hop["gateway"], hop["device"]
    if not gateway:
        words = [f'via "{device}"']
    elif not device:
        words = [f"via {gateway}"]
    elif _SYMBOL.match(device):
        # `dev "…"` is an error in BIRD 2.0.12; an apostrophed symbol after % is understood by all.
        words = [f"via {gateway}%'{device}'"]
    else:
        raise Refused(
            f"source_ip_routes: {route['destination']}: BIRD cannot name the device {device} beside a gateway. Leave "
            "device out, or use the kernel back end."
        )
    if hop["onlink"]:
        words.append("onlink")
    if hop.get("weight"):
        words.append(f"weight {hop['weight']}")
    return " ".join(words)
