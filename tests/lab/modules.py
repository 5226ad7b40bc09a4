# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running the collection's modules for real in a namespace, without the controller in front of them.

A module gets the JSON that Ansible would hand it and prints the JSON that Ansible would read. Two ways:

- in a forked child (default): imports are paid once per test run, a call costs some 20 ms;
- in a process of its own (``fresh=True``, or L3HOST_FRESH_PROCESS=1 for a whole run): as on a managed host, 0.3 s.

Works with ansible-core 2.15 (Python 3.9) to the newest: newer ones read arguments with a serialization profile.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from tests.lab.netns import Namespace, enter

CHECKOUT = Path(__file__).resolve().parents[2]
COLLECTIONS = CHECKOUT / ".ansible" / "collections"
PACKAGE = "ansible_collections.l3host.source_ip.plugins.modules"

Result = dict[str, Any]


class ModuleCrashed(AssertionError):
    """The module ended without a JSON answer; the text holds all it printed."""


def collections_path() -> Path:
    """The folder to put on PYTHONPATH so that the checkout is importable as a collection, made if absent."""
    link = COLLECTIONS / "ansible_collections" / "l3host" / "source_ip"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(Path("../../../.."))
    return COLLECTIONS


def arguments(args: Mapping[str, Any] | None, *, check: bool = False, diff: bool = False) -> bytes:
    """The module's standard input, as Ansible writes it."""
    hidden = {"_ansible_check_mode": check, "_ansible_diff": diff}
    return json.dumps({"ANSIBLE_MODULE_ARGS": {**(args or {}), **hidden}}).encode()


def answer(stdout: str, stderr: str, code: int) -> Result:
    """The one JSON object that the module printed; raises ModuleCrashed if there is none."""
    for line in stdout.splitlines():
        if line.startswith("{"):
            found: Result = json.loads(line)
            # A release of ansible-core to come will take what it calls deprecated for an error.
            assert not found.get("deprecations"), found["deprecations"]
            return found
    raise ModuleCrashed(f"no JSON answer, exit {code}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")


def spawn(name: str, args: Mapping[str, Any] | None, ns: Namespace, **modes: bool) -> subprocess.Popen[str]:
    """Start a module in a process of its own and return at once (to kill it, or to run many side by side)."""
    environment = {**os.environ, "PYTHONPATH": str(collections_path())}
    with tempfile.TemporaryFile() as stdin:
        stdin.write(arguments(args, **modes))
        stdin.seek(0)
        return ns.popen(
            [sys.executable, "-m", f"{PACKAGE}.{name}"],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )


def run_fresh(name: str, args: Mapping[str, Any] | None, ns: Namespace, **modes: bool) -> Result:
    """Run a module in a process of its own."""
    process = spawn(name, args, ns, **modes)
    stdout, stderr = process.communicate()
    return answer(stdout, stderr, process.returncode)


def fork(name: str, args: Mapping[str, Any] | None, ns: Namespace, out: int, err: int, **modes: bool) -> int:
    """Start a module in a forked child, which has imported it already; its process id, for the caller to wait for."""
    ns.inside([])
    path = str(collections_path())
    if path not in sys.path:
        sys.path.insert(0, path)
    main: Callable[[], None] = importlib.import_module(f"{PACKAGE}.{name}").main
    # The kernel's door imports it when it opens first, and that would be in each child.
    importlib.import_module(f"{PACKAGE.replace('modules', 'module_utils')}._netlink.library").parts()
    child = os.fork()
    if child == 0:
        _child(main, ns.name, arguments(args, **modes), out, err)
    return child


def run_forked(name: str, args: Mapping[str, Any] | None, ns: Namespace, **modes: bool) -> Result:
    """Run a module in a forked child of this process, which has imported it already."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = fork(name, args, ns, out.fileno(), err.fileno(), **modes)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace"))
    return answer(texts[0], texts[1], code)


def _child(main: Callable[[], None], netns: str, stdin: bytes, out: int, err: int) -> NoReturn:
    code = 1
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), encoding="utf-8")
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8")
        enter(netns)
        basic: Any = importlib.import_module("ansible.module_utils.basic")
        basic._ANSIBLE_ARGS = stdin
        if hasattr(basic, "_ANSIBLE_PROFILE"):
            basic._ANSIBLE_PROFILE = "legacy"
        main()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        # Not exit(): that would run the test run's own atexit handlers and flush its buffers a second time.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class ModuleRunner:
    """The ``module`` fixture: call it with a module's name and arguments, get the result Ansible would register.

    The namespace is that of the test's ``ns`` fixture, or the host of its ``lab``, unless ``ns=`` names another.
    A failing module gives a result with ``failed: True``; use ``ok`` and ``fails`` to say which one is expected.
    """

    def __init__(self, default: Callable[[], Namespace]) -> None:
        self._default = default

    def __call__(
        self,
        name: str,
        args: Mapping[str, Any] | None = None,
        *,
        check: bool = False,
        diff: bool = False,
        ns: Namespace | None = None,
        fresh: bool = False,
    ) -> Result:
        """Run module ``name`` (without the collection's name) and return its result, failed or not."""
        run = run_fresh if fresh or os.environ.get("L3HOST_FRESH_PROCESS") == "1" else run_forked
        return run(name, args, ns or self._default(), check=check, diff=diff)

    def ok(self, name: str, args: Mapping[str, Any] | None = None, **options: Any) -> Result:
        """The same, and the module must succeed."""
        result = self(name, args, **options)
        assert not result.get("failed"), f"{name} failed: {result.get('msg')}\n{json.dumps(result, indent=1)}"
        return result

    def fails(self, name: str, args: Mapping[str, Any] | None = None, **options: Any) -> Result:
        """The same, and the module must fail with a message (a crash is no failure in this sense)."""
        result = self(name, args, **options)
        assert result.get("failed"), f"{name} succeeded, which it must not:\n{json.dumps(result, indent=1)}"
        assert "Traceback" not in str(result.get("msg", "")), result
        return result

    def spawn(
        self, name: str, args: Mapping[str, Any] | None = None, *, ns: Namespace | None = None
    ) -> subprocess.Popen[str]:
        """Start a module in a process of its own and return at once (stdout and stderr are pipes)."""
        return spawn(name, args, ns or self._default())
