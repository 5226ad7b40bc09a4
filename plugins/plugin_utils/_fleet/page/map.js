// Copyright (c) 2026 The l3host.source_ip contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// All hosts and all destinations at one glance: a row for each host, a square for each destination.

// More squares in a row than that cannot be told from each other.
const MOST_PLACES = 60;

// What answers stand for; findings and open connections are about the same places by other names.
const prefixes = new Map(lines.filter((one) => one.prefix).map((one) => [one.destination, one.prefix]));
const placeOf = (one) => (one.problem === "connection" ? prefixes.get(one.prefix) ?? one.prefix : one.prefix ?? one.destination);
const places = unique(lines.map(placeOf));
const mappable = hosts.length > 1 && places.length > 1 && places.length <= MOST_PLACES;
const placeNumber = new Map(places.map((place, number) => [place, number]));
grid.style.setProperty("--places", places.length);

// Hosts with most that is wrong first, then the silent ones, then as the lines come; of several lines about one place,
// the one that is wrong.
function groups(some) {
  const found = new Map();
  for (const one of some) {
    if (!found.has(one.host)) found.set(one.host, { host: one.host, squares: Array(places.length).fill(null), silent: null });
    const group = found.get(one.host);
    if (one.destination === null) group.silent = one;
    else if (!group.squares[placeNumber.get(placeOf(one))]?.problem) group.squares[placeNumber.get(placeOf(one))] = one;
  }
  const wrong = (group) => (group.silent ? 0.5 : group.squares.filter((one) => one?.problem).length);
  return state.sort ? [...found.values()] : [...found.values()].sort((a, b) => wrong(b) - wrong(a));
}

const mapped = (some) => `${count(some.length, "host")}, ${count(places.length, "destination")}`;

if (mappable) {
  const names = places.map((place) => element("span", { title: place }, place === "*" ? "host" : place));
  head.append(element("div", { class: "places", role: "columnheader" }, element("span", { class: "squares" }, ...names)));
}

function mapRow(group) {
  const made = element("div", { class: "row", role: "row", id: `host-${hosts.indexOf(group.host)}` }, element("span", { role: "gridcell", class: "cell host", title: group.host.name }, group.host.name));
  if (group.silent) {
    made.append(element("span", { role: "gridcell", class: "cell silent" }, element("span", { class: "badge bad" }, group.silent.problem), ` ${group.silent.why ?? ""}`));
    made.addEventListener("click", () => choose({ at: group.silent.id }));
    return made;
  }
  const squares = group.squares.map((one, number) => {
    if (!one) return element("span", { class: "square", title: `${places[number]}: nothing was asked` });
    const words = `${places[number]}: ${one.problem ?? "good"}, ${one.actual ?? "none"}`;
    return element("button", { type: "button", tabindex: "-1", class: one.problem ? "square bad" : "square good", "data-id": one.id, "aria-label": words, title: words, onclick: () => choose({ at: one.id }) }, one.problem ? "×" : "");
  });
  made.append(element("span", { role: "gridcell", class: "squares" }, ...squares));
  return made;
}
