# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading an operator's ``bird.conf``. PRIVATE to the collection. Pure.

Only what a hook needs is read: kernel protocols (and their templates), filters, functions, table declarations and
``define`` of a number or a set. What stands in an included file is not seen.
"""

from __future__ import annotations

import re
import typing as t

from .lexer import Lines, Token, lex

MAIN_TABLE = 254
DEFAULT_METRIC = 32
FAMILIES = ("ipv4", "ipv6")
#: Source-specific routing (RFC 8043): another kind of destination, which no intent names.
SADR = "ipv6 sadr"
_DEFAULT_TABLES = {"ipv4": "master4", "ipv6": "master6", SADR: ""}
_BLOCK_WORDS = ("protocol", "template", "filter", "function")
_NUMBER = re.compile(r"(?:0x[0-9a-fA-F]+|[0-9]+)\Z")
_OUR_FUNCTION = re.compile(r"source_ip(?:_\d+)?\Z")


class Statement:
    """Tokens of one statement without its final ``;``; ``block`` holds the tokens inside its outermost braces."""

    __slots__ = ("block", "end", "start", "tokens", "words")

    def __init__(self, tokens: t.Sequence[Token], block: t.Sequence[Token], end: int) -> None:
        self.tokens = tokens
        self.block = block
        self.start = tokens[0].start
        self.end = end
        self.words = tuple(token.text for token in tokens)

    @property
    def head(self) -> tuple[str, ...]:
        """The words before the first brace."""
        return self.words[: self.words.index("{")] if "{" in self.words else self.words


class Kernel(t.NamedTuple):
    """One channel of one kernel protocol: the way from a BIRD table to a kernel table.

    ``family`` is one of ``FAMILIES`` or ``SADR``. ``kernel_table`` and ``metric`` are None where they cannot be read;
    ``unread`` is then the text that stands for the table. ``export`` is the statement that decides what is exported
    (None: nothing is); ``owner`` is the top-level statement it stands in, which is the protocol itself or the template
    it is made from.
    """

    name: str | None
    family: str
    table: str
    kernel_table: int | None
    unread: str
    metric: int | None
    export: Statement | None
    owner: Statement
    line: int


class Conf(t.NamedTuple):
    """What we need to know of a configuration.

    ``tables``: family and end of the declaration, by name; ``defines``: the tokens that stand for a name; ``calls``:
    those of our functions that are called.
    """

    text: str
    lines: Lines
    statements: tuple[Statement, ...]
    kernels: tuple[Kernel, ...]
    tables: dict[str, tuple[str, int]]
    defines: dict[str, t.Sequence[Token]]
    filters: dict[str, Statement]
    functions: dict[str, Statement]
    calls: frozenset[str]
    includes: tuple[str, ...]


def function_name(kernel_table: int) -> str:
    """The function that sets the source of routes on their way to this kernel table."""
    return "source_ip" if kernel_table == MAIN_TABLE else f"source_ip_{kernel_table}"


def table_of(function: str) -> int:
    """The kernel table whose routes this function of ours gives a source."""
    return MAIN_TABLE if function == "source_ip" else int(function.rsplit("_", 1)[1])


def is_ours(function: str) -> bool:
    """Whether this is the name of one of our functions."""
    return bool(_OUR_FUNCTION.match(function))


def calls_of(tokens: t.Sequence[Token]) -> frozenset[str]:
    """Which of our functions are called."""
    return frozenset(a.text for a, b in zip(tokens, tokens[1:]) if b.text == "(" and is_ours(a.text))


def statements_of(tokens: t.Sequence[Token], top: bool = False) -> list[Statement]:
    """Split into statements: a ``;`` ends one and, at the top, a block does (BIRD wants no ``;`` behind it there)."""
    found: list[Statement] = []
    current: list[Token] = []
    depth, block_open, block = 0, -1, (-1, -1)

    def close(end: int) -> None:
        nonlocal current, block_open, block
        if current:
            found.append(Statement(current, current[block[0] : block[1]] if block[0] >= 0 else (), end))
        current, block_open, block = [], -1, (-1, -1)

    for token in tokens:
        text = token.text
        if text == ";" and depth == 0 and not (top and current and current[0].text in ("filter", "function")):
            close(token.end)
            continue
        if top and depth == 0 and text in _BLOCK_WORDS and len(current) > 2 and current[1].text in ("table", "sadr"):
            close(current[-1].end)  # a table needs no ; either
        current.append(token)
        if text in "([{":
            if text == "{" and depth == 0 and block_open < 0:
                block_open = len(current)
            depth += 1
        elif text in ")]}":
            depth = max(depth - 1, 0)
            if text == "}" and depth == 0 and block_open >= 0 and block[0] < 0:
                block = (block_open, len(current) - 1)
                if top:
                    close(token.end)
    if current:
        close(current[-1].end)
    return found


def read(text: str) -> Conf:
    """Read a configuration from which our marked pieces were taken out (``marks.unhook``)."""
    tokens = lex(text).tokens
    statements = statements_of(tokens, top=True)
    tables = {name: (family, -1) for family, name in _DEFAULT_TABLES.items() if name}
    conf = Conf(text, Lines(text), tuple(statements), (), tables, {}, {}, {}, calls_of(tokens), ())
    numbers: dict[str, int] = {}
    settings: dict[str, dict[str, t.Any]] = {}
    kernels: list[Kernel] = []
    includes: list[str] = []
    for statement in statements:
        words = statement.words
        if words[0] == "define" and len(words) > 3:
            conf.defines[words[1]] = statement.tokens[3:]
            number = number_of(words[3:], numbers)
            if number is not None:
                numbers[words[1]] = number
        elif words[0] == "include" and len(words) == 2:
            includes.append(words[1].strip('"'))
        elif words[0] == "filter" and len(words) > 1:
            conf.filters.setdefault(words[1], statement)
        elif words[0] == "function" and len(words) > 1:
            conf.functions.setdefault(words[1], statement)
        elif "table" in words[1:3]:
            family, rest = _family(words)
            if family and rest[0] == "table" and len(rest) > 1:
                tables[rest[1]] = (family, statement.end)
        elif words[:2] in (("template", "kernel"), ("protocol", "kernel")):
            name, base = _names(statement.head[2:])
            found = _kernel_settings(statement, numbers, settings.get(base or "", {}))
            if name:
                settings[name] = found
            if words[0] == "protocol":
                kernels.extend(_kernels(statement, name, found, conf.lines))
    return conf._replace(kernels=tuple(kernels), includes=tuple(includes))


def _family(words: tuple[str, ...]) -> tuple[str | None, tuple[str, ...]]:
    """The family that a table or channel is of, and the words behind it."""
    if words[:2] == ("ipv6", "sadr"):
        return SADR, words[2:]
    return (words[0], words[1:]) if words[0] in FAMILIES else (None, words)


def _names(head: tuple[str, ...]) -> tuple[str | None, str | None]:
    if "from" in head:
        at = head.index("from")
        return (head[0] if at else None), (head[at + 1] if len(head) > at + 1 else None)
    return (head[0] if head else None), None


def _kernel_settings(
    statement: Statement, numbers: t.Mapping[str, int], inherited: dict[str, t.Any]
) -> dict[str, t.Any]:
    settings: dict[str, t.Any] = {"kernel_table": MAIN_TABLE, "unread": "", "metric": DEFAULT_METRIC, "channels": {}}
    settings.update(inherited)
    settings["channels"] = {family: dict(channel) for family, channel in settings["channels"].items()}
    for item in statements_of(statement.block):
        words = item.words
        family, _rest = _family(words)
        if words[:2] == ("kernel", "table"):
            settings["kernel_table"] = number_of(words[2:], numbers)
            settings["unread"] = "" if settings["kernel_table"] is not None else " ".join(words[2:])
        elif words[0] == "metric":
            settings["metric"] = number_of(words[1:], numbers)
        elif family:
            channel = settings["channels"].setdefault(family, {})
            for inner in statements_of(item.block):
                if inner.words[0] == "table" and len(inner.words) == 2:
                    channel["table"] = inner.words[1]
                elif inner.words[0] == "export" and len(inner.words) > 1 and inner.words[1] != "limit":
                    channel["export"] = (inner, statement)
    return settings


def number_of(words: t.Sequence[str], numbers: t.Mapping[str, int]) -> int | None:
    """A number in digits, hexadecimal or by the name of one; None for an expression, and for a name not known here."""
    if len(words) != 1:
        return None
    if _NUMBER.match(words[0]):
        return int(words[0], 16) if words[0].startswith("0x") else int(words[0])
    return numbers.get(words[0])


def _kernels(statement: Statement, name: str | None, settings: dict[str, t.Any], lines: Lines) -> t.Iterator[Kernel]:
    for family, channel in settings["channels"].items():
        export, owner = channel.get("export", (None, statement))
        yield Kernel(
            name=name,
            family=family,
            table=channel.get("table", _DEFAULT_TABLES[family]),
            kernel_table=settings["kernel_table"],
            unread=settings["unread"],
            metric=settings["metric"],
            export=export,
            owner=owner,
            line=lines.of(statement.start),
        )
