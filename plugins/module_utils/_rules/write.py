# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module rule. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._base.names import number
from .._base.protocols import OWN_PROTOCOL, PROTOCOLS
from .._change.flow import write
from .._host.host import snapshot
from .._netlink.kernel import Kernel
from .planners import rule_planner


def rule_task(module: AnsibleModule, kernel: Kernel) -> dict[str, t.Any]:
    """The module ``rule``."""
    options = module.params
    protocol = number(options["protocol"] or OWN_PROTOCOL, PROTOCOLS, "protocol", 255)
    host = snapshot(kernel)
    planner = rule_planner(kernel, host, options["rules"], protocol, options["purge"], options["force"])
    return write(module, kernel, planner)
