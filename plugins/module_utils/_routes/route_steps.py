# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of routes as data: what to send, and how to take it back. PRIVATE to the collection."""

from __future__ import annotations

import typing as t

from .._base.values import Prefix
from .._netlink import wire
from .._netlink.wire import Message
from .edit import echo
from .line import Lines
from .payload import Payload
from .runs import Run, WantedRoute
from .template import Template

_REPLACE = wire.NLM_F_REPLACE
_CREATE = wire.NLM_F_CREATE | wire.NLM_F_EXCL
# A removed route may have shared its key with others (IPv4 aliases, IPv6 device routes): it goes back behind them.
_RESTORE = wire.NLM_F_CREATE | wire.NLM_F_APPEND


class RouteLine(t.NamedTuple):
    """A payload that becomes its line only where somebody reads it."""

    payload: bytes
    lines: Lines

    def __str__(self) -> str:
        return self.lines(self.payload)


class RouteStep(t.NamedTuple):
    """One route created, changed or removed; the same attributes as ``Step``.

    ``old`` and ``new`` are payloads that can be sent. ``send_with`` stands for ``new`` and ``undo_with`` for ``old``
    where one message cannot make the one or restore the other. ``shown`` is ``new`` as a dump will say it, with what
    the kernel fills in.
    """

    number: int | None
    prefix: Prefix
    action: str
    old: bytes | None
    new: bytes | None
    lines: Lines
    undo_with: tuple[Message, ...] = ()
    shown: bytes | None = None
    noun: str = "destination"
    send_with: tuple[Message, ...] = ()

    @property
    def item(self) -> str:
        return "purge" if self.number is None else f"routes[{self.number}]"

    @property
    def subject(self) -> str:
        return str(self.prefix)

    @property
    def before(self) -> str | None:
        return None if self.old is None else self.lines(self.old)

    @property
    def after(self) -> str | None:
        payload = self.shown or self.new
        return None if payload is None else self.lines(payload)

    @property
    def request(self) -> Message:
        if self.new is None:
            return Message(wire.RTM_DELROUTE, 0, t.cast(bytes, self.old))
        return Message(wire.RTM_NEWROUTE, _CREATE if self.old is None else _REPLACE, self.new)

    @property
    def requests(self) -> tuple[Message, ...]:
        return self.send_with or (self.request,)

    @property
    def undo(self) -> tuple[Message, ...]:
        if self.undo_with:
            return self.undo_with
        if self.old is None:
            return (Message(wire.RTM_DELROUTE, 0, t.cast(bytes, self.new)),)
        return (Message(wire.RTM_NEWROUTE, _RESTORE if self.new is None else _REPLACE, self.old),)


def removed(number: int, prefix: Prefix, route: Payload, same_key: t.Sequence[Payload], lines: Lines) -> RouteStep:
    """The step that removes one of several routes of a key, whose order counts: a first one goes back to the front."""
    undo = (Message(wire.RTM_NEWROUTE, wire.NLM_F_CREATE, echo(route)),) if same_key[0] is route else ()
    return RouteStep(number, prefix, "removed", echo(route), None, lines, undo)


class CreatedRoutes:
    """All routes of a run, created."""

    action = "created"

    def __init__(self, run: Run, template: Template, lines: Lines) -> None:
        self._run = run
        self._template = template
        self._lines = lines

    def __len__(self) -> int:
        return len(self._run)

    def __getitem__(self, at: int) -> RouteStep:
        return created(self._run[at], self._template, self._lines)

    @property
    def requests(self) -> wire.Rows:
        return self._template.requests(self._run.columns)


def created(item: WantedRoute, template: Template, lines: Lines) -> RouteStep:
    """The step that creates one route."""
    new, shown = template.request(item.prefix), template.dumped(item.prefix)
    return RouteStep(item.number, item.prefix, "created", None, new, lines, (), shown)
