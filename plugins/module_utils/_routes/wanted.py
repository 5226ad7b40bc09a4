# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's items to values: validated, canonical, nothing of them looked up in the routing tables yet.

PRIVATE to the collection.
"""

from __future__ import annotations

import itertools
import struct
import typing as t
from dataclasses import replace

from .._base.errors import InvalidInput
from .._base.kinds import NO_GATEWAY, kind_of
from .._base.names import (
    METRIC_LIMITS,
    METRICS,
    RTAX_CONGCTL,
    RTAX_FEATURES,
    SCOPES,
    TYPES,
    default_table,
    number,
    whole,
)
from .._base.protocols import PROTOCOLS
from .._base.values import DEFAULT_METRICS, INET, INET6, MAIN, Prefix, parse_address, parse_prefix
from .._change.alike import alike
from . import parts
from .limits import check_destinations, check_size, congestion_control
from .runs import Columns, Run, columns_of, distinct
from .values import Hop, Shape

if t.TYPE_CHECKING:
    from .._host.host import Host

_FAMILY_NAMES = {INET: "IPv4", INET6: "IPv6"}
_MAX_U32 = 0xFFFFFFFF
_DIRECT = "none"  # the word for a next hop without a gateway
_NO_GATEWAY_FIX = "For a destination on the link, leave the gateway out and name the device"
_WITHOUT_HOPS = ("blackhole", "unreachable", "prohibit", "throw")
_WRITABLE_TYPES = ("unicast", "local", "blackhole", "unreachable", "prohibit", "throw")
#: The options of an item that all routes of one Shape share.
_SHAPE_OPTIONS = (
    "gateway",
    "device",
    "nexthops",
    "nexthop_id",
    "source",
    "metric",
    "table",
    "vrf",
    "protocol",
    "scope",
    "type",
    "onlink",
    "tos",
    "metrics",
    *parts.OPTIONS,
    "state",
)


class Selection(t.NamedTuple):
    """Entry ``number`` of ``prefsrc``'s ``routes``: which routes, and the source they get (None: none).

    ``protocols`` is empty where routes of every protocol are meant, ``table`` None where those of every table are.
    """

    number: int
    prefix: Prefix
    within: bool
    table: int | None
    protocols: frozenset[int]
    device: int | None
    gateway: tuple[int, bytes] | None
    metric: int | None
    source: bytes | None
    only_source: bytes | None
    spared: tuple[Prefix, ...] = ()
    spared_protocols: frozenset[int] = frozenset()
    from_prefix: Prefix | None = None

    @property
    def rank(self) -> tuple[bool, int, bool, bool]:
        """Lower goes first where several entries select one route: setting, longer destination, exact, one table."""
        return self.source is None, -self.prefix.length, self.within, self.table is None


def bounded(value: t.Any, what: str, low: int, high: int) -> int:
    """An integer between two bounds, else InvalidInput."""
    try:
        found = whole(value) if isinstance(value, str) else int(value)
    except (TypeError, ValueError):
        raise InvalidInput(f"{what}: {value!r} is not a whole number") from None
    if not low <= found <= high:
        raise InvalidInput(f"{what}: {found} is not between {low} and {high}")
    return found


def parse_source(text: str, family: int, what: str) -> bytes:
    """The preferred source of a route of this family."""
    found, packed = parse_address(text, what)
    if found != family:
        raise InvalidInput(f"{what}: {text} is {_FAMILY_NAMES[found]}, but the destination is {_FAMILY_NAMES[family]}")
    kind = kind_of(packed)
    if kind == "unspecified":
        raise InvalidInput(f"{what}: {text} means no source; leave source out, or use prefsrc with state: absent")
    if kind in ("multicast", "broadcast"):
        raise InvalidInput(f"{what}: {text} is a multicast or broadcast address; no packet may leave from it")
    return packed


def _family(item: t.Mapping[str, t.Any]) -> int | None:
    """The family that an item's other addresses show, for ``destination: default``."""
    hops = item.get("nexthops") or ()
    for text in (item.get("source"), item.get("gateway"), item.get("from"), *(hop.get("gateway") for hop in hops)):
        if text and text != _DIRECT:
            return INET6 if ":" in text else INET
    return None


