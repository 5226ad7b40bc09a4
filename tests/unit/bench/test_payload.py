# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of an archive only one back end needs."""

from __future__ import annotations

import io
import zipfile

from tests.bench import payload

ROOT = "ansible_collections/l3host/source_ip/plugins"
FILES = {
    f"{ROOT}/modules/intent.py": "from ..module_utils._backends.engine import run",
    f"{ROOT}/module_utils/_backends/engine.py": "if 1:\n    from ._one.backend import x\n    from ._two import backend",
    f"{ROOT}/module_utils/_backends/_one/backend.py": "from ..._rooms.both import x\nfrom .own import y",
    f"{ROOT}/module_utils/_backends/_one/own.py": "",
    f"{ROOT}/module_utils/_backends/_two/backend.py": "import re\nfrom ..._rooms import both, second",
    f"{ROOT}/module_utils/_rooms/both.py": "",
    f"{ROOT}/module_utils/_rooms/second.py": "from ansible.module_utils.basic import z",
    "ansible/module_utils/basic.py": "",
}


def _archive() -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as opened:
            for name, text in FILES.items():
                opened.writestr(name, text)
        return file.getvalue()


def test_a_back_end_adds_what_nothing_else_needs() -> None:
    graph = payload.imports(_archive())
    start = f"{ROOT}/modules/intent.py"
    one = {f"{ROOT}/module_utils/_backends/_one/{name}.py" for name in ("backend", "own")}
    two = {f"{ROOT}/module_utils/_backends/_two/backend.py", f"{ROOT}/module_utils/_rooms/second.py"}
    assert payload.added_by(graph, start, "one") == one
    assert payload.added_by(graph, start, "two") == two


def test_all_back_ends_are_measured() -> None:
    assert payload.back_ends() == ["bird", "frr", "ifupdown", "kernel", "netplan", "networkd", "networkmanager"]
