# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of NAT on this host against the sources of an intent. Reads only. PRIVATE to the collection."""

from __future__ import annotations

import itertools
import os
import shutil
import typing as t

from ..._base.errors import SourceIPError
from ..._base.values import INET, INET6, Address
from ..._intent.policy import prefix_of
from ..._netlink.nat import NatTable
from ..commands import run
from .nat import Hit, Packets, Ruleset, hits
from .nat_text import of_iptables, of_nft
from .sentences import replaced
from .surroundings import Surroundings
from .uses import uses

#: How many rules are held against how many uses of sources: what that takes at most is some tenths of a second.
_PAIRS, _USES = 100_000, 200
#: Seconds for a tool to list its rules.
_PATIENCE = 10.0
_FAMILIES = {"iptables": INET, "ip6tables": INET6}
_WORDS = {INET: "ip", INET6: "ip6"}
#: The first line of a table of iptables that nf_tables holds.
_OF_IPTABLES = "managed by iptables-nft"


def translated(around: Surroundings, tables: t.Sequence[NatTable], old: t.Sequence[str]) -> list[str]:
    """One sentence where there are such rules.

    ``tables``: those of nf_tables with NAT; ``old``: the commands (`iptables`, `ip6tables`) of the kernel's older one.
    """
    said = [*around.intent["routes"], *around.intent["policies"]]
    sources = {entry["source"] for entry in said}
    families = {INET6 if ":" in source else INET for source in sources}
    words = ["inet", *(_WORDS[family] for family in families)]
    rulesets = [_of_table(table) for table in tables if table.family in words]
    for command in old:
        if _FAMILIES[command] in families:
            rulesets.append(_of_iptables(_program(f"{command}-legacy-save", f"{command}-save"), _FAMILIES[command]))
    rules = sum(one.size for one in rulesets)
    if not rules:
        return []
    found: dict[Hit, None] = {}
    for use in itertools.islice(uses(around, sources), max(1, min(_USES, _PAIRS // rules))):
        source = prefix_of(use.source)
        devices = (*use.devices, *filter(None, [use.vrf]))
        replacing = tuple(_own(around.hands.host.addresses, source.family, use.devices))
        packets = Packets(source, use.destination, devices, replacing)
        found.update(dict.fromkeys(hit for one in rulesets for hit in hits(one, packets)))
    return [replaced(list(found))] if found else []


def _own(addresses: t.Iterable[Address], family: int, devices: t.Sequence[str]) -> t.Iterator[str]:
    """What `masquerade` chooses among: inet_select_addr() in net/ipv4/devinet.c takes no secondary address."""
    for address in addresses:
        primary = family == INET6 or not address.flags & Address.SECONDARY
        if primary and address.family == family and address.device in devices and address.scope == 0:
            yield address.address


def _of_table(table: NatTable) -> Ruleset:
    command = {"ip": "iptables", "ip6": "ip6tables"}.get(table.family, "")
    family = INET6 if table.family == "ip6" else INET
    try:
        text = run([_program("nft"), "-a", "-t", "list", "table", *table], timeout=_PATIENCE)
    except SourceIPError:
        if table.name != "nat" or not command:
            raise
        program = _program(f"{command}-nft-save", f"{command}-save")
        return _of_iptables(program, family)
    place = f"nft table {table.family} {table.name}"
    if command and _OF_IPTABLES in text.partition("\n")[0]:
        place = f"{os.path.basename(_program(f'{command}-nft', command))} -t nat"
    return of_nft(text, place)


def _of_iptables(program: str, family: int) -> Ruleset:
    text = run([program, "-t", "nat"], timeout=_PATIENCE)
    return of_iptables(text, f"{os.path.basename(program)[: -len('-save')]} -t nat", family)


def _program(*names: str) -> str:
    """The first of these that is installed; the folders of administration may not be among those of a task."""
    folders = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"
    for name in names:
        found = shutil.which(name, path=folders)
        if found:
            return found
    raise SourceIPError(
        f"this host has rules of NAT, which may replace sources, and no {' or '.join(names)} to read them"
    )
