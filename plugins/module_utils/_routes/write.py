# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of the modules route and prefsrc. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._base.names import number
from .._base.protocols import OWN_PROTOCOL, PROTOCOLS
from .._change.boundary import few
from .._change.entries import entries, unpacked
from .._change.flow import write
from .._host.host import snapshot
from .._netlink.kernel import Kernel
from .planners import route_planner, source_planner


def route_task(module: AnsibleModule, kernel: Kernel) -> dict[str, t.Any]:
    """The module ``route``."""
    options = module.params
    host = snapshot(kernel, options["planned_addresses"] if module.check_mode else ())
    protocol = number(options["protocol"] or OWN_PROTOCOL, PROTOCOLS, "protocol", 255)
    spec = module.argument_spec["routes"]["options"]
    items = options["routes"] or []
    if options["document"]:
        items = unpacked(options["document"], spec)
    if options["routes_file"]:
        items = [*items, *entries(options["routes_file"], spec, len(items))]
    purge = options["purge_tables"] or [] if options["purge"] else None
    planner = route_planner(kernel, host, items, protocol, purge, options["force"])
    result = write(module, kernel, planner)
    result["warnings"] += few(host.warnings)
    return result


def prefsrc_task(module: AnsibleModule, kernel: Kernel) -> dict[str, t.Any]:
    """The module ``prefsrc``."""
    options = module.params
    host = snapshot(kernel, options["planned_addresses"] if module.check_mode else ())
    planner = source_planner(
        kernel,
        host,
        options["routes"],
        options["missing"],
        options["force"],
        dead=options["dead"],
    )
    result = write(module, kernel, planner)
    result["warnings"] += few(host.warnings)
    return result
