// Copyright (c) 2026 The l3host.source_ip contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// The drawing of a path: source, device, gateway, destination, and what was seen on the way.

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
