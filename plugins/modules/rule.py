#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rule
short_description: Manage policy rules
version_added: 0.2.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Makes policy rules present or absent in the kernel, any number in one task, IPv4 and IPv6 mixed.
  - A rule is what it selects and what it does with that, in whatever way it is written. The kernel knows no other
    identity, so a rule with another table is another rule, and both can be there; O(purge) removes what is no longer
    listed. Only O(rules[].protocol) of a rule that is there is changed.
  - What comes is there before anything goes. If a step fails, all is undone.
  - A rule with which packets of the connection that Ansible came by would leave another way, or not at all, is warned
    of, in check mode too.
  - Rules live in the kernel until they are removed or the host restarts. They stay when their devices, tables or
    addresses go.
options:
  rules:
    description:
      - The rules, in the words of C(ip-rule(8)).
      - All entries are validated before the first write, and a refusal by the kernel takes the whole task back.
    type: list
    elements: dict
    required: true
    suboptions:
      family:
        description:
          - The family. Needed unless O(rules[].from) or O(rules[].to) says it.
          - V(both) makes one rule of each.
        type: str
        choices: [ipv4, ipv6, both]
      priority:
        description:
          - Where the rule comes among the others, the lowest first.
          - If it is not named, a rule of any priority will do, and a new one goes in front of all rules but the first.
            Several of them keep the order of the list.
        type: int
      not:
        description: Whether to select what the selectors do not.
        type: bool
        default: false
      from:
        description: Prefix that the source of packets must be in. An address alone is that host, V(all) is any.
        type: str
      to:
        description: Prefix that the destination of packets must be in.
        type: str
      iif:
        description: Device that packets came in by. V(lo) stands for those of the host itself.
        type: str
      oif:
        description: Device that the socket of packets of the host itself is bound to.
        type: str
      fwmark:
        description: Mark of packets, and where some of its bits count only, a mask behind it, as in V(0x10/0xf0).
        type: str
      uidrange:
        description: User id, or range of user ids, of the socket's owner, as in V(1000-1999).
        type: str
      ipproto:
        description: Protocol above IP, by name (V(tcp), V(udp), V(icmp), …) or number.
        type: str
      sport:
        description: Source port, or range of ports.
        type: str
      dport:
        description: Destination port, or range of ports.
        type: str
      tos:
        description: Type of service of packets, as a number such as V(0x10). IPv4 rules take the bits V(0x1c) only.
        type: str
        aliases: [dsfield]
      dscp:
        description:
          - Differentiated services code point of packets, a number up to 63 or a name such as V(EF) or V(AF41).
          - Linux has it from 6.13 on.
        type: str
      tun_id:
        description: Number of the tunnel that packets came out of.
        type: str
      l3mdev:
        description: Whether to look up the table of the VRF that the packet belongs to, instead of O(rules[].table).
        type: bool
        default: false
      table:
        description: Routing table to look up, by number or name. Default is V(main).
        type: str
      vrf:
        description: VRF device whose table is meant, instead of O(rules[].table).
        type: str
      suppress_prefixlength:
        description: Look further where the route that the table has is of this prefix length or a shorter one.
        type: int
      suppress_ifgroup:
        description: Look further where the route that the table has leaves by a device of this group, a number.
        type: str
      realms:
        description: Realm of the destination, or of source and destination as in V(3/4), for statistics. IPv4 only.
        type: str
      action:
        description: What to do with packets that are selected. Default is V(goto) with O(rules[].goto), else V(lookup).
        type: str
        choices: [lookup, goto, nop, blackhole, unreachable, prohibit]
      goto:
        description: Priority to go on at, which must be behind the rule's own.
        type: int
      protocol:
        description: Protocol of the rule, by name or number. For new rules the default is O(protocol).
        type: str
      state:
        description:
          - V(absent) removes the rule, of any priority where none is named.
          - If the entry says only what it selects, and nothing of what is done with it, every rule that selects this
            goes.
        type: str
        choices: [present, absent]
        default: present
  purge:
    description:
      - Whether to remove rules of both families that have our own O(protocol) and that O(rules) does not name. Rules
        of any other protocol number are never touched.
    type: bool
    default: false
  protocol:
    description: Protocol of new rules, and of those that O(purge) removes. The default is our own number, 133.
    type: str
  force:
    description: Whether to change or remove rules that a daemon or the kernel owns.
    type: bool
    default: false
