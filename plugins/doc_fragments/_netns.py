# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!
"""The option C(netns), the action group of the modules that have it, and what they need on the host."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  netns:
    description:
      - Name of a network namespace, as C(ip netns list) shows it. The module enters it before it does anything.
      - The namespace must exist. A name that does not is an error; it is never created.
      - When not specified, the module works in the network namespace of its own process.
    type: str
attributes:
  action_group:
    description: Use C(group/l3host.source_ip.source_ip) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - l3host.source_ip.source_ip
requirements:
  - python >= 3.9
"""

    PYROUTE2 = r"""
options: {}
requirements:
  - pyroute2 >= 0.7.2
"""
