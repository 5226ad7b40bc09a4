# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts of a play said, in one piece: shown, written, and told in the exit status. No host is connected to."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils._fleet.document import STATUSES, differing, document, exit_status, host_row
from ..plugin_utils._fleet.text import audit_text, why_text
from ..plugin_utils._fleet.why import result as why_result

_OPTIONS = {
    "register": {"type": "str", "required": True},
    "wire": {"type": "str"},
    "view": {"type": "str", "choices": ["audit", "why"], "default": "audit"},
    "format": {"type": "str", "choices": ["json", "text"], "default": "text"},
    "output": {"type": "str"},
    "title": {"type": "str", "default": "all"},
    "verdict": {"type": "bool", "default": False},
}


class ActionModule(ActionBase):
    """Once for all hosts: collects, shows, writes. With ``verdict`` for each: ends it as it deserves."""

    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        returned: dict[str, Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(_OPTIONS)
        variables = task_vars or {}
        if options["verdict"]:
            host = self._host(variables["inventory_hostname"], variables, options)
            return {**returned, **_verdict(host)}
        names = variables["ansible_play_hosts_all"]
        hostvars = variables["hostvars"]
        hosts = [self._host(name, hostvars.raw_get(name), options) for name in names]
        made = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        fleet = document(options["title"], made, hosts)
        text = _shown(fleet, options)
        display = Display()
        if options["output"]:
            _write(options["output"], text)
            display.display(f"Written: {os.path.abspath(options['output'])}")
        if not options["output"] or options["format"] == "text":
            display.display(f"\n{text}\n")
        counts = {status: sum(host["status"] == status for host in hosts) for status in STATUSES}
        counts["differing"] = sum(1 for host in hosts if host["findings"] or differing(host))
        return {**returned, "changed": False, "status": exit_status(fleet), "counts": counts}

    def _host(self, name: str, variables: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
        found = variables.get(options["register"])
        if options["view"] == "why":
            found = why_result(found, variables.get(options["wire"] or ""))
        return host_row(name, variables.get("group_names", ()), found)


def _shown(fleet: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    if options["format"] == "json":
        # One line: on a terminal that shows other lines too, `grep '^{'` finds it.
        return json.dumps(fleet, default=str, separators=(",", ":"))
    if options["view"] == "why":
        return why_text(fleet, explain=Display().verbosity > 0)
    return audit_text(fleet)


def _verdict(host: Mapping[str, Any]) -> dict[str, Any]:
    """Unreachable is what gives Ansible's exit status 4, failed 2."""
    if host["status"] != "answered":
        return {"unreachable": True, "changed": False, "msg": host["error"]}
    count = len(host["findings"]) + len(differing(host))
    if count:
        words = "difference from" if count == 1 else "differences from"
        return {"failed": True, "changed": False, "msg": f"{count} {words} the intent"}
    return {"changed": False}


def _write(path: str, text: str) -> None:
    """Whole or not at all: who reads the file meanwhile reads the one of before."""
    path = os.path.abspath(os.path.expanduser(path))
    try:
        mask = os.umask(0)
        os.umask(mask)
        with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(path), encoding="utf-8", delete=False) as file:
            file.write(f"{text}\n")
        os.chmod(file.name, 0o666 & ~mask)
        os.replace(file.name, path)
    except OSError as error:
        raise AnsibleActionFail(f"output: {path} cannot be written: {error.strerror}") from error
