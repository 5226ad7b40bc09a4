#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: frr_info
short_description: The configuration of an FRR, running and saved
version_added: 0.1.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Reads what the filter P(l3host.source_ip.frr_plan#filter) compares with the intent, in one task.
  - FRR's configuration may hold passwords. Register the result with C(no_log).
extends_documentation_fragment:
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.info_module
requirements:
  - C(vtysh) on the host
options:
  conf:
    description: FRR's configuration file. C(vtysh.conf) is looked for beside it.
    type: path
    default: /etc/frr/frr.conf
  vtysh:
    description: The command.
    type: str
    default: vtysh
"""

EXAMPLES = r"""
- name: Read FRR's configuration
  l3host.source_ip.frr_info:
  register: frr
  no_log: true
"""

RETURN = r"""
version:
  description: The output of C(show version).
  returned: success
  type: str
running_config:
  description: The output of C(show running-config).
  returned: success
  type: str
frr_conf:
  description: The content of O(conf), base64; V(null) when there is no such file.
  returned: success
  type: str
vtysh_conf:
  description: The content of C(vtysh.conf), empty when there is none.
  returned: success
  type: str
others:
  description: Names of configuration files of single daemons beside O(conf).
  returned: success
  type: list
  elements: str
  sample: [zebra.conf]
owner:
  description: Owner of O(conf), or C(frr).
  returned: success
  type: str
group:
  description: Group of O(conf), or C(frr).
  returned: success
  type: str
mode:
  description: Mode of O(conf), or V(0640).
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._backends._frr.files import read
from ..module_utils._backends._frr.host import CommandError, Host


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "conf": {"type": "path", "default": "/etc/frr/frr.conf"},
            "vtysh": {"type": "str", "default": "vtysh"},
        },
        supports_check_mode=True,
    )
    try:
        result = read(Host(module.params["vtysh"]), module.params["conf"])
    except CommandError as error:
        module.fail_json(
            msg=f"{error}. Is FRR installed and running, and may this user talk to it (become: true, or group frrvty)?"
        )
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
