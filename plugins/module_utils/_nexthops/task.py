# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module nexthop. PRIVATE to the collection."""

from __future__ import annotations

import itertools
import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._base.names import number
from .._base.protocols import OWN_PROTOCOL, PROTOCOLS
from .._base.values import INET, INET6
from .._change.flow import write
from .._host.host import snapshot
from .._netlink.kernel import Kernel
from .plan import NexthopPlanner
from .wanted import nexthops


def nexthop_task(module: AnsibleModule, kernel: Kernel) -> dict[str, t.Any]:
    """The module ``nexthop``."""
    options = module.params
    host = snapshot(kernel)
    planner = NexthopPlanner(
        wanted=nexthops(options["nexthops"], host),
        names=host.names,
        dump=kernel.nexthops,
        routes=lambda: itertools.chain.from_iterable(kernel.dump_routes(family) for family in (INET, INET6)),
        protocol=number(options["protocol"] or OWN_PROTOCOL, PROTOCOLS, "protocol", 255),
        force=options["force"],
    )
    # The kernel takes a removed object out of its groups, and it does not come back there with the object.
    return write(module, kernel, planner, removed_last=True)
