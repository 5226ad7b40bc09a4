# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with the hook, which is a file like any other here."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._ifupdown.manager import Ifupdown
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused


@pytest.fixture
def hook(tmp_path: Path) -> Path:
    return tmp_path / "hook"


def test_the_hook_is_run_while_it_is_held_open_for_writing(hook: Path) -> None:
    manager = Ifupdown(None, str(hook))  # type: ignore[arg-type]
    assert manager.own() == [] and manager.activate(["eth0"]) == ""
    with hook.open("w", encoding="ascii") as file:
        hook.chmod(0o755)
        print('#!/bin/sh\necho "$IFACE $MODE" >"$0.out"\necho it failed >&2', file=file, flush=True)
        assert manager.activate(["eth0", "lo"]) == ""
    assert hook.with_name("hook.out").read_text("ascii") == "eth0 start\n"
    assert (manager.words(0), manager.own()) == ("it failed", [str(hook)])


def test_a_script_that_the_shell_does_not_take_is_refused(hook: Path) -> None:
    manager = Ifupdown(None, str(hook))  # type: ignore[arg-type]
    new = hook.with_name("new")
    new.write_text("#!/bin/sh\nif true\n", encoding="ascii")
    with pytest.raises(Refused, match=r"the shell does not take what would be .*/hook:\n"):
        manager.check({str(hook): str(new)})
    manager.check({str(hook): None})
