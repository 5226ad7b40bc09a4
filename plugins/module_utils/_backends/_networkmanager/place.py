# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a piece goes: into the profile that is active on the device. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._managers.interface import File, Rendered, is_ours
from .._managers.pieces import Piece, names_in
from .keyfile import MARKERS, Entry, entries, put, settings, without
from .render import LOOPBACK, OWN_FILE, entries_of, key_of, own_profile

if t.TYPE_CHECKING:
    from ..._files.snapshot import Snapshot

#: The first release that manages the loopback device, and applies a profile again without taking what others made.
NEEDED = (1, 42)
#: The first release of which it was seen that it tries a route again whose source was not there; 1.42.4 does not.
TRIES_AGAIN = (1, 52)
#: The methods under which a profile may have addresses and routes of its own.
_METHODS = ("auto", "dhcp", "manual")
#: Under which NetworkManager does nothing about IPv6.
_LEAVES_IPV6 = ("disabled", "ignore")
_MEMORY, _NETPLAN = "/run/", "netplan-"
_LOCAL = ("127.0.0.1/8", "::1/128")


class Device(t.NamedTuple):
    """A device as NetworkManager has it: `100 (connected)`, and of the active profile name, uuid and file."""

    state: str
    name: str = ""
    uuid: str = ""
    path: str = ""

    @property
    def external(self) -> bool:
        """Somebody else has configured it, and NetworkManager only looks on."""
        return "externally" in self.state

    @property
    def managed(self) -> bool:
        return self.state.startswith("100") and not self.external and bool(self.uuid)


@dataclass
class Found:
    """``version``: of the NetworkManager that runs, () where none does; ``devices``: by name; ``files``: the profiles
    in its folder by path; ``holders``: the addresses of the host by device; ``rewritten``: cloud-init writes its
    profiles anew for a new instance."""

    version: tuple[int, ...] = ()
    devices: t.Mapping[str, Device] = field(default_factory=dict)
    files: t.Mapping[str, Snapshot] = field(default_factory=dict)
    holders: t.Mapping[str, t.Sequence[str]] = field(default_factory=dict)
    rewritten: bool = True


def place(pieces: t.Sequence[Piece], found: Found, notes: t.Mapping[str, t.Any], folder: str) -> Rendered:
    """The profiles with these pieces, and those that had earlier ones."""
    rendered = Rendered()
    if pieces and found.version < NEEDED:
        rendered.refusals.append(_too_old(found.version))
        return rendered
    former = {path: [Entry(*one) for one in kept] for path, kept in notes.get("profiles", {}).items()}
    wanted: dict[str, list[Entry]] = {path: [] for path in former}
    for piece in pieces:
        path, problem = _path(piece, found, folder)
        if problem:
            rendered.refusals += [f"{name}: {problem}" for name in names_in(piece)]
        elif path == f"{folder}/{OWN_FILE}":
            rendered.files[path] = File(own_profile(piece), mode=0o600)
        else:
            wanted[path] = _entries(piece, found, path, former.get(path, []), rendered)
    for path, ours in wanted.items():
        there = found.files.get(path)
        # Gone with all that was in it, and nothing of it is to come back.
        if there is not None and there.content is not None:
            rendered.files[path] = _changed(there, ours, former.get(path, []))
    rendered.warnings += at_boot(pieces, found)
    kept = {path: [list(one) for one in ours] for path, ours in sorted(wanted.items()) if ours}
    rendered.notes = {"profiles": kept} if kept else {}
    return rendered


def at_boot(pieces: t.Sequence[Piece], found: Found) -> list[str]:
    """Sources on another device than the route: at boot that may come up later."""
    if not pieces or found.version >= TRIES_AGAIN:
        return []
    late = []
    for piece in pieces:
        here = {one.partition("/")[0] for one in found.holders.get(piece.device, ())}
        here |= {one["address"].partition("/")[0] for one in piece.addresses}
        late += [route["destination"] for route in piece.routes if route["source"] not in here]
    if not late:
        return []
    more = f" and {len(late) - 3} more" if len(late) > 3 else ""
    release, here_now = (".".join(map(str, one)) for one in (TRIES_AGAIN, found.version))
    return [
        f"NetworkManager {here_now} does not try a route again whose source was not there yet ({release} does). At "
        f"boot it may bring the device of the source up last; what then is missing until this runs again: "
        f"{', '.join(late[:3])}{more}. A source on the device of the route itself is there in time"
    ]


def _too_old(version: t.Sequence[int]) -> str:
    if not version:
        return "NetworkManager does not run on this host, so it manages no device; name the back end that does"
    needed, here = (".".join(map(str, one)) for one in (NEEDED, version))
    return (
        f"this is NetworkManager {here}: before {needed} it cannot manage the loopback device, nor apply a profile "
        "again without removing what others made on its device. Use the kernel back end"
    )


