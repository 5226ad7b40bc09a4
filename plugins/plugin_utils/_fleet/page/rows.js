// Copyright (c) 2026 The l3host.source_ip contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// The rows that are in sight: only these are elements, however many there are.

const head = element("div", { class: "head", role: "row" });
const body = element("div", { class: "lines", role: "rowgroup" });
const none = element("p", { class: "empty" });
const grid = element("div", { class: "grid", role: "grid", tabindex: "0", "aria-label": "Hosts and destinations" }, head, body, none);
grid.style.setProperty("--columns", columns.map(({ width }) => width).join(" "));
const pool = new Map();
const SPARE = 12;
const MOST_PRINTED = 5000;
let height = 0;
let printing = false;

for (const { key } of columns) {
  const name = key === "request" ? "asked as" : key;
  const press = () => choose({ sort: state.sort === key && state.desc ? "" : key, desc: state.sort === key && !state.desc ? "1" : "" });
  head.append(element("div", { role: "columnheader", "data-key": key }, element("button", { type: "button", onclick: press }, name)));
}

function row(one) {
  const made = element("div", { class: "row", role: "row", id: `line-${one.number}`, onclick: () => choose({ at: one.id }) });
  for (const { key, of } of columns) {
    const value = of(one);
    if (one.destination === null && !["problem", "host"].includes(key)) continue;
    const cell = element("span", { role: "gridcell", class: `cell ${key}`, "data-label": key === "request" ? "asked as" : key, title: value });
    if (key === "problem") cell.append(element("span", { class: one.problem ? "badge bad" : "badge fine" }, one.problem ?? "good"));
    else cell.append(value ?? "–");
    if (value === null) cell.classList.add("none");
    else if (one.problem && one.expected && one.expected !== value && ["actual", proof].includes(key)) cell.classList.add("wrong");
    made.append(cell);
  }
  // A host that said nothing has one thing to tell, and the width of all columns for it.
  if (one.destination === null) made.append(element("span", { role: "gridcell", class: "cell silent", "data-label": "why", title: one.why }, one.why ?? "–"));
  return made;
}

const make = (item) => (item.squares ? mapRow(item) : row(item));
const holds = (item, id) => (item.squares ? item.silent?.id === id || item.squares.some((one) => one?.id === id) : item.id === id);

function measure() {
  if (!shown.length) return;
  const full = state.view === "map" ? shown[0] : lines.find((one) => one.destination !== null);
  const probe = make(full ?? shown[0]);
  body.style.setProperty("--height", "auto");
  body.append(probe);
  height = probe.offsetHeight;
  probe.remove();
}

function paint() {
  const top = body.getBoundingClientRect().top;
  let from = Math.max(0, Math.floor(-top / height) - SPARE);
  let to = Math.min(shown.length, Math.ceil((innerHeight - top) / height) + SPARE);
  if (printing) [from, to] = [0, Math.min(shown.length, MOST_PRINTED)];
  for (const [number, made] of pool) {
    if (number < from || number >= to) {
      made.remove();
      pool.delete(number);
    }
  }
  for (let number = from; number < to; number += 1) {
    if (pool.has(number)) continue;
    const made = make(shown[number]);
    made.style.top = `${number * height}px`;
    made.setAttribute("aria-rowindex", number + 2);
    pool.set(number, made);
    body.append(made);
  }
  mark();
}

function mark() {
  for (const [number, made] of pool) {
    made.setAttribute("aria-selected", holds(shown[number], state.at));
    for (const square of made.querySelectorAll(".square")) square.classList.toggle("chosen", square.dataset.id === state.at);
  }
  const chosen = [...pool.values()].find((made) => made.getAttribute("aria-selected") === "true");
  if (chosen) grid.setAttribute("aria-activedescendant", chosen.id);
  else grid.removeAttribute("aria-activedescendant");
}

function lay() {
  // A letter is 13 pixels high: labels of narrower columns would lie on each other.
  const room = grid.clientWidth - 32 - (grid.clientWidth > 600 ? 244 : 0);
  grid.classList.toggle("tight", room / places.length < 13);
  for (const made of pool.values()) made.remove();
  pool.clear();
  measure();
  body.style.setProperty("--height", `${height}px`);
  body.style.height = `${shown.length * height}px`;
  paint();
}

function reveal(number) {
  const top = body.getBoundingClientRect().top + number * height;
  const over = head.offsetHeight;
  if (top < over) scrollBy(0, top - over - 8);
  else if (top + height > innerHeight) scrollBy(0, top + height - innerHeight + 8);
}
