# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several tests of the back end frr start from."""

from __future__ import annotations

from typing import Any

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr import conf as frr_conf
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.decide import Found, FrrPlan, decide
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.options import OPTIONS
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._frr.parse import Objects, parse, version
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._files.snapshot import Snapshot
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

PREFIX = "SIP-"
TAG = 1330133
CONF = "/etc/frr/frr.conf"
POLICY = {"protocols": ["bgp"], "destinations": ["0.0.0.0/0"], "match": "orlonger", "source": "192.0.2.2"}
SIX = {"protocols": ["bgp"], "destinations": ["2001:db8:1::/48"], "source": "2001:db8:ff::1"}


def options(**changes: Any) -> dict[str, Any]:
    """The options as Ansible gives them where the user says nothing."""
    return {**{name: spec["default"] for name, spec in OPTIONS.items()}, **changes}


def saved(content: bytes) -> frr_conf.Saved:
    return frr_conf.read(content, CONF, PREFIX, TAG)


def edited(content: bytes, want: Objects) -> bytes:
    """The file after a run."""
    found = frr_conf.edit(saved(content), want).content
    return content if found is None else found


def decided(
    running: str = "",
    release: str = "10.3",
    content: bytes | None = b"",
    vtysh_conf: str = "",
    others: tuple[str, ...] = (),
    persist: bool = True,
    **lists: Any,
) -> FrrPlan:
    """The plan for a host with this FRR, running configuration and frr.conf; without lists: one policy for BGP."""
    intent = normalise(**{"policies": [POLICY], **lists}, backend="frr")
    found = Found(version(f"FRRouting {release} (h) on Linux(6.1)."), parse(running, PREFIX, TAG))
    if persist:
        found.conf = Snapshot(CONF, CONF, content, None)
        found.vtysh_conf = vtysh_conf
        found.others = list(others)
        try:
            found.saved = saved(content or b"")
        except Refused as error:
            found.unreadable = error.message
    return decide(intent, found, options(persist=persist))
