# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hooking our functions into an operator's ``bird.conf``. PRIVATE to the collection. Pure.

One include above the first use; one call at the beginning of each export filter concerned, so before every ``accept``,
and one behind each statement of the operator's that sets a source itself: where the intent speaks it speaks last, for
other routes the operator's source stays. What cannot be edited safely raises ``Refused`` with the lines to add by hand.
"""

from __future__ import annotations

import typing as t

from ..._base.errors import Refused
from .conf import FAMILIES, MAIN_TABLE, SADR, Conf, Kernel, Statement, function_name, read
from .filters import Assignment, Filters
from .lexer import Token, lex
from .marks import assignment_pieces, include_line, piece, where_pieces

#: Place and rank (what goes behind a token before what goes in front of the next) -> end of what is replaced, new text.
_Edits = dict[tuple[int, int], tuple[int, str]]
_BEHIND, _BEFORE = 0, 1


def two_lines(path: str, kernel_tables: t.Iterable[int]) -> str:
    """What an operator writes himself where we do not edit."""
    calls = " ".join(f"{function_name(table)}();" for table in sorted(kernel_tables))
    return (
        f'  include "{path}";   # above the first filter or protocol that calls the function\n'
        f"  {calls}   # first statement of the kernel protocol's export filter, so before every accept"
    )


def append_include(text: str, path: str) -> str:
    """At the end of the file, for what must stand below the operator's tables."""
    return text + include_line(path, newline_above=bool(text) and not text.endswith("\n"))


def hook(
    text: str,
    path: str,
    wanted: t.Iterable[tuple[int, str]],
    needs: t.Iterable[str] = (),
    included: bool = False,
) -> str:
    """The operator's text with our include and calls in it.

    ``text`` is the operator's own (``marks.unhook``), ``wanted`` are pairs (kernel table, family), ``needs`` are the
    operator's tables that our file names, ``included`` says that he includes our file himself. Refused where a wanted
    pair has no kernel protocol, or one that cannot be edited safely.
    """
    wanted = sorted(set(wanted))
    if not wanted:
        return text
    conf = read(text)
    broken = lex(text).broken
    if broken:
        raise Refused(f"bird.conf line {conf.lines.of(broken[0].start)}: what {broken[0].text[:2]} begins does not end")
    filters = Filters(conf)
    edits: _Edits = {}
    first_use = len(text)
    for kernel_table, family in wanted:
        call = f"{function_name(kernel_table)}();"
        for kernel in matching(conf, path, kernel_table, family):
            for place, edit in _export_edits(conf, filters, kernel, call, path):
                if edits.setdefault(place, edit) != edit:
                    raise Refused(
                        f"bird.conf line {kernel.line}: kernel protocols of two kernel tables share one filter or "
                        f"template, so {call} cannot be added for one of them alone. Give each its own export filter."
                    )
            first_use = min(first_use, _first_use(filters, kernel))
    included = included or path in conf.includes
    late = [name for name in sorted(needs) if conf.tables.get(name, ("", -1))[1] > first_use]
    if late and not included:
        declaration = f"{conf.tables[late[0]][0]} table {late[0]};"
        raise Refused(
            f"bird.conf: '{declaration}' stands below the first filter that must call our function, but the file we "
            f"include above that filter names this table. Move '{declaration}' to the top of the file."
        )
    if not included:
        # BIRD knows an include only at the beginning of a line.
        before = text[text.rfind("\n", 0, first_use) + 1 : first_use].strip(" \t")
        edits[first_use, _BEFORE] = (first_use, include_line(path, newline_above=bool(before)))
    parts, at = [], 0
    for (start, _rank), (end, new) in sorted(edits.items()):
        parts += [text[at:start], new]
        at = end
    return "".join([*parts, text[at:]])


def hooked(conf: Conf) -> list[Kernel]:
    """The kernel protocols that call our function now, through our marked calls or the operator's own."""
    filters = Filters(conf)
    found = []
    for kernel in conf.kernels:
        body = filters.body_of(kernel)
        words = body[1].words if body else kernel.export.words if kernel.export else ()
        if kernel.family in FAMILIES and kernel.kernel_table and function_name(kernel.kernel_table) in words:
            found.append(kernel)
    return found


def matching(conf: Conf, path: str, kernel_table: int, family: str) -> list[Kernel]:
    """The kernel protocols of a kernel table and family; Refused says what there is instead of one."""
    of_family = [kernel for kernel in conf.kernels if kernel.family == family]
    found = [kernel for kernel in of_family if kernel.kernel_table == kernel_table]
    if found:
        return found
    table = "main" if kernel_table == MAIN_TABLE else str(kernel_table)
    instead = "If one stands in an included file"
    unread = [kernel for kernel in of_family if kernel.kernel_table is None]
    if unread:
        instead = (
            f"In line {unread[0].line} stands one whose table could not be read: 'kernel table {unread[0].unread}' is "
            "neither a number nor the name of one that this file defines (what an included file defines is not read). "
            f"Write the number there. Or, if that is table {table}"
        )
    sadr = [kernel for kernel in conf.kernels if kernel.family == SADR and kernel.kernel_table == kernel_table]
    if sadr and family == FAMILIES[1]:
        instead = (
            f"The one in line {sadr[0].line} exports '{SADR}', destinations with a source prefix, which no intent "
            "names. If another stands in an included file"
        )
    raise Refused(
        f"bird.conf has no kernel protocol that exports {family} routes to kernel table {table}, which the intent "
        f"needs. {instead}, add there by hand, and set bird_mode to manual:\n{two_lines(path, [kernel_table])}\n"
        "If there is none, set bird_mode to render: the role then writes it."
    )


