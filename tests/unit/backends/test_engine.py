# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's flow, and the smallest back end, which is the one of docs/backend.md."""

from __future__ import annotations

import contextlib
import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.module_utils._backends import engine, proof
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.finding import Finding
from ansible_collections.l3host.source_ip.plugins.module_utils._backends.interface import Judgement, Plan, Repair
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import InvalidInput, Refused
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.normal import normalise

PAGE = Path(__file__).resolve().parents[3] / "docs" / "backend.md"
ROUTE = {"destination": "198.51.100.0/24", "gateway": "10.0.0.1", "source": "192.0.2.2"}
WRONG = Finding("198.51.100.0/24", "192.0.2.2", None, "unset", "the route carries no source")


class Scripted:
    """A back end that does what it is told, and remembers what it was asked to do."""

    def __init__(self, plan: Plan, *judgements: Judgement) -> None:
        self.made = plan
        self.judgements = list(judgements) or [Judgement(checked=1)]
        self.did: list[str] = []

    def read(self) -> str:
        self.did.append("read")
        return "found"

    def plan(self, intent: Any, found: Any, check: bool) -> Plan:
        assert found == "found"
        self.did.append("plan")
        return self.made

    def apply(self, plan: Any) -> None:
        self.did.append("apply")

    def judge(self, plan: Any, applied: bool) -> Judgement:
        self.did.append(f"judge {'applied' if applied else 'as it was'}")
        return self.judgements.pop(0)

    def repair(self, plan: Any, judgement: Judgement, check: bool) -> Judgement:
        self.did.append(f"repair{' in check mode' if check else ''}")
        return self.judgements.pop(0)


def carry(back_end: Any, check: bool = False, intent: Any = None) -> dict[str, Any]:
    return engine.carry(back_end, "scripted", normalise(routes=[ROUTE]) if intent is None else intent, check)


@pytest.mark.parametrize(
    ("changed", "check", "did"),
    [
        (True, False, ["read", "plan", "apply", "judge applied"]),
        (False, False, ["read", "plan", "judge as it was"]),
        (True, True, ["read", "plan"]),
        (False, True, ["read", "plan", "judge as it was"]),
    ],
)
def test_the_flow(changed: bool, check: bool, did: list[str]) -> None:
    back_end = Scripted(Plan(changed=changed))
    assert carry(back_end, check)["changed"] is changed
    assert back_end.did == did


@pytest.mark.parametrize("check", [False, True])
def test_what_is_refused_is_not_applied(check: bool) -> None:
    back_end = Scripted(Plan(changed=True, refusals=["routes[0]: one", "routes[1]: two"]))
    with pytest.raises(Refused, match=r"back end scripted; nothing was changed:\nroutes\[0\]: one\nroutes\[1\]: two"):
        carry(back_end, check)
    assert back_end.did == ["read", "plan"]


def test_what_was_repaired_is_a_change() -> None:
    mended = Repair("safe", "nothing", "it was lost", "ip route change …")
    back_end = Scripted(Plan(), Judgement(1, [WRONG]), Judgement(1, done=[mended]))
    found = carry(back_end)
    assert found["changed"] and found["repaired"] == [mended._asdict()] and found["findings_count"] == 0
    assert back_end.did[-1] == "repair"


def test_what_would_be_repaired_is_a_change_in_check_mode() -> None:
    mended = Repair("safe", "nothing", "it was lost", "ip route change …")
    back_end = Scripted(Plan(), Judgement(1, [WRONG]), Judgement(1, [WRONG], allowed=[mended]))
    found = carry(back_end, check=True)
    assert found["changed"] and found["possible"] == [mended._asdict()] and found["findings"] == [WRONG._asdict()]


def test_what_stays_wrong_fails_with_a_table_and_the_ways_out() -> None:
    way = Repair("sessions", "all BGP sessions", "the routes must be learned anew", "vtysh -c 'clear bgp *'")
    stays = Judgement(7, [replace_problem("rejected"), WRONG], possible=[way], errors=["vtysh did not answer"])
    with pytest.raises(Refused) as failed:
        carry(Scripted(Plan(changed=True), Judgement(7, [WRONG]), stays))
    message = failed.value.message
    assert message.startswith("2 of 7 routes do not have the source of the intent.\ndestination")
    assert "Failed: vtysh did not answer" in message
    assert "To repair (sessions; loses all BGP sessions; the routes must be learned anew): vtysh -c" in message
    assert failed.value.details["changed"] is True and failed.value.details["findings_count"] == 2
    assert [found["problem"] for found in failed.value.details["findings"]] == ["rejected", "unset"]


def replace_problem(problem: str) -> Finding:
    return WRONG._replace(problem=problem)


class Untouched:
    """Hands that hold nothing."""

    host = "the view of the host"

    def __init__(self, *_arguments: Any) -> None:
        self.forgotten = False

    def __enter__(self) -> Untouched:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def forget(self) -> None:
        self.forgotten = True


