// Copyright (c) 2026 The l3host.source_ip contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// The page of a fleet. Everything that hosts said is set as text of an element, never as markup.
"use strict";

(() => {
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

  function sorted(found) {
    const column = columns.find(({ key }) => key === state.sort);
    if (!column) return found;
    const value = state.sort === "age" ? (one) => (one.host.asked ? String(seconds(one.host.asked)) : null) : column.of;
    // Comparing texts is slow: each is compared once, and then its rank is.
    const order = state.sort === "problem" ? known.problem : unique(found.map(value)).sort(collator.compare);
    const rank = new Map(order.map((one, place) => [one, place]));
    const sign = state.desc ? -1 : 1;
    const keyed = found.map((one) => [rank.get(value(one)) ?? null, one]);
    // Lines without a value come last, either way round.
    keyed.sort(([a], [b]) => (a === null ? (b === null ? 0 : 1) : b === null ? -1 : sign * (a - b)));
    return keyed.map(([, one]) => one);
  }

  // ---- the lines that are in sight

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

  function measure() {
    if (!lines.length) return;
    const probe = row(lines.find((one) => one.destination !== null) ?? lines[0]);
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
      const made = row(shown[number]);
      made.style.top = `${number * height}px`;
      made.setAttribute("aria-rowindex", number + 2);
      pool.set(number, made);
      body.append(made);
    }
    mark();
  }

  function mark() {
    for (const [number, made] of pool) made.setAttribute("aria-selected", shown[number].id === state.at);
    const chosen = shown.find((one) => one.id === state.at);
    if (chosen) grid.setAttribute("aria-activedescendant", `line-${chosen.number}`);
    else grid.removeAttribute("aria-activedescendant");
  }

  function lay() {
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

  // ---- the drawing of a path

  const SVG = "http://www.w3.org/2000/svg";

  function shape(name, attributes, ...children) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const BOX = 46;
  const EDGE = 14;
  const WAY = 40;

  function draw(one, width) {
    const failed = one.problem === "stale" || one.problem === "no_source";
    const seen = one.wire ?? one.socket;
    // An open connection has a way, whichever device it is.
    const device = one.device ?? (one.problem === "connection" ? "any" : null);
    const leaves = device !== null && (seen === null || /^[0-9a-f.:]+$/i.test(seen));
    const title = `${one.host.name} to ${one.destination}: source ${one.actual ?? "none"}, device ${device ?? "none"}, wire ${one.wire ?? "not captured"}`;
    const picture = shape("svg", { width, role: "img", "aria-label": title, class: one.problem ? "bad" : "good" });
    picture.append(shape("title", {}, title));
    const fits = Math.floor((width - 2 * EDGE - 40) / 8);
    const cut = (value) => (value.length > fits ? `${value.slice(0, Math.ceil(fits / 2) - 1)}…${value.slice(1 - Math.floor(fits / 2))}` : value);
    const words = (kind, x, y, value) => shape("text", { class: kind, x, y }, cut(value), shape("title", {}, value));
    let y = 1;

    function box(kind, name, address, inset) {
      picture.append(
        shape(
          "g",
          { class: kind },
          shape("rect", { x: inset, y, width: width - 2 * inset, height: BOX, rx: 9 }),
          words("name", inset + 14, y + 18, name),
          words("address", inset + 14, y + 36, address),
        ),
      );
      y += BOX;
    }

    function way(length, used, label, tip) {
      const x = 46;
      picture.append(shape("path", { class: used ? "way used" : "way", d: `M${x} ${y + 2} v${length - 4}` }));
      if (used && tip) picture.append(shape("path", { class: "tip", d: `M${x} ${y + length} l-6 -11 h12 z` }));
      if (label) picture.append(words("on-path", x + 18, y + length / 2 + 5, label));
      y += length;
    }

    const frame = shape("rect", { x: 1, y: 1, width: width - 2, rx: 14 });
    const outer = shape("g", { class: "host" }, frame, words("name", EDGE, 22, `host ${one.host.name}`));
    picture.append(outer);
    y = 32;
    if (one.expected && one.expected !== one.actual) {
      box("unused", "expected source, not used", one.expected, EDGE);
      y += 10;
    }
    if (one.actual) box(failed ? "gone" : "used", failed ? "source, which the host does not have" : `source${one.reason ? `, ${one.reason}` : ""}`, one.actual, EDGE);
    else box("unused", "source", "none", EDGE);
    way(18, device !== null, "");
    box(device ? "used" : "unused", "device", device ?? "none", EDGE);
    y += EDGE;
    frame.setAttribute("height", y - 1);

    if (leaves) {
      way(WAY, true, one.wire ? `${one.wire} on the wire` : one.socket ? `${one.socket} by the socket` : one.actual, !one.gateway);
    } else {
      const middle = y + WAY / 2;
      way(WAY, false, device === null ? "no way" : seen);
      picture.append(shape("path", { class: "stop", d: `M38 ${middle - 8} l16 16 m0 -16 l-16 16` }));
    }
    if (one.gateway) {
      box(leaves ? "used" : "unused", "gateway", one.gateway, EDGE);
      way(24, leaves, "", true);
    }
    const far = one.prefix && one.prefix !== one.destination ? `destination, in ${one.prefix}` : "destination";
    box("web", far, one.destination ?? "none", EDGE);
    picture.setAttribute("height", y + 2);
    picture.setAttribute("viewBox", `0 0 ${width} ${y + 2}`);
    return picture;
  }

  // ---- one line, in full

  const aside = element("aside", { "aria-label": "The chosen line", hidden: true });

  function facts(pairs) {
    const list = element("dl");
    for (const [name, value] of pairs) {
      if (value !== null && value !== undefined && value !== "") list.append(element("dt", {}, name), element("dd", {}, String(value)));
    }
    return list;
  }

  function tell() {
    const one = byName.get(state.at);
    aside.hidden = !one;
    document.body.classList.toggle("open", Boolean(one));
    aside.replaceChildren();
    if (!one) return;
    const host = one.host;
    const answered = host.status === "answered";
    aside.append(
      element("button", { type: "button", class: "close", onclick: () => choose({ at: "" }), "aria-label": "Close" }, "Close"),
      element("h2", {}, one.destination ? `${host.name} → ${one.destination}` : host.name),
      one.request ? element("p", {}, element("code", {}, one.request)) : "",
      element("p", {}, element("span", { class: one.problem ? "badge bad" : "badge fine" }, one.problem ?? "good"), " ", one.reason ? element("span", { class: "badge" }, one.reason) : ""),
    );
    if (one.problem) aside.append(element("p", { class: "soft" }, `${data.problems[one.problem] ?? ""}.`));
    const inner = aside.clientWidth - parseFloat(getComputedStyle(aside).paddingLeft) * 2;
    if (answered && one.destination && one.destination !== "*") aside.append(draw(one, Math.min(440, Math.floor(inner))));
    for (const sentence of unique([one.why, one.explanation])) aside.append(element("p", { class: "sentence" }, sentence));
    if (one.repair) aside.append(element("h3", {}, "What would repair it"), element("p", {}, element("code", {}, one.repair)));
    const way = [["expected", one.expected], ["kernel", one.kernel], ["socket", one.socket], ["wire", one.wire], ["captured on", one.captured], ["device", one.device], ["gateway", one.gateway], ["route", one.route], ["owner", one.owner], ["table", one.table], ["vrf", one.vrf], ["protocol", one.protocol], ["chapter", one.section]];
    if (answered) aside.append(element("h3", {}, "The answer"), facts(way));
    if (one.calls) {
      const table = element("table");
      for (const call of one.calls) table.append(element("tr", {}, ...call.map((part) => element("td", {}, part))));
      aside.append(element("h3", {}, "Socket calls"), table);
    }
    aside.append(
      element("h3", {}, "The host"),
      facts([["name", host.name], ["status", host.status], ["error", host.error], ["asked", answered ? moment(host.asked) : null], ["kernel", host.kernel], ["back end", host.backend], ["why this one", host.backendWhy], ["groups", host.groups.join(", ")], ["checked", answered ? `${count(host.checked, "destination")}${host.omitted ? `, ${host.omitted} more left out` : ""}` : null], ...host.warnings.map((warning) => ["said", warning])]),
    );
  }

  // ---- what stands around the lines

  const figures = element("ul", { class: "figures" });
  for (const [number, name, kind] of [
    [data.counts.good, "as intended", "good"],
    [data.counts.differ, data.counts.differ === 1 ? "differs" : "differ", "bad"],
    [data.counts.unreachable, "unreachable", "bad"],
    [data.counts.failed, "failed", "bad"],
    [data.counts.hosts, data.counts.hosts === 1 ? "host" : "hosts", ""],
    [data.counts.checked, data.counts.checked === 1 ? "answer" : "answers", ""],
    [data.counts.connections, data.counts.connections === 1 ? "open connection" : "open connections", ""],
  ]) {
    const needed = ["good", ""].includes(kind) ? number || name === "as intended" : number;
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
  for (const [view, name] of [["problems", "Problems"], ["all", "All"]]) {
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
  for (const [key, does] of [["↑ ↓", "choose a line"], ["Esc", "close it"], ["/", "search"], ["p", "problems or all"], ["r", "reset"]]) keys.append(element("kbd", {}, key), ` ${does}   `);
  main.append(element("footer", {}, keys, element("p", {}, `Made ${moment(data.made)}, by the collection l3host.source_ip, from a fleet document of version ${data.version}. The address of this page holds what is chosen: copy it to share the view.`)));
  document.body.append(main, aside);

  // ---- all of it, again

  let before = "";

  function update() {
    for (const [key, input] of Object.entries(inputs)) if (input.value !== state[key]) input.value = state[key];
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
      shown = sorted(filtered());
      grid.setAttribute("aria-rowcount", shown.length + 1);
      none.hidden = shown.length > 0;
      none.textContent = lines.length ? ((state.view || first) === "problems" && !bad.length ? "Nothing differs." : "No line is like that.") : "No host was asked.";
      told.textContent = `${count(shown.length, "line")} of ${lines.length.toLocaleString("en")}`;
      lay();
    }
    mark();
  }

  function step(by) {
    if (!shown.length) return;
    const here = shown.findIndex((one) => one.id === state.at);
    const there = here < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, here + by));
    choose({ at: shown[there].id });
    reveal(there);
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
    const does = { ArrowDown: () => step(1), ArrowUp: () => step(-1), "/": () => inputs.q.focus(), p: () => choose({ view: { problems: "all", all: "problems" }[state.view || first] }), r: () => reset.click() }[event.key];
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
  const chosen = shown.findIndex((one) => one.id === state.at);
  if (chosen >= 0) {
    reveal(chosen);
    paint();
  }
  setInterval(() => lay(), 60000);
})();
