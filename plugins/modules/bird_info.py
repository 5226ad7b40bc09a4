#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bird_info
short_description: Compare the sources BIRD exports with the intent and with the kernel
version_added: 0.1.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Reads a running BIRD 2 or 3 through C(birdc), and the kernel through C(ip -j route).
  - For each kernel table it compares, route by route, the source that the intent names, the source that BIRD's export
    filter gives, and the source the kernel's route has. The kernel is the judge. BIRD does not notice a source that
    the kernel lost or never got.
  - Returns numbers and the first differences, however many routes there are. The role P(l3host.source_ip.bird#role)
    uses it.
seealso:
  - module: l3host.source_ip.bird_sources
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - This action does not modify state.
  diff_mode:
    description: Will return details on what has changed, when in diff mode.
    support: N/A
    details:
      - This action does not modify state.
  platform:
    description: Target OS/families that can be operated against.
    support: full
    platforms: Linux
extends_documentation_fragment:
  - l3host.source_ip._bird
"""

EXAMPLES = r"""
- name: Which BIRD is it, and what are its kernel protocols
  l3host.source_ip.bird_info:

- name: Does the kernel have the sources that BIRD exports
  l3host.source_ip.bird_info:
    scopes:
      - family: ipv4
        bird_table: master4
        policies: "{{ ({'source_ip_policies': source_ip_policies} | l3host.source_ip.intent('bird')).policies }}"
  register: bird
  failed_when: bird.differences | length > 0
"""

RETURN = r"""
running:
  description: Whether the daemon answered. Everything else is there only when it did.
  type: bool
  returned: always
version:
  description: The version of the daemon, or of the program where the daemon does not run.
  type: str
  returned: always
  sample: 2.17.6
functions:
  description: Names of the functions of our own in the running configuration.
  type: list
  elements: str
  returned: when running
revision:
  description: The revision of our file in the running configuration. Empty where it has none.
  type: str
  returned: when running
  sample: 0f3a9c51d2b7
protocols:
  description: The kernel protocols, each with its name, BIRD table and state.
  type: list
  elements: dict
  returned: when running
  sample: [{name: kernel1, bird_table: master4, state: up}]
routes:
  description: How many routes were compared.
  type: int
  returned: when running
counts:
  description: How many differences there are of each kind.
  type: dict
  returned: when running
  sample: {filter: 0, not_exported: 0, absent: 0, differs: 3}
meanings:
  description: What each kind of difference that was found means.
  type: dict
  returned: when running
differences:
  description:
    - The first differences, worst first. C(intent), C(bird) and C(kernel) are the three sources, null for none.
    - C(problem) is one of V(filter), V(not_exported), V(absent) and V(differs); C(instance) is the kernel protocol.
  type: list
  elements: dict
  returned: when running
affected:
  description: The kernel protocols whose routes in the kernel have another source than BIRD exports, and those routes.
  type: list
  elements: dict
  returned: when running
  sample:
    - instance: kernel1
      family: ipv4
      kernel_table: 254
      bird_table: master4
      count: 1
      changes: [{destination: 198.51.100.0/24, source: 192.0.2.2}]
"""

import re

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._backends._bird import answers
from ..module_utils._backends._bird.host import (
    OPTIONS,
    birdc,
    compare,
    kernel_protocols,
    report,
)


def main() -> None:
    """Ansible's door."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    code, status = birdc(module, "show status", check=False)
    if code:
        _code, out, err = module.run_command([module.get_bin_path("bird", required=True), "--version"])
        module.exit_json(changed=False, running=False, version=answers.version_of(out + err))
    code, revision = birdc(module, "eval source_ip_revision", check=False)
    protocols = kernel_protocols(module)
    symbols = answers.symbols(birdc(module, "show symbols function")[1])
    module.exit_json(
        changed=False,
        running=True,
        version=answers.version_of(status),
        functions=[name for name in symbols if re.match(r"source_ip(_\d+)?$", name)],
        revision="" if code else revision.splitlines()[-1].strip(),
        protocols=protocols,
        **report(compare(module, protocols), module.params["limit"]),
    )


if __name__ == "__main__":
    main()
