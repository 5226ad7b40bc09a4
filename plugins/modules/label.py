#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: label
short_description: Manage the labels by which IPv6 chooses sources
version_added: 0.2.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Sets and removes entries of the policy table of RFC 6724 (C(ip addrlabel)), any number in one task.
  - Where nothing else names a source, IPv6 prefers one whose label is that of the destination. A label that only one
    source and one destination share sends the one from the other, without a route. A source of the device that packets
    leave by comes before that.
  - The kernel knows an entry by prefix and device, and not who made it, so that there is no purge.
  - Labels live in the kernel until they are removed, their device goes away, or the host restarts.
options:
  labels:
    description: The entries. All are validated before the first write, and a refusal takes the whole task back.
    type: list
    elements: dict
    required: true
    suboptions:
      prefix:
        description:
          - IPv6 prefix of sources and destinations. The longest one that holds an address counts.
          - IPv4 destinations are in V(::ffff:0:0/96), which decides in getaddrinfo(3) only where gai.conf(5) says so.
        type: str
        required: true
      label:
        description:
          - Number of the label. Needed unless O(labels[].state=absent), and there it removes the entry only if it has
            this label.
        type: int
      device:
        description: Device that the label is for. Default is every one.
        type: str
      state:
        description: Whether the entry is there. The entries that the kernel begins with can be removed too.
        type: str
        choices: [present, absent]
        default: present
extends_documentation_fragment:
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.write_module
  - l3host.source_ip._netns
  - l3host.source_ip._netns.pyroute2
seealso:
  - module: l3host.source_ip.address
  - module: l3host.source_ip.source_info
  - name: ip-addrlabel(8)
    description: The words and their meaning.
    link: https://man7.org/linux/man-pages/man8/ip-addrlabel.8.html
"""

EXAMPLES = r"""
- name: To the network of the other site from the address of the tunnel
  l3host.source_ip.label:
    labels:
      - {prefix: "2001:db8:a::/48", label: 100}
      - {prefix: "2001:db8:ff::2/128", label: 100}

- name: As the kernel has it
  l3host.source_ip.label:
    labels:
      - {prefix: "2001:db8:a::/48", state: absent}
"""

RETURN = r"""
results:
  description: What was done to each entry, changes first. At most 1000.
  returned: always
  type: list
  elements: dict
  contains:
    label:
      description: The prefix of the entry.
      type: str
      sample: 2001:db8:a::/48
    action:
      description:
        - V(created), V(changed), V(removed), V(unchanged) or V(missing).
        - After a failure V(failed) and V(undone).
      type: str
      sample: created
    before:
      description: The entry before, as C(ip addrlabel) prints it.
      type: str
    after:
      description: The entry after.
      type: str
      sample: prefix 2001:db8:a::/48 label 100
counts:
  description: How many entries met each action.
  returned: success
  type: dict
  sample: {created: 1, changed: 0, removed: 0, unchanged: 0, missing: 0}
omitted:
  description: How many entries RV(results) leaves out.
  returned: success
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._change.boundary import NETNS, run
from ..module_utils._labels.write import label_task


def main() -> None:
    """Ansible's door."""
    labels = {
        "prefix": {"type": "str", "required": True},
        "label": {"type": "int"},
        "device": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    module = AnsibleModule(
        argument_spec={
            "labels": {"type": "list", "elements": "dict", "options": labels, "required": True},
            **NETNS,
        },
        supports_check_mode=True,
    )
    run(module, label_task)


if __name__ == "__main__":
    main()
