# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who manages a device, by what each manager shows of it; not who merely is installed. Pure. PRIVATE."""

from __future__ import annotations

import re
import typing as t

#: The back end of a manager, and how messages call it.
NAMES = {
    "networkd": "systemd-networkd",
    "networkmanager": "NetworkManager",
    "netplan": "netplan",
    "ifupdown": "ifupdown",
}
#: Files that netplan generates for its renderers begin so (networkd), or their profiles do (NetworkManager).
_NETPLAN_FILE, _NETPLAN_PROFILE = "10-netplan-", "netplan-"
#: With ifupdown2 family and method may be left out: `iface eth0`.
_STANZA = re.compile(r"^[ \t]*iface[ \t]+(\S+)(?:[ \t]+(?:inet|inet6)[ \t]+(\S+))?", re.MULTILINE)


class Shows(t.NamedTuple):
    """What the managers of a host show of one device; empty where they show nothing.

    ``networkd_file``: the .network file in use; ``networkd_state``: its word for the device (`configured` …).
    ``profile``, ``profile_file``: NetworkManager's active connection, ``nm_state`` its state (`100 (connected)`).
    ``ifstate``: the device is up by ifupdown; ``stanza``: the file with its `iface`, ``method`` its last word.
    """

    networkd_file: str = ""
    networkd_state: str = ""
    profile: str = ""
    profile_file: str = ""
    nm_state: str = ""
    ifstate: bool = False
    stanza: str = ""
    method: str = ""


class Manages(t.NamedTuple):
    """``name``: of the back end; ``why``: a sentence without its end."""

    device: str
    name: str
    why: str


def manages(device: str, shows: Shows) -> list[Manages]:
    """Who manages this device: nobody, one, or (two managers on one device are a fault of the host) more."""
    found = []
    if shows.networkd_state in ("configured", "configuring") and shows.networkd_file:
        file = shows.networkd_file
        netplan = file.rpartition("/")[2].startswith(_NETPLAN_FILE)
        by = ", which netplan has generated" if netplan else ""
        why = f"systemd-networkd manages {device} by {file}{by}"
        found.append(Manages(device, "netplan" if netplan else "networkd", why))
    state = shows.nm_state
    if state.startswith("100") and "externally" not in state and shows.profile:
        netplan = shows.profile_file.rpartition("/")[2].startswith(_NETPLAN_PROFILE)
        by = ", which netplan has generated" if netplan else ""
        where = f" ({shows.profile_file})" if shows.profile_file else ""
        why = f"NetworkManager manages {device} by the profile {shows.profile}{where}{by}"
        found.append(Manages(device, "netplan" if netplan else "networkmanager", why))
    # `manual` gives the device to somebody else, as does a stanza that nobody has brought up.
    if shows.ifstate and shows.stanza and shows.method != "manual":
        why = f"ifupdown has brought {device} up by its stanza in {shows.stanza}"
        found.append(Manages(device, "ifupdown", why))
    return found


def of_link_file(text: str) -> tuple[str, str]:
    """(.network file, state) from networkd's own file about a link, /run/systemd/netif/links/INDEX."""
    values = dict(line.partition("=")[::2] for line in text.splitlines() if not line.startswith("#"))
    return values.get("NETWORK_FILE", ""), values.get("ADMIN_STATE", "")


def of_nmcli(text: str) -> tuple[str, str, str]:
    """(state, profile, its D-Bus path) from `nmcli -g FIELDS device show`, with the fields in this order."""
    lines = [line.strip() for line in text.splitlines()]
    state, profile, path = [*lines, "", "", ""][:3]
    return state, "" if profile == "--" else profile, path


def of_ifstate(text: str) -> set[str]:
    """The devices that ifupdown has up, from /run/network/ifstate: `eth0=eth0` a line."""
    return {line.partition("=")[0].strip() for line in text.splitlines() if line.strip()}


def of_interfaces(text: str, device: str) -> str:
    """The method of the device's first stanza in interfaces(5) that says one beside `loopback`; empty without any."""
    methods = [method or "static" for name, method in _STANZA.findall(text) if name == device]
    return next((method for method in methods if method != "manual"), methods[0] if methods else "")


def devices_of(intent: t.Mapping[str, list[dict[str, t.Any]]]) -> tuple[list[str], list[tuple[str, str | None]]]:
    """(devices that an intent names, (gateway, vrf) of which the device is not named)."""
    named = [entry["device"] for entry in intent["addresses"]]
    gateways: list[tuple[str, str | None]] = []
    for entry in intent["routes"]:
        for hop in entry["nexthops"] or [entry]:
            if hop["device"]:
                named.append(hop["device"])
            else:
                gateways.append((hop["gateway"], entry["vrf"]))
    return list(dict.fromkeys(named)), list(dict.fromkeys(gateways))