def _path(piece: Piece, found: Found, folder: str) -> tuple[str, str]:
    """(path, why there is none)."""
    device = found.devices.get(piece.device, Device("10 (unmanaged)"))
    if piece.device == LOOPBACK and (device.external or device.path == f"{folder}/{OWN_FILE}"):
        return f"{folder}/{OWN_FILE}", _others(piece, found) if device.external else ""
    if not device.managed:
        return "", _unmanaged(piece.device, device)
    name = f"the profile {device.name} of {piece.device}"
    base = device.path.rpartition("/")[2]
    if base.startswith(_NETPLAN):
        return "", f"{name} ({device.path}) is made by netplan, anew at each boot; use the back end of netplan"
    if device.path.startswith(_MEMORY) or not device.path:
        return "", (
            f"{name} lies only in memory ({device.path or 'no file'}), and is gone at the next boot; make it a file "
            f"first, as `nmcli connection modify {device.uuid} connection.autoconnect yes` does"
        )
    there = found.files.get(device.path)
    if there is None or there.content is None:
        return "", (
            f"{name} is not a keyfile in {folder} ({device.path}); `nmcli connection migrate {device.uuid}` makes it "
            "one of an ifcfg file, `nmcli connection modify` of one below /usr"
        )
    others = sorted(other for other, one in found.devices.items() if one.uuid == device.uuid and other != piece.device)
    if others:
        return "", (
            f"{name} is active on {', '.join(others)} too, and what is put into it would be for all of them; give "
            f"{piece.device} a profile of its own"
        )
    return device.path, ""


def _unmanaged(name: str, device: Device) -> str:
    if device.external:
        return f"NetworkManager only looks on at {name}, which somebody else configures; use the back end of who does"
    if device.state.startswith("10 "):
        return f"NetworkManager does not manage {name}; use the back end of who does, or the kernel back end"
    return (
        f"NetworkManager has {name} as {device.state}, with no profile active on it; bring it up first "
        f"(`nmcli device connect {name}`)"
    )


def _others(piece: Piece, found: Found) -> str:
    """Why NetworkManager must not take the loopback device over."""
    ours = {one["address"] for one in piece.addresses}
    others = [one for one in found.holders.get(piece.device, ()) if one not in ours and one not in _LOCAL]
    if not others:
        return ""
    return (
        f"NetworkManager only looks on at {piece.device}, and would remove {', '.join(others)} there when it takes "
        f"the device over. Name them in source_ip_addresses with device {piece.device}, or make a profile with them "
        f"(`nmcli connection add type loopback ifname {piece.device} ipv4.method manual ipv4.addresses ADDRESS`), or "
        "use the kernel back end"
    )


def _entries(piece: Piece, found: Found, path: str, former: list[Entry], rendered: Rendered) -> list[Entry]:
    """What the profile is to have of the piece: an address or rule that the operator has there is not written again."""
    content = found.files[path].content or b""
    theirs = without(content, path, former).content
    keys, name = settings(theirs), found.devices[piece.device].name
    profile = found.devices[piece.device].uuid
    own = entries(theirs)
    addresses = {one.value.partition(",")[0].strip() for one in own.values() if one.kind == "address"}
    rules = {one.meaning for one in own.values() if one.kind == "routing-rule"}
    taken = {}
    for (section, key), one in own.items():
        if one.kind == "route":
            values = keys[section]
            taken[key_of(one, values.get("route-table", "0"), values.get("route-metric", "-1"))] = f"[{section}] {key}"
    result = []
    for entry, called in zip(entries_of(piece), names_in(piece)):
        method = keys.get(entry.section, {}).get("method")
        if method is None:
            rendered.refusals.append(
                f"{called}: the profile {name} ({path}) has no [{entry.section}] with a method; give it one, as "
                f"`nmcli connection modify {profile} {entry.section}.method auto` does"
            )
        elif method not in _METHODS:
            rendered.refusals.append(
                f"{called}: the profile {name} ({path}) has {entry.section}.method {method}, under which "
                f"NetworkManager takes nothing of ours; it has to be one of {', '.join(_METHODS)}"
            )
        elif entry.kind == "route" and key_of(entry) in taken:
            rendered.refusals.append(
                f"{called}: the profile {name} ({path}) has a route of its own with this destination, table and "
                f"metric, {taken[key_of(entry)]}; give ours another metric, or remove that one"
            )
        elif entry.kind == "route" or (entry.value not in addresses and entry.meaning not in rules):
            result.append(entry)
    if found.rewritten and b"cloud-init" in theirs:
        rendered.warnings.append(
            f"cloud-init has made the profile {name} ({path}), and writes it anew when it finds a new instance: what "
            "is ours is lost with it until the next run. `network: {config: disabled}` in a file of "
            "/etc/cloud/cloud.cfg.d ends that"
        )
    return result


def _changed(there: Snapshot, ours: list[Entry], former: list[Entry]) -> File:
    content = t.cast(bytes, there.content)
    gone = without(content, there.path, former)
    if not ours:
        new, spans = gone.content, []
    else:
        new = put(gone.content, there.path, ours)
        block = MARKERS.find(new, there.path)
        spans = [(block.start, block.stop)] if block else []
    return File(new, spans=(gone.spans, spans), there=there)


def taken_along(found: Found, files: t.Mapping[str, File], folder: str) -> list[str]:
    """The addresses on the loopback device when our profile of it comes or goes: NetworkManager takes them along."""
    path = f"{folder}/{OWN_FILE}"
    there = found.files.get(path)
    is_there = there is not None and is_ours(there.content)
    if is_there == (path in files):
        return []
    return [one for one in found.holders.get(LOOPBACK, ()) if one not in _LOCAL]


def resets(found: Found, device: str) -> bool:
    """Whether NetworkManager takes the device's IPv6 addresses away, to add them again, when it applies the profile."""
    there = found.files.get(found.devices[device].path)
    method = settings((there.content if there else None) or b"").get("ipv6", {}).get("method")
    return method not in _LEAVES_IPV6
