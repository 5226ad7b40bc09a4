# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of routes as data: what to send, and how to take it back. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from ansible_collections.l3host.source_ip.plugins.module_utils import _decode, _wire
from ansible_collections.l3host.source_ip.plugins.module_utils._model import Prefix
from ansible_collections.l3host.source_ip.plugins.module_utils._wire import Message

_REPLACE = _wire.NLM_F_REPLACE
_CREATE = _wire.NLM_F_CREATE | _wire.NLM_F_EXCL
# A removed route may have shared its key with others (IPv4 aliases, IPv6 device routes): it goes back behind them.
_RESTORE = _wire.NLM_F_CREATE | _wire.NLM_F_APPEND


class RouteLine(t.NamedTuple):
    """A payload that becomes its line only where somebody reads it."""

    payload: bytes
    names: t.Mapping[int, str]

    def __str__(self) -> str:
        return _decode.line(self.payload, self.names)


class RouteStep(t.NamedTuple):
    """One route created, changed or removed; the same attributes as ``Step``.

    ``old`` and ``new`` are payloads that can be sent. ``undo_with`` stands for ``old`` where one message cannot
    restore what was there. ``shown`` is ``new`` as a dump will say it, with what the kernel fills in.
    """

    number: int | None
    prefix: Prefix
    action: str
    old: bytes | None
    new: bytes | None
    names: t.Mapping[int, str]
    undo_with: tuple[Message, ...] = ()
    shown: bytes | None = None

    @property
    def item(self) -> str:
        return "purge" if self.number is None else f"routes[{self.number}]"

    @property
    def subject(self) -> str:
        return str(self.prefix)

    @property
    def before(self) -> str | None:
        return None if self.old is None else _decode.line(self.old, self.names)

    @property
    def after(self) -> str | None:
        payload = self.shown or self.new
        return None if payload is None else _decode.line(payload, self.names)

    @property
    def request(self) -> Message:
        if self.new is None:
            return Message(_wire.RTM_DELROUTE, 0, t.cast(bytes, self.old))
        return Message(_wire.RTM_NEWROUTE, _CREATE if self.old is None else _REPLACE, self.new)

    @property
    def undo(self) -> tuple[Message, ...]:
        if self.undo_with:
            return self.undo_with
        if self.old is None:
            return (Message(_wire.RTM_DELROUTE, 0, t.cast(bytes, self.new)),)
        return (Message(_wire.RTM_NEWROUTE, _RESTORE if self.new is None else _REPLACE, self.old),)
