# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the services that hold an intent while Ansible is away. Pure."""

from __future__ import annotations

import json
import typing as t

from ..hardened import hardened
from . import paths

if t.TYPE_CHECKING:
    from ..._files.snapshot import Snapshot

#: What the services run.
PROGRAM = f"{__name__.rpartition('.')[0]}.boot"
_NAMES = ("addresses", "repair", "watch")
_DESCRIPTIONS = {
    "addresses": "Addresses that FRR's routes name as their source",
    "repair": "Sources of FRR's routes, judged and repaired after FRR has started",
    "watch": "Sources of FRR's routes, set again where FRR or the kernel drops them",
}
# vtysh's sockets and files belong to FRR's user: root without CAP_DAC_OVERRIDE may not use them.
_CAPABILITIES = {"addresses": "CAP_NET_ADMIN", "repair": "CAP_NET_ADMIN CAP_DAC_OVERRIDE"}
_CAPABILITIES["watch"] = _CAPABILITIES["repair"]
_UNIT = """\
# Written by Ansible (l3host.source_ip.intent, back end frr).
[Unit]
Description={description}
{order}

[Service]
Type={type}
Environment=PYTHONPATH={library} PYTHONDONTWRITEBYTECODE=1
ExecStart=/usr/bin/python3 -m {module} {command}
{more}{hardened}
[Install]
WantedBy={service}.service
"""


class Found(t.NamedTuple):
    """Our files as they are, by path, and the units that start with FRR.

    ``code``: {dotted name: source} of what the services run.
    """

    files: dict[str, Snapshot]
    linked: frozenset[str]
    code: dict[str, str]


class Changes(t.NamedTuple):
    """``files``: {path: new content, or None for a file that goes}; ``link``: whether units must be enabled."""

    present: bool
    files: dict[str, bytes | None]
    link: bool

    def __bool__(self) -> bool:
        return bool(self.files) or self.link


def units() -> list[str]:
    return [f"l3host-source-ip-frr-{name}.service" for name in _NAMES]


def wanted(state: t.Mapping[str, t.Any], service: str, code: t.Mapping[str, str]) -> dict[str, bytes]:
    """{path: content} of everything that the services need. ``state``: what boot.py reads."""
    files = {f"{paths.LIBRARY}/{name.replace('.', '/')}.py": text.encode() for name, text in code.items()}
    files[paths.STATE] = (json.dumps(state, indent=1, sort_keys=True) + "\n").encode()
    before = f"Before={service}.service\nAfter=network-pre.target"
    after = f"PartOf={service}.service\nAfter={service}.service"
    kinds = {
        "addresses": ("oneshot", before, f"TimeoutStartSec={state['wait'] + 15}\n"),
        "repair": ("exec", after, ""),
        "watch": ("exec", after, "Restart=on-failure\nRestartSec=5\n"),
    }
    for name, (kind, order, more) in kinds.items():
        files[f"{paths.UNITS}/l3host-source-ip-frr-{name}.service"] = _UNIT.format(
            description=_DESCRIPTIONS[name],
            order=order,
            type=kind,
            library=paths.LIBRARY,
            module=PROGRAM,
            command=name,
            more=more,
            hardened=hardened(_CAPABILITIES[name]),
            service=service,
        ).encode()
    return files


def changes(found: Found, files: t.Mapping[str, bytes] | None) -> Changes:
    """What to write and remove; ``files`` None where there are to be no services."""
    there = {path: snapshot.content for path, snapshot in found.files.items()}
    change: dict[str, bytes | None] = {path: None for path, old in there.items() if old is not None}
    if files is None:
        return Changes(False, change, False)
    change = {path: None for path in change if path not in files}
    change.update({path: content for path, content in files.items() if there.get(path) != content})
    return Changes(True, change, found.linked != frozenset(units()))
