# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading an operator's ``bird.conf``, and hooking our function into it. PRIVATE to the collection.

Only what a hook needs is read: kernel protocols (and their templates), filters, table declarations, ``define`` of a
number. What is inserted stands between the marks of ``marks``.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ..._base.errors import Refused
from .lexer import Token, lex
from .marks import include_line, piece, where_pieces

MAIN_TABLE = 254
DEFAULT_METRIC = 32
FAMILIES = ("ipv4", "ipv6")
_DEFAULT_TABLES = {"ipv4": "master4", "ipv6": "master6"}
_BLOCK_WORDS = ("protocol", "template", "filter", "function")


@dataclasses.dataclass(frozen=True)
class Statement:
    """Tokens of one statement without its final ``;``; ``block`` holds the tokens inside its outermost braces."""

    tokens: tuple[Token, ...]
    block: tuple[Token, ...]
    end: int

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(token.text for token in self.tokens)

    @property
    def head(self) -> tuple[str, ...]:
        """The words before the first brace."""
        words = self.words
        return words[: words.index("{")] if "{" in words else words


@dataclasses.dataclass(frozen=True)
class Kernel:
    """One channel of one kernel protocol: the way from a BIRD table to a kernel table.

    ``export`` is the statement that decides what is exported (None: nothing is); ``owner`` is the top-level statement
    it stands in, which is the protocol itself or the template it is made from.
    """

    name: str | None
    family: str
    table: str
    kernel_table: int
    metric: int
    export: Statement | None
    owner: Statement
    line: int


@dataclasses.dataclass(frozen=True)
class Conf:
    """What we need to know of a configuration."""

    text: str
    statements: tuple[Statement, ...]
    kernels: tuple[Kernel, ...]
    tables: dict[str, tuple[str, int]]
    calls: frozenset[str]
    includes: tuple[str, ...]


def function_name(kernel_table: int) -> str:
    """The function that sets the source of routes on their way to this kernel table."""
    return "source_ip" if kernel_table == MAIN_TABLE else f"source_ip_{kernel_table}"


def statements_of(tokens: t.Sequence[Token], top: bool = False) -> list[Statement]:
    """Split into statements: at the top a block ends a protocol, template, filter or function; elsewhere ``;`` does."""
    found: list[Statement] = []
    current: list[Token] = []
    depth, block_open, block = 0, -1, (-1, -1)
    for token in tokens:
        if token.text == ";" and depth == 0 and not (top and current and current[0].text in ("filter", "function")):
            if current:
                found.append(_statement(current, block, token.end))
            current, block_open, block = [], -1, (-1, -1)
            continue
        current.append(token)
        if token.text in "([{":
            if token.text == "{" and depth == 0 and block_open < 0:
                block_open = len(current)
            depth += 1
        elif token.text in ")]}":
            depth = max(depth - 1, 0)
            if token.text == "}" and depth == 0 and block_open >= 0 and block[0] < 0:
                block = (block_open, len(current) - 1)
                if top and current[0].text in _BLOCK_WORDS:
                    found.append(_statement(current, block, token.end))
                    current, block_open, block = [], -1, (-1, -1)
    if current:
        found.append(_statement(current, block, current[-1].end))
    return found


def _statement(tokens: list[Token], block: tuple[int, int], end: int) -> Statement:
    inside = tuple(tokens[block[0] : block[1]]) if block[0] >= 0 else ()
    return Statement(tuple(tokens), inside, end)


def read(text: str) -> Conf:
    """Read a configuration from which our marked pieces were taken out (``unhook``)."""
    tokens = lex(text).tokens
    statements = statements_of(tokens, top=True)
    defines: dict[str, int] = {}
    tables: dict[str, tuple[str, int]] = {name: (family, -1) for family, name in _DEFAULT_TABLES.items()}
    templates: dict[str, tuple[Statement, dict[str, t.Any]]] = {}
    kernels: list[Kernel] = []
    includes: list[str] = []
    for statement in statements:
        words = statement.words
        if words[0] == "define" and len(words) == 4 and words[3].isdigit():
            defines[words[1]] = int(words[3])
        elif words[0] == "include" and len(words) == 2:
            includes.append(words[1].strip('"'))
        elif len(words) >= 3 and words[0] in FAMILIES and words[1] == "table":
            tables[words[2]] = (words[0], statement.end)
        elif words[:2] in (("template", "kernel"), ("protocol", "kernel")):
            name, base = _names(statement.head[2:])
            inherited: dict[str, t.Any] = {}
            if base in templates:
                inherited = templates[base][1]
            settings = _kernel_settings(statement, defines, inherited)
            if words[0] == "template":
                templates[name or ""] = (statement, settings)
            else:
                kernels.extend(_kernels(statement, name, settings, text))
    calls = {a.text for a, b in zip(tokens, tokens[1:]) if b.text == "(" and re.match(r"source_ip(_\d+)?$", a.text)}
    return Conf(text, tuple(statements), tuple(kernels), tables, frozenset(calls), tuple(includes))


