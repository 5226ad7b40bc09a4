# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that the role `frr` decides for one host, in one pure function."""

from __future__ import annotations

import re
from typing import Any

from ..._base.errors import Refused
from ..._intent.normal import normalise
from .objects import build, former_places, operator_maps, refusals
from .parse import Objects, parse, version
from .plan import block, file_plan, same, stages

_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,14}-\Z")
_NOT_INTEGRATED = re.compile(r"^\s*no\s+service\s+integrated-vtysh-config\s*$", re.MULTILINE)
_KEEP = re.compile(r"^zebra nexthop-group keep (\d+)", re.MULTILINE)
# Changes to sources do not reach installed routes in these (upstream issue 19611, fixed in 10.7.0).
_STUCK = ((10, 2, 0), (10, 7, 0))


def plan(host: dict[str, Any], prefix: str, tag: int) -> dict[str, Any]:
    """What to do on one host.

    host: {addresses, routes, policies: as the user wrote them; version: text of `show version`; running: text of
    `show running-config`; persist: bool; file: bytes of frr.conf or None; vtysh_conf: text; others: [name of zebra.conf
    and the like]}

    Returns {version, refusals, warnings, stages, changed, file, block, encoding, empty, stuck, addresses, sources,
    intent, settings}:
    stages       what `frr_config` takes
    file         {changed, rest, begin, end, empty} of frr.conf; block: the objects for the template
    stuck        whether this FRR leaves installed routes without a changed source
    sources      [address] every source of the intent
    intent       what `frr_sources` judges by; settings: what its repairs need to know
    """
    intent = normalise(host["addresses"], host["routes"], host["policies"], backend="frr")
    numbers = version(host["version"])
    problems = _layout(host, prefix)
    running = parse(host["running"], prefix, tag)
    problems += refusals(intent, running, numbers, prefix)
    want = build(intent, running, prefix, tag)
    put_back = {
        (vrf, word, protocol): name
        for vrf, word in {key[:2] for key in running.ours.bindings}
        for protocol, name in operator_maps(running, vrf, word, prefix).items()
    }
    steps = stages(running.ours, want, put_back)
    text, encoding = _decode((host["file"] if host["persist"] else None) or b"")
    try:
        written = file_plan(text, want, prefix, tag)
    except Refused as refused:
        problems.append(refused.message)
        written = {"changed": False}
    sources = sorted({entry["source"] for entry in intent["routes"] + intent["policies"]})
    warnings = list(intent["warnings"])
    if _STUCK[0] <= numbers < _STUCK[1] and steps:
        warnings.append(
            f"FRR {'.'.join(map(str, numbers))} does not give a new source to routes that are installed already; "
            "the kernel is asked, and frr_repair says what may be done about it"
        )
    return {
        "version": ".".join(map(str, numbers)),
        "refusals": problems,
        "warnings": warnings,
        "stages": steps,
        "changed": bool(steps),
        "file": written,
        "block": block(want),
        "encoding": encoding,
        "empty": same(want, Objects()) and not intent["addresses"],
        "stuck": _STUCK[0] <= numbers < _STUCK[1],
        "addresses": [{"address": a["address"], "device": a["device"]} for a in intent["addresses"]],
        "sources": sources,
        "intent": {
            "policies": intent["policies"],
            "routes": [
                {key: route[key] for key in ("vrf", "table", "family", "destination", "source")}
                for route in intent["routes"]
            ],
            "former": former_places(running),
        },
        "settings": {
            "bindings": [
                {"vrf": key[0], "word": key[1], "protocol": key[2], "map": name}
                for key, name in sorted(want.bindings.items())
            ],
            "statics": [{"vrf": vrf, "text": line} for vrf, line in sorted(want.routes)]
            + [{"vrf": route.vrf, "text": route.text} for route in running.statics],
            "bgp": [{"number": number, "vrf": vrf} for number, vrf in running.bgp],
            "table_maps": [list(pair) for pair in running.table_maps],
            "keep": next(iter(_KEEP.findall(host["running"])), None),
        },
    }


def _layout(host: dict[str, Any], prefix: str) -> list[str]:
    problems = []
    if not _PREFIX.match(prefix):
        problems.append(f"frr_prefix: {prefix!a} is not a usable prefix: a letter, up to 14 more of A-Z a-z 0-9 _, -")
    if not host["persist"]:
        return problems
    if _NOT_INTEGRATED.search(host["vtysh_conf"]):
        problems.append(
            "vtysh.conf says `no service integrated-vtysh-config`: FRR then writes one file per daemon and frr.conf "
            "goes stale; use the integrated configuration, or set frr_persist to false and write it yourself"
        )
    elif host["file"] is None and host["others"]:
        problems.append(
            f"there is no frr.conf but {', '.join(host['others'])}: this FRR has one file per daemon; use the "
            "integrated configuration, or set frr_persist to false and write it yourself"
        )
    return problems


def _decode(content: bytes) -> tuple[str, str]:
    """The text and the encoding that gives back the same bytes."""
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"
