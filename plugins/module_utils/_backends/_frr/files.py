# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FRR's files and ours on a host: read the configuration, write the services for FRR's start. PRIVATE."""

from __future__ import annotations

import ast
import base64
import grp
import importlib
import importlib.util
import inspect
import json
import os
import pwd
import shutil
import stat
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from . import boot as frr_boot
from .host import CommandError, Host, run

LIBRARY = "/usr/local/lib/l3host-source-ip"
UNITS = "/etc/systemd/system"
_WATCH = "l3host-source-ip-frr-watch.service"
_SINGLE = ("zebra", "mgmtd", "staticd", "bgpd", "ospfd", "ospf6d", "isisd", "ripd", "ripngd", "eigrpd", "babeld")
_UNIT = """\
# Written by Ansible (l3host.source_ip.frr_boot).
[Unit]
Description={description}
{order}

[Service]
Type={type}
ExecStart=/usr/bin/env PYTHONPATH={library} PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m {module} {command}
{timeout}
[Install]
WantedBy={service}.service
"""


def read(host: Host, conf: str) -> dict[str, Any]:
    """The result of the module `frr_info`."""
    directory = os.path.dirname(conf)
    found: dict[str, Any] = {
        "version": host.show("show version"),
        "running_config": host.show("show running-config"),
        "frr_conf": None,
        "vtysh_conf": "",
        "others": [f"{d}.conf" for d in _SINGLE if os.path.exists(os.path.join(directory, f"{d}.conf"))],
        "owner": "frr",
        "group": "frr",
        "mode": "0640",
    }
    try:
        if os.path.exists(conf):
            with open(conf, "rb") as stream:
                found["frr_conf"] = base64.b64encode(stream.read()).decode("ascii")
                state = os.fstat(stream.fileno())
            found["mode"] = f"{stat.S_IMODE(state.st_mode):04o}"
            found["owner"] = pwd.getpwuid(state.st_uid).pw_name
            found["group"] = grp.getgrgid(state.st_gid).gr_name
        path = os.path.join(directory, "vtysh.conf")
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as stream:
                found["vtysh_conf"] = stream.read()
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from error
    return found


def wanted_files(params: Mapping[str, Any]) -> dict[str, str]:
    """{path: content} of all that the module `frr_boot` writes."""
    state = {key: params[key] for key in ("addresses", "sources", "repair", "vtysh", "wait", "watch")}
    # What an earlier intent left behind is repaired when the intent changes, not at each start.
    state["intent"] = {**params["intent"], "former": []}
    state["settings"] = {**params["settings"], "kernel_edit": params["kernel_edit"]}
    service = params["service"]
    follows = f"PartOf={service}.service\nAfter={service}.service"
    common = {"library": LIBRARY, "module": frr_boot.__name__, "service": service}
    files = {f"{LIBRARY}/{name.replace('.', '/')}.py": source for name, source in shipped(frr_boot.__name__).items()}
    files[frr_boot.STATE] = json.dumps(state, indent=1, sort_keys=True) + "\n"
    files[f"{UNITS}/l3host-source-ip-frr-addresses.service"] = _UNIT.format(
        description="Addresses that FRR's routes name as their source",
        order=f"Before={service}.service\nAfter=network-pre.target",
        type="oneshot",
        command="addresses",
        timeout=f"TimeoutStartSec={params['wait'] + 15}\n",
        **common,
    )
    files[f"{UNITS}/l3host-source-ip-frr-repair.service"] = _UNIT.format(
        description="Sources of FRR's routes, judged and repaired after FRR has started",
        order=follows,
        type="exec",
        command="repair",
        timeout="",
        **common,
    )
    files[f"{UNITS}/{_WATCH}"] = _UNIT.format(
        description="Sources of FRR's routes, set again where FRR or the kernel drops them",
        order=follows,
        type="exec",
        command="watch",
        timeout="Restart=on-failure\nRestartSec=5\n",
        **common,
    )
    return files


def shipped(start: str) -> dict[str, str]:
    """{dotted name: source} of a module and of all that it imports by relative imports, and those in turn.

    The services run on the host without the collection. Under Ansible the code lies in an archive: its loader has it.
    """
    found: dict[str, str] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = inspect.getsource(importlib.import_module(name))
        for node in ast.walk(ast.parse(found[name])):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = importlib.util.resolve_name("." * node.level + (node.module or ""), name.rpartition(".")[0])
                names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
                waiting += [
                    name for name in names if name in sys.modules and not hasattr(sys.modules[name], "__path__")
                ]
    return found


def boot(params: Mapping[str, Any], check: bool) -> dict[str, Any]:
    """The result of the module `frr_boot`."""
    files = wanted_files(params)
    units = [os.path.basename(path) for path in files if path.startswith(UNITS)]
    if params["state"] == "absent":
        return _remove(files, units, check)
    changed = [path for path, content in files.items() if _content(path) != content]
    links = [_link(unit, params["service"]) for unit in units]
    missing = [link for link in links if not os.path.islink(link)]
    diff = [{"before": _content(frr_boot.STATE) or "", "after": files[frr_boot.STATE], "before_header": frr_boot.STATE}]
    if not check:
        for path in changed:
            _write(path, files[path])
        if any(path.startswith(UNITS) for path in changed) or missing:
            run(["systemctl", "daemon-reload"])
            run(["systemctl", "enable", "--quiet", *units])
        if changed or missing:
            # It has read the intent at its start. Where FRR does not run, it starts with FRR.
            run(["systemctl", "stop", "--quiet", _WATCH], accept=(0, 5))
            if run(["systemctl", "is-active", params["service"]], accept=(0, 3, 4)).strip() == "active":
                run(["systemctl", "start", _WATCH])
    return {"changed": bool(changed or missing), "files": changed, "diff": diff if frr_boot.STATE in changed else []}


def _remove(files: Mapping[str, str], units: list[str], check: bool) -> dict[str, Any]:
    there = [path for path in files if os.path.exists(path)]
    if there and not check:
        if any(path.startswith(UNITS) for path in there):
            run(["systemctl", "disable", "--quiet", "--now", *units], accept=(0, 1, 5))
        for path in there:
            os.unlink(path)
        shutil.rmtree(LIBRARY, ignore_errors=True)
        run(["systemctl", "daemon-reload"])
    return {"changed": bool(there), "files": there}


def _link(unit: str, service: str) -> str:
    return f"{UNITS}/{service}.service.wants/{unit}"


def _content(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def _write(path: str, content: str) -> None:
    directory = os.path.dirname(path)
    os.makedirs(directory, mode=0o755, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=directory)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(content)
    os.chmod(temporary, 0o640 if path == frr_boot.STATE else 0o644)
    os.replace(temporary, path)
