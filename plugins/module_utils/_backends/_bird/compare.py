# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Intent, BIRD and kernel, route by route. PRIVATE to the collection. Pure.

The kernel is the judge of what BIRD says, and BIRD of what the intent says: where the intent names no source, what
BIRD exports is what its operator wants.
"""

from __future__ import annotations

import socket
import typing as t

from ..._intent.policy import Place, Statement
from ..finding import Finding
from .answers import Exported
from .conf import MAIN_TABLE, function_name

_UNICAST = 1  # RTN_UNICAST, linux/rtnetlink.h
Entry = dict[str, t.Any]
#: Destination (length and address, as ``Prefix.key``) -> type and source of the kernel's route.
KernelRoutes = t.Mapping[bytes, tuple[int, t.Optional[bytes]]]
_WORDS = {
    "filter": "BIRD exports it with {bird}: a filter does not call us, or overrides us",
    "not_exported": "BIRD does not export it: its gateway is unreachable, or a filter rejects it",
    "absent": "BIRD exports it, but the kernel does not have it: mostly it refused a source that is not local",
    "unset": "BIRD exports it with {bird}, the kernel's route has none",
    "different": "BIRD exports it with {bird}, the kernel's route has another",
    "leftover": "BIRD exports it without a source, the kernel's route still has one",
}
#: BIRD exports one source, the kernel's route has another.
IN_KERNEL = ("unset", "different", "leftover")
#: The kernel does not have what BIRD exports: what a repair can mend.
NOT_AS_EXPORTED = ("absent", *IN_KERNEL)


class Difference(t.NamedTuple):
    """One route on which intent, BIRD and kernel do not agree; ``problem`` is one of ``finding.PROBLEMS``."""

    destination: str
    protocol: str
    intent: str | None
    bird: str | None
    kernel: str | None
    problem: str


class Compared(t.NamedTuple):
    """One kernel table and family, compared: the kernel protocol that carries it, how many routes, and differences."""

    scope: Entry
    instance: str
    routes: int
    differences: list[Difference]

    def only(self, problems: t.Container[str]) -> list[Difference]:
        """The differences of these kinds."""
        return [difference for difference in self.differences if difference.problem in problems]

    def findings(self) -> t.Iterator[Finding]:
        """The differences as every back end tells them."""
        entries = [*self.scope["policies"], *self.scope["routes"]]
        vrf = next((entry["vrf"] for entry in entries if entry["vrf"]), None)
        table = self.scope["kernel_table"]
        for one in self.differences:
            why = _WORDS[one.problem].format(bird=f"source {one.bird}" if one.bird else "no source")
            yield Finding(
                destination=one.destination,
                expected=one.intent,
                actual=one.kernel,
                problem=one.problem,
                why=f"{self.instance}: {why}",
                vrf=vrf,
                table=None if vrf or table == MAIN_TABLE else table,
                protocol=one.protocol,
                repair=f"{function_name(table)}();" if one.problem == "filter" else None,
            )


def key(destination: str) -> bytes:
    """Length and address of a destination, as ``Prefix.key`` has them."""
    # Once for each of ten thousand routes: ipaddress takes ten times as long to check what BIRD has checked.
    address, _slash, length = destination.partition("/")
    packed = packed_address(address)
    return bytes((int(length) if length else 8 * len(packed),)) + packed


def packed_address(text: str) -> bytes:
    """An address as bytes."""
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def compare(scope: Entry, exported: t.Iterable[Exported], kernel: KernelRoutes) -> list[Difference]:
    """Every route of a table and family on which intent, BIRD and kernel disagree about the source.

    A route without a source that the kernel does not have is not our concern. Whatever the order in which BIRD and the
    kernel write an address, they are compared as addresses.
    """
    place = Place(scope["family"], map(Statement, scope["policies"]))
    own = {route["destination"]: route["source"] for route in scope["routes"]}
    packed: dict[str | None, bytes | None] = {None: None}
    differences = []
    seen = set()
    for route in exported:
        destination = key(route.destination)
        static = route.instance.startswith("source_ip_")
        if static:
            seen.add(route.destination)
            wanted = own.get(route.destination)
        else:
            rule = place.rule(int.from_bytes(destination[1:], "big"), destination[0], route.protocol)
            wanted = rule.source if rule else None
        for text in (wanted, route.source):
            if text not in packed:
                packed[text] = packed_address(t.cast(str, text))
        kind, actual = kernel.get(destination, (0, None))
        problem = None
        if wanted is not None and packed[wanted] != packed[route.source]:
            problem = "filter"
        elif not kind and route.source:
            problem = "absent"
        elif kind == _UNICAST and packed[route.source] != actual:
            problem = "unset" if actual is None else "different" if route.source else "leftover"
        if problem:
            in_kernel = None if actual is None else _text(actual)
            found = Difference(route.destination, route.protocol, wanted, route.source, in_kernel, problem)
            differences.append(found)
    for destination_text in sorted(set(own) - seen):
        actual = kernel.get(key(destination_text), (0, None))[1]
        in_kernel = None if actual is None else _text(actual)
        source = own[destination_text]
        differences.append(Difference(destination_text, "static", source, None, in_kernel, "not_exported"))
    return differences


def _text(packed: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET6 if len(packed) == 16 else socket.AF_INET, packed)
