# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BIRD's own parser judges what we write for hostile intents.

SOURCE_IP_BIRD is the command that runs a Python program from standard input where BIRD is, as in
`podman exec -i HOST python3 -`; without it a `bird` on this machine is taken. The scenario `bird` of molecule runs this
file against each version it has.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird import plan as _bird
from ansible_collections.l3host.source_ip.plugins.module_utils._backends._bird.include import render
from ansible_collections.l3host.source_ip.plugins.module_utils._base.errors import IntentError, SourceIPError
from ansible_collections.l3host.source_ip.plugins.module_utils._intent import normal as _intent
from ansible_collections.l3host.source_ip.plugins.module_utils._intent.routes import ROUTE_METRICS
from tests.unit.backends.bird.common import INCLUDE, OPERATOR, plan
from tests.unit.backends.bird.test_bird_filters import (
    AROUND,
    ASSIGNMENTS,
    DEFINES,
    EXPORTS,
    ONE_POLICY,
    OURS,
    TERMS,
)
from tests.unit.backends.bird.test_bird_plan import GOLDEN, KERNELS

HERE = shutil.which("bird", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PYTHON = shlex.split(os.environ.get("SOURCE_IP_BIRD", f"{sys.executable} -" if HERE else ""))
VERSION = os.environ.get("SOURCE_IP_BIRD_VERSION", "2.17.6")
pytestmark = pytest.mark.skipif(
    not PYTHON, reason="no bird on this machine and no SOURCE_IP_BIRD; the molecule scenario bird runs this file"
)
EXAMPLES = 150
PARSE = """
import json, os, subprocess, tempfile
answers = []
for text in json.loads(TEXTS):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(text)
        file.flush()
        command = ["bird", "-p", "-c", file.name]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        answers.append([done.returncode, done.stdout.decode("utf-8", "replace")])
print(json.dumps(answers))
"""


def as_one(found: _bird.Content, include: str | None = None) -> str:
    """Both files as one text: the include in the place of the line that includes it."""
    lines = found.config.splitlines(keepends=True)
    if not found.present:
        return "".join(lines)
    include = found.include if include is None else include
    assert sum(line.startswith(f'include "{INCLUDE}"') for line in lines) == 1
    return "".join(include if line.startswith(f'include "{INCLUDE}"') else line for line in lines)


def answers(texts: list[str]) -> list[tuple[int, str]]:
    """What `bird -p` says to each text: exit code and output."""
    program = PARSE.replace("TEXTS", repr(json.dumps(texts)))
    done = subprocess.run(PYTHON, input=program, capture_output=True, text=True, check=True)
    found: list[tuple[int, str]] = json.loads(done.stdout)
    return found


def judge(texts: list[str]) -> None:
    refused = [(text, output) for text, (code, output) in zip(texts, answers(texts)) if code != 0]
    assert not refused, f"{len(refused)} of {len(texts)} refused; the first: {refused[0][1]}\n{refused[0][0]}"


def test_golden_files_parse() -> None:
    # Not those of mode manual, in which the operator's file does not include ours yet.
    found = [
        plan(**{**options, "version": VERSION}) for name, options in GOLDEN.items() if not name.startswith("manual")
    ]
    judge([as_one(one) for one in found])


def test_the_judge_refuses_what_is_wrong() -> None:
    found = plan(policies=[{"destinations": ["0.0.0.0/0"], "source": "192.0.2.1"}])
    text = as_one(found, found.include.replace("192.0.2.1", "192.0.2.1; }"))
    ((code, output),) = answers([text])
    assert code == 1
    assert "syntax error" in output


def test_a_withdrawal_parses() -> None:
    found = plan(policies=[{"destinations": ["0.0.0.0/0"], "source": "192.0.2.1"}])
    nets = {254: [["198.51.100.0/24", "203.0.113.0/24"], ["2001:db8::/32"]]}
    judge([as_one(found, render(found.view, nets))])


def test_calls_behind_the_operators_own_sources_parse() -> None:
    before = "define OWN = 192.0.2.9;\nfunction set_it() { krt_prefsrc = OWN; }\n"
    texts = [f"{before}protocol kernel {{ ipv4 {{ export filter {{ {body} }}; }}; }}\n" for body in ASSIGNMENTS]
    found = [plan(policies=[ONE_POLICY], text=text) for text in texts]
    judge([as_one(one) for one in found])


SHOW = """
import json, os, subprocess, tempfile, time
with tempfile.TemporaryDirectory() as folder:
    conf, socket = folder + "/bird.conf", folder + "/bird.ctl"
    with open(conf, "w") as file:
        file.write(json.loads(CONF))
    daemon = subprocess.Popen(["bird", "-f", "-c", conf, "-s", socket, "-P", folder + "/pid"])
    try:
        while not os.path.exists(socket):
            assert daemon.poll() is None
            time.sleep(0.1)
        def show(which):
            command = ["birdc", "-s", socket, *("show route " + which).split()]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            return done.stdout.decode("utf-8", "replace")
        while "100.64.10.0/24" not in show(""):
            time.sleep(0.1)
        answers = {which: show(which) for which in json.loads(WHICH)}
    finally:
        daemon.terminate()
        daemon.wait()
print(json.dumps(answers))
"""


def test_bird_itself_decides_as_we_tell_beforehand() -> None:
    """Conditions and filters, run by BIRD on a route that its static protocol of our name holds."""
    known = {text: value for text, value in TERMS.items() if value is not None and "elsewhere" not in text}
    filters = [text for text in EXPORTS if text.startswith("filter {") and "elsewhere" not in text]
    names = {f"filter verdict{number}": text for number, text in enumerate(filters)}
    text = "router id 192.0.2.1;\nprotocol device {}\n" + AROUND
    text += "".join(f"define {name} = {value};\n" for name, value in DEFINES.items())
    text += "".join(f"{name} {filter_text[len('filter ') :]}\n" for name, filter_text in names.items())
    text += f"protocol static {OURS.proto} {{ ipv4; route {OURS.net} blackhole; }}\n"
    which = [*(f"where {term}" for term in known), *names]
    program = SHOW.replace("CONF", repr(json.dumps(text))).replace("WHICH", repr(json.dumps(which)))
    done = subprocess.run(PYTHON, input=program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shown = {question: str(OURS.net) in answer for question, answer in json.loads(done.stdout).items()}
    assert {term: shown[f"where {term}"] for term in known} == known
    wrong = [text for name, text in names.items() if EXPORTS[text] and shown[name]]
    assert not wrong, "BIRD accepts what we call rejected"


HOSTILE = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            'x"; }',
            "a\nprotocol kernel { }",
            "*/ accept;",
            "/* ",
            "# ",
            "{{ lookup('env', 'HOME') }}",
            "{% raw %}",
            "$(reboot)",
            "`id`",
            "!",
            "ip route\r\n}",
            "''",
            "a'b",
            "eth0",
            "eth0.1",
            "br-lan",
            "a@b",
            "x:1",
            "source_ip",
            "(), = /",
            "+",
            "::/0",
            "192.0.2.1",
            "fe80::1%eth0",
            "0x0a000001",
            "010.0.0.1",
            "١٩٢.0.2.1",
        ]
    ),
)
GOOD = {
    "ipv4": {
        "prefix": st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "198.51.100.7", "100.64.0.0/10"]),
        "address": st.sampled_from(["192.0.2.1", "192.0.2.255", "0.0.0.1", "255.255.255.254"]),
    },
    "ipv6": {
        "prefix": st.sampled_from(["::/0", "2001:db8::/32", "2001:db8::1", "::192.0.2.0/120", "64:ff9b::/96"]),
        "address": st.sampled_from(["2001:db8::1", "::2", "::192.0.2.1", "2001:DB8:0::0:F", "64:ff9b::c000:201"]),
    },
}
NAME = st.none() | st.text("aZ09 ._,:/@+()=-", min_size=1, max_size=12).map(lambda text: f"x{text}")
DEVICE = st.sampled_from(["eth0", "eth0.1", "br-lan", "a:b", "x_y"])
TABLE = st.sampled_from([None, "main", 254, 100, "100"])


