#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: address
short_description: The addresses that a source needs
version_added: 0.1.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Adds IPv4 and IPv6 addresses to devices and removes them, in the running kernel.
  - Refuses to remove an address that routes still use as their source, because the kernel deletes such routes,
    strips their source without a word, or goes on with a source that the host no longer has. What is deleted or
    stripped does not return with the address.
  - A task is a transaction. Everything is checked before the first write; additions and changes come first, then the
    wait for IPv6 duplicate detection, then removals. When the kernel refuses anything, what was done is undone.
  - An address can be moved to another device without loss to the routes that use it, by adding it there and removing it
    here in one task.
options:
  addresses:
    description:
      - The addresses.
      - The kernel knows an IPv4 address by its device, address, prefix length and peer, an IPv6 address by its device
        and address. The same one twice in a task is an error.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description:
          - The address with its prefix length, as in V(192.0.2.2/32) or V(2001:db8:ff::2/128).
          - Without a prefix length it is V(/32) for IPv4 and V(/128) for IPv6.
          - Another prefix length is another address for IPv4. For IPv6 it is a conflict, which is refused.
        type: str
        required: true
      device:
        description: Name of the device, which must exist.
        type: str
        required: true
      label:
        description:
          - The label of an IPv4 address, at most 15 bytes. It is the name of the device, or begins with that name and a
            colon.
          - IPv6 addresses have none.
          - The kernel cannot change the label of an address that is there; a different one is refused.
        type: str
      scope:
        description:
          - V(global), V(site), V(link), V(host) or a number.
          - When not specified, V(host) for 127.0.0.0/8 and V(global) for other IPv4 addresses.
          - The kernel derives the scope of IPv6 addresses itself; another one is an error. It cannot change that of an
            IPv4 address that is there; a different one is refused.
        type: str
      peer:
        description:
          - The address of the other end of a point-to-point link.
          - The prefix length is then that of this address. It may stand with either.
          - The kernel tells IPv4 addresses apart by it. That of an IPv6 address can be changed, and is kept where it is
            not named.
        type: str
        version_added: 0.2.0
      metric:
        description:
          - The metric of the connected route that the kernel makes for the subnet. V(0) is the kernel's own.
        type: int
        version_added: 0.2.0
      protocol:
        description:
          - Who made the address, as a number from V(0) (nobody said) to V(255), or V(kernel_lo), V(kernel_ra) or
            V(kernel_ll).
          - Linux keeps it from 5.18 on. Linux 6.1 does not change that of an IPv4 address that is there, newer ones do.
            What the kernel does not do is an error when it is tried, not in check mode.
        type: str
        version_added: 0.2.0
      preferred_lifetime:
        description:
          - For how many seconds the address is preferred, or V(forever).
          - V(0) makes it deprecated. IPv6 then avoids it as a source of new connections; IPv4 does not. A route that
            names it as its source uses it all the same.
          - The kernel ignores another number for an IPv4 address that is valid for ever; that is an error.
          - When not specified, a new address is preferred for as long as it is valid, and one that is there keeps what
            it has.
        type: str
      valid_lifetime:
        description:
          - For how many seconds the address exists, or V(forever). The kernel then removes it, with the same loss to
            routes as if it were removed by hand, and nothing warns of it.
          - Lifetimes count down. A number is fulfilled while at least half of it is left and no more than it, and is
            set anew otherwise. So a second run changes nothing, and a task that runs often enough keeps the address.
          - When not specified, a new address is valid for ever, and an address that is there keeps what it has.
        type: str
      noprefixroute:
        description:
          - V(true) keeps the kernel from making the connected route of the address's subnet.
          - The kernel cannot change this for an IPv4 address that is there; a different value is refused.
        type: bool
      nodad:
        description:
          - V(true) adds an IPv6 address without duplicate detection, so that it is usable at once.
          - Says how an address is added, and does not change one that is there. IPv4 has no duplicate detection; for it
            the option means nothing.
        type: bool
        default: false
      state:
        description: Whether the address is to be there.
        type: str
        choices: [present, absent]
        default: present
  force:
    description:
      - V(true) removes addresses though routes use them as their source, though other addresses go with them, and
        though the device loses its last IPv4 address. RV(side_effects) tells what went.
      - "What happens to the routes: IPv4 routes of table main are deleted. IPv4 routes of other tables stay, with a
        source that no longer exists. IPv6 routes stay and lose their source, or, over a nexthop object, keep one that
        no longer exists."
      - With a primary IPv4 address the kernel removes the secondary addresses of its subnet, unless the sysctl
        C(promote_secondaries) is 1 for the device or for C(all).
      - With the last IPv4 address of a device the kernel deletes all IPv4 routes through the device, whatever their
        source.
    type: bool
    default: false
  wait:
    description:
      - For how many seconds to wait, in all, until the IPv6 duplicate detection of the addresses is through. The kernel
        refuses an address as the source of a route before that.
      - When it fails, or takes longer, the task fails, and what it did is undone.
      - V(0) does not wait. There is no wait for a device that is down or has no carrier, only a warning, because
        detection does not begin there.
    type: float
    default: 5
