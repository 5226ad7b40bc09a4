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

import typing as t

from ..._base.protocols import frr_binding
from .acts import Act, Configure, EditRoutes, Execute, Pause
from .audit import MAIN_TABLE, Wrong, canonical
from .host import Host
from .release import Version, first_bits, narrow
from .settings import Binding, Settings

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


class Step(t.NamedTuple):
    """A repair: the least level that allows it, what is lost on the way, why it is needed, what it does."""

    level: str
    loses: str
    why: str
    acts: list[Act]

    def describe(self) -> str:
        """As what an operator would type."""
        return "; ".join(text for act in self.acts for text in act.describe())

    def perform(self, host: Host) -> None:
        for act in self.acts:
            act.perform(host)

    @property
    def kernel_only(self) -> bool:
        return all(isinstance(act, EditRoutes) for act in self.acts)


def steps(wrong: t.Sequence[Wrong], settings: Settings, version: Version, missing: t.Container[str] = ()) -> list[Step]:
    """What would mend it, in order of level.

    What needs a source that the host lacks, ``missing``, gets no step: only the address can mend it.
    """
    mendable = [w for w in wrong if w.finding.expected is None or canonical(w.finding.expected) not in missing]
    found = _toggles([w for w in mendable if w.finding.problem == "rejected"], settings)
    installed = [w for w in mendable if w.finding.problem not in ("rejected", "absent")]
    found += _regroup([w for w in installed if _same_hash(w, version)], settings)
    stale = [w for w in installed if not _same_hash(w, version)]
    if settings.edit_kernel:
        found += _edits(stale)
    found += _static(stale, settings)
    found += _bgp(stale, settings)
    found += _clear(stale)
    return sorted(found, key=lambda step: LEVELS.index(step.level))


def _bindings(wrong: t.Sequence[Wrong], settings: Settings) -> list[Binding]:
    """The maps that serve these routes."""
    known = {binding[:3]: binding for binding in settings.bindings}
    found: dict[Binding, None] = {}
    for vrf, family, protocol in dict.fromkeys((w.table.vrf, w.table.family, w.finding.protocol or "") for w in wrong):
        word = _WORD[family]
        binding = known.get((vrf, word, frr_binding(protocol, family))) or known.get((vrf, word, "any"))
        if binding:
            found[binding] = None
    return list(found)


def _in_vrf(vrf: str, lines: list[str]) -> list[str]:
    return [f"vrf {vrf}", *lines, "exit-vrf"] if vrf else lines


def _toggles(wrong: t.Sequence[Wrong], settings: Settings) -> list[Step]:
    """The kernel refuses a route whose source it lacks, and zebra never tries again by itself."""
    result = []
    for binding in _bindings(wrong, settings):
        line = f"{binding.word} protocol {binding.protocol}"
        lines = _in_vrf(binding.vrf, [f"no {line}", f"{line} route-map {binding.map}"])
        result.append(Step("safe", "nothing", "the kernel had refused the routes", [Configure(lines)]))
    return result


def _same_hash(wrong: Wrong, version: Version) -> bool:
    """Whether this FRR takes the new source for the old one."""
    old, new = wrong.finding.actual, wrong.finding.expected
    return bool(narrow(version) and wrong.table.family == "ipv6" and old and new and first_bits(old) == first_bits(new))


def _regroup(wrong: t.Sequence[Wrong], settings: Settings) -> list[Step]:
    """All maps concerned go off together: a nexthop group lives on, with its old source, while one of them uses it."""
    bindings = _bindings(wrong, settings)
    if not bindings:
        return []
    off: list[str] = []
    back: list[str] = []
    # The default VRF first: a vrf block would swallow its lines.
    for binding in sorted(bindings, key=lambda one: one.vrf):
        line = f"{binding.word} protocol {binding.protocol}"
        off += _in_vrf(binding.vrf, [f"no {line}"])
        back += _in_vrf(binding.vrf, [f"{line} route-map {binding.map}"])
    keep = settings.keep
    acts: list[Act] = [
        Configure(["zebra nexthop-group keep 1", *off]),
        Pause(6),
        Configure(back),
        Configure([f"zebra nexthop-group keep {keep}" if keep else "no zebra nexthop-group keep 1"]),
    ]
    why = "this FRR takes the new IPv6 source for the old one, whose first 32 bits it shares"
    return [Step("routes", "the source of these routes for six seconds", why, acts)]


def _edits(wrong: t.Sequence[Wrong]) -> list[Step]:
    result = []
    for family in ("ipv4", "ipv6"):
        commands = [words for w in wrong if w.table.family == family for words in [replace_words(w)] if words]
        why = "FRR 10.2 to 10.6 does not give a new source to a route that is installed"
        if commands:
            result.append(Step("safe", "nothing", why, [EditRoutes(family, commands)]))
    return result