def _policy(family: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {"destinations": st.lists(GOOD[family]["prefix"], min_size=1, max_size=3), "source": GOOD[family]["address"]},
        optional={
            "name": NAME,
            "match": st.sampled_from(["exact", "orlonger"]),
            "except": st.lists(GOOD[family]["prefix"], max_size=1),
            "protocols": st.lists(st.sampled_from(["bgp", "ospf", "static", "rip", "babel"]), min_size=1, unique=True),
            "table": TABLE,
        },
    )


def _route(family: str) -> st.SearchStrategy[dict[str, Any]]:
    metrics = st.dictionaries(st.sampled_from(ROUTE_METRICS), st.integers(0, 2**32 - 1), max_size=3)
    hop = st.fixed_dictionaries(
        {"gateway": GOOD[family]["address"]}, optional={"device": DEVICE, "weight": st.integers(1, 256)}
    )
    gateway = GOOD[family]["address"]
    ways: st.SearchStrategy[dict[str, Any]] = st.one_of(
        st.fixed_dictionaries({"gateway": gateway, "device": DEVICE, "onlink": st.booleans()}),
        st.fixed_dictionaries({"device": DEVICE}),
        st.fixed_dictionaries({"gateway": gateway}),
        st.fixed_dictionaries({"nexthops": st.lists(hop, min_size=1, max_size=3)}),
    )
    base = st.fixed_dictionaries(
        {"destination": GOOD[family]["prefix"], "source": GOOD[family]["address"]},
        optional={"table": TABLE, "metrics": metrics},
    )
    return st.tuples(base, ways).map(lambda pair: {**pair[0], **pair[1]})


