// Copyright (c) 2026 The l3host.source_ip contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// The chosen line in full, beside the rows: its drawing, its sentences, the answer, the host.

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
