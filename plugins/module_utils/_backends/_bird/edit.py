# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module ``bird_sources``. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..._base.protocols import PROTOCOLS
from ..._host.host import snapshot
from ..._netlink.kernel import Kernel
from ..._routes.write import set_sources
from .host import (
    compare,
    kernel_edits,
    kernel_protocols,
    report,
)


def bird_sources_task(module: AnsibleModule, kernel: Kernel) -> dict[str, t.Any]:
    """Compare, set what differs in the kernel, compare again."""
    protocols = kernel_protocols(module)
    scopes = compare(module, protocols)
    items = [item for scope in scopes for item in kernel_edits(scope)]
    done: dict[str, t.Any] = {"changed": False, "set": 0}
    if items:
        # A route that BIRD has taken back meanwhile needs no source any more.
        written = set_sources(module, kernel, snapshot(kernel), items, missing="ignore", owner=PROTOCOLS["bird"])
        done = {key: written[key] for key in ("changed", "diff") if key in written}
        done["set"] = written["counts"]["changed"]
        if not module.check_mode:
            scopes = compare(module, protocols)
    return {**report(scopes, module.params["limit"]), **done}