def _names(head: tuple[str, ...]) -> tuple[str | None, str | None]:
    if "from" in head:
        at = head.index("from")
        return (head[0] if at else None), (head[at + 1] if len(head) > at + 1 else None)
    return (head[0] if head else None), None


def _kernel_settings(statement: Statement, defines: dict[str, int], inherited: dict[str, t.Any]) -> dict[str, t.Any]:
    settings: dict[str, t.Any] = {"kernel_table": MAIN_TABLE, "metric": DEFAULT_METRIC, "channels": {}}
    settings.update(inherited)
    settings["channels"] = {family: dict(channel) for family, channel in settings["channels"].items()}
    for item in statements_of(statement.block):
        words = item.words
        if words[:2] == ("kernel", "table"):
            settings["kernel_table"] = _number(words[2:], defines)
        elif words[0] == "metric":
            settings["metric"] = _number(words[1:], defines)
        elif words[0] in FAMILIES:
            channel = settings["channels"].setdefault(words[0], {})
            for inner in statements_of(item.block):
                if inner.words[0] == "table" and len(inner.words) == 2:
                    channel["table"] = inner.words[1]
                elif inner.words[0] == "export" and len(inner.words) > 1:
                    channel["export"] = (inner, statement)
    return settings


def _number(words: t.Sequence[str], defines: dict[str, int]) -> int:
    """-1 where the number cannot be read (an expression): such a protocol is never edited."""
    if len(words) != 1:
        return -1
    return int(words[0]) if words[0].isdigit() else defines.get(words[0], -1)


def _kernels(statement: Statement, name: str | None, settings: dict[str, t.Any], text: str) -> t.Iterator[Kernel]:
    for family, channel in settings["channels"].items():
        export, owner = channel.get("export", (None, statement))
        yield Kernel(
            name=name,
            family=family,
            table=channel.get("table", _DEFAULT_TABLES[family]),
            kernel_table=settings["kernel_table"],
            metric=settings["metric"],
            export=export,
            owner=owner,
            line=text.count("\n", 0, statement.start) + 1,
        )


def hooked_tables(text: str) -> set[int]:
    """Kernel tables whose protocols call our function now, through our marked calls or the operator's own."""
    tables = set()
    for name in re.findall(r"\b(source_ip(?:_\d+)?)\s*\(", re.sub(r"#[^\n]*", "", text)):
        tables.add(MAIN_TABLE if name == "source_ip" else int(name.rsplit("_", 1)[1]))
    return tables


def append_include(text: str, path: str) -> str:
    """At the end of the file, for what must stand below the operator's tables."""
    return text + include_line(path, newline_above=bool(text) and not text.endswith("\n"))


def two_lines(path: str, kernel_tables: t.Iterable[int]) -> str:
    """What an operator writes himself where we do not edit."""
    calls = " ".join(f"{function_name(table)}();" for table in sorted(kernel_tables))
    return (
        f'  include "{path}";   # above the first filter or protocol that calls the function\n'
        f"  {calls}   # first statement of the kernel protocol's export filter, so before every accept"
    )


