#!/usr/bin/python
# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet
short_description: Show what all hosts of a play said, and end the play with it
version_added: 0.2.0
author: The l3host.source_ip contributors (!UNKNOWN)
description:
  - Puts together what a task of each host has registered, shows it as a table or as the JSON of a fleet, and writes it
    to a file. The playbooks C(l3host.source_ip.audit) and C(l3host.source_ip.why) end with it.
  - It runs on the controller alone. No host is connected to.
options:
  register:
    description:
      - The name of the variable in which the task has registered its result, of M(l3host.source_ip.intent_info) with
        O(view=audit), of M(l3host.source_ip.source_info) with O(view=why).
      - A host that has no such variable did not answer.
    type: str
    required: true
  wire:
    description: The name of the variable with the result of M(l3host.source_ip.probe), with O(view=why).
    type: str
  view:
    description: What is shown, differences from the intent or answers.
    type: str
    choices: [audit, why]
    default: audit
  format:
    description: V(json) is one line, the document of a fleet.
    type: str
    choices: [json, text]
    default: text
  output:
    description:
      - A file on the controller to write it to, whole or not at all. Its folder must exist.
      - With O(format=json) nothing else is shown then.
    type: path
  reports:
    description:
      - A folder on the controller for reports, which is made where it is missing. Each is written whole or not at all.
    type: path
  forms:
    description:
      - Which reports, V(html) as C(fleet.html), V(json) as C(fleet.json), V(markdown) as C(fleet.md), V(prometheus) as
        C(fleet.prom).
    type: list
    elements: str
    choices: [html, json, markdown, prometheus]
    default: [html, json, markdown, prometheus]
  title:
    description: The title of the document.
    type: str
    default: all
  verdict:
    description:
      - Shows nothing, and ends the host of the task instead, as unreachable where it did not answer and as failed where
        it differs. Ansible ends with 4 and 2 then.
    type: bool
    default: false
extends_documentation_fragment:
  - l3host.source_ip._attributes
  - l3host.source_ip._attributes.info_module
seealso:
  - module: l3host.source_ip.intent_info
  - module: l3host.source_ip.source_info
"""

EXAMPLES = r"""
- name: Ask every host
  l3host.source_ip.intent_info:
    audit: true
    wire: never
  register: audit_result
  failed_when: false
  ignore_unreachable: true

- name: Show what they said
  l3host.source_ip.fleet:
    register: audit_result
  run_once: true
"""

RETURN = r"""
status:
  description: V(4) where a host did not answer, else V(2) where one differs from its intent, else V(0).
  returned: without O(verdict)
  type: int
  sample: 0
counts:
  description: How many hosts have answered, were not reached, ended with an error, and differ from their intent.
  returned: without O(verdict)
  type: dict
  sample: {answered: 200, unreachable: 0, failed: 0, differing: 0}
files:
  description: The reports that were written, whole paths.
  returned: without O(verdict)
  type: list
  elements: str
  sample: [/var/lib/source_ip/fleet.html]
"""
