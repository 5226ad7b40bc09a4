# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nmcli(1) says of devices and profiles. Pure. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ..._base.names import is_decimal
from .place import Device

DEVICE_FIELDS = "GENERAL.DEVICE,GENERAL.STATE,GENERAL.CONNECTION,GENERAL.CON-UUID,GENERAL.DBUS-PATH"


class Shown(t.NamedTuple):
    """A device, and its path on the bus."""

    device: Device
    bus: str


def of_devices(text: str, files: t.Mapping[str, str]) -> dict[str, Shown]:
    """The devices by name, from `nmcli -t -e no -f DEVICE_FIELDS device show`. ``files``: of the profiles by uuid."""
    found: dict[str, Shown] = {}
    for block in text.split("\n\n"):
        values = dict(line.partition(":")[::2] for line in block.splitlines())
        get = {key.rpartition(".")[2]: "" if value == "--" else value for key, value in values.items()}
        if get.get("DEVICE"):
            uuid = get.get("CON-UUID", "")
            device = Device(get.get("STATE", ""), get.get("CONNECTION", ""), uuid, files.get(uuid, ""))
            found[get["DEVICE"]] = Shown(device, get.get("DBUS-PATH", ""))
    return found


def of_profiles(text: str) -> dict[str, str]:
    """{uuid: file} from `nmcli -t -e no -f UUID,FILENAME connection show --active`."""
    return dict(line.partition(":")[::2] for line in text.splitlines() if line)


def of_version(text: str) -> tuple[int, ...]:
    """(1, 42, 4) from `1.42.4` (also with a suffix of a distribution); () where nobody says it."""
    found = []
    for part in text.strip().split("."):
        digits = part[: next((at for at, sign in enumerate(part) if not is_decimal(sign)), len(part))]
        if not digits:
            break
        found.append(int(digits))
    return tuple(found)