def replace_words(wrong: Wrong) -> list[str] | None:
    """`ip route replace` of the route as it is but for its source; None when it says something we cannot repeat."""
    route, finding = wrong.route, wrong.finding
    if route is None or set(route) - _REPEATABLE - (_IN_THE_GROUP if "nhid" in route else set()):
        return None
    flags = set(route.get("flags", ())) - _STATE_FLAGS
    if flags - {"onlink"}:
        return None
    words = ["route", "replace", finding.destination, "table", str(wrong.table.number)]
    words += ["proto", str(route["protocol"])]
    if "metric" in route:
        words += ["metric", str(route["metric"])]
    if "nhid" in route and wrong.table.family == "ipv6":
        # IPv6 routes of one nexthop object share one source in the kernel (shared_hops): this gets its own next hop.
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
    if wrong.table.family == "ipv4" and "scope" in route:
        words += ["scope", str(route["scope"])]
    if finding.expected:
        words += ["src", finding.expected]
    return words


def _static(wrong: t.Sequence[Wrong], settings: Settings) -> list[Step]:
    lines_of: dict[tuple[str, str, str | None], list[str]] = {}
    for vrf, text in settings.statics:
        words = text.split()
        table = words[words.index("table") + 1] if "table" in words else None
        lines_of.setdefault((vrf, " ".join(words[:3]), None if vrf else table), []).append(text)
    found: dict[str, dict[str, list[str]]] = {}
    for one in wrong:
        vrf, destination = one.table.vrf, one.finding.destination
        table = None if vrf or one.table.number == MAIN_TABLE else str(one.table.number)
        lines = lines_of.get((vrf, f"{_WORD[one.table.family]} route {destination}", table))
        if lines and one.finding.protocol == "static":
            found.setdefault(vrf, {})[destination] = lines
    result = []
    for vrf, by_destination in sorted(found.items()):
        lines = [line for texts in by_destination.values() for line in texts]
        # Two calls: in one FRR sees no change at all.
        out, back = Configure(_in_vrf(vrf, [f"no {line}" for line in lines])), Configure(_in_vrf(vrf, lines))
        count = len(by_destination)
        loses = f"{next(iter(by_destination)) if count == 1 else f'{count} static routes'} for a second"
        why = "FRR 10.2 to 10.6 gives a source to a static route only when it is new"
        result.append(Step("routes", loses, why, [out, Pause(1), back]))
    return result


def _bgp(wrong: t.Sequence[Wrong], settings: Settings) -> list[Step]:
    routers = {vrf: number for number, vrf in reversed(settings.bgp)}
    result = []
    for (vrf, family), here in sorted(_by_place([w for w in wrong if w.finding.protocol == "bgp"]).items()):
        if vrf not in routers or (vrf, family) in settings.table_maps:
            continue
        word = _WORD[family]
        destinations = [w.finding.destination for w in here]
        lists = [f"{word} prefix-list {_DENY} seq {5 * n} permit {text}" for n, text in enumerate(destinations, 1)]
        deny = [f"route-map {_DENY} deny 10", f"match {word} address prefix-list {_DENY}", "exit"]
        deny += [f"route-map {_DENY} permit 65535", "exit"]
        enter = [f"router bgp {routers[vrf]}{' vrf ' + vrf if vrf else ''}", f"address-family {family} unicast"]
        acts: list[Act] = [
            Configure([*lists, *deny]),
            Configure([*enter, f"table-map {_DENY}"]),
            Pause(2),
            Configure([*enter, f"no table-map {_DENY}"]),
            Configure([f"no route-map {_DENY}", f"no {word} prefix-list {_DENY}"]),
        ]
        why = "FRR 10.2 to 10.6 gives a source to a BGP route only when it is new"
        result.append(Step("routes", f"{len(here)} BGP prefixes for two seconds; sessions stay", why, acts))
    return result


def _by_place(wrong: t.Iterable[Wrong]) -> dict[tuple[str, str], list[Wrong]]:
    found: dict[tuple[str, str], list[Wrong]] = {}
    for one in wrong:
        found.setdefault((one.table.vrf, one.table.family), []).append(one)
    return found


def _clear(wrong: t.Sequence[Wrong]) -> list[Step]:
    sessions = "all BGP sessions"
    ospf, ospf6 = "OSPF adjacencies for some seconds", "OSPFv3 adjacencies for some seconds"
    commands = {
        ("bgp", "ipv4"): ("clear bgp *", "clear bgp vrf {} *", sessions),
        ("bgp", "ipv6"): ("clear bgp *", "clear bgp vrf {} *", sessions),
        ("ospf", "ipv4"): ("clear ip ospf process", "clear ip ospf vrf {} process", ospf),
        ("ospf", "ipv6"): ("clear ipv6 ospf6 process", "clear ipv6 ospf6 process vrf {}", ospf6),
    }
    found: dict[str, Step] = {}
    for protocol, family, vrf in sorted({(w.finding.protocol or "", w.table.family, w.table.vrf) for w in wrong}):
        if (protocol, family) in commands:
            plain, inside, loses = commands[(protocol, family)]
            line = inside.format(vrf) if vrf else plain
            found[line] = Step("sessions", loses, "the routes must be learned anew", [Execute([line])])
    return list(found.values())
