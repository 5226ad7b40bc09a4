# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which connection a task came by: from the environment, from the processes above, from the sockets that they hold."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._rules.connection import parse
from tests.lab.modules import collections_path

ASK = (
    "import json\n"
    "from ansible_collections.l3host.source_ip.plugins.module_utils._rules.connection import connections\n"
    "print(json.dumps([str(one) for one in connections()]))\n"
)
#: A program that starts the question as a child of its own, as sudo does, without the environment it has.
SUDO = "import os, subprocess, sys; os.environ.pop('SSH_CONNECTION', 0); subprocess.run(sys.argv[1:], check=True)"


def asked(environment: dict[str, str], **options: object) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(collections_path()), **environment}
    command = [sys.executable, "-c", SUDO, sys.executable, "-c", ASK]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, **options)  # type: ignore[call-overload]
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("203.0.113.7 50000 192.0.2.2 22", "192.0.2.2 port 22 to 203.0.113.7"),
        ("fe80::1%eth0 50000 fe80::2%eth0 22", "fe80::2 port 22 to fe80::1"),
        ("2001:db8::7 50000 192.0.2.2 22", "None"),
        ("UNKNOWN 65535 UNKNOWN 65535", "None"),
        ("203.0.113.7 50000 192.0.2.2", "None"),
        ("", "None"),
    ],
)
def test_what_sshd_says(text: str, shown: str) -> None:
    assert str(parse(text)) == shown


def test_a_process_above_says_it() -> None:
    found = asked({"SSH_CONNECTION": "203.0.113.7 50000 192.0.2.2 22"})
    assert found == ["192.0.2.2 port 22 to 203.0.113.7"]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_process_above_holds_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with (
        socket.create_server((address, 0), family=family) as server,
        socket.create_connection(server.getsockname()[:2]) as client,
    ):
        accepted, _peer = server.accept()
        with accepted:
            found = asked({}, pass_fds=[accepted.fileno()])
            port = server.getsockname()[1]
    assert client and f"{address} port {port} to {address}" in found
