# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts of a play said, in one piece: shown, written, and told in the exit status. No host is connected to."""

from __future__ import annotations

import contextlib
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
from ..plugin_utils._fleet.reports import ENDINGS, report
from ..plugin_utils._fleet.text import audit_text, why_text
from ..plugin_utils._fleet.why import result as why_result

_OPTIONS = {
    "register": {"type": "str", "required": True},
    "wire": {"type": "str"},
    "view": {"type": "str", "choices": ["audit", "why"], "default": "audit"},
    "format": {"type": "str", "choices": ["json", "text"], "default": "text"},
    "output": {"type": "str"},
    "reports": {"type": "str"},
    "forms": {"type": "list", "elements": "str", "choices": list(ENDINGS), "default": list(ENDINGS)},
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
            display.display(f"Written: {_write('output', options['output'], text)}")
        if not options["output"] or options["format"] == "text":
            display.display(f"\n{text}\n")
        files = _reports(fleet, options) if options["reports"] else []
        for path in files:
            display.display(f"Written: {path}")
        counts = {status: sum(host["status"] == status for host in hosts) for status in STATUSES}
        counts["differing"] = sum(1 for host in hosts if host["findings"] or differing(host))
        return {**returned, "changed": False, "status": exit_status(fleet), "counts": counts, "files": files}

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


def _reports(fleet: Mapping[str, Any], options: Mapping[str, Any]) -> list[str]:
    """The files written, one for each form."""
    folder = os.path.abspath(os.path.expanduser(options["reports"]))
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise AnsibleActionFail(f"reports: {folder} cannot be made: {error.strerror}") from error
    # All of them first: what cannot be rendered leaves no half of a report beside the other half of the last one.
    texts = [(f"fleet.{ENDINGS[form]}", report(fleet, form)) for form in dict.fromkeys(options["forms"])]
    return [_write("reports", os.path.join(folder, name), text) for name, text in texts]


def _write(option: str, path: str, text: str) -> str:
    """Whole or not at all: who reads the file meanwhile reads the one of before. Returns the whole path."""
    path = os.path.abspath(os.path.expanduser(path))
    unfinished = ""
    try:
        mask = os.umask(0)
        os.umask(mask)
        with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(path), encoding="utf-8", delete=False) as file:
            unfinished = file.name
            file.write(text if text.endswith("\n") else f"{text}\n")
        os.chmod(unfinished, 0o666 & ~mask)
        os.replace(unfinished, path)
        return path
    except OSError as error:
        if unfinished:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
        raise AnsibleActionFail(f"{option}: {path} cannot be written: {error.strerror}") from error
