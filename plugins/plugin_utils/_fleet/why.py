# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `source_info` and `probe` say of a host, as rows of the fleet document. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ...module_utils._backends.verify import owner_of

_Row = dict[str, t.Any]


def result(found: t.Mapping[str, t.Any] | None, probed: t.Mapping[str, t.Any] | None) -> _Row | None:
    """The result of ``source_info`` as if ``intent_info`` had asked the same, for ``document.host_row``.

    ``probed``: of ``probe`` for the same destinations in the same order; None where nobody looked at the wire.
    Nothing is expected here: good is what kernel, socket and wire agree about. Rows have a ``name`` besides, the host
    name that was asked for, else None.
    """
    if found is None or "sources" not in found:
        return None if found is None else dict(found)
    failed = probed is not None and "probes" not in probed and not probed.get("skipped")
    probes = (probed or {}).get("probes") or []
    rows = [_row(one, probes[at] if at < len(probes) else None) for at, one in enumerate(found["sources"])]
    warnings = [text for one in found["sources"] for text in one["warnings"]]
    if failed and probed is not None:
        warnings.append(f"the wire could not be seen: {str(probed.get('msg')).strip()}")
    return {"answers": rows, "checked": len(rows), "notes": warnings}


def _row(answer: t.Mapping[str, t.Any], probe: t.Mapping[str, t.Any] | None) -> _Row:
    route, asked = answer["route"] or {}, answer["socket"] or {}
    seen = ((probe or {}).get("wire") or {}).get("source")
    wire = None if probe is None else seen or probe.get("wire_error") or "not seen"
    socket = asked.get("source") or asked.get("error")
    sources = {answer["source"], socket, *([seen] if seen else [])}
    return {
        "destination": answer["destination"],
        "name": answer["name"],
        "prefix": route.get("destination"),
        "vrf": None,
        "expected": None,
        "kernel": answer["source"],
        **{key: answer[key] for key in ("device", "gateway", "table", "reason", "explanation")},
        "owner": owner_of(route),
        "route": route.get("line"),
        "socket": socket,
        "wire": wire,
        "good": len(sources) == 1 and answer["source"] is not None and not answer["stale"],
    }
