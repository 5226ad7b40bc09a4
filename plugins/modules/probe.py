#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: probe
short_description: Open a socket as an application would, and tell which source it gets
version_added: 0.1.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Opens a socket for each probe, makes the calls that an application makes (mark, bind to a device or an address,
    connect), and tells what the kernel answered to each, and which local address the socket got.
  - A UDP probe sends nothing. Its C(connect) makes the kernel choose the source, and C(getsockname) reads it.
  - A TCP probe connects and closes the connection at once. A connection that is refused or not answered has a source
    too; the probe returns both the source and the error.
  - With O(probes[].capture=true) it also tells the source of the packet that really left, behind every firewall and
    address translation of this host.
  - A probe that the kernel refuses is a result and not a failure of the task. Test RV(probes[].error) to make it one.
options:
  probes:
    description:
      - The probes. Up to 16 of them run at a time; the results have the order of the list.
      - All of them are checked before the first socket is opened.
    type: list
    elements: dict
    required: true
    suboptions:
      destination:
        description:
          - An IP address or a host name. A link-local IPv6 address needs its device behind it, as in V(fe80::1%eth0).
          - A host name is resolved, and the first address in the order of C(getaddrinfo) is probed; only where
            O(probes[].interface) has no address of that address's family is the next one tried, as curl does.
            With O(probes[].bind_address), addresses of its family are asked for.
          - Names are resolved through the network namespace that O(netns) names, with the resolver configuration of the
            host.
        type: str
        required: true
      port:
        description:
          - The destination port.
          - Required for TCP. The default for UDP is 9, discard.
        type: int
      protocol:
        description: The protocol of the socket.
        type: str
        choices: [udp, tcp]
        default: udp
      interface:
        description:
          - Binds as C(curl --interface) does. The forms are V(NAME), V(if!NAME), V(host!NAME) and V(ifhost!NAME!HOST).
          - "V(NAME) is first tried as a device: the socket is bound to it with C(SO_BINDTODEVICE). When that succeeds,
            no address is bound, and the kernel chooses the source for that device."
          - When it fails (there is no such device, it is the label of an address such as V(eth0:1), or it is not
            permitted), the first address that C(getifaddrs) lists under that name is bound, of the destination's
            family and scope.
          - When there is none, V(NAME) is taken as an address or resolved as a host name, and that is bound.
          - V(if!NAME) is never taken as an address or a host name, and V(host!NAME) never as a device.
          - V(ifhost!NAME!HOST) binds to the device and then to the host's address. A device that does not exist is
            passed over, as by curl's code, though its manual says otherwise.
          - It follows C(lib/cf-socket.c) and C(lib/if2ip.c) of curl 7.24 to 8.23; V(ifhost!) came with curl 8.9. Letter
            case matters, as in curl 8.23; up to 8.21 curl finds the addresses of V(eth0) under V(ETH0) too.
          - Mutually exclusive with O(probes[].bind_address) and O(probes[].bind_device).
        type: str
      bind_address:
        description:
          - Binds the socket to this local address. It must be of the destination's family.
          - Whether the host has the address is left to the kernel to say; a probe may well ask that.
        type: str
      bind_device:
        description:
          - Binds the socket to this device with C(SO_BINDTODEVICE). It may be a VRF. It must exist.
          - Needs no privilege from Linux 5.7 on, C(CAP_NET_RAW) before.
        type: str
      mark:
        description:
          - Marks the socket with C(SO_MARK), before anything is bound, for policy rules with C(fwmark).
          - Needs C(CAP_NET_ADMIN), or C(CAP_NET_RAW) from Linux 5.17 on.
        type: int
      preferences:
        description:
          - What the socket prefers where the kernel chooses among several IPv6 addresses, set with
            C(IPV6_ADDR_PREFERENCES) (RFC 5014). Without effect on an IPv4 destination, and where a route names the
            source.
          - V(temporary), V(public) and V(public_or_temporary) are about privacy addresses; V(home) and V(care_of) about
            Mobile IPv6. Linux asks for no other.
        type: list
        elements: str
        choices: [temporary, public, public_or_temporary, care_of, home]
        version_added: 0.2.0
      unicast_device:
        description:
          - Sends by this device with C(IP_UNICAST_IF) or C(IPV6_UNICAST_IF), without binding the socket to it.
          - The kernel ignores it for TCP. A connected UDP socket, as the probe has it, follows it from Linux 6.1 on,
            with IPv4 from 5.17 on.
        type: str
        version_added: 0.2.0
      packet_source:
        description:
          - The source that is said beside the datagram, in C(IP_PKTINFO) or C(IPV6_PKTINFO), as servers do that answer
            from the address they were asked at.
          - The socket is not connected then, so that RV(probes[].source) is V(null) unless it was bound.
          - Only with O(probes[].capture=true), as RV(probes[].wire) alone shows the source. Needs an IP address as
            O(probes[].destination), and UDP.
        type: str
        version_added: 0.2.0
      packet_device:
        description:
          - The device that is said there. With O(probes[].packet_source) or alone, under the same conditions.
        type: str
        version_added: 0.2.0
      capture:
        description:
          - Captures the first packet that leaves this host for the destination, on whichever device, by a packet socket
            opened before the connection.
          - The packet of a TCP probe is its SYN. A UDP probe B(sends one datagram) of 39 bytes when this is V(true);
            its content is C(l3host.source_ip probe) and a random number, and it is recognised by that.
          - The packet is not recognised when this host translates its destination or encrypts it (IPsec).
          - Needs C(CAP_NET_RAW). Without it the probe runs all the same, and RV(probes[].wire_error) says so.
        type: bool
        default: false
      timeout:
        description: How many seconds to wait for a TCP connection, and for the packet to capture. Above 0, at most 300.
        type: float
        default: 3
