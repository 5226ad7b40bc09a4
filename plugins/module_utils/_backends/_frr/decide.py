# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do on one host, decided from what was found there. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ..._base.errors import InvalidInput
from ..._files.shown import difference
from ..interface import Intent, Plan
from . import paths, units
from .conf import Edit, Saved, edit
from .former import Former, Place
from .objects import build, former_places, operator_maps, refusals
from .parse import BindingKey, Config, Objects
from .release import Version, stuck, version_text
from .settings import Binding, Settings
from .stages import Stage, same, stages

if t.TYPE_CHECKING:
    from ..._addresses.task import AddressChange
    from ..._files.snapshot import Snapshot

_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,14}-\Z")
_SERVICE = re.compile(r"[A-Za-z0-9:_.@-]+\Z")
_COMMAND = re.compile(r"(?:/[A-Za-z0-9._+/-]+|[A-Za-z0-9._+][A-Za-z0-9._+-]*)\Z")
_NOT_INTEGRATED = re.compile(r"^\s*no\s+service\s+integrated-vtysh-config\s*$", re.MULTILINE)
_SHOWN_LINES = 2000


@dataclass
class Found:
    """What is there.

    ``conf``: frr.conf, and ``saved`` what it says; both None where it is not to be written. ``unreadable``: why it
    cannot be edited. ``others``: names of files of single daemons beside it. ``former``: what the record says;
    ``boot``: our services.
    """

    version: Version
    running: Config
    conf: Snapshot | None = None
    saved: Saved | None = None
    unreadable: str | None = None
    vtysh_conf: str = ""
    others: list[str] = field(default_factory=list)
    former: list[Place] = field(default_factory=list)
    boot: units.Found = field(default_factory=lambda: units.Found({}, frozenset(), {}))


@dataclass
class FrrPlan(Plan):
    """``have``, ``want``, ``operator``: what the stages lead from, and to, and what takes the place of ours.

    ``places``: what maps of ours have served; ``judged``, ``former``, ``settings``: what judge and repairs need.
    ``sources``: [(source, vrf, table, the list that names it)].
    """

    version: Version = (0, 0, 0)
    found: Found | None = None
    have: Objects = field(default_factory=Objects)
    want: Objects = field(default_factory=Objects)
    operator: dict[BindingKey, str] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    edit: Edit = field(default_factory=Edit)
    boot: units.Changes = field(default_factory=lambda: units.Changes(False, {}, False))
    judged: dict[str, t.Any] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    former: Former = field(default_factory=Former)
    settings: Settings = field(default_factory=lambda: Settings([], [], [], [], None, False))
    sources: list[tuple[str, str | None, int | None, str]] = field(default_factory=list)
    addresses: AddressChange | None = None

    @property
    def lines(self) -> list[str]:
        """All that goes to vtysh."""
        return [line for stage in self.stages for line in stage.lines]


def check_options(options: t.Mapping[str, t.Any]) -> None:
    """InvalidInput for what would become part of a name, a path or a command line."""
    rules = {
        "prefix": (_PREFIX, "a usable prefix: a letter, up to 14 more of A-Z a-z 0-9 _, and a hyphen"),
        "service": (_SERVICE, "the name of a systemd service: A-Z a-z 0-9 : _ . @ -"),
        "vtysh": (_COMMAND, "a command: its name, or its absolute path"),
    }
    for name, (rule, meaning) in rules.items():
        if not rule.match(options[name]):
            raise InvalidInput(f"frr_{name}: {options[name]!a} is not {meaning}")


