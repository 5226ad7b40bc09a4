#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: source_info
short_description: Tell which source IP the kernel uses for a destination, and why
version_added: 0.1.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Asks the kernel, for each query, which source address, device, gateway and table a packet to the destination gets,
    finds the routing table entry and the policy rule that lead there, and says in one sentence why it is this source.
  - The kernel is asked twice, for what it would use and for what the route carries. What only the first answer names
    is the kernel's own choice.
  - Then a real UDP socket is connected and asked for its local address. C(connect(\)) of such a socket sends nothing.
    It shows what the look-up cannot, for example a source that a route still names and the host no longer has.
  - Needs no privilege. Only a socket with a mark or with another user's id does; then RV(sources[].socket.error) says
    what was not permitted, and the look-up is answered all the same.
  - A destination that the kernel has no route for is a result and not a failure of the task.
options:
  destinations:
    description:
      - Destinations to ask about, without anything else; the short form of O(queries).
      - Each is an IP address or a host name, as in O(queries[].destination).
      - At least one of O(destinations) and O(queries) is required. With both, the results of O(queries) come first.
    type: list
    elements: str
extends_documentation_fragment:
  - l3host.source_ip._query
  - l3host.source_ip._netns
  - l3host.source_ip._netns.pyroute2
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.info_module
notes:
  - Translation of addresses (C(MASQUERADE), C(SNAT)) comes behind the choice of a source and is not seen here. The
    M(l3host.source_ip.probe) module captures the packet that really leaves.
  - Which rule led to a route cannot be asked, so the walk through the rules is made again by the module. It knows the
    selectors of ip-rule(8) but C(tun_id), C(dscp), C(flowlabel) and C(suppress_ifgroup).
  - Sockets of SCTP and MPTCP, which may have several sources at a time, are not asked about.
  - A multipath route answers for one flow. RV(sources[].also) lists what other flows may get; another port, another
    protocol or another kernel can choose another next hop.
seealso:
  - module: l3host.source_ip.probe
  - module: l3host.source_ip.route_info
  - module: l3host.source_ip.prefsrc
  - name: RFC 6724
    description: Default Address Selection for Internet Protocol Version 6
    link: https://www.rfc-editor.org/rfc/rfc6724
"""

EXAMPLES = r"""
- name: Ask which source the host uses for some destinations
  l3host.source_ip.source_info:
    destinations:
      - 198.51.100.10
      - 2001:db8:100::10
      - www.example.com
  register: result

- name: Show why
  ansible.builtin.debug:
    msg: "{{ result.sources | map(attribute='explanation') }}"

- name: Fail where a route names a source that the host has lost
  ansible.builtin.assert:
    that: result.sources | selectattr('stale') | length == 0
    fail_msg: "{{ result.sources | selectattr('stale') | map(attribute='explanation') | join(' ') }}"

- name: Ask for marked packets, for another user, and for a socket bound to an address
  l3host.source_ip.source_info:
    queries:
      - {destination: 198.51.100.10, mark: 100}
      - {destination: 198.51.100.10, uid: 1000}
      - {destination: 198.51.100.10, ip_protocol: tcp, destination_port: 443}
      - {destination: 198.51.100.10, from: 192.0.2.2}
      - {destination: 198.51.100.10, device: eth1}
      - {destination: 198.51.100.10, vrf: blue}

- name: Ask for programs that choose by socket options
  l3host.source_ip.source_info:
    queries:
      - {destination: "2001:db8:100::10", preferences: [temporary]}
      - {destination: 198.51.100.10, unicast_device: eth1}
      - {destination: 198.51.100.10, packet_source: 192.0.2.2, packet_device: eth0}