def destination(item: t.Mapping[str, t.Any], what: str) -> Prefix:
    """The destination of an item; ``default`` takes its family from the item's other addresses."""
    text = item.get("destination")
    if not text:
        raise InvalidInput(f"{what}.destination: is required")
    if text == "default":
        return parse_prefix(text, f"{what}.destination", _family(item))
    return parse_prefix(text, f"{what}.destination")


def _gateway(text: str, family: int, what: str) -> tuple[int, bytes]:
    found, packed = parse_address(text, what)
    if family == INET6 and found == INET:
        raise InvalidInput(f"{what}: {text} is IPv4, but the destination is IPv6")
    kind = kind_of(packed)
    if kind in NO_GATEWAY:
        raise InvalidInput(f"{what}: {text} is {NO_GATEWAY[kind]}; no gateway has that. {_NO_GATEWAY_FIX}")
    return found, packed


def next_hop(item: t.Mapping[str, t.Any], family: int, host: Host, what: str) -> Hop:
    """The way out that an entry, or a part of it, names."""
    gateway, device, weight = item.get("gateway"), item.get("device"), item.get("weight")
    if not gateway and not device:
        raise InvalidInput(f"{what}: needs a gateway, a device, or both")
    direct = gateway == _DIRECT
    if direct:
        gateway = None
        if not device:
            raise InvalidInput(f"{what}.gateway: none means a destination on the link of a device; name the device")
    onlink = item.get("onlink")
    if onlink and not (gateway and device):
        raise InvalidInput(f"{what}.onlink: needs both a gateway and a device")
    found = Hop(
        gateway=_gateway(gateway, family, f"{what}.gateway") if gateway else None,
        device=host.device(device, f"{what}.device").index if device else None,
        weight=1 if weight is None else bounded(weight, f"{what}.weight", 1, 256),
        onlink=onlink,
        direct=direct,
    )
    if found.gateway and found.gateway[0] == INET6 and found.gateway[1][:2] == b"\xfe\x80" and not device:
        raise InvalidInput(f"{what}.gateway: {gateway} is link-local; say on which device")
    return found


def _hops(item: t.Mapping[str, t.Any], family: int, host: Host, what: str) -> tuple[Hop, ...] | None:
    nexthops = item.get("nexthops")
    given = [name for name in ("gateway", "device") if item.get(name)]
    if nexthops is not None and given:
        raise InvalidInput(f"{what}: give nexthops, or {' and '.join(given)}, not both")
    if item.get("nexthop_id") is not None and (nexthops is not None or given):
        raise InvalidInput(f"{what}: a nexthop_id stands for gateway, device and nexthops; give one of them")
    if nexthops is not None:
        if not nexthops:
            raise InvalidInput(f"{what}.nexthops: is empty; leave it out, or name at least one nexthop")
        places = [f"{what}.nexthops[{at}]" for at in range(len(nexthops))]
        found = [
            replace(next_hop(hop, family, host, where), **parts.of_hop(hop, family, where))
            for hop, where in zip(nexthops, places)
        ]
        if len({(hop.gateway, hop.device) for hop in found}) < len(found):
            raise InvalidInput(f"{what}.nexthops: names the same gateway and device twice; use weight instead")
        remark = check_size(found, family, f"{what}.nexthops")
        if remark:
            host.warnings.append(remark)
        return tuple(found)
    return (next_hop(item, family, host, what),) if given else None