extends_documentation_fragment:
  - l3host.source_ip._netns
  - l3host.source_ip._netns.pyroute2
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.write_module
notes:
  - What the module sets is runtime state. It does not survive a reboot, and a network manager that owns the device may
    undo it.
  - A device that goes down loses its IPv6 addresses, but for routes that name one as their source, that source stays,
    and sockets use it although it does not exist. The sysctl C(net.ipv6.conf.DEVICE.keep_addr_on_down=1) makes the
    device keep its addresses. Loopback addresses on C(lo) do not have the problem.
  - What a task does not name of an address that is there is kept, as are addresses that it does not name.
  - When a removal is undone, an IPv4 address gets its place among the addresses of its device back, and the routes that
    went with it are added again. An IPv6 address becomes the newest of its device.
seealso:
  - module: l3host.source_ip.route
  - module: l3host.source_ip.prefsrc
  - module: l3host.source_ip.source_info
"""

EXAMPLES = r"""
- name: Loopback addresses to speak from
  l3host.source_ip.address:
    addresses:
      - {address: 192.0.2.2/32, device: lo}
      - {address: "2001:db8:ff::2/128", device: lo}

- name: Move the service address from eth0 to lo, and keep the routes that use it
  l3host.source_ip.address:
    addresses:
      - {address: 192.0.2.3/32, device: lo}
      - {address: 192.0.2.3/24, device: eth0, state: absent}

- name: Keep an IPv6 address from being chosen, except where a route names it
  l3host.source_ip.address:
    addresses:
      - {address: "2001:db8::7/64", device: eth0, preferred_lifetime: 0}

- name: An address that goes away by itself when this task is not run for ten minutes
  l3host.source_ip.address:
    addresses:
      - {address: 192.0.2.9/32, device: lo, label: "lo:lease", valid_lifetime: 600}

- name: Remove an address, whatever still uses it
  l3host.source_ip.address:
    addresses:
      - {address: 192.0.2.2/32, device: lo, state: absent}
    force: true
"""

RETURN = r"""
results:
  description:
    - The addresses that change, in the order in which they are written, then the unchanged ones. At most 1000.
    - After a failure, those that failed and those that were undone.
  returned: when the addresses of the task were understood
  type: list
  elements: dict
  contains:
    address:
      description: The address with its prefix length.
      type: str
      sample: 192.0.2.2/32
    action:
      description:
        - V(created), V(changed), V(removed) or V(unchanged).
        - After a failure V(failed) and V(undone).
      type: str
      sample: created
    before:
      description: The address before, in the words of C(ip address). V(null) where there was none.
      type: str
      sample: inet 192.0.2.2/32 dev lo scope global
    after:
      description: The address after. V(null) where there is none.
      type: str
      sample: inet 192.0.2.2/32 dev lo scope global deprecated preferred_lft 0sec
side_effects:
  description: What goes along with removed addresses; only those with which something goes.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: The removed address.
      type: str
      sample: 192.0.2.2/32
    device:
      description: Its device.
      type: str
      sample: lo
    addresses:
      description: The secondary addresses that the kernel removes with it.
      type: list
      elements: str
      sample: []
    routes:
      description: How many routes are deleted or lose their source.
      type: int
      sample: 1
    route_lines:
      description: The first ten of them, as C(ip route) prints them.
      type: list
      elements: str
      sample: [198.51.100.0/24 via 10.0.0.254 dev eth0 proto static src 192.0.2.2]
counts:
  description: How many addresses met each action.
  returned: success
  type: dict
  sample: {created: 1, changed: 0, removed: 0, unchanged: 1, missing: 0}
omitted:
  description: How many addresses RV(results) leaves out.
  returned: success
  type: int
  sample: 0
differs:
  description: What undoing could not bring back. Empty when the host is as before.
  returned: when the kernel refused a change
  type: list
  elements: str
  sample: []
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._addresses.task import ensure
from ..module_utils._change.boundary import NETNS, run
from ..module_utils._netlink.kernel import Kernel


def body(module: AnsibleModule, kernel: Kernel) -> dict[str, t.Any]:
    given = module.params
    return ensure(kernel, given["addresses"], given["force"], given["wait"], module.check_mode)


def main() -> None:
    """Ansible's door."""
    address = {
        "address": {"type": "str", "required": True},
        "device": {"type": "str", "required": True},
        "label": {"type": "str"},
        "scope": {"type": "str"},
        "peer": {"type": "str"},
        "metric": {"type": "int"},
        "protocol": {"type": "str"},
        "preferred_lifetime": {"type": "str"},
        "valid_lifetime": {"type": "str"},
        "noprefixroute": {"type": "bool"},
        "nodad": {"type": "bool", "default": False},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    module = AnsibleModule(
        argument_spec={
            "addresses": {"type": "list", "elements": "dict", "required": True, "options": address},
            "force": {"type": "bool", "default": False},
            "wait": {"type": "float", "default": 5},
            **NETNS,
        },
        supports_check_mode=True,
    )
    run(module, body)


if __name__ == "__main__":
    main()
