// Copyright (c) 2026 The l3host.source_ip contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// What the reader has chosen, all of it in the fragment of the address; and the lines that this leaves, in order.

// ---- elements

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "class") made.className = value;
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

// ---- what the reader has chosen; it is all in the fragment

const EMPTY = { view: "", q: "", host: "", group: "", destination: "", reason: "", problem: "", section: "", sort: "", desc: "", at: "" };
const bad = lines.filter((one) => one.problem);
const first = data.everything || !bad.length ? "all" : "problems";
let state = { ...EMPTY };
// The lines that are left by it, and the rows that show them.
let found = [];
let shown = [];

function read() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  state = { ...EMPTY };
  for (const key of Object.keys(EMPTY)) state[key] = fragment.get(key) ?? "";
}

function write() {
  const kept = Object.entries(state).filter(([, value]) => value !== "");
  const fragment = new URLSearchParams(kept).toString();
  history.replaceState(null, "", fragment ? `#${fragment}` : location.pathname + location.search);
}

function choose(changes) {
  state = { ...state, ...changes };
  write();
  update();
}

// ---- filter and sort

const unique = (values) => [...new Set(values.filter((value) => value !== null && value !== undefined))];
const collator = new Intl.Collator("en", { numeric: true });
const known = {
  host: unique(hosts.map((host) => host.name)).sort(collator.compare),
  group: unique(hosts.flatMap((host) => host.groups)).sort(collator.compare),
  destination: unique(lines.map((one) => one.destination)).sort(collator.compare),
  reason: unique(lines.map((one) => one.reason)).sort(collator.compare),
  problem: Object.keys(data.problems).filter((word) => bad.some((one) => one.problem === word)),
  section: unique(lines.map((one) => one.section)),
};
const whole = { host: new Set(known.host), destination: new Set([...known.destination, ...lines.map((one) => one.prefix)]) };
const haystacks = new Map();

function haystack(one) {
  if (!haystacks.has(one)) {
    const parts = [...columns.map(({ key, of }) => (key === "age" ? null : of(one))), one.prefix, one.gateway, one.vrf, one.socket, one.protocol];
    haystacks.set(one, parts.filter(Boolean).join("\n").toLowerCase());
  }
  return haystacks.get(one);
}

// What is typed in full means itself, a part means all that have it.
function matcher(key, values) {
  const typed = state[key];
  if (whole[key].has(typed)) return (one) => values(one).includes(typed);
  const part = typed.toLowerCase();
  return (one) => values(one).some((value) => value !== null && value.toLowerCase().includes(part));
}

function filtered() {
  const tests = [];
  if ((state.view || first) === "problems") tests.push((one) => one.problem);
  if (state.problem) tests.push((one) => one.problem === state.problem);
  if (state.reason) tests.push((one) => one.reason === state.reason);
  if (state.section) tests.push((one) => one.section === state.section);
  if (state.group) tests.push((one) => one.host.groups.includes(state.group));
  if (state.host) tests.push(matcher("host", (one) => [one.host.name]));
  if (state.destination) tests.push(matcher("destination", (one) => [one.destination, one.prefix]));
  for (const word of state.q.toLowerCase().split(/\s+/).filter(Boolean)) tests.push((one) => haystack(one).includes(word));
  return lines.filter((one) => tests.every((test) => test(one)));
}

function sorted(some) {
  const column = columns.find(({ key }) => key === state.sort);
  if (!column) return some;
  const value = state.sort === "age" ? (one) => (one.host.asked ? String(seconds(one.host.asked)) : null) : column.of;
  // Comparing texts is slow: each is compared once, and then its rank is.
  const order = state.sort === "problem" ? known.problem : unique(some.map(value)).sort(collator.compare);
  const rank = new Map(order.map((one, place) => [one, place]));
  const sign = state.desc ? -1 : 1;
  const keyed = some.map((one) => [rank.get(value(one)) ?? null, one]);
  // Lines without a value come last, either way round.
  keyed.sort(([a], [b]) => (a === null ? (b === null ? 0 : 1) : b === null ? -1 : sign * (a - b)));
  return keyed.map(([, one]) => one);
}
