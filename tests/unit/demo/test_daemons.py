# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding FRR and BIRD, and saying that they are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import daemons


def program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def bird(root: Path, script: str) -> None:
    program(root / "usr/sbin/bird", script)
    program(root / "usr/sbin/birdc", "exit 0")


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert daemons.find("frr", [tmp_path]) is None
    assert daemons.find("bird", [tmp_path, tmp_path / "missing"]) is None


def test_what_does_not_start_is_passed_over_for_the_next_place(tmp_path: Path) -> None:
    bird(tmp_path / "broken", "echo BIRD version 9.9.9; exit 127")
    bird(tmp_path / "half", "echo BIRD version 9.9.8")
    (tmp_path / "half/usr/sbin/birdc").unlink()
    assert daemons.find("bird", [tmp_path / "broken", tmp_path / "half"]) is None
    bird(tmp_path / "good", "echo BIRD version 2.0.12 >&2")
    found = daemons.find("bird", [tmp_path / "broken", tmp_path / "half", tmp_path / "good"])
    assert found is not None
    assert found.version == "2.0.12"
    assert set(found.programs) == {"bird", "birdc"}


def test_libraries_beside_the_programs_are_used(tmp_path: Path) -> None:
    bird(tmp_path, 'test "$LD_LIBRARY_PATH" = "${0%/sbin/bird}/lib/x" && echo BIRD version 2.0.12')
    (tmp_path / "usr/lib/x").mkdir(parents=True)
    (tmp_path / "usr/lib/x/libyang.so.2").touch()
    found = daemons.find("bird", [tmp_path])
    assert found is not None
    assert found.libraries == str(tmp_path / "usr/lib/x")
    assert f"LD_LIBRARY_PATH={found.libraries} exec" in found.wrapper("birdc")


@pytest.mark.parametrize(("name", "package"), [("frr", "frr"), ("bird", "bird2")])
def test_what_is_left_out_says_why_and_what_to_install(
    name: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemons, "_WHY", tmp_path / "why")
    assert f"Install the package {package} and" in daemons.why_not(name)
    (tmp_path / "why").write_text("no network\n", encoding="utf-8")
    assert "(no network)" in daemons.why_not(name)
    assert "\n" not in daemons.why_not(name)