def _metrics(values: t.Mapping[str, t.Any] | None, what: str) -> tuple[tuple[int, bytes], ...]:
    found = {}
    for name, value in (values or {}).items():
        if value is None:
            continue
        if name == "congctl":
            algorithm = "" if str(value) == "0" else str(value)
            found[RTAX_CONGCTL] = congestion_control(algorithm, f"{what}.{name}")
            continue
        if name == "features":
            found[RTAX_FEATURES] = parts.features(str(value), f"{what}.features")
            continue
        if name not in METRICS:
            raise InvalidInput(
                f"{what}.{name}: is no route metric; use one of {', '.join(sorted(METRICS))}, congctl, features"
            )
        kind, unit = METRICS[name]
        greatest = METRIC_LIMITS.get(name, _MAX_U32 // unit)
        found[kind] = struct.pack("=I", bounded(value, f"{what}.{name}", 0, greatest) * unit)
    return tuple(sorted(found.items()))


def shape_of(item: t.Mapping[str, t.Any], family: int, host: Host, what: str) -> Shape:
    """All that an entry says but its destination."""
    kind = item.get("type")
    if kind is not None and kind not in _WRITABLE_TYPES:
        raise InvalidInput(f"{what}.type: {kind!r} is not one of {', '.join(_WRITABLE_TYPES)}")
    hops = _hops(item, family, host, what)
    own = parse_source(item["source"], family, f"{what}.source") if item.get("source") else None
    if kind in _WITHOUT_HOPS and (hops or any(item.get(name) for name in ("nexthop_id", "source", *parts.OF_A_WAY))):
        others = ", ".join(("source", *parts.OF_A_WAY))
        raise InvalidInput(f"{what}: a {kind} route has no gateway, device or nexthops, and none of {others}")
    if own and any(hop.gateway and hop.gateway[1] == own for hop in hops or ()):
        raise InvalidInput(
            f"{what}.gateway: {item['source']} is the route's own source; name the address of another host"
        )
    tos = 0 if item.get("tos") is None else number(item["tos"], {}, f"{what}.tos", 255)
    if tos & 3 or (tos and family == INET6):
        raise InvalidInput(
            f"{what}.tos: {tos} is refused by the kernel: IPv6 routes have none, IPv4 leaves the ECN bits"
        )
    table = host.table(item.get("table"), item.get("vrf"), what, default_table(kind))
    protocol = item.get("protocol")
    shape = Shape(
        family=family,
        table=table,
        metric=None if item.get("metric") is None else bounded(item["metric"], f"{what}.metric", 0, _MAX_U32),
        tos=tos,
        protocol=None if protocol is None else number(protocol, PROTOCOLS, f"{what}.protocol", 255),
        scope=None if item.get("scope") is None else number(item["scope"], SCOPES, f"{what}.scope", 255),
        type=TYPES[kind] if kind else None,
        source=own,
        hops=hops,
        nexthop_id=None
        if item.get("nexthop_id") is None
        else bounded(item["nexthop_id"], f"{what}.nexthop_id", 1, _MAX_U32),
        metrics=_metrics(item.get("metrics"), f"{what}.metrics"),
        **parts.of_route(item, family, what),
    )
    if family == INET6 and shape.metric == 0:
        shape = replace(shape, metric=DEFAULT_METRICS[INET6])  # the kernel's own reading of 0
    if shape.source and item.get("state") != "absent":
        # IPv4 does not look at them: one check, and one warning, for each source and table.
        devices = frozenset(hop.device for hop in hops or () if hop.device) if family == INET6 else None
        host.check_source(shape.source, table, f"{what}.source", devices or None)
    return shape


def routes(
    items: t.Sequence[t.Mapping[str, t.Any]],
    host: Host,
    without: list[tuple[int, t.Mapping[str, t.Any]]] | None = None,
) -> list[Run]:
    """The entries of the module ``route``, in order; refuses two entries for one key.

    ``without``: gets those that shall go and name no destination, with their numbers; without it they are refused.
    """
    reader = _Reader(host)
    for first, item, texts in alike(items):
        if None not in texts:
            reader.read(first, item, texts)
            continue
        for at, text in enumerate(texts, first):
            if text is None and without is not None and item.get("state") == "absent":
                without.append((at, item))
            else:
                reader.read(at, item, [text or ""])
    by_key: dict[tuple[t.Any, ...], list[Run]] = {}
    for run in reader.runs:
        shape = run.shape
        # Unnamed it is the default, which the kernel would find taken by an entry that names it.
        metric = DEFAULT_METRICS[shape.family] if shape.metric is None else shape.metric
        by_key.setdefault((shape.table, shape.tos, shape.from_prefix, metric), []).append(run)
    for runs in by_key.values():
        if not distinct(runs):
            _refuse_duplicate(runs)
    return reader.runs


class _Reader:
    """Reads entries that differ in nothing but the destination into runs."""

    def __init__(self, host: Host) -> None:
        self.runs: list[Run] = []
        self._host = host
        self._shapes: dict[t.Hashable, Shape] = {}

    def read(self, first: int, item: dict[str, t.Any], texts: list[str]) -> None:
        """Entries from number ``first`` on, like ``item`` but for their destinations ``texts``."""
        found = columns_of(texts)
        if found is not None:
            self._add(first, item, found)
            return
        # Several families, a default route, or something wrong, which has to be named.
        prefixes = [destination({**item, "destination": text}, f"routes[{at}]") for at, text in enumerate(texts, first)]
        for (family, default), same in itertools.groupby(prefixes, lambda prefix: (prefix.family, not prefix.length)):
            here = list(same)
            for some in [[one] for one in here] if default else [here]:
                columns = Columns(family, b"".join([one.packed for one in some]), bytes([one.length for one in some]))
                self._add(first, item, columns)
                first += len(some)

    def _add(self, first: int, item: dict[str, t.Any], columns: Columns) -> None:
        values = (columns.family, *[item.get(name) for name in _SHAPE_OPTIONS])
        key = values if _hashable(values) else tuple(map(repr, values))
        if key not in self._shapes:
            self._shapes[key] = shape_of(item, columns.family, self._host, f"routes[{first}]")
        run = Run(first, self._shapes[key], item.get("state") == "absent", columns)
        if not run.absent:
            check_destinations(run, self._host)
        self.runs.append(run)


def _refuse_duplicate(runs: list[Run]) -> t.NoReturn:
    seen: dict[bytes, int] = {}
    for run in runs:
        for item in run:
            first = seen.setdefault(item.prefix.key, item.number)
            if first != item.number:
                raise InvalidInput(
                    f"routes[{item.number}]: names the same route as routes[{first}]: {item.prefix} "
                    "with this table, tos, from and metric"
                )
    raise AssertionError("no duplicate")


def _hashable(values: t.Any) -> bool:
    try:
        hash(values)
    except TypeError:
        return False
    return True


def _listed(value: t.Any) -> t.Sequence[t.Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def selections(items: t.Sequence[t.Mapping[str, t.Any]], host: Host) -> list[Selection]:
    """The entries of the module ``prefsrc``; here ``protocol`` may also be a list, any of which will do."""
    found: list[Selection] = []
    for first, item, texts in alike(items):
        of_family: dict[int, Selection] = {}
        for at, text in enumerate(texts, first):
            prefix = destination({**item, "destination": text}, f"routes[{at}]")
            model = of_family.get(prefix.family)
            if model is None:
                model = of_family[prefix.family] = _selection(at, prefix, item, host)
            found.append(Selection(at, prefix, *model[2:]))
    return found


def _selection(at: int, prefix: Prefix, item: t.Mapping[str, t.Any], host: Host) -> Selection:
    what = f"routes[{at}]"
    absent = item.get("state") == "absent"
    source = parse_source(item["source"], prefix.family, f"{what}.source") if item.get("source") else None
    if source is None and not absent:
        raise InvalidInput(f"{what}.source: is required; use state: absent to clear a route's source")
    table = host.table_or_all(item.get("table"), item.get("vrf"), what)
    if source and not absent:
        # Only what every table can use is for all of them.
        host.check_source(source, MAIN if table is None else table, f"{what}.source")
    device, gateway, protocol, metric = (item.get(name) for name in ("device", "gateway", "protocol", "metric"))
    return Selection(
        number=at,
        prefix=prefix,
        within=bool(item.get("within")),
        table=table,
        protocols=frozenset(number(text, PROTOCOLS, f"{what}.protocol", 255) for text in _listed(protocol)),
        device=host.device(device, f"{what}.device").index if device else None,
        gateway=_gateway(gateway, prefix.family, f"{what}.gateway") if gateway else None,
        metric=None if metric is None else bounded(metric, f"{what}.metric", 0, _MAX_U32),
        source=None if absent else source,
        only_source=source if absent else None,
        spared=tuple(
            parse_prefix(text, f"{what}.except[{index}]", prefix.family)
            for index, text in enumerate(item.get("except") or ())
        ),
        from_prefix=parts.from_prefix(item.get("from"), prefix.family, f"{what}.from"),
        spared_protocols=frozenset(
            number(text, PROTOCOLS, f"{what}.except_protocols", 255) for text in item.get("except_protocols") or ()
        ),
    )
