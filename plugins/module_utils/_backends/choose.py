# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which back end a host has: `backend: auto`. PRIVATE to the collection.

An intent of ours that is there decides first: to hold it in a second place would be two intents. Then the routing
daemon that runs, then who manages the devices of the intent, then the kernel.
"""

from __future__ import annotations

import os
import typing as t

# Every task imports this for its options: what only a choice needs is imported where it is made.
from .._base.errors import Refused, SourceIPError
from ._bird.options import OPTIONS as BIRD
from ._frr.options import OPTIONS as FRR
from ._ifupdown.options import OPTIONS as IFUPDOWN
from ._kernel.options import OPTIONS as KERNEL
from ._netplan.options import OPTIONS as NETPLAN
from ._networkd.options import OPTIONS as NETWORKD
from ._networkmanager.options import OPTIONS as NETWORKMANAGER

if t.TYPE_CHECKING:
    from ._managers.manages import Manages
    from .interface import Intent

AUTO = "auto"
#: The argument spec of each back end; in this order their names stand in messages.
OPTIONS: dict[str, dict[str, t.Any]] = {
    "kernel": KERNEL,
    "frr": FRR,
    "bird": BIRD,
    "networkd": NETWORKD,
    "networkmanager": NETWORKMANAGER,
    "netplan": NETPLAN,
    "ifupdown": IFUPDOWN,
}
CHOICES = [AUTO, *sorted(OPTIONS)]
_SET = "set `source_ip_backend` (or the task's `backend`) to one of them"


class Sign(t.NamedTuple):
    """What a host shows of one back end.

    ``ours``: where an intent of ours stands, empty where none does; ``runs``: the daemon in words, empty where it does
    not run; ``words``: why it does not, where it is installed.
    """

    ours: str = ""
    runs: str = ""
    words: str = ""


class Choice(t.NamedTuple):
    """A back end and the reason, which is a sentence without its end."""

    name: str
    why: str


#: Why a back end cannot hold the intent; empty where it can.
Cannot = t.Callable[[str], "list[str]"]


def choose(
    signs: t.Mapping[str, Sign], managing: t.Sequence[Manages] = (), cannot: Cannot = lambda _name: []
) -> Choice:
    """One back end for a host that shows this. Refused where two would do. Pure.

    ``managing``: who manages the devices of the intent. One that cannot hold the intent, or for which there is no back
    end, leaves it to the kernel; the reason says so.
    """
    ours = [name for name in signs if signs[name].ours]
    if len(ours) > 1:
        places = ", ".join(f"{name} ({signs[name].ours})" for name in ours)
        raise Refused(
            f"backend: auto finds what earlier runs made in more than one place: {places}. Take one off with its "
            f"`source_ip_backend` and `source_ip_state: absent`, or {_SET}; nothing was changed"
        )
    if ours:
        return Choice(ours[0], f"an earlier run holds the intent there ({signs[ours[0]].ours})")
    running = [name for name in signs if signs[name].runs]
    if len(running) > 1:
        daemons = " and ".join(f"{name} ({signs[name].runs})" for name in running)
        raise Refused(f"backend: auto finds two daemons that write routes: {daemons}; {_SET}. Nothing was changed")
    if running:
        return Choice(running[0], signs[running[0]].runs)
    reasons = list(dict.fromkeys(one.why for one in managing))
    managers = dict.fromkeys(one.name for one in managing)
    if len(managers) > 1:
        raise Refused(
            f"backend: auto finds more than one manager for the devices of this intent: {'; '.join(reasons)}; {_SET}. "
            "Nothing was changed"
        )
    idle = [signs[name].words for name in signs if signs[name].words]
    for name in managers:
        if name not in OPTIONS:
            from ._managers.manages import NAMES

            reasons.append(f"there is no back end for {NAMES[name]}")
        elif why_not := cannot(name):
            reasons += [f"which cannot hold all of it: {why_not[0]}"]
        else:
            return Choice(name, "; ".join(reasons))
    return Choice("kernel", "; ".join(["neither FRR nor BIRD writes routes on this host", *idle, *reasons]))


def chosen(name: str, options: t.Mapping[str, t.Any], intent: Intent | None = None) -> Choice:
    """The back end that the task names, or the one that this host shows.

    ``options``: the task's. ``intent``: None where there is none to come, since ours is to go.
    """
    if name != AUTO:
        return Choice(name, "the task names it")
    look = {"kernel": _kernel, "frr": _frr, "bird": _bird}
    signs = {one: look.get(one, _manager)(options_of(one, options)) for one in OPTIONS}
    if intent is None or any(sign.ours or sign.runs for sign in signs.values()):
        return choose(signs)
    from .._intent.backends import cannot

    return choose(signs, _managing(intent), lambda one: cannot(one, intent))


def _managing(intent: Intent) -> list[Manages]:
    from .._netlink.kernel import Kernel
    from ._managers.shows import managing
    from .view import Hands

    with Hands(Kernel) as hands:
        return managing(hands, intent)


def _manager(options: t.Mapping[str, t.Any]) -> Sign:
    """A manager's own sign: who manages which device is another question."""
    return Sign(ours=options["record"] if _filled(options["record"]) else "")


