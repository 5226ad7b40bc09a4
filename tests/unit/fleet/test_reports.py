# Copyright (c) 2026 The l3host.source_ip contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms of a report: true to the document, and no text of a host is ever markup."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet import html, markdown, prometheus
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.document import document, host_row
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.lines import counts, lines
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.pack import FIELDS, SAME, SENTENCES, pack
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.reports import ENDINGS, report
from ansible_collections.l3host.source_ip.plugins.plugin_utils._fleet.words import PROBLEMS, REASONS
from tests.fleet import reports
from tests.lab.documents import hostile, made_up

MEAN = '</script><script>document.title = "owned"</script><img src=x onerror=alert(1)> & "quote\\'
FLEET = made_up(60, 6, bad=0.5)


def unpacked(fleet: Any) -> list[dict[str, Any]]:
    """What the script of the page makes of the columns, without calls."""
    data = pack(fleet)

    def at(column: Any, number: int) -> Any:
        return column[number] if isinstance(column, list) else column

    found = []
    for number in range(data["length"]):
        cells = {key: at(column, number) for key, column in data["lines"].items() if key not in ("host", "calls")}
        cells = {key: cells["kernel"] if place == SAME else place for key, place in cells.items()}
        one = {key: data["strings"][place - 1] if place else None for key, place in cells.items()}
        for key in SENTENCES:
            text = one[key] or ""
            for at_field, field in enumerate(FIELDS):
                text = text.replace(chr(0xE000 + at_field), one[field] or "")
            one[key] = text or None
        found.append({**one, "host": data["lines"]["host"][number]})
    return found


@pytest.mark.parametrize(
    "fleet", [FLEET, hostile(MEAN), hostile("\ue000"), made_up(0, 0)], ids="made mean sign none".split()
)
def test_what_is_packed_comes_back_whole(fleet: Any) -> None:
    wanted = [{key: value for key, value in line.items() if key != "calls"} for line in lines(fleet)]
    for line in wanted:
        # The signs that stand for fields are ours: where a host sends one, the sentence does not hold it.
        line.update({key: line[key].replace("\ue000", "\ufffd") for key in SENTENCES if line[key]})
    assert unpacked(fleet) == wanted


@pytest.mark.parametrize("fleet", [FLEET, made_up(3, 2, bad=0)], ids="made good".split())
def test_all_forms_say_the_same(fleet: Any, tmp_path: Path) -> None:
    for form, ending in ENDINGS.items():
        (tmp_path / f"fleet.{ending}").write_text(report(fleet, form), encoding="utf-8")
    assert reports.wrong(tmp_path, fleet) == []
    (tmp_path / "fleet.md").unlink()
    (tmp_path / "fleet.prom").write_text("", encoding="utf-8")
    said = reports.of_document(fleet)
    wrong = ["fleet.md: was not written"]
    wrong += [f"fleet.prom: says [] besides, and does not say {sorted(said)}"] if said else []
    assert reports.wrong(tmp_path, fleet) == wrong


def test_a_fleet_weighs_little() -> None:
    large = made_up(300, 20)
    assert len(html.render(large).encode()) < 0.2 * len(json.dumps(large))


def test_a_finding_shares_the_line_of_its_answer() -> None:
    for host_at, host in enumerate(FLEET["hosts"]):
        here = [line for line in lines(FLEET) if line["host"] == host_at]
        if host["status"] != "answered":
            assert [(line["problem"], line["why"]) for line in here] == [(host["status"], host["error"])]
            continue
        connections = host["connections"]["differing"]
        assert len(here) == len(host["answers"]) + len(connections)
        problems = [finding["problem"] for finding in host["findings"]] + ["connection"] * len(connections)
        assert sorted(line["problem"] for line in here if line["problem"]) == sorted(problems)


