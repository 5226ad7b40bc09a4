# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of the role `frr`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Callable

from ansible.errors import AnsibleFilterError

from ..module_utils._backends._frr.parse import parse, version
from ..module_utils._backends._frr.task import plan
from ..module_utils._intent.normal import IntentError


def frr_plan(
    value: Any,
    version: str,
    running_config: str,
    frr_conf: str | None = None,
    vtysh_conf: str = "",
    others: list[str] | None = None,
    persist: bool = True,
    prefix: str = "SIP-",
    tag: int = 1330133,
) -> dict[str, Any]:
    """The plan for one host; its shape is in module_utils/_backends/_frr/task.py."""
    if not isinstance(value, Mapping):
        raise AnsibleFilterError("l3host.source_ip.frr_plan needs a mapping with the three lists of the intent")
    host = {key: value.get(f"source_ip_{key}") for key in ("addresses", "routes", "policies")}
    host.update(
        version=str(version),
        running=str(running_config),
        vtysh_conf=str(vtysh_conf),
        others=others or [],
        persist=bool(persist),
    )
    host["file"] = None if frr_conf is None else base64.b64decode(frr_conf)
    try:
        found: dict[str, Any] = plan(host, str(prefix), int(tag))
    except IntentError as error:
        raise AnsibleFilterError(f"The intent cannot be used:\n{error}") from error
    except ValueError as error:
        raise AnsibleFilterError(f"l3host.source_ip.frr_plan: {error}") from error
    return found


def frr_version(value: Any) -> list[int]:
    """[major, minor, patch] from the text of `show version`."""
    try:
        return list(version(str(value)))
    except ValueError as error:
        raise AnsibleFilterError(f"l3host.source_ip.frr_version: {error}") from error


def frr_objects(value: Any, prefix: str = "SIP-", tag: int = 1330133) -> dict[str, Any]:
    """Our objects in the text of a running configuration or a frr.conf, and the operator's bindings."""
    found = parse(str(value), str(prefix), int(tag))
    return {
        "prefix_lists": sorted(name for _word, name in found.ours.lists),
        "route_maps": sorted(found.ours.maps),
        "bindings": _bindings(found.ours.bindings),
        "routes": [{"vrf": vrf or None, "text": text} for vrf, text in sorted(found.ours.routes)],
        "other_bindings": _bindings(found.theirs.bindings),
    }


def _bindings(found: Mapping[tuple[str, str, str], str]) -> list[dict[str, Any]]:
    return [
        {"vrf": vrf or None, "family": word, "protocol": protocol, "map": name}
        for (vrf, word, protocol), name in sorted(found.items())
    ]


class FilterModule:
    """Registers the filters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"frr_objects": frr_objects, "frr_plan": frr_plan, "frr_version": frr_version}
