#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bird_sources
short_description: Give BIRD's routes in the kernel the source that BIRD exports
version_added: 0.1.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Compares intent, BIRD and kernel as M(l3host.source_ip.bird_info) does. Where BIRD exports one source and the
    kernel's route has another, it sets BIRD's in the kernel, and compares again.
  - This is for BIRD 3, which writes a route again only when the route changes, so that a new source never arrives.
    BIRD 2 does it by itself, or with C(birdc reload out).
  - A route is replaced in place, so that no packet meets a missing route, and everything else about it is kept.
    A refusal by the kernel takes all of them back.
  - The role P(l3host.source_ip.bird#role) uses it.
extends_documentation_fragment:
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.write_module
  - l3host.source_ip._bird
requirements:
  - pyroute2 >= 0.7.2
seealso:
  - module: l3host.source_ip.bird_info
  - module: l3host.source_ip.prefsrc
"""

EXAMPLES = r"""
- name: The kernel gets the sources that BIRD 3 exports
  l3host.source_ip.bird_sources:
    scopes:
      - family: ipv4
        bird_table: master4
        policies: "{{ ({'source_ip_policies': source_ip_policies} | l3host.source_ip.intent('bird')).policies }}"
"""

RETURN = r"""
set:
  description: How many routes got another source; in check mode, how many would.
  type: int
  returned: success
  sample: 3
routes:
  description: How many routes were compared.
  type: int
  returned: success
  sample: 20011
counts:
  description: How many differences of each kind there are now. In check mode, before.
  type: dict
  returned: success
  sample: {filter: 0, not_exported: 0, absent: 0, differs: 0}
meanings:
  description: What each kind of difference that was found means.
  type: dict
  returned: success
differences:
  description: The first differences there are now, as M(l3host.source_ip.bird_info) returns them.
  type: list
  elements: dict
  returned: success
affected:
  description: The kernel protocols whose routes still differ, as M(l3host.source_ip.bird_info) returns them.
  type: list
  elements: dict
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._backends._bird.edit import bird_sources_task
from ..module_utils._backends._bird.host import OPTIONS
from ..module_utils._change.boundary import run


def main() -> None:
    """Ansible's door."""
    run(AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True), bird_sources_task)


if __name__ == "__main__":
    main()
