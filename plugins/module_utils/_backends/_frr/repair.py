# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps give a route the source it lacks, from the harmless to the disruptive. Standard library only.

Levels, each with what it may lose:
safe      nothing: a route the kernel refused is offered again (`no ip protocol` and back in one call); the source of
          a route that FRR 10.2 to 10.6 does not touch any more is set in the kernel
routes    the affected prefixes for some seconds: static routes and BGP routes taken out and put back
sessions  adjacencies and sessions of the protocol concerned
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable, Mapping
from typing import Any

from ..._base.protocols import frr_binding
from .audit import MAIN_TABLE, canonical
from .host import CommandError, Host, audit, run

LEVELS = ("none", "safe", "routes", "sessions")
_WORD = {"ipv4": "ip", "ipv6": "ipv6"}
# What `ip -N -d -j route show` may say about a route that `_replace` can say again.
_REPEATABLE = {
    "type",
    "dst",
    "nhid",
    "gateway",
    "dev",
    "protocol",
    "prefsrc",
    "metric",
    "flags",
    "pref",
    "scope",
    "via",
}
# A nexthop object says these for the route.
_IN_THE_GROUP = {"nexthops", "nh_info"}
# Flags that are state, not configuration.
_STATE_FLAGS = {"linkdown", "dead", "offload", "trap", "offload_failed"}
_DENY = "SIP-REPAIR"
# More go to vtysh as a file; as arguments they would not fit.
_MANY_LINES = 200

Step = dict[str, Any]


def steps(
    wrong: list[dict[str, Any]], settings: Mapping[str, Any], version: tuple[int, int, int], missing: Iterable[str]
) -> list[Step]:
    """[{level, loses, why, do}] in order of level.

    do: ("vtysh", [line]) configures, ("exec", [line]) commands, ("ip -4" | "ip -6", [[word]]), ("sleep", seconds).

    settings: {bindings: [{vrf, word, protocol, map}], statics: [{vrf, text}], bgp: [{number, vrf}], table_maps,
    kernel_edit: bool}. What needs an address the host lacks gets no step: only the address can mend it.
    """
    lacking = {canonical(text) for text in missing}
    mendable = [f for f in wrong if f["expected"] is None or canonical(f["expected"]) not in lacking]
    found: list[Step] = []
    found += _toggles([f for f in mendable if f["problem"] == "rejected"], settings)
    installed = [f for f in mendable if f["problem"] not in ("rejected", "absent")]
    found += _regroup([f for f in installed if _same_hash(f, version)], settings)
    stuck = [f for f in installed if not _same_hash(f, version)]
    if settings.get("kernel_edit", True):
        found += _edits(stuck)
    found += _static(stuck, settings)
    found += _bgp(stuck, settings)
    found += _clear(stuck)
    return sorted(found, key=lambda step: LEVELS.index(step["level"]))


def _step(level: str, loses: str, why: str, do: list[Any]) -> Step:
    return {"level": level, "loses": loses, "why": why, "do": do}


def _binding(finding: Mapping[str, Any], settings: Mapping[str, Any]) -> Mapping[str, Any] | None:
    word = _WORD[finding["family"]]
    protocol = frr_binding(finding["protocol"], finding["family"])
    found = [b for b in settings["bindings"] if (b["vrf"], b["word"]) == (finding["vrf"], word)]
    return next((b for wanted in (protocol, "any") for b in found if b["protocol"] == wanted), None)


