#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: socket_info
short_description: List open sockets, and find connections that leave with another source than they should
version_added: 0.2.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Lists the TCP and UDP sockets that are open now, with their addresses, device, mark, VRF, user, process and unit.
  - With an intent, or with O(expect), lists only those connections whose source is not the one that a new connection
    would have to get. A connected socket keeps its source through every change of routes and addresses, so this is what
    is left to do after a change.
  - Family, protocol, state, prefixes and ports are filtered by the kernel itself (C(sock_diag(7\))), so that a host
    with many sockets answers a narrow question quickly.
options:
  protocols:
    description: Only sockets of these protocols.
    type: list
    elements: str
    choices: [tcp, udp]
    default: [tcp, udp]
  family:
    description:
      - Only sockets that speak this family. An IPv6 socket that speaks IPv4 (C(::ffff:192.0.2.2)) is of V(ipv4).
    type: str
    choices: [any, ipv4, ipv6]
    default: any
  states:
    description:
      - Only sockets in one of these states.
      - V(connected) stands for all but V(listen), V(close), V(time_wait), V(syn_recv) and V(new_syn_recv).
      - A UDP socket is V(established) while it is connected, else V(close).
    type: list
    elements: str
    choices:
      - all
      - connected
      - established
      - syn_sent
      - syn_recv
      - fin_wait1
      - fin_wait2
      - time_wait
      - close
      - close_wait
      - last_ack
      - listen
      - closing
      - new_syn_recv
    default: [connected]
  destinations:
    description: Only sockets whose peer is in one of these prefixes. An address alone is that address.
    type: list
    elements: str
    default: []
  sources:
    description: Only sockets whose own address is in one of these prefixes.
    type: list
    elements: str
    default: []
  destination_ports:
    description: Only sockets with one of these peer's ports.
    type: list
    elements: int
    default: []
  source_ports:
    description: Only sockets with one of these ports of their own.
    type: list
    elements: int
    default: []
  process:
    description:
      - Whether to look up which process holds a socket, and its unit. Reads the open files of all processes, which
        takes some 5 microseconds for each file.
      - Default is to do so for up to 200 sockets in the result.
      - Processes of other users are told to root only.
    type: bool
  limit:
    description: How many sockets to return at most. All are counted.
    type: int
    default: 1000
  intent:
    description:
      - Whether to compare the connections with the host's intent, its variables C(source_ip_*).
      - Default is V(true) where the task names one of O(addresses), O(routes) and O(policies), else V(false).
      - Mutually exclusive with O(expect).
    type: bool
  backend:
    description: What carries the intent, as in M(l3host.source_ip.intent_info).
    type: str
    choices: [bird, frr, ifupdown, kernel, netplan, networkd, networkmanager]
    default: kernel
  expect:
    description:
      - What to expect of connections, without an intent. The longest destination counts.
      - Where several entries name one destination, any of their sources will do.
    type: list
    elements: dict
    suboptions:
      destination:
        description: Destination as a prefix, or V(default) for all of the family of O(expect[].source).
        type: str
        required: true
      source:
        description: The address that connections to it have to have.
        type: str
        required: true
      vrf:
        description: The VRF that the sockets are bound to. Without it, sockets that are bound to none are meant.
        type: str
  incoming:
    description:
      - Whether to compare connections that the peer has made too. They answer from the address that they were made to,
        which is no matter of source selection.
      - A connection counts as such where its own port is one that a socket of this host listens on now.
    type: bool
    default: false
extends_documentation_fragment:
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.info_module
  - l3host.source_ip._intent
  - l3host.source_ip._netns
  - l3host.source_ip._netns.pyroute2
notes:
  - What an intent expects of a connection is what it says of the route that would carry it now. The kernel is asked for
    that route once for each destination, with the socket's device, mark and user.
  - Nothing is expected of connections to addresses of the host itself, to loopback addresses, and where no entry of the
    intent is for the route.
  - The kernel does not tell whether an application has bound its socket to an address itself. Such a connection is
    found as differing where that address is another.
  - The kernel's list is no snapshot. A socket that is opened or closed meanwhile may be missing.
seealso:
  - module: l3host.source_ip.intent_info
  - module: l3host.source_ip.source_info
  - name: sock_diag(7)
    description: Where the list comes from.
    link: https://man7.org/linux/man-pages/man7/sock_diag.7.html
"""

EXAMPLES = r"""
- name: Who still speaks from the address that is to go?
  l3host.source_ip.socket_info:
    sources: [192.0.2.9]
    process: true
  register: old

- name: Find the connections that the new intent did not reach
  l3host.source_ip.socket_info:
    intent: true
  register: open_now