def test_a_finding_without_an_answer_has_its_own_line() -> None:
    finding = {"destination": "*", "expected": None, "actual": None, "problem": "silent", "why": "bgpd is not there"}
    fleet = document("t", "2026-11-25T08:00:00Z", [host_row("h1", [], {"answers": [], "findings": [finding]})])
    (line,) = lines(fleet)
    assert (line["destination"], line["problem"], line["why"]) == ("*", "silent", "bgpd is not there")
    assert counts(fleet).differ == 1


def test_every_word_is_explained() -> None:
    assert {line["problem"] for line in lines(FLEET)} - {None} <= set(PROBLEMS)
    assert {line["reason"] for line in lines(FLEET)} - {None} <= set(REASONS)


class Elements(HTMLParser):
    """The names of the elements in order, and what a parser takes for scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.scripts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.names and self.names[-1] == "script" and self.scripts:
            self.scripts[-1] += data


def elements(page: str) -> Elements:
    parsed = Elements()
    parsed.feed(page)
    parsed.close()
    return parsed


@pytest.mark.parametrize("text", [MEAN, "<!--<script>", "\u2028", "]]>", "a\\u003c/script>"])
def test_page_has_the_same_elements_whatever_hosts_say(text: str) -> None:
    found = elements(html.render({**hostile(text), "title": text}, lead=text))
    assert found.names == elements(html.render(FLEET)).names
    data = json.loads(found.scripts[0])
    assert (data["title"], data["lead"]) == (text, text)
    assert data["strings"][data["hosts"]["name"] - 1 if isinstance(data["hosts"]["name"], int) else 0] == text


def test_page_needs_nothing_but_itself() -> None:
    page = html.render(FLEET)
    for name, value in elements(page).attributes:
        assert name not in ("src", "srcset", "href", "action", "data") and not name.startswith("on"), (name, value)
    assert not re.search(r"@import|url\(|<link|<iframe|\bfetch\(|XMLHttpRequest|\binnerHTML\b|\beval\(", page)
    assert "default-src 'none'" in page


def test_markdown_shows_hostile_text_as_text() -> None:
    page = markdown.render(hostile(MEAN + "\n# heading | cell"))
    assert not re.search(r"(?<!\\)<", page) and "\n# heading" not in page
    tables = [row for row in page.splitlines() if row.startswith("|")]
    for row in tables:
        assert re.fullmatch(r"\|( ([^|\\]|\\.)* \|)+", row), row


def test_markdown_says_what_differs_and_how_much_more() -> None:
    number = sum(1 for line in lines(FLEET) if line["problem"])
    page = markdown.render(FLEET, most=3)
    assert f"And {number - 3} more lines." in page
    assert "Nothing differs." in markdown.render(made_up(3, 3, bad=0))


def metrics(text: str) -> dict[str, float]:
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}


def test_metrics_are_those_of_the_document() -> None:
    found = metrics(prometheus.render(FLEET))
    up = sum(value for name, value in found.items() if name.startswith("l3host_source_ip_host_up{"))
    assert up == sum(host["status"] == "answered" for host in FLEET["hosts"])
    for word in PROBLEMS:
        number = sum(line["problem"] == word for line in lines(FLEET))
        assert found[f'l3host_source_ip_fleet_problems{{problem="{word}"}}'] == number
    assert found["l3host_source_ip_report_timestamp_seconds"] == 1795593600


@pytest.mark.parametrize("fleet", [FLEET, hostile(MEAN + "\n"), made_up(0, 0)], ids="made mean none".split())
def test_metrics_as_promtool_reads_them(fleet: Any) -> None:
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("promtool is not here (Debian has it in the package prometheus)")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=prometheus.render(fleet), text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("form", ENDINGS)
def test_every_form_is_made(form: str) -> None:
    assert FLEET["hosts"][0]["name"] in report(FLEET, form).replace("\\", "")


@pytest.mark.parametrize(
    ("value", "form", "said"),
    [(FLEET, "pdf", "'pdf' is none of"), ({}, "html", "no document"), ({**FLEET, "version": 2}, "html", "version 2")],
)
def test_what_is_no_document_is_refused(value: Any, form: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        report(value, form)
