# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's ``bird.conf`` and our file beside it, replaced as one change. PRIVATE to the collection.

Text is ISO 8859-1 here: a byte for each character, so that what is not UTF-8 goes back as it was.
"""

from __future__ import annotations

import contextlib
import grp
import os
import typing as t

from ..._base.errors import InvalidInput, Refused, SourceIPError
from ..._files.replace import Prepared, prepare
from ..._files.snapshot import ACL, Access, Snapshot, read
from . import conf

ENCODING = "latin-1"


class Both(t.NamedTuple):
    """What is on the host: the operator's file, and ours (which may not be there)."""

    config: Snapshot
    include: Snapshot


def read_both(config: str, include: str) -> Both:
    """Both files. Refused where there is no ``bird.conf``, InvalidInput for a path that BIRD cannot name."""
    for name, path in (("bird_config", config), ("bird_include", include)):
        if not os.path.isabs(path) or os.path.normpath(path) != path or any(c in path for c in '"\n\r\0'):
            raise InvalidInput(f"{name}: {path!a} is not an absolute path as BIRD can name it")
    found = Both(read(config), read(include))
    if found.config.content is None:
        raise Refused(f"{config}: there is no such file; set bird_config to the operator's configuration")
    return found


def text_of(snapshot: Snapshot) -> str:
    """The text of a file; empty where there is none."""
    return (snapshot.content or b"").decode(ENCODING)


class Change:
    """Both files as they are to be, on the disk beside those of now; a context that leaves nothing behind.

    ``include``: the text of our file; None where it is to go, which it does last (``finish``), when BIRD has let go of
    it. A new one belongs to root, and ``group`` may read it. Left by an exception, both files are as they were;
    ``problems`` then says which are not, and why.
    """

    def __init__(self, now: Both, config: str, include: str | None, group: str) -> None:
        self._now = now
        self._text = config
        self._include: Prepared | None = None
        self._config: Prepared | None = None
        self._removal: Prepared | None = None
        self.problems: list[str] = []
        with contextlib.ExitStack() as stack:
            if include is not None and include.encode(ENCODING) != now.include.content:
                like = _access(now, group) if now.include.content is None else None
                self._include = stack.enter_context(prepare(now.include, include.encode(ENCODING), like=like))
            if config.encode(ENCODING) != now.config.content:
                self._config = stack.enter_context(prepare(now.config, config.encode(ENCODING), backup=True))
            if include is None and now.include.content is not None:
                self._removal = stack.enter_context(prepare(now.include, None))
            self._stack = stack.pop_all()

    def __enter__(self) -> Change:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None:
            for one in (self._removal, self._config, self._include):
                try:
                    if one:
                        one.undo()
                except SourceIPError as problem:
                    self.problems.append(problem.message)
        self._stack.close()

    def validate(self, *judges: t.Callable[[str], None]) -> None:
        """Each of ``judges`` reads a ``bird.conf`` with the new text that includes our new file.

        It lies beside the operator's, since BIRD looks there for what that includes by a relative name.
        """
        path, include = self._now.config.path, self._now.include.path
        new = self._include.temporary if self._include else None
        text = _including(self._text, path, include, new) if new else self._text
        beside = read(f"{path}.source_ip-check")
        with prepare(beside, text.encode(ENCODING), like=self._now.config.access) as check:
            checked = t.cast(str, check.temporary)
            try:
                for judge in judges:
                    judge(checked)
            except SourceIPError as error:
                error.message = error.message.replace(checked, path).replace(new or checked, include)
                raise

    def commit(self) -> None:
        """Our file before it is included: bird.conf never names one that is not there."""
        for one in (self._include, self._config):
            if one:
                one.commit()

    def finish(self) -> None:
        """Our file goes, when nothing includes it any more."""
        if self._removal:
            self._removal.commit()


def _access(now: Both, group: str) -> Access:
    """Owner and mode of a new file of ours: never readable by more people than bird.conf is."""
    access = t.cast(Access, now.config.access)
    try:
        gid = grp.getgrnam(group).gr_gid
    except KeyError:
        raise Refused(f"bird_group: this host has no group {group!a}") from None
    if ACL not in access.attributes and (access.mode & 0o004 or (access.mode & 0o040 and access.gid == gid)):
        return Access(0, gid, 0o640, {})
    return access


def _including(text: str, config: str, include: str, new: str) -> str:
    """The text with the new file in the place of ours, however the operator names that."""
    for statement in reversed(conf.read(text).statements):
        if statement.words[0] == "include" and len(statement.words) == 2:
            name = statement.tokens[1]
            if os.path.join(os.path.dirname(config), name.text.strip('"')) == include:
                text = f'{text[: name.start]}"{new}"{text[name.end :]}'
    return text
