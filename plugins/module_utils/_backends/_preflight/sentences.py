# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a preflight warning says: the setting, the file or the rule, and what to do. Pure. PRIVATE to the collection.

One sentence for each kind of trouble, however many devices and addresses it concerns.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .._managers.manages import Manages
    from .nat import Hit

#: How many devices, addresses or rules a sentence names; the others are counted.
SHOWN = 5


def listed(items: t.Iterable[str]) -> str:
    """The items, each once, in their order."""
    names = list(dict.fromkeys(items))
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def setting(family: str, device: str, name: str) -> str:
    """A setting of a device as sysctl(8) takes it: with slashes where the device's own name has a dot."""
    parts = ("net", family, "conf", device, name)
    return ("/" if "." in device else ".").join(parts)


def lost_when_down(addresses: t.Sequence[tuple[str, str, str, int]], keeper: bool) -> str:
    """Of IPv6 addresses: (address, device, whose setting counts: the device's or that of `all`, its value).

    ``keeper``: the back end has one that could put them back.
    """
    names = listed(
        f"{setting('ipv6', counts, 'keep_addr_on_down')} = {value}" for _address, _device, counts, value in addresses
    )
    what = listed(f"{address} ({device})" for address, device, *_setting in addresses)
    way = "set `source_ip_keep: true`, or these settings to 1" if keeper else "set these settings to 1"
    return (
        f"{names}: the kernel removes {what} when the device is set down, and nothing puts it back when the device "
        f"comes up again; {way}"
    )


def expire(routes: t.Sequence[str]) -> str:
    """Of routes that end by themselves and have their source from a policy."""
    return (
        f"{listed(routes)}: what a router advertises ends with its lifetime, or with the link, and comes back without "
        "the source of the policy, which nothing sets before the next run; set `source_ip_keep: true`"
    )


#: How a manager is told to let a device be.
_LET_BE = {
    "networkd": "`Unmanaged=yes` under [Link] in the .network file",
    "netplan": "no entry for it in netplan's files",
    "networkmanager": "`unmanaged-devices=interface-name:{}` under [keyfile] in NetworkManager.conf",
    "ifupdown": "no stanza for it in interfaces(5)",
}


def two_managers(found: t.Sequence[t.Sequence[Manages]]) -> str:
    """Of devices, each with those who manage it."""
    what = "; ".join(" and ".join(one.why for one in several) for several in found[:SHOWN])
    more = f"; and {len(found) - SHOWN} more devices" if len(found) > SHOWN else ""
    ways = listed(_LET_BE[one.name].format(one.device) for several in found for one in several)
    return (
        f"two managers have the same device, and each takes away what the other sets: {what}{more}. Leave it to one of "
        f"them: {ways}"
    )


def rewritten(paths: t.Sequence[str]) -> str:
    """Of a manager's files that cloud-init writes."""
    return (
        f"cloud-init has written {listed(paths)} and may write it again at boot: what was changed in it since is "
        "lost then; to keep it, put `network: {config: disabled}` into "
        "/etc/cloud/cloud.cfg.d/99-disable-network-config.cfg"
    )


class Dropped(t.NamedTuple):
    """Replies to ``source`` from ``destination`` that come in by ``device``, while the way back ``leaves`` elsewhere.

    ``strict``: whose setting says so, the device's or `all`.
    """

    source: str
    destination: str
    device: str
    strict: str
    leaves: tuple[str, ...]


def dropped(found: t.Sequence[Dropped]) -> str:
    """Of replies that strict reverse path filtering drops."""
    names = listed(f"{setting('ipv4', one.strict, 'rp_filter')} = 1" for one in found)
    places: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for one in found:
        places.setdefault((one.source, one.device, one.leaves), []).append(one.destination)
    what = "; ".join(
        f"to {source} from {listed(destinations)}, which come in by {device} while the way back leaves by "
        f"{listed(leaves)}"
        for (source, device, leaves), destinations in list(places.items())[:SHOWN]
    )
    more = f"; and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    loose = listed(setting("ipv4", one.device, "rp_filter") for one in found)
    return (
        f"{names}: the kernel drops replies {what}{more}; set {loose} to 2, or add a rule (`source_ip_rules`) that "
        "leads packets from this source to a table that leaves by its device"
    )


def replaced(found: t.Sequence[Hit]) -> str:
    """Of rules of NAT that replace the source."""
    places: dict[tuple[str, str, str, bool], list[Hit]] = {}
    for one in found:
        places.setdefault((one.place, one.chain, one.line, one.certain), []).append(one)
    what = "; ".join(
        f"`{line}` in the chain {chain} of `{place}` {'replaces' if certain else 'may replace'} "
        f"{listed(one.source for one in these)} of what leaves by {listed(_ways(these))}"
        for (place, chain, line, certain), these in list(places.items())[:SHOWN]
    )
    more = f"; and {len(places) - SHOWN} more rules" if len(places) > SHOWN else ""
    ways_round = listed(_exempt(one) for one in found)
    return (
        f"NAT comes after the routes: {what}{more}. To exempt what the intent says, put in before it, and where these "
        f"rules are loaded from at boot: {ways_round}"
    )


def _ways(hits: t.Sequence[Hit]) -> list[str]:
    return [device for one in hits for device in one.devices] or ["any device"]


def _exempt(hit: Hit) -> str:
    """The command that lets the source of a rule's packets be."""
    tool, _slash, table = hit.place.partition(" table ")
    if not table:
        return f"`{hit.place} -I {hit.base} -s {hit.source} -j ACCEPT`"
    return f"`{tool} insert rule {table} {hit.base} {'ip6' if ':' in hit.source else 'ip'} saddr {hit.source} accept`"
