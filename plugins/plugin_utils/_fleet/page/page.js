// Copyright (c) 2026 The l3host.source_ip contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// The page around the rows, and what makes all of it follow the reader's choice. Everything that hosts said is set as text
// of an element, never as markup.

// ---- what stands around the lines

const figures = element("ul", { class: "figures" });
// Of one host it is the answers that count.
const own = [
  [lines.length - bad.length, "as it should be", "good"],
  [bad.length, bad.length === 1 ? "problem" : "problems", "bad"],
];
for (const [number, name, kind] of hosts.length === 1 ? own : [
  [data.counts.good, "as intended", "good"],
  [data.counts.differ, data.counts.differ === 1 ? "differs" : "differ", "bad"],
  [data.counts.unreachable, "unreachable", "bad"],
  [data.counts.failed, "failed", "bad"],
  [data.counts.hosts, data.counts.hosts === 1 ? "host" : "hosts", ""],
  [data.counts.checked, data.counts.checked === 1 ? "answer" : "answers", ""],
  [data.counts.connections, data.counts.connections === 1 ? "open connection" : "open connections", ""],
]) {
  const needed = ["good", ""].includes(kind) ? number || name.startsWith("as ") : number;
  if (needed) figures.append(element("li", { class: kind }, element("b", {}, number.toLocaleString("en")), name));
}

const problems = element("div", { class: "problems", role: "group", "aria-label": "Problems" });
for (const word of known.problem) {
  const number = bad.filter((one) => one.problem === word).length;
  const press = () => choose({ problem: state.problem === word ? "" : word });
  problems.append(element("button", { type: "button", class: "badge bad", "data-word": word, title: data.problems[word], onclick: press }, `${word} ${number.toLocaleString("en")}`));
}

const tools = element("div", { class: "tools", role: "search" });
const inputs = {};
const views = element("div", { class: "views", role: "group", "aria-label": "View" });
for (const [view, name] of [["problems", "Problems"], ["all", "All"], ["map", "Map"]]) {
  if (view === "map" && !mappable) continue;
  views.append(element("button", { type: "button", "data-view": view, onclick: () => choose({ view: view === first ? "" : view }) }, name));
}
tools.append(views);
// On a phone, eight fields would push all lines out of sight.
const unfold = () => {
  const open = tools.classList.toggle("unfolded");
  fold.setAttribute("aria-expanded", open);
  lay();
};
const fold = element("button", { type: "button", class: "fold", "aria-expanded": "false", onclick: unfold }, "Filters");
tools.append(fold);

function field(key, name, options) {
  let input;
  if (options) {
    input = element("select", { name: key }, element("option", { value: "" }, "any"), ...options.map((word) => element("option", { value: word }, word)));
  } else {
    input = element("input", { name: key, type: "search", autocomplete: "off", spellcheck: "false" });
    if (known[key]) {
      // A list of more would be slower than typing.
      const list = element("datalist", { id: `known-${key}` }, ...known[key].slice(0, 2000).map((word) => element("option", { value: word })));
      input.setAttribute("list", list.id);
      tools.append(list);
    }
  }
  input.addEventListener("input", () => choose({ [key]: input.value }));
  inputs[key] = input;
  tools.append(element("label", { class: key }, name, input));
}

field("q", "search");
if (hosts.length > 1) field("host", "host");
if (known.group.length > 1) field("group", "group", known.group);
field("destination", "destination");
if (known.reason.length > 1) field("reason", "reason", known.reason);
if (known.problem.length > 1) field("problem", "problem", known.problem);
if (known.section.length > 1) field("section", "chapter", known.section);
const reset = element("button", { type: "button", onclick: () => choose({ ...EMPTY, view: state.view, at: state.at }) }, "Reset");
tools.append(reset);

const told = element("p", { class: "more", role: "status" });

function legend() {
  const list = (words) => {
    const made = element("dl", { class: "words" });
    for (const [word, meaning] of words) made.append(element("dt", {}, element("span", { class: "badge" }, word)), element("dd", {}, meaning));
    return made;
  };
  const used = (words, there) => Object.entries(words).filter(([word]) => there.includes(word));
  const parts = [element("summary", {}, "What the words mean")];
  if (known.problem.length) parts.push(element("h3", {}, "Problems"), list(used(data.problems, known.problem)));
  if (known.reason.length) parts.push(element("h3", {}, "Reasons"), list(used(data.reasons, known.reason)));
  return element("details", { class: "legend", open: true }, ...parts);
}