- name: Restart what holds them
  ansible.builtin.systemd_service:
    name: "{{ item }}"
    state: restarted
  loop: "{{ open_now.differing | map(attribute='unit') | select | unique }}"

- name: The same for one destination, without an intent
  l3host.source_ip.socket_info:
    expect:
      - {destination: 198.51.100.0/24, source: 192.0.2.2}
"""

RETURN = r"""
sockets:
  description: The sockets, in the kernel's order.
  returned: success, without an intent and O(expect)
  type: list
  elements: dict
  contains:
    protocol:
      description: V(tcp) or V(udp).
      type: str
      sample: tcp
    family:
      description: V(ipv4) or V(ipv6), by the addresses.
      type: str
      sample: ipv4
    state:
      description: One of the states of O(states).
      type: str
      sample: established
    source:
      description: Its own address. V(null) where it has none.
      type: str
      sample: 192.0.2.2
    source_port:
      description: Its own port.
      type: int
      sample: 41952
    destination:
      description: The peer's address. V(null) where it is not connected.
      type: str
      sample: 198.51.100.34
    destination_port:
      description: The peer's port.
      type: int
      sample: 443
    device:
      description: The device that it is bound to, which may be a VRF. V(null) where it is bound to none.
      type: str
    vrf:
      description: The VRF that this device is or belongs to.
      type: str
    mark:
      description: Its mark. V(null) where the kernel did not tell it, which needs C(CAP_NET_ADMIN).
      type: int
      sample: 0
    uid:
      description: The id of the user that it belongs to.
      type: int
      sample: 33
    inode:
      description: The number of its inode, V(0) where no process holds it any more.
      type: int
      sample: 184467
    pid:
      description: The process that holds it; of several the one with the lowest id. V(null) where it was not looked up.
      type: int
      sample: 1207
    process:
      description: The name of that process.
      type: str
      sample: nginx
    unit:
      description: The systemd unit that it runs in.
      type: str
      sample: nginx.service
total:
  description: How many sockets there are.
  returned: success, without an intent and O(expect)
  type: int
  sample: 1
checked:
  description: How many connections something is expected of.
  returned: success, with an intent or O(expect)
  type: int
  sample: 12
incoming:
  description: How many more were left out because the peer has made them.
  returned: success, with an intent or O(expect)
  type: int
  sample: 3
differing:
  description: The connections with another source than expected, in the form of RV(sockets).
  returned: success, with an intent or O(expect)
  type: list
  elements: dict
  contains:
    expected:
      description: The source that is expected; C(a or b) where there are several.
      type: str
      sample: 192.0.2.2
differing_count:
  description: How many there are.
  returned: success, with an intent or O(expect)
  type: int
  sample: 0
omitted:
  description: How many of RV(sockets) or RV(differing) were left out because of O(limit).
  returned: success
  type: int
  sample: 0
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._backends.connections import socket_info
from ..module_utils._change.boundary import NETNS, run
from ..module_utils._intent.options import INTENT
from ..module_utils._sockets.listing import STATES
from ..module_utils._sockets.message import STATES as KERNEL_STATES


def argument_spec() -> dict[str, t.Any]:
    expect = {
        "destination": {"type": "str", "required": True},
        "source": {"type": "str", "required": True},
        "vrf": {"type": "str"},
    }
    return {
        "protocols": {"type": "list", "elements": "str", "choices": ["tcp", "udp"], "default": ["tcp", "udp"]},
        "family": {"type": "str", "choices": ["any", "ipv4", "ipv6"], "default": "any"},
        "states": {
            "type": "list",
            "elements": "str",
            "choices": [*sorted(STATES), *KERNEL_STATES],
            "default": ["connected"],
        },
        "destinations": {"type": "list", "elements": "str", "default": []},
        "sources": {"type": "list", "elements": "str", "default": []},
        "destination_ports": {"type": "list", "elements": "int", "default": []},
        "source_ports": {"type": "list", "elements": "int", "default": []},
        "process": {"type": "bool"},
        "limit": {"type": "int", "default": 1000},
        "intent": {"type": "bool"},
        "backend": {
            "type": "str",
            "choices": ["bird", "frr", "ifupdown", "kernel", "netplan", "networkd", "networkmanager"],
            "default": "kernel",
        },
        "expect": {"type": "list", "elements": "dict", "options": expect},
        "incoming": {"type": "bool", "default": False},
        **INTENT,
        **NETNS,
    }


def main() -> None:
    """Ansible's door."""
    exclusive = [("expect", "intent"), ("expect", "document")]
    run(AnsibleModule(argument_spec(), mutually_exclusive=exclusive, supports_check_mode=True), socket_info)


if __name__ == "__main__":
    main()
