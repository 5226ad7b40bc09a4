# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow of a back end for a manager, with a manager that does what it is told and a kernel of a few words."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends import engine
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers import managed
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.interface import (
    HEADER,
    File,
    Rendered,
)
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._managers.kernel import State
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.finding import Finding
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import Refused, SourceIPError
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

ADDRESS = {"address": "192.0.2.2/32", "device": "lo"}
WRONG = Finding("198.51.100.0/24", "192.0.2.2", None, "absent", "the kernel does not have it")


class Held:
    """What the kernel says, one answer after the other; the last one stays."""

    answers: list[State]
    did: list[str]

    def __init__(self, _hands: Any, pieces: Any, gone: Any, protocol: int) -> None:
        self.count = len(pieces)

    @property
    def rules(self) -> Held:
        return self

    def warnings(self) -> list[str]:
        return []

    def conflict(self) -> str:
        return ""

    def created_rules(self) -> list[Any]:
        return []

    def created(self) -> set[tuple[str, str]]:
        return {("192.0.2.2/32", "lo")}

    def look(self) -> State:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def clear(self) -> list[str]:
        self.did.append("clear")
        return []

    def mend(self) -> None:
        self.did.append("mend")
        self.answers[:] = [State()]


@dataclass
class Manager:
    """Writes a file with the names of the devices; remembers what it saw when it was told to read."""

    folder: Path
    did: list[str]
    later: str = ""
    fails: str = ""
    transient: dict[str, File] = field(default_factory=dict)
    name: str = "the manager"
    protocol: int = 133
    command: str = "manager reload"

    def own(self) -> list[str]:
        return [str(path) for path in sorted(self.folder.glob("*/ours"))]

    def read(self) -> None:
        return None

    def render(self, pieces: Any, found: Any, notes: Any) -> Rendered:
        files = {
            str(self.folder / f"{piece.device}.x.d" / "ours"): File(
                HEADER + b"\n" + "".join(one["address"] + "\n" for one in piece.addresses).encode()
            )
            for piece in pieces
        }
        return Rendered(files=files, transient=self.transient)

    def costs(self, devices: Any) -> list[str]:
        return [f"costs {' '.join(devices)}"]

    def check(self, files: dict[str, str | None]) -> None:
        self.did.append("check " + " ".join(Path(path).name for path, new in files.items() if new))

    def activate(self, devices: Any) -> str:
        self.did.append("read " + " ".join(self.there()))
        if self.fails and len([one for one in self.did if one.startswith("read")]) == 1:
            raise SourceIPError(self.fails)
        return self.later

    def insist(self, devices: Any) -> None:
        self.did.append("insist")

    def words(self, since: float) -> str:
        return "it said this"

    def there(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("[!.]*") if path.is_file())


@dataclass
class Host:
    manager: Manager
    did: list[str]
    record: Path

    def run(self, intent: Any = None, check: bool = False, **options: Any) -> dict[str, Any]:
        given = {"record": str(self.record), "wait": 0.4, "repair": "safe", **options}
        back_end = managed.ManagedBackEnd(_Hands(), given, self.manager)  # type: ignore[arg-type]
        return engine.carry(back_end, "manager", normalise([ADDRESS]) if intent is None else intent, check)  # type: ignore[arg-type]


class _Hands:
    """A host with no VRF."""

    class host:
        vrfs: dict[int, str] = {}  # noqa: RUF012


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    did: list[str] = []
    monkeypatch.setattr(managed, "Held", Held)
    monkeypatch.setattr(managed, "_GRACE", 0.2)
    monkeypatch.setattr(managed, "_PAUSE", 0.01)
    Held.answers, Held.did = [State()], did
    (tmp_path / "m").mkdir()
    return Host(Manager(tmp_path / "m", did), did, tmp_path / "l3host.source_ip" / "m.json")


def test_files_are_judged_then_in_place_then_read_and_nothing_is_done_twice(host: Host) -> None:
    result = host.run()
    assert result["changed"] and host.did == ["check ours m.json", "read lo.x.d/ours"]
    assert result["diff"][0]["after"].endswith("192.0.2.2/32\n")
    assert result["warnings"] == ["costs lo"]
    host.did.clear()
    assert not host.run()["changed"] and host.did == []


def test_check_mode_writes_nothing(host: Host) -> None:
    assert host.run(check=True)["changed"]
    assert host.did == [] and host.manager.there() == [] and not host.record.exists()


def test_taken_off_nothing_is_left_not_even_a_folder(host: Host) -> None:
    host.run()
    assert host.run(engine.NOTHING)["changed"]
    assert list(host.manager.folder.iterdir()) == [] and not host.record.parent.exists()