def options_of(name: str, options: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """The options of one back end: the task's, or the defaults for a task that has none."""
    given: t.Mapping[str, t.Any] | None = options.get(name)
    return given or {key: spec.get("default") for key, spec in OPTIONS[name].items()}


def _kernel(options: t.Mapping[str, t.Any]) -> Sign:
    from ._keeper.places import Places
    from ._kernel import record

    path = options["record"]
    found = record.parse(record.read(path), path)
    if any(found.values()):
        return Sign(ours=path)
    # After a boot, before the keeper has written the record again.
    document = Places().document
    return Sign(ours=document if os.path.exists(document) else "")


def _frr(options: t.Mapping[str, t.Any]) -> Sign:
    from ._frr import paths
    from ._frr.host import Host
    from ._frr.release import version_text

    ours = next((path for path in (paths.STATE, paths.FORMER) if os.path.exists(path)), "")
    if not ours and holds_frr(options["conf"], options["prefix"], options["tag"]):
        ours = options["conf"]
    if not _installed(options["vtysh"]):
        return Sign(ours)
    try:
        return Sign(ours, f"FRR {version_text(Host(options['vtysh']).version())} runs here, with zebra")
    except SourceIPError as error:
        return Sign(ours, words=f"FRR is installed and does not answer: {error.message}")


def _bird(options: t.Mapping[str, t.Any]) -> Sign:
    from ._bird.daemon import Daemon

    ours = options["include"] if _filled(options["include"]) else ""
    if not _installed("birdc"):
        return Sign(ours)
    daemon = Daemon(options["socket"])
    try:
        state = daemon.state()
        if not state.running:
            return Sign(ours, words="BIRD is installed and does not run")
        tables = ", ".join(sorted(daemon.instances().values()))
        if not tables:
            return Sign(ours, words=f"BIRD {state.version} runs without a kernel protocol")
        return Sign(ours, f"BIRD {state.version} runs here, with the kernel protocol {tables}")
    except SourceIPError as error:
        return Sign(ours, words=f"BIRD is installed and does not answer: {error.message}")


def _installed(program: str) -> bool:
    """As the back ends look for it: a service's PATH may lack the folders of administration."""
    folders = [*os.environ.get("PATH", os.defpath).split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"]
    return any(os.access(os.path.join(folder, program), os.X_OK) for folder in folders)


def _filled(path: str) -> bool:
    """Whether this file is there and not empty: one that the operator made to be included holds nothing yet."""
    try:
        return os.path.getsize(path) > 0
    except OSError:
        return False


def holds_frr(path: str, prefix: str, tag: int) -> bool:
    """Whether FRR's configuration file has lines of ours, told from the operator's as the back end tells them.

    ``prefix``, ``tag``: FRR's options. False where the file cannot be read: then nothing is known of it.
    """
    from ._frr.parse import Objects, parse
    from ._frr.stages import same

    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return False
    return not same(parse(text, prefix, tag).ours, Objects())