@st.composite
def _spoiled(draw: st.DrawFn, entries: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """An entry as a user means it; in one of three, one field holds something else."""
    entry = draw(entries)
    if draw(st.integers(0, 2)) == 0:
        field = draw(st.sampled_from([*sorted(entry), "name", "device"]))
        bad = draw(HOSTILE | st.integers(-1, 2**33) | st.booleans())
        entry = {**entry, field: [bad] if isinstance(entry.get(field), list) else bad}
    return entry


POLICY = _spoiled(st.sampled_from(["ipv4", "ipv6"]).flatmap(_policy))
ROUTE = _spoiled(st.sampled_from(["ipv4", "ipv6"]).flatmap(_route))


def _kept(entries: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    """As many of them as the intent accepts: one bad entry must not keep the others from the judge."""
    kept: list[dict[str, Any]] = []
    for entry in entries:
        try:
            _intent.normalise(**{key: [*kept, entry]}, backend="bird")
        except IntentError:
            continue
        kept.append(entry)
    return kept


def test_a_hostile_intent_is_refused_or_harmless() -> None:
    texts: list[str] = []

    # All texts go to BIRD at once: no shrinking, a failure shows the text itself.
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(POLICY, max_size=8), st.lists(ROUTE, max_size=8), st.booleans())
    def collect(policies: list[dict[str, Any]], routes: list[dict[str, Any]], rendered: bool) -> None:
        intent = _intent.normalise(
            routes=_kept(routes, "routes"), policies=_kept(policies, "policies"), addresses=None, backend="bird"
        )
        try:
            if rendered:
                found = _bird.contents(intent, "", INCLUDE, mode="render", version=VERSION, protocols=KERNELS)
            else:
                found = _bird.contents(intent, OPERATOR, INCLUDE, version=VERSION)
        except SourceIPError:
            return
        texts.append(as_one(found))

    collect()
    distinct = sorted(set(texts))
    assert len(distinct) > EXAMPLES / 5, "too few intents were accepted for the judge to say anything"
    judge(distinct)