def _bindings(findings: list[dict[str, Any]], settings: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for finding in findings:
        binding = _binding(finding, settings)
        if binding and binding not in found:
            found.append(binding)
    return found


def _in_vrf(vrf: str, lines: list[str]) -> list[str]:
    return [f"vrf {vrf}", *lines, "exit-vrf"] if vrf else lines


def _toggles(findings: list[dict[str, Any]], settings: Mapping[str, Any]) -> list[Step]:
    """The kernel refuses a route whose source it lacks, and zebra never tries again by itself."""
    result = []
    for binding in _bindings(findings, settings):
        line = f"{binding['word']} protocol {binding['protocol']}"
        lines = _in_vrf(binding["vrf"], [f"no {line}", f"{line} route-map {binding['map']}"])
        result.append(_step("safe", "nothing", "the kernel had refused the routes", [("vtysh", lines)]))
    return result


def _same_hash(finding: Mapping[str, Any], version: tuple[int, int, int]) -> bool:
    """FRR before 10.1.3, 10.2.0 and 10.2.1: a new IPv6 source with the first 32 bits of the old one is the old one."""
    if version >= (10, 2, 2) or (10, 1, 3) <= version < (10, 2, 0):
        return False
    old, new = finding["actual"], finding["expected"]
    return bool(finding["family"] == "ipv6" and old and new and _first_bits(old) == _first_bits(new))


def _first_bits(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6, address)[:4]


def _regroup(findings: list[dict[str, Any]], settings: Mapping[str, Any]) -> list[Step]:
    """All maps concerned go off together: a nexthop group lives on, with its old source, while one of them uses it."""
    bindings = _bindings(findings, settings)
    if not bindings:
        return []
    off: list[str] = []
    back: list[str] = []
    # The default VRF first: a vrf block would swallow its lines.
    for binding in sorted(bindings, key=lambda b: b["vrf"]):
        line = f"{binding['word']} protocol {binding['protocol']}"
        off += _in_vrf(binding["vrf"], [f"no {line}"])
        back += _in_vrf(binding["vrf"], [f"{line} route-map {binding['map']}"])
    keep = settings.get("keep")
    do = [
        ("vtysh", ["zebra nexthop-group keep 1", *off]),
        ("sleep", 6),
        ("vtysh", back),
        ("vtysh", [f"zebra nexthop-group keep {keep}" if keep else "no zebra nexthop-group keep 1"]),
    ]
    why = "this FRR takes the new IPv6 source for the old one, whose first 32 bits it shares"
    return [_step("routes", "the source of these routes for six seconds", why, do)]


def _edits(findings: list[dict[str, Any]]) -> list[Step]:
    result = []
    for family in ("ipv4", "ipv6"):
        commands = [replace_words(f) for f in findings if f["family"] == family]
        do = [(f"ip -{family[-1]}", [words for words in commands if words])]
        why = "FRR 10.2 to 10.6 does not give a new source to a route that is installed"
        if do[0][1]:
            result.append(_step("safe", "nothing", why, do))
    return result


def replace_words(finding: Mapping[str, Any]) -> list[str] | None:
    """`ip route replace` of the route as it is but for its source; None when it says something we cannot repeat."""
    route = finding["route"]
    if route is None or set(route) - _REPEATABLE - (_IN_THE_GROUP if "nhid" in route else set()):
        return None
    flags = set(route.get("flags", ())) - _STATE_FLAGS
    if flags - {"onlink"}:
        return None
    words = ["route", "replace", _prefix(finding), "table", str(finding["table"])]
    words += ["proto", str(route["protocol"])]
    if "metric" in route:
        words += ["metric", str(route["metric"])]
    if "nhid" in route and finding["family"] == "ipv6":
        # IPv6 routes of one nexthop object share one source in the kernel (_shared_hops): this gets its own next hop.
        if not {"gateway", "dev"} <= set(route):
            return None
        words += ["via", route["gateway"], "dev", route["dev"], *sorted(flags)]
    elif "nhid" in route:
        # The group says gateway, device and flags; naming them again is an error (RTA_NH_ID excludes them).
        words += ["nhid", str(route["nhid"])]
    else:
        if "via" in route:
            words += ["via", {"inet6": "inet6"}.get(route["via"]["family"], "inet"), route["via"]["host"]]
        elif "gateway" in route:
            words += ["via", route["gateway"]]
        if "dev" in route:
            words += ["dev", route["dev"]]
        words += sorted(flags)
    if finding["family"] == "ipv4" and "scope" in route:
        words += ["scope", str(route["scope"])]
    if finding["expected"]:
        words += ["src", finding["expected"]]
    return words


def _static(findings: list[dict[str, Any]], settings: Mapping[str, Any]) -> list[Step]:
    result = []
    for finding in findings:
        if finding["protocol"] != "static":
            continue
        head = f"{_WORD[finding['family']]} route {_prefix(finding)} "
        table = "" if finding["table"] == MAIN_TABLE or finding["vrf"] else f" table {finding['table']}"
        lines = [
            s["text"]
            for s in settings["statics"]
            if s["vrf"] == finding["vrf"] and s["text"].startswith(head) and table in s["text"] + " "
        ]
        if lines:
            # Two calls: in one FRR sees no change at all.
            out = ("vtysh", _in_vrf(finding["vrf"], [f"no {line}" for line in lines]))
            back = ("vtysh", _in_vrf(finding["vrf"], lines))
            why = "FRR 10.2 to 10.6 gives a source to a static route only when it is new"
            result.append(_step("routes", f"{finding['destination']} for a second", why, [out, ("sleep", 1), back]))
    return result


def _prefix(finding: Mapping[str, Any]) -> str:
    text: str = finding["destination"]
    if text == "default":
        return "0.0.0.0/0" if finding["family"] == "ipv4" else "::/0"
    return text if "/" in text else f"{text}/{32 if finding['family'] == 'ipv4' else 128}"


def _bgp(findings: list[dict[str, Any]], settings: Mapping[str, Any]) -> list[Step]:
    result: list[Step] = []
    for vrf, family in sorted({(f["vrf"], f["family"]) for f in findings if f["protocol"] == "bgp"}):
        here = [f for f in findings if (f["vrf"], f["family"], f["protocol"]) == (vrf, family, "bgp")]
        router = next((b for b in settings["bgp"] if b["vrf"] == vrf), None)
        if router is None or [vrf, family] in [list(t) for t in settings["table_maps"]]:
            continue
        word = _WORD[family]
        lists = [f"{word} prefix-list {_DENY} seq {5 * n} permit {_prefix(f)}" for n, f in enumerate(here, start=1)]
        deny = [f"route-map {_DENY} deny 10", f"match {word} address prefix-list {_DENY}", "exit"]
        deny += [f"route-map {_DENY} permit 65535", "exit"]
        enter = [f"router bgp {router['number']}{' vrf ' + vrf if vrf else ''}", f"address-family {family} unicast"]
        do: list[Any] = [
            ("vtysh", [*lists, *deny]),
            ("vtysh", [*enter, f"table-map {_DENY}"]),
            ("sleep", 2),
            ("vtysh", [*enter, f"no table-map {_DENY}"]),
            ("vtysh", [f"no route-map {_DENY}", f"no {word} prefix-list {_DENY}"]),
        ]
        why = "FRR 10.2 to 10.6 gives a source to a BGP route only when it is new"
        result.append(_step("routes", f"{len(here)} BGP prefixes for two seconds; sessions stay", why, do))
    return result


def _clear(findings: list[dict[str, Any]]) -> list[Step]:
    result = []
    commands = {
        ("ospf", "ipv4"): ("clear ip ospf process", "OSPF adjacencies for some seconds"),
        ("ospf", "ipv6"): ("clear ipv6 ospf6 process", "OSPFv3 adjacencies for some seconds"),
        ("bgp", "ipv4"): ("clear bgp *", "all BGP sessions"),
        ("bgp", "ipv6"): ("clear bgp *", "all BGP sessions"),
    }
    for key in sorted({(f["protocol"], f["family"], f["vrf"]) for f in findings}):
        command, loses = commands.get(key[:2], ("", ""))
        if command:
            line = command.replace("clear bgp", f"clear bgp vrf {key[2]}") if key[2] else command
            if key[2] and key[0] == "ospf":
                line = (
                    f"clear ip ospf vrf {key[2]} process"
                    if key[1] == "ipv4"
                    else f"clear ipv6 ospf6 process vrf {key[2]}"
                )
            step = _step("sessions", loses, "the routes must be learned anew", [("exec", [line])])
            if step not in result:
                result.append(step)
    return result


def describe(step: Step) -> str:
    """The step as what an operator would type."""
    parts = []
    for kind, value in step["do"]:
        if kind == "sleep":
            parts.append(f"sleep {value}")
        elif kind.startswith("ip "):
            more = [f"and {len(value) - 5} more of this kind"] if len(value) > 5 else []
            parts += [f"{kind} {' '.join(words)}" for words in value[:5]] + more
        else:
            lines = value if kind == "exec" else ["configure terminal", *value]
            shown = lines if len(lines) <= 8 else [*lines[:6], f"… {len(lines) - 7} more …", lines[-1]]
            parts.append("vtysh " + " ".join(f"-c '{line}'" for line in shown))
    return "; ".join(parts)


def perform(host: Host, step: Step) -> None:
    for kind, value in step["do"]:
        if kind == "sleep":
            time.sleep(value)
        elif kind.startswith("ip "):
            # -force: a route that FRR has withdrawn meanwhile must not keep the others from their source.
            run([*kind.split(), "-force", "-batch", "-"], stdin="\n".join(" ".join(words) for words in value) + "\n")
        elif kind == "exec":
            for line in value:
                host.show(line)
        elif len(value) > _MANY_LINES:
            host.load(value)
        else:
            host.configure(value)


def settle(host: Host, intent: dict[str, Any], delay: float, timeout: float) -> dict[str, Any]:
    """The audit after zebra's own delay: wait `delay` seconds, then until all is right or `timeout` is over."""
    time.sleep(delay)
    end = time.monotonic() + timeout
    while True:
        found: dict[str, Any] = audit(host, intent)
        if not found["wrong"] or time.monotonic() > end:
            return found
        time.sleep(1)


def mend(
    host: Host,
    intent: dict[str, Any],
    settings: Mapping[str, Any],
    level: str,
    delay: float,
    timeout: float,
    act: bool = True,
) -> dict[str, Any]:
    """Judge, repair up to `level`, judge again.

    Returns the last audit and {before: number wrong at first, done: [step], possible: [step not consented to],
    failed: [text]}.
    """
    found = settle(host, intent, delay, timeout)
    before = list(found["wrong"])
    version = host.version()
    done: list[Step] = []
    failed: list[str] = []
    # Three times where it loses nothing: while FRR 10.3 works off an event it may write a route again as it was.
    allowed = LEVELS[1 : LEVELS.index(level) + 1]
    for current in allowed[:1] * 2 + allowed:
        todo = [s for s in steps(found["wrong"], settings, version, found["missing"]) if s["level"] == current]
        for step in todo if act else []:
            try:
                perform(host, step)
                done.append(step)
            except CommandError as error:
                failed.append(str(error))
        if todo and act:
            found = settle(host, intent, 1, timeout)
        if not found["wrong"]:
            break
    possible = steps(found["wrong"], settings, version, found["missing"])
    return {**found, "before": before, "done": done, "possible": possible, "failed": failed}
