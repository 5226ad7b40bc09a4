# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this doc fragment is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!
"""The options of the modules that compare intent, BIRD and kernel, and what they need on the host."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  scopes:
    description: What to compare.
    type: list
    elements: dict
    default: []
    suboptions:
      family:
        description: The address family.
        type: str
        choices: [ipv4, ipv6]
        required: true
      kernel_table:
        description: The number of the kernel table.
        type: int
        default: 254
      bird_table:
        description: The BIRD table whose kernel protocol writes to that kernel table.
        type: str
        required: true
      policies:
        description: Its policies, as the filter P(l3host.source_ip.intent#filter) returns them.
        type: list
        elements: dict
        default: []
      routes:
        description: Its routes, as the filter P(l3host.source_ip.intent#filter) returns them.
        type: list
        elements: dict
        default: []
  limit:
    description: How many differences, and changes of each kernel protocol, to return. RV(counts) has all of them.
    type: int
    default: 20
  socket:
    description: BIRD's control socket.
    type: path
    default: /run/bird/bird.ctl
requirements:
  - C(birdc) and C(ip) on the host
"""
