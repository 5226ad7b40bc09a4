# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper's unit as text. Pure. PRIVATE to the collection."""

from __future__ import annotations

from ..hardened import hardened
from .places import Places

#: sysexits.h, EX_CONFIG: there is no intent to keep, and to start again would not bring one.
NO_INTENT = 78
# A sign of life wakes the keeper. It repairs routes, it does not hand out medicine: twice an hour is enough.
_WATCHDOG = "1h"
_UNIT = """\
# Written by Ansible (l3host.source_ip.intent, option keep).
[Unit]
Description=Source IP intent, kept (l3host.source_ip)
ConditionPathExists={places.document}
After=network-pre.target
Before=network-online.target

[Service]
Type=notify
NotifyAccess=main
ExecStart={python} -I -S -B {places.program}
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5
RestartPreventExitStatus={no_intent}
TimeoutStartSec=90
WatchdogSec={watchdog}
RuntimeDirectory={runtime}
RuntimeDirectoryMode=0755
RuntimeDirectoryPreserve=yes
ReadWritePaths={writable}
{hardened}DevicePolicy=closed
IPAddressDeny=any
KeyringMode=private
ProcSubset=pid
RemoveIPC=yes
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
"""


def unit(places: Places, python: str, record: str) -> bytes:
    """``python``: the interpreter; ``record``: the back end's file of what it made, which the keeper writes, too."""
    return _UNIT.format(
        places=places,
        python=python,
        no_intent=NO_INTENT,
        watchdog=_WATCHDOG,
        runtime=places.status.rpartition("/")[0].rpartition("/")[2],
        writable=record.rpartition("/")[0],
        hardened=hardened("CAP_NET_ADMIN"),
    ).encode()
