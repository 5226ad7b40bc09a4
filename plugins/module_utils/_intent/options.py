# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of every module that takes an intent; documented in doc_fragments/_intent.py. PRIVATE. Pure."""

from __future__ import annotations

import typing as t

_HOP = {
    "gateway": {"type": "str"},
    "device": {"type": "str"},
    "weight": {"type": "int"},
    "onlink": {"type": "bool"},
}
_ROUTE = {
    "destination": {"type": "str", "required": True},
    "source": {"type": "str", "required": True},
    "gateway": {"type": "str"},
    "device": {"type": "str"},
    "nexthops": {"type": "list", "elements": "dict", "options": _HOP},
    "metric": {"type": "int"},
    "table": {"type": "raw"},
    "vrf": {"type": "str"},
    "onlink": {"type": "bool"},
    "metrics": {"type": "dict"},
}
_POLICY = {
    "name": {"type": "str"},
    "destinations": {"type": "list", "elements": "str", "required": True},
    "match": {"type": "str", "choices": ["exact", "orlonger"]},
    "except": {"type": "list", "elements": "str"},
    "protocols": {"type": "list", "elements": "str"},
    "table": {"type": "raw"},
    "vrf": {"type": "str"},
    "source": {"type": "raw", "required": True},
}
_ADDRESS = {
    "address": {"type": "str", "required": True},
    "device": {"type": "str", "required": True},
    "preferred_lifetime": {"type": "int"},
}
_RULE = {
    **{key: {"type": "str"} for key in "from to iif oif fwmark uidrange ipproto sport dport tos dscp tun_id".split()},
    **{key: {"type": "str"} for key in ("vrf", "suppress_ifgroup", "realms")},
    **{key: {"type": "int"} for key in ("suppress_prefixlength", "goto")},
    **{key: {"type": "bool"} for key in ("not", "l3mdev")},
    "family": {"type": "str", "choices": ["ipv4", "ipv6", "both"]},
    "priority": {"type": "int", "required": True},
    "table": {"type": "raw"},
    "action": {"type": "str", "choices": ["lookup", "goto", "nop", "blackhole", "unreachable", "prohibit"]},
}
_LABEL = {
    "prefix": {"type": "str", "required": True},
    "label": {"type": "int", "required": True},
    "device": {"type": "str"},
}
_UPLINK = {
    "name": {"type": "str", "required": True},
    "device": {"type": "str", "required": True},
    "gateway": {"type": "raw", "required": True},
    "addresses": {"type": "list", "elements": "str", "required": True},
    "weight": {"type": "int"},
    "table": {"type": "int"},
    "vrf": {"type": "str"},
    "onlink": {"type": "bool"},
}
LISTS: dict[str, t.Any] = {
    "addresses": {"type": "list", "elements": "dict", "options": _ADDRESS},
    "routes": {"type": "list", "elements": "dict", "options": _ROUTE},
    "policies": {"type": "list", "elements": "dict", "options": _POLICY},
    "rules": {"type": "list", "elements": "dict", "options": _RULE},
    "labels": {"type": "list", "elements": "dict", "options": _LABEL},
    "uplinks": {"type": "list", "elements": "dict", "options": _UPLINK},
}
#: What the action plugin makes of the lists. Not shown in logs: it is long, and says what the lists said.
DOCUMENT: dict[str, t.Any] = {"document": {"type": "str", "no_log": True}}
#: Whether a proof looks at packets.
WIRE: dict[str, t.Any] = {"type": "str", "choices": ["always", "never", "reachable"], "default": "reachable"}
INTENT = {**LISTS, **DOCUMENT}
