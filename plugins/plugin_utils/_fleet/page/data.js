// Copyright (c) 2026 The l3host.source_ip contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// From columns of numbers to lines (pack.py has the way there), and the words and columns for them.

"use strict";

const data = JSON.parse(document.getElementById("fleet").textContent);

// ---- from columns of numbers to lines (plugin_utils/_fleet/pack.py has the way there)

const SAME = -1;
const FIRST = 0xe000;
const text = (place) => (place ? data.strings[place - 1] : null);
const at = (column, number) => (Array.isArray(column) ? column[number] : column);

const hosts = Array.from({ length: data.counts.hosts }, (_none, number) => {
  const column = (key) => text(at(data.hosts[key], number));
  return {
    name: column("name"),
    status: column("status"),
    error: column("error"),
    asked: column("asked"),
    kernel: column("kernel"),
    backend: column("backend"),
    backendWhy: column("backend_why"),
    checked: at(data.hosts.checked, number),
    omitted: at(data.hosts.omitted, number),
    groups: data.hosts.groups[number].map(text),
    warnings: data.hosts.warnings[number].map(text),
  };
});

const signs = new RegExp(`[\\u${FIRST.toString(16)}-\\u${(FIRST + data.fields.length - 1).toString(16)}]`, "g");

function line(number) {
  const found = { number };
  for (const [key, column] of Object.entries(data.lines)) {
    if (key === "host" || key === "calls") continue;
    const place = at(column, number);
    found[key] = place === SAME ? text(at(data.lines.kernel, number)) : text(place);
  }
  for (const key of data.sentences) {
    if (found[key]) {
      found[key] = found[key].replace(signs, (sign) => found[data.fields[sign.charCodeAt(0) - FIRST]] ?? sign);
    }
  }
  found.host = hosts[data.lines.host[number]];
  found.calls = data.lines.calls ? data.lines.calls[number] : null;
  return found;
}

const lines = Array.from({ length: data.length }, (_none, number) => line(number));

// A permalink names a line by what it is about, and by its turn where several are about the same.
const turns = new Map();
const byName = new Map();
for (const one of lines) {
  const name = [one.host.name, one.destination, one.vrf, one.request].map((part) => part ?? "").join(" ").trim();
  const turn = turns.get(name) ?? 0;
  turns.set(name, turn + 1);
  one.id = turn ? `${name} (${turn + 1})` : name;
  byName.set(one.id, one);
}

// ---- words

const some = (key) => lines.some((one) => one[key] !== null);
const seconds = (time) => (time ? Math.max(0, (Date.now() - Date.parse(time)) / 1000) : NaN);

function age(time) {
  const passed = seconds(time);
  if (Number.isNaN(passed)) return null;
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const [unit, size] = units.find(([, length]) => passed >= length) ?? units[3];
  return `${Math.floor(passed / size)} ${unit}`;
}

const moment = (time) => (time ? time.replace("T", " ").replace("Z", " UTC") : "an unknown time");
const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
const proof = some("wire") ? "wire" : "socket";

// name, what it shows, its share of the width
const columns = [
  { key: "problem", of: (one) => one.problem, width: "104px" },
  { key: "host", of: (one) => one.host.name, width: "minmax(0, 1.8fr)" },
  { key: "request", of: (one) => one.request, width: "minmax(0, 2.2fr)" },
  { key: "destination", of: (one) => one.destination, width: "minmax(0, 1.5fr)" },
  { key: "expected", of: (one) => one.expected, width: "minmax(0, 1.2fr)" },
  { key: "actual", of: (one) => one.actual, width: "minmax(0, 1.2fr)" },
  { key: proof, of: (one) => one[proof], width: "minmax(0, 1.2fr)" },
  { key: "device", of: (one) => one.device, width: "minmax(0, .7fr)" },
  { key: "reason", of: (one) => one.reason, width: "minmax(0, .75fr)" },
  { key: "owner", of: (one) => one.owner, width: "minmax(0, .6fr)" },
  { key: "age", of: (one) => age(one.host.asked), width: "56px" },
].filter(({ key }) => (key === "host" ? hosts.length > 1 : ["problem", "age"].includes(key) || some(key)));
