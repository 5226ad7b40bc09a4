# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds what Ansible sends to a host to run a module; in a process of its own, as its loader has to come first.

python -m tests.bench.archive MODULE FILE     writes the zip archive, prints the size of all that is sent, in bytes
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from ansible.executor.module_common import modify_module
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, module_loader
from ansible.template import Templar

from tests.lab.modules import CHECKOUT, collections_path


def build(name: str) -> tuple[int, bytes]:
    """Bytes that are sent, without arguments, and the archive in them."""
    found = module_loader.find_plugin_with_context(name)
    built = modify_module(
        module_name=str(found.resolved_fqcn),
        module_path=found.plugin_resolved_path,
        module_args={},
        templar=Templar(loader=DataLoader()),
        task_vars={"ansible_python_interpreter": sys.executable},
        module_compression="ZIP_DEFLATED",
    )
    longest = max(re.findall(rb"[A-Za-z0-9+/=]{1000,}", built.b_module_data), key=len)
    return len(built.b_module_data), base64.b64decode(longest)


def sent(name: str) -> int:
    """Bytes that are sent for a module, built in a process of its own."""
    with tempfile.NamedTemporaryFile() as file:
        argv = [sys.executable, "-m", "tests.bench.archive", name, file.name]
        environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collections_path())}
        done = subprocess.run(argv, env=environment, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return int(done.stdout)


if __name__ == "__main__":
    init_plugin_loader()
    total, data = build(sys.argv[1])
    Path(sys.argv[2]).write_bytes(data)
    print(total)