def test_where_the_kernel_does_not_follow_all_is_put_back(host: Host) -> None:
    Held.answers = [State([WRONG])]
    with pytest.raises(Refused) as caught:
        host.run()
    message = caught.value.message
    assert "the kernel does not have it" in message and "it said this" in message
    assert message.endswith("The files are as they were before, and the manager has read them again.")
    assert host.did == ["check ours m.json", "read lo.x.d/ours", "insist", "read ", "clear"]
    assert list(host.manager.folder.iterdir()) == [] and not host.record.exists()


def test_a_manager_that_fails_has_its_files_back(host: Host) -> None:
    host.manager.fails = "no bus"
    with pytest.raises(SourceIPError) as caught:
        host.run()
    assert caught.value.message.startswith("no bus The files are as they were before")
    assert host.manager.there() == []


def test_a_file_that_somebody_changes_meanwhile_stays_as_he_left_it(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = host.manager.folder / "lo.x.d" / "ours"

    def read(_devices: Any) -> str:
        if ours.exists():
            ours.write_text("his\n", encoding="utf-8")
        host.did.append("read")
        return ""

    monkeypatch.setattr(host.manager, "activate", read)
    Held.answers = [State([WRONG])]
    with pytest.raises(Refused) as caught:
        host.run()
    assert "was changed by somebody else" in caught.value.message
    assert caught.value.message.endswith("Not all files are as they were before, and the manager has read them again.")
    assert ours.read_text(encoding="utf-8") == "his\n" and host.did[-2:] == ["read", "clear"]


def test_a_judge_that_refuses_leaves_all_as_it_was_and_nothing_is_read(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(_files: Any) -> None:
        raise Refused("line 3 is wrong")

    monkeypatch.setattr(host.manager, "check", refuses)
    with pytest.raises(Refused, match=r"^line 3 is wrong$"):
        host.run()
    assert host.did == [] and list(host.manager.folder.iterdir()) == []


def test_what_the_manager_leaves_in_the_kernel_is_taken_away(host: Host) -> None:
    host.run()
    host.did.clear()
    Held.answers = [State(left=["192.0.2.2/32 dev lo"])]
    host.run(engine.NOTHING)
    assert host.did == ["check ", "read ", "clear"]


def test_an_ipv6_route_whose_source_went_gets_it_without_the_stronger_way(host: Host) -> None:
    unset = Finding("2001:db8:1::/48", "2001:db8::2", None, "unset", "the kernel has it without a source")
    Held.answers = [State([unset])]
    assert host.run()["changed"]
    assert host.did == ["check ours m.json", "read lo.x.d/ours", "mend"]
    # That of an IPv4 route the kernel never drops alone: then the manager has not done its part.
    host.did.clear()
    Held.answers = [State([unset, unset._replace(destination="198.51.100.0/24", problem="different")])]
    with pytest.raises(Refused):
        host.run(intent=normalise([{**ADDRESS, "address": "192.0.2.3/32"}]))
    assert "insist" in host.did and "mend" not in host.did


def test_a_manager_that_reads_later_and_the_kernel_has_it_now(host: Host) -> None:
    host.manager.later = "not now"
    result = host.run()
    assert host.did == ["check ours m.json", "read lo.x.d/ours", "mend", "clear"]
    assert "not now" in result["warnings"]


def test_files_that_pass_lie_there_while_the_manager_reads(host: Host) -> None:
    passing = host.manager.folder / "eth0.x.d" / "keep"
    host.manager.transient = {str(passing): File(HEADER + b"\n")}
    host.run()
    assert host.did[1] == "read eth0.x.d/keep lo.x.d/ours"
    assert not passing.parent.exists()
    host.did.clear()
    assert not host.run()["changed"] and host.did == []


def test_what_the_kernel_has_lost_is_mended_or_told(host: Host) -> None:
    host.run()
    host.did.clear()
    Held.answers = [State([WRONG])]
    with pytest.raises(Refused, match=r"To repair .safe; loses nothing"):
        host.run(repair="report")
    assert host.did == []
    assert host.run(check=True)["possible"]
    result = host.run()
    assert result["changed"] and host.did == ["mend"] and result["repaired"][0]["level"] == "safe"


def test_a_file_with_our_name_that_is_not_ours_is_refused(host: Host) -> None:
    theirs = host.manager.folder / "lo.x.d" / "ours"
    theirs.parent.mkdir()
    theirs.write_text("theirs\n", encoding="utf-8")
    with pytest.raises(Refused, match="is not ours"):
        host.run()
    assert theirs.read_text(encoding="utf-8") == "theirs\n"


def test_an_empty_intent_takes_nothing_off_unless_it_is_said(host: Host) -> None:
    host.run()
    with pytest.raises(Refused, match="source_ip_state: absent"):
        host.run(normalise())