extends_documentation_fragment:
  - l3host.source_ip._netns
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.info_module
notes:
  - In check mode the module does the same as without, packets of TCP probes and of captures included. Nothing on the
    host changes either way.
  - SCTP and MPTCP are not probed.
  - The wait for several probes is not the sum of their timeouts, but that divided by 16.
seealso:
  - module: l3host.source_ip.source_info
  - name: curl --interface
    description: The option that O(probes[].interface) follows.
    link: https://curl.se/docs/manpage.html#--interface
"""

EXAMPLES = r"""
- name: Ask which source an application gets, without a packet
  l3host.source_ip.probe:
    probes:
      - destination: 198.51.100.10
      - destination: 2001:db8:100::10
  register: result

- name: Fail unless the loopback address is the source
  ansible.builtin.assert:
    that: result.probes[0].source == '192.0.2.2'

- name: See what curl --interface eth1 would do, and which source is on the wire
  l3host.source_ip.probe:
    probes:
      - destination: www.example.com
        port: 443
        protocol: tcp
        interface: eth1
        capture: true

- name: Fail when the service's address cannot reach the database
  l3host.source_ip.probe:
    probes:
      - destination: db.example.com
        port: 5432
        protocol: tcp
        bind_address: 192.0.2.2
  register: database
  failed_when: database.probes | map(attribute='error') | select | length > 0

- name: Compare the sources of two uplinks in one task
  l3host.source_ip.probe:
    probes:
      - {destination: 198.51.100.10, bind_device: eth0}
      - {destination: 198.51.100.10, bind_device: eth1}
      - {destination: 198.51.100.10, mark: 100}
"""

RETURN = r"""
probes:
  description: One result for each probe, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    destination:
      description: The destination as given.
      type: str
      sample: www.example.com
    address:
      description: The address that was probed. V(null) where the host name did not resolve.
      type: str
      sample: 198.51.100.10
    port:
      description: The destination port.
      type: int
      sample: 443
    protocol:
      description: V(udp) or V(tcp).
      type: str
      sample: tcp
    source:
      description:
        - The local address that the socket got, without a scope. V(null) where no connection was begun.
        - Set together with RV(probes[].error) where a TCP connection was begun and then refused or not answered.
      type: str
      sample: 192.0.2.2
    source_port:
      description: The local port.
      type: int
      sample: 41952
    error:
      description:
        - What failed, beginning with the error's name, with the call and what it means in parentheses.
        - V(null) where nothing failed.
      type: str
      sample: "EADDRNOTAVAIL: Cannot assign requested address (bind 192.0.2.9, 0; this host does not have the address)"
    calls:
      description: The calls that were made, in order.
      type: list
      elements: dict
      contains:
        call:
          description: The name of the call.
          type: str
          sample: setsockopt
        arguments:
          description: Its arguments, without the socket.
          type: str
          sample: SO_BINDTODEVICE, eth1
        result:
          description: V(ok), for C(getifaddrs) and C(getaddrinfo) with what they found, or the error's name and text.
          type: str
          sample: "ENODEV: No such device"
    wire:
      description: The packet that left. V(null) without O(probes[].capture), and where none was seen.
      type: dict
      contains:
        source:
          description: Its source address.
          type: str
          sample: 192.0.2.2
        source_port:
          description: Its source port.
          type: int
          sample: 41952
        device:
          description: The device it left on.
          type: str
          sample: eth1
    wire_error:
      description: Why no packet was seen, where one was wanted.
      type: str
      sample: "EPERM: Operation not permitted (capturing needs CAP_NET_RAW; use become: true)"
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._change.boundary import NETNS, answer
from ..module_utils._probe.choices import PREFERENCES
from ..module_utils._probe.probe import parse_probe, run_probes


def argument_spec() -> dict[str, t.Any]:
    probe = {
        "destination": {"type": "str", "required": True},
        "port": {"type": "int"},
        "protocol": {"type": "str", "choices": ["udp", "tcp"], "default": "udp"},
        "interface": {"type": "str"},
        "bind_address": {"type": "str"},
        "bind_device": {"type": "str"},
        "mark": {"type": "int"},
        "preferences": {"type": "list", "elements": "str", "choices": list(PREFERENCES)},
        "unicast_device": {"type": "str"},
        "packet_source": {"type": "str"},
        "packet_device": {"type": "str"},
        "capture": {"type": "bool", "default": False},
        "timeout": {"type": "float", "default": 3},
    }
    return {
        "probes": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": probe,
            "mutually_exclusive": [("interface", "bind_address"), ("interface", "bind_device")],
            "required_if": [("protocol", "tcp", ("port",))],
        },
        **NETNS,
    }


def body(items: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    probes = [parse_probe(item, f"probes[{index}]") for index, item in enumerate(items)]
    return {"changed": False, "probes": run_probes(probes)}


def main() -> None:
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    answer(module, lambda: body(module.params["probes"]))


if __name__ == "__main__":
    main()