ROW = {"checked": 1, "findings_count": 0, "findings": [], "table": ""}
BAD = {"checked": 2, "findings_count": 1, "findings": [WRONG._asdict()], "table": "destination  expected"}


@pytest.fixture
def proved(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a proof says (``says``), and what it was asked (``asked``); of a back end ``plan`` on a host of paper."""
    known: dict[str, Any] = {"says": ROW, "asked": [], "plan": Plan()}

    def prove(*asked: Any) -> dict[str, Any]:
        known["asked"].append(asked[2:])
        return dict(known["says"])

    monkeypatch.setattr(proof, "prove", prove)
    monkeypatch.setattr(engine, "preflight", lambda *_asked: list(known.get("stands_in_the_way", ())))
    monkeypatch.setattr(engine, "Hands", Untouched)
    monkeypatch.setattr(engine, "one_writer", lambda *_who: contextlib.nullcontext())
    monkeypatch.setattr(engine, "back_end", lambda *_name: Scripted(known["plan"]))
    return known


def run(known: dict[str, Any], check: bool = False, wire: str | None = "never", intent: Any = None) -> dict[str, Any]:
    intent = normalise(routes=[ROUTE]) if intent is None else intent
    return engine.run("scripted", intent, {}, check, 0, wire=wire)


@pytest.mark.parametrize("changed", [True, False])
def test_the_proof_comes_with_the_answer(proved: dict[str, Any], changed: bool) -> None:
    proved["plan"] = Plan(changed=changed)
    found = run(proved)
    assert found["changed"] is changed and found["proof"] == ROW and proved["asked"] == [("scripted", "never")]


def test_nothing_is_proved_that_nobody_asked_for_or_that_is_still_to_do(proved: dict[str, Any]) -> None:
    assert "proof" not in run(proved, wire=None) and "proof" not in run(proved, intent=engine.NOTHING)
    proved["plan"] = Plan(changed=True)
    assert "proof" not in run(proved, check=True) and proved["asked"] == []


@pytest.mark.parametrize("check", [True, False])
def test_what_does_not_agree_fails(proved: dict[str, Any], check: bool) -> None:
    proved["says"] = BAD
    with pytest.raises(Refused) as failed:
        run(proved, check)
    assert failed.value.message == ("1 of 2 destinations do not have the source of the intent:\ndestination  expected")
    assert failed.value.details["proof"] == BAD and failed.value.details["changed"] is False


def test_an_unknown_back_end() -> None:
    with pytest.raises(InvalidInput, match="'quagga' is not known"):
        engine.back_end("quagga", None, {})  # type: ignore[arg-type]


def smallest() -> Any:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    room = types.ModuleType("smallest")
    sys.modules["smallest"] = room  # where a dataclass looks for the names of its annotations
    exec(compile(code, str(PAGE), "exec"), room.__dict__)
    return room.BackEnd


def test_the_smallest_back_end(tmp_path: Path) -> None:
    path = tmp_path / "sources"
    holder = smallest()(None, {"path": str(path)})
    assert carry(holder, check=True)["changed"] and not path.exists()
    made = carry(holder)
    assert made["changed"] and made["checked"] == 1 and "192.0.2.2" in made["diff"][0]["after"]
    assert path.read_text() == "192.0.2.2\n"
    assert not carry(holder)["changed"]
    assert engine.carry(holder, "smallest", engine.NOTHING, check=False)["changed"] and not path.exists()
    policy = [{"name": "p", "destinations": ["10.0.0.0/8"], "source": "192.0.2.2"}]
    with pytest.raises(Refused, match="policy p: this back end holds routes only"):
        engine.carry(holder, "smallest", normalise(policies=policy), check=False)


EMPTY: dict[str, list[Any]] = {"addresses": [], "routes": [], "policies": [], "warnings": []}


@pytest.mark.parametrize("check", [False, True])
def test_an_intent_that_is_merely_empty_takes_nothing_off(check: bool) -> None:
    back_end = Scripted(Plan(changed=True, ours="/run/record"))
    with pytest.raises(Refused, match=r"\(/run/record\); nothing was changed.*`source_ip_state: absent`"):
        carry(back_end, check, dict(EMPTY))
    assert back_end.did == ["read", "plan"]


@pytest.mark.parametrize(
    ("plan", "intent"),
    [
        (Plan(changed=True, ours="/run/record"), engine.NOTHING),
        (Plan(changed=True), dict(EMPTY)),
        (Plan(changed=False, ours="/run/record"), dict(EMPTY)),
        (Plan(changed=True, ours="/run/record"), normalise(routes=[ROUTE])),
    ],
    ids=["who says so", "nothing is there", "nothing would go", "one list is empty"],
)
def test_what_may_go_goes(plan: Plan, intent: Any) -> None:
    assert carry(Scripted(plan), False, intent)["changed"] is plan.changed
