# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The task of the module label. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from .._change.flow import write
from .._host.host import snapshot
from .._netlink.kernel import Kernel
from .labels import LabelPlanner, parse


def label_task(module: AnsibleModule, kernel: Kernel) -> dict[str, t.Any]:
    """The module ``label``."""
    host = snapshot(kernel)
    items = parse(module.params["labels"], host.device)
    return write(module, kernel, LabelPlanner(items, kernel.labels, host.names))
