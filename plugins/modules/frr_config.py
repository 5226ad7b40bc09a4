#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: frr_config
short_description: Give lines to a running FRR, in stages
version_added: 0.1.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Checks the syntax of all lines with C(vtysh -C -f), then applies each stage with C(vtysh -f) in a call of its own.
  - C(vtysh) passes over lines it does not understand, applies the rest, and often ends with exit status 0; the module
    reads its output and fails with its words.
  - The role P(l3host.source_ip.frr#role) computes the stages with the filter P(l3host.source_ip.frr_plan#filter), in an
    order in which an abort after any line leaves every route in the kernel.
  - Nothing is written to a file.
extends_documentation_fragment:
  - l3host.source_ip._attributes
attributes:
  check_mode:
    support: full
    details:
      - The syntax of the lines is checked in check mode too.
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - The lines are given to FRR each time the module runs; the filter returns none when there is nothing to do.
requirements:
  - C(vtysh) and C(ip) on the host
options:
  stages:
    description: What to apply, in order.
    type: list
    elements: dict
    required: true
    suboptions:
      lines:
        description: The lines, as in a configuration file.
        type: list
        elements: str
        required: true
      needs:
        description:
          - Names of route-maps that zebra must show, with their sequence 65535, before the stage begins. FRR 10 gives
            maps to zebra by way of another daemon; a map that is bound before it is there removes routes.
        type: list
        elements: str
        default: []
  sources:
    description:
      - Addresses the host must have before anything is applied. The kernel refuses a route whose source the host lacks,
        and FRR never tries again.
    type: list
    elements: str
    default: []
  planned:
    description: Addresses that an earlier task of the play adds; in check mode they count as if they were there.
    type: list
    elements: str
    default: []
  vtysh:
    description: The command.
    type: str
    default: vtysh
seealso:
  - module: l3host.source_ip.frr_sources
"""

EXAMPLES = r"""
- name: Bind a map that is defined first
  l3host.source_ip.frr_config:
    sources: [192.0.2.1]
    stages:
      - lines:
          - route-map SIP-BGP4 permit 65535
          - exit
          - route-map SIP-BGP4 permit 10
          - " set src 192.0.2.1"
          - exit
      - lines: [ip protocol bgp route-map SIP-BGP4]
        needs: [SIP-BGP4]
"""

RETURN = r"""
applied:
  description: How many stages were applied.
  returned: always
  type: int
  sample: 2
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._backends._frr.apply import ApplyError, apply
from ..module_utils._backends._frr.host import Host


def main() -> None:
    stage = {
        "lines": {"type": "list", "elements": "str", "required": True},
        "needs": {"type": "list", "elements": "str", "default": []},
    }
    module = AnsibleModule(
        argument_spec={
            "stages": {"type": "list", "elements": "dict", "required": True, "options": stage},
            "sources": {"type": "list", "elements": "str", "default": []},
            "planned": {"type": "list", "elements": "str", "default": []},
            "vtysh": {"type": "str", "default": "vtysh"},
        },
        supports_check_mode=True,
    )
    try:
        result = apply(Host(module.params["vtysh"]), module.params, module.check_mode)
    except ApplyError as error:
        module.fail_json(msg=str(error), applied=error.applied, changed=error.applied > 0)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