def hook(text: str, path: str, wanted: t.Iterable[tuple[int, str]], needs: t.Iterable[str] = ()) -> str:
    """Insert one include above the first use, and one call per export filter.

    ``text`` is the operator's own (``unhook``), ``wanted`` are pairs (kernel table, family), ``needs`` are the
    operator's tables that our file names. Raises ``Refused`` where a wanted pair has no kernel protocol, or one that
    cannot be edited safely.
    """
    conf = read(text)
    wanted = sorted(set(wanted))
    if not wanted:
        return text
    edits: dict[int, tuple[int, str]] = {}
    first_use = len(text)
    for kernel_table, family in wanted:
        call = f"{function_name(kernel_table)}();"
        for kernel in _matching(conf, path, kernel_table, family):
            for start, end, new in _export_edits(conf, kernel, call, path):
                if edits.setdefault(start, (end, new)) != (end, new):
                    raise Refused(
                        f"bird.conf line {kernel.line}: kernel protocols of two kernel tables share one filter or "
                        f"template, so {call} cannot be added for one of them alone. Give each its own export filter."
                    )
            first_use = min(first_use, _owner_start(conf, kernel))
    included = path in conf.includes
    late = [name for name in sorted(needs) if conf.tables.get(name, ("", -1))[1] > first_use]
    if late and not included:
        declaration = f"{conf.tables[late[0]][0]} table {late[0]};"
        raise Refused(
            f"bird.conf: '{declaration}' stands below the first filter that must call our function, but the file we "
            f"include above that filter names this table. Move '{declaration}' to the top of the file."
        )
    for start in sorted(edits, reverse=True):
        end, new = edits[start]
        text = text[:start] + new + text[end:]
    if included:
        return text
    # BIRD knows an include only at the beginning of a line.
    behind = text[text.rfind("\n", 0, first_use) + 1 : first_use].strip(" \t")
    return f"{text[:first_use]}{include_line(path, newline_above=bool(behind))}{text[first_use:]}"


def _matching(conf: Conf, path: str, kernel_table: int, family: str) -> list[Kernel]:
    found = [k for k in conf.kernels if k.kernel_table == kernel_table and k.family == family]
    if not found:
        table = "main" if kernel_table == MAIN_TABLE else str(kernel_table)
        raise Refused(
            f"bird.conf has no kernel protocol that exports {family} routes to kernel table {table}, which the intent "
            "needs. If one stands in an included file, add there by hand, and set bird_mode to manual:\n"
            + two_lines(path, [kernel_table])
            + "\nIf there is none, set bird_mode to render: the role then writes it."
        )
    return found


def _owner_start(conf: Conf, kernel: Kernel) -> int:
    named = _named_filter(conf, kernel)
    return min(named.start, kernel.owner.start) if named else kernel.owner.start


def _named_filter(conf: Conf, kernel: Kernel) -> Statement | None:
    if kernel.export is None or kernel.export.words[1] != "filter" or kernel.export.words[2] == "{":
        return None
    name = kernel.export.words[2]
    for statement in conf.statements:
        if statement.words[:2] == ("filter", name):
            return statement
    return None


def _export_edits(conf: Conf, kernel: Kernel, call: str, path: str) -> t.Iterator[tuple[int, int, str]]:
    """The replacements (start, end, new text) that make one kernel protocol call our function first."""
    export = kernel.export
    by_hand = "Add by hand, and set bird_mode to manual:\n" + two_lines(path, [kernel.kernel_table])
    if export is None or export.words[1] == "none":
        raise Refused(
            f"bird.conf line {kernel.line}: this kernel protocol exports no {kernel.family} route, so BIRD sets no "
            "source. Let it export what the intent names (for example 'export all;'), then run again."
        )
    kind = export.tokens[1]
    body: t.Sequence[Token] = ()
    if kind.text == "filter":
        named = _named_filter(conf, kernel)
        if export.words[2] != "{" and named is None:
            raise Refused(f"bird.conf: filter {export.words[2]} is not in this file. {by_hand}")
        body = named.tokens if named else export.tokens
        if any(token.text == call[:-3] for token in body):
            return
        brace = body[[token.text for token in body].index("{")]
        yield brace.end, brace.end, piece(call)
    elif kind.text == "all":
        yield kind.start, kind.end, piece(f"filter {{ {call} accept; }}", "all")
    elif kind.text == "where":
        if call[:-3] in export.words:
            return
        last = export.tokens[-1].end
        before, behind = where_pieces(call)
        yield kind.start, kind.end, before
        yield last, last, behind
    else:
        raise Refused(
            f"bird.conf line {kernel.line}: 'export {kind.text} …' is not a form the role can edit. {by_hand}"
        )