"""

RETURN = r"""
sources:
  description:
    - One result for each destination address, in the order of the task.
    - A host name with several addresses gives as many.
  returned: success
  type: list
  elements: dict
  contains:
    destination:
      description: The destination address, in canonical form.
      type: str
      sample: 198.51.100.10
    name:
      description: The host name that the address belongs to. V(null) where an address was given.
      type: str
      sample: www.example.com
    family:
      description: V(ipv4) or V(ipv6).
      type: str
      sample: ipv4
    source:
      description: The source by the kernel's look-up. V(null) where there is none.
      type: str
      sample: 192.0.2.2
    device:
      description: The device that the packets leave by.
      type: str
      sample: eth0
    gateway:
      description: The gateway. V(null) where the destination is on the link.
      type: str
      sample: 10.0.0.254
    table:
      description: The number of the table that the route is in.
      type: int
      sample: 254
    reason:
      description:
        - Why it is this source, or why there is none.
        - V(bound), the query names the source.
        - V(pktinfo), the query names the source of the packet, in O(queries[].packet_source).
        - V(prefsrc), the route carries it.
        - V(interface), IPv4 took an address of the device that the packets leave by. Also for destinations that are
          local to the host.
        - V(borrowed), that device has no address that would do, and IPv4 took one of another device.
        - V(rfc6724), IPv6 chose among the addresses of the host.
        - V(no_route), no table has a route, or a C(throw) route ended the search.
        - V(unreachable), V(prohibited), V(blackhole), a route or a rule of that type refuses.
      type: str
      sample: prefsrc
    explanation:
      description: One sentence that names the rule (unless it is one of those every host has), table, route and reason.
      type: str
      sample: "table main, 198.51.100.0/24 via 10.0.0.254 dev eth0: the route carries src 192.0.2.2."
    stale:
      description: Whether the kernel's answer names a source that this host does not have.
      type: bool
    configured:
      description: The source that the route carries. V(null) where it carries none.
      type: str
      sample: 192.0.2.2
    rfc6724:
      description: What decided, where RV(sources[].reason) is V(rfc6724). V(null) otherwise.
      type: dict
      contains:
        rule:
          description:
            - The number of the rule of RFC 6724, section 5. V(8-) and V(8+) are rules of Linux around the eighth.
            - V(order), the addresses are equal by all rules, and the one that Linux lists first is taken.
            - V(only), there was one address only.
            - V(unknown), by the rules that the module knows RV(sources[].rfc6724.runner_up) would have been chosen.
          type: str
          sample: "5"
        prefers:
          description: What the rule prefers.
          type: str
          sample: the outgoing device
        runner_up:
          description: The best of the other addresses.
          type: str
          sample: 2001:db8:1::1
        runner_up_device:
          description: The device it is on.
          type: str
          sample: eth1
    also:
      description: Sources of other flows to the same destination, where next hops of a multipath route differ in it.
      type: list
      elements: dict
      contains:
        source:
          description: Their source.
          type: str
          sample: 10.1.0.1
        device:
          description: The device they leave by.
          type: str
          sample: eth1
        gateway:
          description: Their gateway.
          type: str
          sample: 10.1.0.254
    egress:
      description:
        - Where packets leave once they have the source, where a rule with C(from) sends them elsewhere than the look-up
          that chose the source, or where of several next hops they take another. V(null) where it is the same, and for
          IPv6, which does not look again.
        - A packet may so leave by one device with the address of another, unless the next hops of the route itself have
          the source and the kernel is Linux 6.16 or newer.
      type: dict
      contains:
        device:
          description: The device.
          type: str
          sample: eth1
        gateway:
          description: The gateway.
          type: str
          sample: 10.1.0.254
        table:
          description: The table.
          type: int
          sample: 100
        rule:
          description: The rule, as in RV(sources[].rule).
          type: dict
    socket:
      description: What a real socket got.
      type: dict
      contains:
        source:
          description: Its local address, by C(getsockname(\)).
          type: str
          sample: 192.0.2.2
        error:
          description: What failed, beginning with the error's name. V(null) where nothing did.
          type: str
          sample: "ENETUNREACH: Network is unreachable (connect 198.51.100.10, 0; no route, …)"
    route:
      description:
        - The entry of the routing table, as the module M(l3host.source_ip.route_info) returns it.
        - V(null) where no entry is behind the answer.
      type: dict
      sample:
        destination: 198.51.100.0/24
        gateway: 10.0.0.254
        device: eth0
        nexthops: []
        nexthop_id: null
        source: 192.0.2.2
        metric: 0
        table: 254
        protocol: static
        scope: global
        type: unicast
        tos: 0
        metrics: {}
        locked: []
        line: 198.51.100.0/24 via 10.0.0.254 dev eth0 proto static src 192.0.2.2
    rule:
      description: The policy rule that led to the route.
      type: dict
      contains:
        priority:
          description: Its priority.
          type: int
          sample: 32766
        action:
          description: V(lookup), or V(blackhole), V(unreachable), V(prohibit) where the rule itself refuses.
          type: str
          sample: lookup
        table:
          description: The table that it looks up.
          type: int
          sample: 254
        line:
          description: The rule as C(ip rule) prints it.
          type: str
          sample: "32766: from all lookup main"
    warnings:
      description: What is unwise about this source. The task shows them, too.
      type: list
      elements: str
    query:
      description: The query as given.
      type: dict
      sample: {destination: 198.51.100.10, mark: 100}
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._change.boundary import NETNS, few, run
from ..module_utils._explain.explain import Explainer
from ..module_utils._explain.question import questions
from ..module_utils._host.host import snapshot
from ..module_utils._netlink.kernel import Kernel
from ..module_utils._probe.choices import PREFERENCES


def argument_spec() -> dict[str, t.Any]:
    query = {
        "destination": {"type": "str", "required": True},
        "from": {"type": "str"},
        "device": {"type": "str"},
        "vrf": {"type": "str"},
        "mark": {"type": "int"},
        "uid": {"type": "int"},
        "ip_protocol": {"type": "str"},
        "source_port": {"type": "int"},
        "destination_port": {"type": "int"},
        "tos": {"type": "int"},
        "preferences": {"type": "list", "elements": "str", "choices": list(PREFERENCES)},
        "unicast_device": {"type": "str"},
        "packet_source": {"type": "str"},
        "packet_device": {"type": "str"},
    }
    return {
        "destinations": {"type": "list", "elements": "str"},
        "queries": {"type": "list", "elements": "dict", "options": query},
        **NETNS,
    }


def body(module: AnsibleModule, kernel: Kernel) -> dict[str, t.Any]:
    host = snapshot(kernel)
    asked = questions(module.params["queries"] or [], module.params["destinations"] or [], host)
    explainer = Explainer(host)
    sources = [explainer.answer(question) for question in asked]
    warnings = dict.fromkeys(f"{found['destination']}: {text}" for found in sources for text in found["warnings"])
    return {"changed": False, "sources": sources, "warnings": few(list(warnings))}


def main() -> None:
    spec = argument_spec()
    run(AnsibleModule(spec, supports_check_mode=True, required_one_of=[("destinations", "queries")]), body)


if __name__ == "__main__":
    main()
