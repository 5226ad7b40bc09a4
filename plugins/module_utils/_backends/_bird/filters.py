# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator's export filter does to the source of a route, and to static routes of ours. PRIVATE. Pure.

Both are told without running BIRD, so that they are refused before anything is written: commands that set a source
themselves, and static routes that the filter is certain to reject. What is not certain is left to the comparison with
the kernel.
"""

from __future__ import annotations

import typing as t

from .conf import Conf, Kernel, Statement, is_ours
from .expressions import Route, Term, compile_term
from .lexer import Token

ACCEPT, REJECT, ON, RETURN = "accept", "reject", "on", "return"
_Outcomes = frozenset[str]
_Command = t.Callable[[Route], _Outcomes]
_ON, _ANY = frozenset((ON,)), frozenset((ACCEPT, REJECT, ON))
_ENDS = {"accept": frozenset((ACCEPT,)), "reject": frozenset((REJECT,)), "error": frozenset((REJECT,))}
#: What stands before a command (filter/config.Y of BIRD).
_COMMAND_BEGINS = (";", "{", "}", ":", "then", "else", "do")
#: Functions of BIRD's own: none of them ends a filter or sets a source.
_BUILT_IN = ("add", "defined", "delete", "filter", "format", "from_hex", "prepend", "roa_check", "unset")
_BUILT_IN_TOO = ("aspa_check", "aspa_check_downstream", "aspa_check_upstream", "bt_assert")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_DEPTH = 100


class Assignment(t.NamedTuple):
    """A command that sets a source: by itself, or by calling ``function``, which does.

    ``first`` and ``last`` are its tokens, the ``;`` included. ``command`` is False for a call inside a condition, and
    ``ends`` says whether the function may end the filter as well.
    """

    first: Token
    last: Token
    function: str | None
    command: bool
    ends: bool


class Filters:
    """The filters and functions of one configuration."""

    def __init__(self, conf: Conf) -> None:
        self._conf = conf
        self._defines = {name: _text(conf, tokens) for name, tokens in conf.defines.items()}
        self._compiled: dict[str, _Command] = {}
        #: The functions that set a source, each with whether it may end the filter.
        self.assigning: dict[str, bool] = {}
        # BIRD knows a function only below its definition, so one pass is enough.
        for name, function in conf.functions.items():
            found = self.assignments(function.block)
            if found:
                ends = any(token.text in _ENDS for token in function.block) or any(one.ends for one in found)
                self.assigning[name] = ends

    def body_of(self, kernel: Kernel) -> tuple[str, Statement] | None:
        """The export filter of a kernel protocol, and its name for a message; None where this file does not hold it."""
        export = kernel.export
        if export is None or export.words[1] != "filter" or len(export.words) < 3:
            return None
        if "{" in export.words:
            return "the export filter", export
        named = self._conf.filters.get(export.words[2])
        return (f"filter {export.words[2]}", named) if named and "{" in named.words else None

    def assignments(self, tokens: t.Sequence[Token]) -> list[Assignment]:
        """Every command that sets a source, and every call of a function that does."""
        found: list[Assignment] = []
        ends = [token for token in tokens if token.text == ";"]
        passed = 0
        for at, token in enumerate(tokens):
            if token.text == ";":
                passed += 1
            if passed == len(ends) or (found and token.start < found[-1].last.start):
                continue
            texts = [one.text for one in tokens[at : at + 3]]
            sets = texts[:2] == ["krt_prefsrc", "="] or texts == ["unset", "(", "krt_prefsrc"]
            calls = texts[1:2] == ["("] and token.text in self.assigning
            command = at == 0 or tokens[at - 1].text in _COMMAND_BEGINS
            if calls or (sets and command):
                function = token.text if calls else None
                found.append(Assignment(token, ends[passed], function, command, self.assigning.get(token.text, False)))
        return found

    def rejected(self, kernel: Kernel, routes: t.Iterable[Route]) -> list[Route]:
        """Those of our static routes that what this kernel protocol exports is certain not to hold."""
        body = self.body_of(kernel)
        try:
            if body:
                command = self._commands(body[1].block, 0)
            elif kernel.export and kernel.export.words[1] == "where":
                condition = self._condition(kernel.export.tokens[2:])

                def command(route: Route) -> frozenset[str]:
                    return condition(route, {ACCEPT}, {REJECT})
            else:
                return []
            return [route for route in routes if ACCEPT not in command(route)]
        except RecursionError:
            return []

    def _commands(self, tokens: t.Sequence[Token], depth: int) -> _Command:
        commands: list[_Command] = []
        at = 0
        while at < len(tokens):
            command, at = self._command(tokens, at, depth)
            commands.append(command)

        def run(route: Route) -> _Outcomes:
            outcomes = _ON
            for one in commands:
                if ON not in outcomes:
                    break
                outcomes = (outcomes - _ON) | one(route)
            return outcomes

        return run

    def _command(self, tokens: t.Sequence[Token], at: int, depth: int) -> tuple[_Command, int]:
        """The command that begins here, and where the next one does."""
        if depth > _DEPTH:
            raise RecursionError
        word = tokens[at].text
        if word == "{":
            end = _closing(tokens, at)
            return self._commands(tokens[at + 1 : end], depth + 1), end + 1
        if word == "if":
            then = _find(tokens, at, "then")
            condition = self._condition(tokens[at + 1 : then])
            yes, at = self._command(tokens, then + 1, depth + 1) if then + 1 < len(tokens) else (_go_on, len(tokens))
            no: _Command = _go_on
            if at + 1 < len(tokens) and tokens[at].text == "else":
                no, at = self._command(tokens, at + 1, depth + 1)
            return (lambda route: condition(route, yes(route), no(route))), at
        if word in ("case", "for"):
            end = _find(tokens, at, "{")
            end = _closing(tokens, end) if end < len(tokens) else end
            return self._anything_in(tokens[at:end]), end + 1
        end = _find(tokens, at, ";")
        if word in _ENDS:
            outcomes = _ENDS[word]
            return (lambda _route: outcomes), end + 1
        if word == "return":
            calls = self._calls(tokens[at:end])
            return (lambda route: (calls(route) - _ON) | {RETURN}), end + 1
        return self._calls(tokens[at:end]), end + 1

    def _condition(
        self, tokens: t.Sequence[Token]
    ) -> t.Callable[[Route, t.AbstractSet[str], t.AbstractSet[str]], _Outcomes]:
        """What follows a condition: the outcomes of its two branches, or of both where it is not known."""
        term: Term = compile_term(_text(self._conf, tokens), self._defines) if tokens else (lambda _route: None)
        calls = self._calls(tokens)

        def run(route: Route, yes: t.AbstractSet[str], no: t.AbstractSet[str]) -> _Outcomes:
            value = term(route)
            found = set(calls(route) - _ON)
            if value is not False:
                found |= yes
            if value is not True:
                found |= no
            return frozenset(found)

        return run

    def _calls(self, tokens: t.Sequence[Token]) -> _Command:
        """What the functions that are called here may do, beside what they return."""
        commands: list[_Command] = []
        for at, token in enumerate(tokens[:-1]):
            method = at and tokens[at - 1].text == "."
            if tokens[at + 1].text == "(" and token.text.isidentifier() and not method:
                if token.text in self._conf.functions:
                    commands.append(self._function(token.text))
                elif not is_ours(token.text) and token.text not in (*_BUILT_IN, *_BUILT_IN_TOO, "if"):
                    commands.append(lambda _route: _ANY)  # from an included file

        def run(route: Route) -> _Outcomes:
            return _ON.union(*(command(route) for command in commands))

        return run

    def _function(self, name: str) -> _Command:
        if name not in self._compiled:
            self._compiled[name] = lambda _route: _ANY  # one that calls itself
            body = self._commands(self._conf.functions[name].block, 0)

            def run(route: Route) -> _Outcomes:
                outcomes = body(route)
                return (outcomes - {RETURN}) | _ON if RETURN in outcomes else outcomes

            self._compiled[name] = run
        return self._compiled[name]

    def _anything_in(self, tokens: t.Sequence[Token]) -> _Command:
        """A loop or a choice, of which any part may run or not."""
        calls = self._calls(tokens)
        ends = frozenset().union(*(_ENDS.get(token.text, frozenset()) for token in tokens))
        return lambda route: calls(route) | ends | _ON


def _go_on(_route: Route) -> _Outcomes:
    return _ON


def _text(conf: Conf, tokens: t.Sequence[Token]) -> str:
    return conf.text[tokens[0].start : tokens[-1].end] if tokens else ""


def _find(tokens: t.Sequence[Token], at: int, text: str) -> int:
    """Where the next token of this text stands outside brackets; the end where there is none."""
    depth = 0
    for place in range(at, len(tokens)):
        word = tokens[place].text
        if word == text and depth == 0:
            return place
        if word in _CLOSING:
            depth += 1
        elif word in _CLOSING.values():
            depth -= 1
    return len(tokens)


def _closing(tokens: t.Sequence[Token], at: int) -> int:
    """Where the bracket that opens here is closed; the end where it is not."""
    depth = 0
    for place in range(at, len(tokens)):
        word = tokens[place].text
        if word in _CLOSING:
            depth += 1
        elif word in _CLOSING.values():
            depth -= 1
            if depth == 0:
                return place
    return len(tokens)