def check_own_calls(conf: Conf, filters: Filters, kernel: Kernel) -> None:
    """Refused where the operator, who calls our function himself, sets a source behind that."""
    body = filters.body_of(kernel)
    call = function_name(kernel.kernel_table or 0)
    if body is None or call not in body[1].words:
        return
    last_call = max(token.start for token in body[1].tokens if token.text == call)
    for one in filters.assignments(body[1].block):
        if one.first.start > last_call:
            raise Refused(
                f"bird.conf line {conf.lines.of(one.first.start)}: {body[0]} {_sets(one)} behind its last call of our "
                f"function, so the intent would not hold. Add behind it: {call}();"
            )


def rejection(conf: Conf, filters: Filters, kernel: Kernel, destinations: t.Sequence[str]) -> str:
    """Why static routes of ours never reach the kernel, and the line that would let them."""
    more = f" and {len(destinations) - 1} more" if len(destinations) > 1 else ""
    routes = f"source_ip_routes: {destinations[0]}{more}"
    body = filters.body_of(kernel)
    if body:
        return (
            f"bird.conf line {conf.lines.of(body[1].start)}: {body[0]} of the kernel protocol in line {kernel.line} "
            f"rejects {routes}. Our static routes have source RTS_STATIC. Add to the filter, before it rejects them:\n"
            '  if proto ~ "source_ip_*" then accept;'
        )
    export = t.cast(Statement, kernel.export)
    text = conf.text[export.start : export.tokens[-1].end]
    return (
        f"bird.conf line {conf.lines.of(export.start)}: '{text}' of the kernel protocol in line {kernel.line} rejects "
        f"{routes}. Our static routes have source RTS_STATIC. Change it to:\n"
        f'  {text} || proto ~ "source_ip_*";'
    )


def _sets(one: Assignment) -> str:
    return f"calls {one.function}, which sets krt_prefsrc," if one.function else "sets krt_prefsrc"


def _first_use(filters: Filters, kernel: Kernel) -> int:
    body = filters.body_of(kernel)
    return min(body[1].start, kernel.owner.start) if body and body[1] is not kernel.export else kernel.owner.start


def _export_edits(
    conf: Conf, filters: Filters, kernel: Kernel, call: str, path: str
) -> t.Iterator[tuple[tuple[int, int], tuple[int, str]]]:
    """The edits that make one kernel protocol call our function."""
    export = kernel.export
    by_hand = "Add by hand, and set bird_mode to manual:\n" + two_lines(path, [kernel.kernel_table or 0])
    if export is None or export.words[1] == "none":
        raise Refused(
            f"bird.conf line {kernel.line}: this kernel protocol exports no {kernel.family} route, so BIRD sets no "
            "source. Let it export what the intent names (for example 'export all;'), then run again."
        )
    kind = export.tokens[1]
    if kind.text == "filter":
        body = filters.body_of(kernel)
        if body is None:
            raise Refused(f"bird.conf: filter {' '.join(export.words[2:])} is not in this file. {by_hand}")
        if call[:-3] in body[1].words:
            check_own_calls(conf, filters, kernel)
            return
        brace = body[1].tokens[body[1].words.index("{")]
        yield (brace.end, _BEHIND), (brace.end, piece(call))
        for one in filters.assignments(body[1].block):
            if one.function and (one.ends or not one.command):
                raise _cannot_follow(conf, one, body[0])
            before, behind = assignment_pieces(call)
            yield (one.first.start, _BEFORE), (one.first.start, before)
            yield (one.last.end, _BEHIND), (one.last.end, behind)
    elif kind.text == "all":
        yield (kind.start, _BEFORE), (kind.end, piece(f"filter {{ {call} accept; }}", "all"))
    elif kind.text == "where":
        for one in filters.assignments([*export.tokens, Token(";", export.end - 1, export.end)]):
            raise _cannot_follow(conf, one, "this condition")
        if call[:-3] in export.words:
            return
        before, behind = where_pieces(call)
        last = export.tokens[-1].end
        yield (kind.start, _BEFORE), (kind.end, before)
        yield (last, _BEHIND), (last, behind)
    else:
        raise Refused(
            f"bird.conf line {kernel.line}: 'export {kind.text} …' is not a form the role can edit. {by_hand}"
        )


def _cannot_follow(conf: Conf, one: Assignment, where: str) -> Refused:
    return Refused(
        f"bird.conf line {conf.lines.of(one.first.start)}: {where} {_sets(one)} where our function cannot be called "
        "behind it, so the intent would not hold. Call it as a command of its own, and accept outside of it."
    )