const asked = hosts.map((host) => host.asked).filter(Boolean).sort();
const kernels = unique(hosts.map((host) => host.kernel)).sort(collator.compare);
const when = asked.length ? `Asked ${moment(asked[0])}${asked[0] === asked.at(-1) ? "" : ` to ${moment(asked.at(-1))}`}. ` : "";
const kernel = kernels.length ? `Linux ${kernels.slice(0, 4).join(", ")}${kernels.length > 4 ? ` and ${kernels.length - 4} others` : ""}.` : "";
const who = hosts.length === 1 ? `Host ${hosts[0].name}. ` : "";
const said = [...new Map(hosts.flatMap((host) => host.warnings.map((warning) => [warning, 0]))).keys()].map((warning) => [warning, hosts.filter((host) => host.warnings.includes(warning)).map((host) => host.name)]);

const main = element(
  "main",
  {},
  element("h1", {}, data.title),
  data.lead ? element("p", { class: "lead soft" }, data.lead) : null,
  element("p", { class: "soft measured" }, `${who}${when}${kernel}`),
  figures,
  problems,
  tools,
  grid,
  told,
  legend(),
);
if (said.length) {
  const list = element("ul");
  for (const [warning, names] of said.slice(0, 100)) {
    list.append(element("li", {}, `${names.slice(0, 5).join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}: ${warning}`));
  }
  main.append(element("details", {}, element("summary", {}, `What hosts said besides (${said.length})`), list));
}
const keys = element("p", { class: "keys" });
for (const [key, does] of [["↑ ↓", "choose a line"], ["Esc", "close it"], ["/", "search"], ["p", "problems or all"], ...(mappable ? [["m", "map"]] : []), ["r", "reset"]]) keys.append(element("kbd", {}, key), ` ${does}   `);
main.append(element("footer", {}, keys, element("p", {}, `Made ${moment(data.made)}, by the collection l3host.source_ip, from a fleet document of version ${data.version}. The address of this page holds what is chosen: copy it to share the view.`)));
document.body.append(main, aside);

// ---- all of it, again

let before = "";

function update() {
  for (const [key, input] of Object.entries(inputs)) if (input.value !== state[key]) input.value = state[key];
  grid.classList.toggle("map", state.view === "map");
  for (const button of views.children) button.setAttribute("aria-pressed", button.dataset.view === (state.view || first));
  for (const button of problems.children) button.setAttribute("aria-pressed", button.dataset.word === state.problem);
  for (const cell of head.children) {
    if (cell.dataset.key === state.sort) cell.setAttribute("aria-sort", state.desc ? "descending" : "ascending");
    else cell.removeAttribute("aria-sort");
  }
  const { at: _chosen, ...filters } = state;
  const now = JSON.stringify(filters);
  const open = document.body.classList.contains("open");
  tell();
  if (now !== before || open !== document.body.classList.contains("open")) {
    before = now;
    found = sorted(filtered());
    shown = state.view === "map" ? groups(found) : found;
    grid.setAttribute("aria-rowcount", shown.length + 1);
    none.hidden = shown.length > 0;
    none.textContent = lines.length ? ((state.view || first) === "problems" && !bad.length ? "Nothing differs." : "No line is like that.") : "No host was asked.";
    told.textContent = state.view === "map" ? mapped(shown) : `${count(shown.length, "line")} of ${lines.length.toLocaleString("en")}`;
    lay();
  }
  mark();
}

function step(by) {
  if (!found.length) return;
  const here = found.findIndex((one) => one.id === state.at);
  const there = here < 0 ? 0 : Math.min(found.length - 1, Math.max(0, here + by));
  choose({ at: found[there].id });
  show();
}

// The chosen line comes into sight.
function show() {
  const number = shown.findIndex((item) => holds(item, state.at));
  if (number < 0) return;
  reveal(number);
  paint();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
  if (event.key === "Escape") {
    if (typing) event.target.blur();
    else choose({ at: "" });
    return;
  }
  const does = { ArrowDown: () => step(1), ArrowUp: () => step(-1), "/": () => inputs.q.focus(), p: () => choose({ view: { problems: "all", all: "problems", map: "problems" }[state.view || first] }), r: () => reset.click(), m: () => mappable && choose({ view: "map" }) }[event.key];
  if (typing || !does) return;
  event.preventDefault();
  does();
});

let waiting = false;
addEventListener("scroll", () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    paint();
  });
}, { passive: true });
addEventListener("resize", () => {
  lay();
  tell();
});
addEventListener("hashchange", () => {
  read();
  update();
});
addEventListener("beforeprint", () => {
  printing = true;
  if (shown.length > MOST_PRINTED) told.textContent += `; the first ${MOST_PRINTED.toLocaleString("en")} are printed`;
  paint();
});
addEventListener("afterprint", () => {
  printing = false;
  before = "";
  update();
});

read();
update();
show();
setInterval(() => lay(), 60000);