def decide(intent: Intent, found: Found, options: t.Mapping[str, t.Any]) -> FrrPlan:
    """The plan; what has to be asked of the host is not in it yet."""
    prefix = options["prefix"]
    running = found.running
    want = build(intent, running, prefix, options["tag"])
    plan = FrrPlan(version=found.version, found=found, have=running.ours, want=want)
    plan.operator = operator_maps(running, prefix)
    plan.stages = stages(running.ours, want, plan.operator)
    plan.refusals = [*_layout(found), *refusals(intent, want, running, found.version)]
    if found.saved:
        plan.edit = edit(found.saved, want)
    plan.judged = {
        "policies": intent["policies"],
        "routes": [
            {key: route[key] for key in ("vrf", "table", "family", "destination", "source")}
            for route in intent["routes"]
        ],
    }
    plan.places = _places(found)
    plan.former = Former(plan.places)
    plan.settings = Settings(
        bindings=[Binding(*key, name) for key, name in sorted(want.bindings.items())],
        statics=[*sorted(want.routes), *((static.vrf, static.text) for static in running.statics)],
        bgp=running.bgp,
        table_maps=running.table_maps,
        keep=running.keep,
        edit_kernel=options["edit_kernel"],
    )
    plan.sources = _sources(intent)
    nothing = same(want, Objects()) and not intent["addresses"]
    boot = None
    if options["boot"] and not nothing:
        boot = units.wanted(_state(intent, plan, options), options["service"], found.boot.code)
    plan.boot = units.changes(found.boot, boot)
    plan.changed = bool(plan.stages or plan.edit.content is not None or plan.boot)
    plan.diffs = _diffs(plan, options)
    if not same(running.ours, Objects()):
        plan.ours = f"FRR's lines with {prefix} or the tag {options['tag']}"
    elif any(snapshot.content is not None for snapshot in found.boot.files.values()):
        plan.ours = paths.STATE
    if stuck(found.version) and plan.stages:
        plan.warnings.append(
            f"FRR {version_text(found.version)} does not give a new source to routes that are installed already; "
            "the kernel is asked, and frr_repair says what may be done about it"
        )
    return plan


def _places(found: Found) -> list[Place]:
    """What maps of ours have served: by the record, in the file of a run that did not end, and now."""
    saved = former_places(found.saved.config) if found.saved else []
    places: list[Place] = []
    for place in [*found.former, *saved, *former_places(found.running)]:
        if place not in places:
            places.append(place)
    return places


def _sources(intent: Intent) -> list[tuple[str, str | None, int | None, str]]:
    entries = [("source_ip_policies", entry) for entry in intent["policies"]]
    entries += [("source_ip_routes", entry) for entry in intent["routes"]]
    found = {(entry["source"], entry["vrf"], entry["table"]): name for name, entry in entries}
    return [(*key, name) for key, name in sorted(found.items(), key=str)]


def _state(intent: Intent, plan: FrrPlan, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What the services read. What an earlier intent left over is repaired when it changes, not at each start."""
    return {
        "addresses": [{"address": a["address"], "device": a["device"]} for a in intent["addresses"]],
        "sources": sorted({source for source, _vrf, _table, _name in plan.sources}),
        "intent": plan.judged,
        "settings": plan.settings._asdict(),
        "repair": options["repair"],
        "vtysh": options["vtysh"],
        "wait": options["boot_wait"],
        "watch": options["boot_watch"],
    }


def _layout(found: Found) -> list[str]:
    """Why frr.conf cannot be written."""
    if found.conf is None:
        return []
    if _NOT_INTEGRATED.search(found.vtysh_conf):
        return [
            "vtysh.conf says `no service integrated-vtysh-config`: FRR then writes one file per daemon and frr.conf "
            "goes stale; use the integrated configuration, or set frr_persist to false and write it yourself"
        ]
    if found.conf.content is None and found.others:
        return [
            f"there is no frr.conf but {', '.join(found.others)}: this FRR has one file per daemon; use the "
            "integrated configuration, or set frr_persist to false and write it yourself"
        ]
    return [found.unreadable] if found.unreadable else []


def _diffs(plan: FrrPlan, options: t.Mapping[str, t.Any]) -> list[dict[str, str]]:
    """Our lines, those that vtysh gets with a sign in front; nothing of the operator's."""
    result = []
    if plan.stages:
        lines = [
            f"-{line.replace('no ', '', 1)}" if line.lstrip().startswith("no ") else f"+{line}" for line in plan.lines
        ]
        more = [f" and {len(lines) - _SHOWN_LINES} more lines"] if len(lines) > _SHOWN_LINES else []
        text = "\n".join(["running configuration of FRR", *lines[:_SHOWN_LINES], *more])
        result.append({"prepared": f"{text}\n"})
    if plan.edit.content is not None:
        result.append(difference(options["conf"], plan.edit.before, plan.edit.after))
    if plan.boot:
        result.append({"prepared": f"services that keep the intent in FRR: {_services(plan)}\n"})
    return result


def _services(plan: FrrPlan) -> str:
    """What becomes of them, in a word: what their files say is ours, and nothing that a user wrote."""
    if not plan.boot.present:
        return "removed"
    there = plan.found.boot.files.values() if plan.found else ()
    return "updated" if any(snapshot.content is not None for snapshot in there) else "installed"