extends_documentation_fragment:
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.write_module
  - l3host.source_ip._netns
  - l3host.source_ip._netns.pyroute2
seealso:
  - module: l3host.source_ip.route
  - module: l3host.source_ip.source_info
  - name: ip-rule(8)
    description: The words and their meaning.
    link: https://man7.org/linux/man-pages/man8/ip-rule.8.html
"""

EXAMPLES = r"""
- name: Replies leave by the provider that their address is of, and nothing of ours besides
  l3host.source_ip.rule:
    rules:
      - {from: 192.0.2.2, table: 100, priority: 1000}
      - {from: 198.51.100.2, table: 200, priority: 1000}
      - {from: "2001:db8:1::/48", table: 100, priority: 1000}
    purge: true

- name: What is marked does not go into the tunnel, whose table has all the rest
  l3host.source_ip.rule:
    rules:
      - {family: both, not: true, fwmark: "0xca6c", table: 51820, priority: 20001}
      - {family: both, table: main, suppress_prefixlength: 0, priority: 20000}

- name: Mail leaves by a line of its own, or not at all
  l3host.source_ip.rule:
    rules:
      - {family: ipv4, ipproto: tcp, dport: 25, table: 200, priority: 900}
      - {family: both, ipproto: tcp, dport: 25, action: unreachable, priority: 901}

- name: No rule for this address any more, whatever it does
  l3host.source_ip.rule:
    rules:
      - {from: 192.0.2.9, state: absent}
"""

RETURN = r"""
results:
  description: What was done to each rule, changes first. At most 1000 entries.
  returned: always
  type: list
  elements: dict
  contains:
    rule:
      description: The rule without its priority.
      type: str
      sample: from 192.0.2.2 lookup 100
    action:
      description:
        - V(created), V(changed), V(removed), V(unchanged) or V(missing).
        - After a failure V(failed) and V(undone).
      type: str
      sample: created
    before:
      description: The rule before, as C(ip rule) prints it.
      type: str
    after:
      description: The rule after.
      type: str
      sample: "1000: from 192.0.2.2 lookup 100 proto 133"
counts:
  description: How many rules met each action.
  returned: success
  type: dict
  sample: {created: 1, changed: 0, removed: 0, unchanged: 0, missing: 0}
omitted:
  description: How many rules RV(results) leaves out.
  returned: success
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._change.boundary import NETNS, run
from ..module_utils._rules.write import rule_task

TEXTS = (
    "from to iif oif fwmark uidrange ipproto sport dport dscp tun_id table vrf suppress_ifgroup realms protocol"
).split()


def main() -> None:
    """Ansible's door."""
    rules = {
        **{name: {"type": "str"} for name in TEXTS},
        **{name: {"type": "int"} for name in ("priority", "suppress_prefixlength", "goto")},
        "family": {"type": "str", "choices": ["ipv4", "ipv6", "both"]},
        "not": {"type": "bool", "default": False},
        "tos": {"type": "str", "aliases": ["dsfield"]},
        "l3mdev": {"type": "bool", "default": False},
        "action": {"type": "str", "choices": ["lookup", "goto", "nop", "blackhole", "unreachable", "prohibit"]},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
    module = AnsibleModule(
        argument_spec={
            "rules": {"type": "list", "elements": "dict", "options": rules, "required": True},
            "purge": {"type": "bool", "default": False},
            "protocol": {"type": "str"},
            "force": {"type": "bool", "default": False},
            **NETNS,
        },
        supports_check_mode=True,
    )
    run(module, rule_task)


if __name__ == "__main__":
    main()
