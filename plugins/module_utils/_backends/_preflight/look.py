# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the way of an intent on this host, as warnings. Reads only. PRIVATE to the collection.

Here is only the first look of each kind, which finds next to always that there is nothing to warn of; what a second
look needs is imported by it.
"""

from __future__ import annotations

import errno
import os
import typing as t

from ..._base.errors import SourceIPError
from ..._base.values import BITS, INET, Link
from .surroundings import Surroundings

#: There where connections are tracked, without which there is no NAT.
_CONNTRACK = "/proc/sys/net/netfilter/nf_conntrack_count"
#: The tables of the old iptables, which no list of nf_tables has.
_OLD_TABLES = {"iptables": "/proc/net/ip_tables_names", "ip6tables": "/proc/net/ip6_tables_names"}
#: Where managers write down what they manage: networkd and NetworkManager a file for each device, by its index.
_NETWORKD, _NM, _IFSTATE = "/run/systemd/netif/links", "/run/NetworkManager/devices", "/run/network/ifstate"
_CLOUD = "/etc/cloud"
_KEEP = "ipv6/conf/{}/keep_addr_on_down"


def look(around: Surroundings) -> list[str]:
    """One sentence for each kind of trouble that is there."""
    found: list[str] = []
    for kind in _KINDS:
        try:
            found += kind(around)
        except (SourceIPError, OSError) as error:
            # A warning that cannot be given is no reason to fail, and none to be silent about.
            found.append(f"not all that may stand in the way of the intent could be looked at: {error}")
    return found


def _lost_when_down(around: Surroundings) -> list[str]:
    """IPv6 addresses that go with `ip link set down`: addrconf_ifdown() in net/ipv6/addrconf.c."""
    if around.kept:
        return []
    host, found = around.hands.host, []
    for entry in around.intent["addresses"]:
        device = entry["device"]
        # Nobody sets lo down.
        if entry["family"] == "ipv6" and device != "lo" and host.find(device):
            # That of all devices counts before the device's own, whichever way it is set.
            counts = "all" if host.sysctl(_KEEP.format("all")) else device
            value = host.sysctl(_KEEP.format(counts))
            if value <= 0:
                found.append((entry["address"].partition("/")[0], device, counts, value))
    if not found:
        return []
    from .sentences import lost_when_down

    return [lost_when_down(found, around.backend == "kernel")]


def _replies_dropped(around: Surroundings) -> list[str]:
    """Replies that come in by a device with rp_filter = 1: of the two settings the greater counts."""
    intent, host = around.intent, around.hands.host
    sources = {
        entry["source"] for kind in ("routes", "policies") for entry in intent[kind] if entry["family"] == "ipv4"
    }
    # To an address that the intent puts beside all subnets any device leads; the host need not be read for it.
    sources -= {text for text, length in map(_parts, around.intent["addresses"]) if length == BITS[INET]}
    if not sources or host.sysctl("ipv4/conf/all/rp_filter") > 1:
        return []
    homes: dict[str, list[Link]] = {}
    for source, index in _on_subnets(around, sources):
        link = host.links.get(index)
        home = host.domain_of(index) or link  # a packet that comes in by a device of a VRF comes in by the VRF
        if link is None or home is None or link.name == "lo" or link.kind in ("dummy", "vrf"):
            continue
        strict = max(host.sysctl("ipv4/conf/all/rp_filter"), host.sysctl(f"ipv4/conf/{home.name}/rp_filter"))
        if strict == 1 and home not in homes.setdefault(source, []):
            homes[source].append(home)
    homes = {source: links for source, links in homes.items() if links}
    if not homes:
        return []
    from .replies import replies

    return replies(around, homes)


def _on_subnets(around: Surroundings, sources: t.Collection[str]) -> t.Iterator[tuple[str, int]]:
    """(source, index) of the devices whose subnet has it, and replies come in there; a /32 may be reached by any."""
    for address in around.hands.host.addresses:
        if address.address in sources and (address.prefix_length < BITS[INET] or address.peer):
            yield address.address, address.index
    for entry in around.intent["addresses"] if around.planned else ():
        text, length = _parts(entry)
        link = around.hands.host.find(entry["device"])
        if text in sources and link and length < BITS[INET]:
            yield text, link.index


def _parts(entry: t.Mapping[str, t.Any]) -> tuple[str, int]:
    """Address and length of an address of the intent."""
    text, _slash, length = entry["address"].partition("/")
    return text, int(length)


def _expire(around: Surroundings) -> list[str]:
    """Routes of router advertisements: the kernel back end sets their source by force, and only the keeper does again.

    Of what this run has forced its plan has told already.
    """
    forced = around.backend == "kernel" and around.options.get("force") and not around.kept
    if not forced or around.changed or not any(entry["family"] == "ipv6" for entry in around.intent["policies"]):
        return []
    from .expiring import expiring

    return expiring(around)


def _replaced(around: Surroundings) -> list[str]:
    """Rules of NAT that replace the source. Where the kernel has no NAT nothing is asked and no process started."""
    if not os.path.exists(_CONNTRACK) or not (around.intent["routes"] or around.intent["policies"]):
        return []
    modules = {line.split(" ", 1)[0] for line in _lines("/proc/modules")}
    if "nf_conntrack" in modules and "nf_nat" not in modules:
        return []  # of a kernel that has it built in no list tells
    from ..._netlink.nat import Netfilter

    try:
        with Netfilter() as netfilter:
            tables = netfilter.nat_tables()
    except OSError as error:
        if error.errno != errno.EPROTONOSUPPORT:
            raise
        tables = []  # this kernel has no nf_tables, and may have the older tables
    old = [command for command, path in _OLD_TABLES.items() if "nat" in _lines(path)]
    if not tables and not old:
        return []
    from .translated import translated

    return translated(around, tables, old)


def _two_managers(around: Surroundings) -> list[str]:
    """Devices with two managers; no host has them where fewer than two have written down that they manage any."""
    if around.backend == "ifupdown":
        return []  # its plan says so
    there = [any(_listing(_NETWORKD)), any(_listing(_NM)), os.path.exists(_IFSTATE)]
    if sum(there) < 2:
        return []
    from .managers import twofold

    return twofold(around, _NETWORKD, _NM, _IFSTATE)


def _written_at_boot(around: Surroundings) -> list[str]:
    """Files of the manager that is the back end, where cloud-init writes them."""
    if not around.manager or not os.path.isdir(_CLOUD):
        return []
    from .managers import written_at_boot

    return written_at_boot(around.backend)


def _listing(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


_KINDS: tuple[t.Callable[[Surroundings], list[str]], ...] = (
    _replies_dropped,
    _replaced,
    _expire,
    _lost_when_down,
    _two_managers,
    _written_at_boot,
)
