"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const spaced = (value) => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const percent = (part, whole) => (whole ? (100 * part / whole).toFixed(0) : "0") + " %";
  const size = (bytes) =>
    bytes < 1024 ? bytes + " B" : bytes < 1024 * 1024 ? +(bytes / 1024).toPrecision(3) + " KiB"
      : +(bytes / 1024 / 1024).toPrecision(3) + " MiB";

  // -- elements: text goes in as text, never as markup ------------------------------------------
  function html(name, text, attributes) {
    return fill(document.createElement(name), text, attributes);
  }
  function svg(name, attributes, text) {
    return fill(document.createElementNS(SVG, name), text, attributes);
  }
  function fill(made, text, attributes) {
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }
  function label(text, x, y, className, attributes) {
    return svg("text", { x, y, class: className || "", ...attributes }, text);
  }
  function table(heads, rows) {
    const made = html("table");
    const head = made.createTHead().insertRow();
    for (const text of heads) head.append(html("th", text, { scope: "col" }));
    const body = made.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      for (const cell of row) {
        const number = typeof cell === "number";
        line.append(html("td", number ? spaced(cell) : cell, number ? { class: "num" } : {}));
      }
    }
    return made;
  }

  // -- patterns of the states -------------------------------------------------------------------
  function hatches() {
    const defs = svg("defs");
    data.states.forEach((state, number) => {
      const pattern = svg("pattern", {
        id: "state-" + number, width: 6, height: 6, patternUnits: "userSpaceOnUse",
      });
      pattern.append(svg("rect", { width: 6, height: 6, fill: state.fill }));
      if (state.hatch)
        pattern.append(svg("path", { d: state.hatch, stroke: "var(--ink)", "stroke-width": 0.9 }));
      defs.append(pattern);
    });
    const holder = svg("svg", { width: 0, height: 0, "aria-hidden": "true", style: "position:absolute" });
    holder.append(defs);
    document.body.append(holder);
  }
  function legends() {
    data.states.forEach((state, number) => {
      const item = html("li");
      const box = svg("svg", { width: 26, height: 16, "aria-hidden": "true" });
      box.append(svg("rect", {
        x: 0.5, y: 0.5, width: 25, height: 15, fill: `url(#state-${number})`, stroke: "var(--ink)",
      }));
      item.append(box, " " + state.name);
      byId("states").append(item);
    });
    for (const [role, dash] of Object.entries(data.dashes)) {
      const item = html("li");
      const box = svg("svg", { width: 34, height: 12, "aria-hidden": "true" });
      box.append(svg("path", {
        d: "M1,6 h32", stroke: data.roles[role], "stroke-width": 2.5, "stroke-dasharray": dash,
      }));
      item.append(box, " " + role);
      byId("roles").append(item);
    }
  }

  // -- the map of the array ---------------------------------------------------------------------
  const TILE = { width: 178, height: 110, up: 34 };
  const SHIM = 50;

  function drawMap(program) {
    const { map, lanes } = program;
    const busy = new Map(lanes.map((lane) => [lane.name, lane.cycles[0]]));
    const own = (stream) => stream.to.every((to) => to[0] === stream.from[0]);
    const trunks = map.streams.filter((s) => own(s) && reaches(s)).map((s) => s.from[0]);
    const most = Math.max(1, ...count(trunks).values());
    const side = 18 + 7 * most;
    const step = TILE.width + 2 * side + 8;
    const top = 26;
    const place = {
      x: (col) => 60 + side + col * step,
      y: (row) => top + TILE.up + (map.rows + 1 - row) * (TILE.height + TILE.up),
      side,
    };
    const used = Math.max(...map.tiles.map((tile) => tile.at[0])) + 1;
    const width = 60 + used * step;
    const height = place.y(0) + SHIM + 10;
    const drawing = svg("svg", {
      viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
      "aria-label": "Map of the array: tiles, what they hold, and streams",
    });
    const ends = svg("defs");
    for (const [role, colour] of Object.entries(data.roles)) {
      const arrow = svg("marker", {
        id: "end-" + role, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8,
        orient: "auto-start-reverse", markerUnits: "userSpaceOnUse",
      });
      arrow.append(svg("path", { d: "M0,0 L8,4 L0,8z", fill: colour }));
      ends.append(arrow);
    }
    drawing.append(ends);
    for (let col = 0; col < used; col++)
      drawing.append(label("column " + col, place.x(col) + TILE.width / 2, 16, "mid strong"));
    for (let row = 0; row < map.rows + 2; row++)
      drawing.append(label("row " + row, 4, place.y(row) + 16, "strong"));
    for (const tile of map.tiles) drawing.append(drawTile(tile, place, busy, program));
    const taken = new Map();
    for (const stream of map.streams) drawing.append(drawStream(stream, place, taken));
    return drawing;
  }
  function count(values) {
    const found = new Map();
    for (const value of values) found.set(value, (found.get(value) || 0) + 1);
    return found;
  }
  /** Whether a stream goes past a tile of its column, so that it needs room beside it. */
  function reaches(stream) {
    return stream.from[1] === 1 && stream.to.some((to) => to[1] > 1);
  }

  function drawTile(tile, place, busy, program) {
    const [col, row] = tile.at;
    const x = place.x(col), y = place.y(row);
    const group = svg("g", { class: "tile", "data-tile": col + "," + row });
    const names = { core: "core", mem: "mem tile", shim: "shim" };
    const lines = tile.holds.map(([name, role, times, bytes]) =>
      `${name}: ${times > 1 ? times + " × " : ""}${size(bytes)} (${role})`);
    group.append(svg("title", {}, [
      `${names[tile.kind]} (${col}, ${row})`, tile.computes, ...passing(tile, program), ...lines,
      tile.capacity ? `${spaced(tile.used)} of ${spaced(tile.capacity)} bytes` : "",
    ].filter(Boolean).join("\n")));
    group.append(svg("rect", {
      x, y, width: TILE.width, height: tile.kind === "shim" ? SHIM : TILE.height, rx: 4, fill: tile.kind === "core" ? "var(--paper)" : "var(--panel)",
      stroke: "var(--ink)", "stroke-width": 1.2,
    }));
    group.append(label(`${names[tile.kind]} (${col}, ${row})`, x + 8, y + 16, "strong"));
    if (tile.kind === "core") {
      const share = percent(busy.get(`core (${col}, ${row})`) || 0, program.cycles);
      group.append(label(share + " busy", x + TILE.width - 8, y + 16, "end"));
    }
    shorten(tile.holds).slice(0, 4).forEach(([role, text], number) => {
      const line = y + 32 + 13 * number;
      group.append(svg("rect", { x: x + 8, y: line - 8, width: 8, height: 8, fill: data.roles[role] }));
      group.append(label(text, x + 21, line, "small"));
    });
    const computes = tile.computes.split("; ").filter(Boolean).reverse();
    const notes = tile.kind === "shim" ? passing(tile, program) : computes;
    notes.forEach((note, number) => {
      const line = tile.kind === "shim" ? y + 31 + 13 * number : y + TILE.height - 14 - 13 * number;
      group.append(label(clipped(note, 30), x + 8, line, "small"));
    });
    if (tile.capacity) {
      const room = TILE.width - 16;
      group.append(svg("rect", {
        x: x + 8, y: y + TILE.height - 9, width: room, height: 5, fill: "var(--paper)", stroke: "var(--muted)", "stroke-width": 0.6,
      }));
      group.append(svg("rect", {
        x: x + 8, y: y + TILE.height - 9, width: room * Math.min(1, tile.used / tile.capacity), height: 5, fill: "var(--ink)",
      }));
    }
    return group;
  }
  /** What a shim tile reads and writes in the whole run. */
  function passing(tile, program) {
    if (tile.kind !== "shim") return [];
    const here = (other) => other[0] === tile.at[0] && other[1] === tile.at[1];
    const sum = (streams) => size(streams.reduce((bytes, stream) => bytes + stream.bytes, 0));
    const reads = program.map.streams.filter((stream) => here(stream.from));
    const writes = program.map.streams.filter((stream) => stream.to.some(here));
    return [reads.length ? `reads ${sum(reads)}` : "", writes.length ? `writes ${sum(writes)}` : ""].filter(Boolean);
  }
  /** One line a role: how many buffers of which size. */
  function shorten(holds) {
    const order = Object.keys(data.roles);
    const lines = new Map();
    for (const [, role, times, bytes] of holds) {
      const sizes = lines.get(role) || new Map();
      sizes.set(bytes, (sizes.get(bytes) || 0) + times);
      lines.set(role, sizes);
    }
    return [...lines].map(([role, sizes]) => {
      const texts = [...sizes].map(([bytes, times]) => (times > 1 ? times + " × " : "") + size(bytes));
      return [role, `${role} ${texts.join(" + ")}`];
    }).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  }
  function clipped(text, most) {
    return text.length <= most ? text : text.slice(0, most - 1) + "…";
  }

  function drawStream(stream, place, taken) {
    const group = svg("g", { class: "stream", "data-stream": stream.name });
    const where = (tile) => `(${tile[0]}, ${tile[1]})`;
    group.append(svg("title", {}, `${stream.name}: ${stream.carries || stream.role}, ${where(stream.from)} to ` +
      `${stream.to.map(where).join(" ")}, objects of ${size(stream.object)}, ${spaced(stream.bytes)} bytes`));
    for (const path of route(stream, place, taken)) {
      const end = path.open ? {} : { [path.back ? "marker-start" : "marker-end"]: `url(#end-${stream.role})` };
      group.append(svg("path", {
        d: path.d, fill: "none", stroke: data.roles[stream.role], "stroke-width": 1.8,
        "stroke-dasharray": data.dashes[stream.role], ...end,
      }));
    }
    return group;
  }
  /** The next free track of a gap. */
  function track(taken, key) {
    const number = taken.get(key) || 0;
    taken.set(key, number + 1);
    return number;
  }
  /** The lines of a stream: up a column, along a row, or straight. */
  function route(stream, place, taken) {
    const [fromCol, fromRow] = stream.from;
    const { width, height } = TILE;
    const x = place.x(fromCol), y = place.y(fromRow);
    const sameColumn = stream.to.every((to) => to[0] === fromCol);
    const sameRow = stream.to.every((to) => to[1] === stream.to[0][1]);
    if (sameColumn && stream.to.length === 1 && Math.abs(stream.to[0][1] - fromRow) === 1 && fromRow < 2 && stream.to[0][1] < 2) {
      const up = stream.to[0][1] > fromRow;
      const at = x + width * (up ? 0.15 : 0.85) + (up ? 22 : -22) * track(taken, `v${fromCol},${fromRow},${up}`);
      const start = up ? y : y + height, end = up ? place.y(stream.to[0][1]) + height : place.y(stream.to[0][1]);
      return [{ d: `M${at},${start} V${end}` }];
    }
    if (sameColumn && fromRow === 1) {
      const at = x - 10 - 7 * track(taken, "left" + fromCol);
      const into = y + 10 + 6 * track(taken, "mem left" + fromCol);
      const down = height * (0.3 + 0.15 * Object.keys(data.dashes).indexOf(stream.role));
      const top = Math.min(...stream.to.map((to) => place.y(to[1]))) + down;
      return [{ d: `M${x},${into} H${at} V${top}`, open: true },
        ...stream.to.map((to) => ({ d: `M${at},${place.y(to[1]) + down} H${x - 1}` }))];
    }
    if (sameColumn && stream.to.length === 1 && stream.to[0][1] === 1) {
      const at = x + width + 10;
      const out = y + height * 0.7, end = place.y(1) + height * 0.3;
      // From its end, so that the dashes of streams that are joined lie over one another.
      return [{ d: `M${x + width + 1},${end} H${at} V${out} H${x + width}`, back: true }];
    }
    if (sameRow && fromRow === 1) {
      const bus = place.y(stream.to[0][1]) - 12 - 5 * track(taken, "bus" + stream.to[0][1]);
      const at = x + width + 18 + 7 * track(taken, "right" + fromCol);
      const out = y + height * 0.5 + 7 * track(taken, "mem right" + fromCol);
      const drops = stream.to.map((to) => place.x(to[0]) + width * 0.5);
      const low = Math.min(at, ...drops), high = Math.max(at, ...drops);
      return [{ d: `M${x + width},${out} H${at} V${bus}`, open: true }, { d: `M${low},${bus} H${high}`, open: true },
        ...stream.to.map((to, i) => ({ d: `M${drops[i]},${bus} V${place.y(to[1]) - 1}` }))];
    }
    return stream.to.map((to) => {
      const tx = place.x(to[0]) + width / 2, ty = place.y(to[1]);
      return { d: `M${x + width / 2},${y} L${tx},${ty < y ? ty + height : ty}` };
    });
  }

  // -- the timeline -----------------------------------------------------------------------------
  const KINDS = [
    ["sequence", "Commands"], ["core", "Cores"], ["shim", "DMA of the shim: from memory to the mem tiles"],
    ["mem", "DMA of the mem tiles: to the cores, and results to memory"],
    ["core-dma", "DMA of the cores: results to the mem tiles"],
  ];
  const ROW = 15, LEFT = 176, WIDE = 880, RIGHT = 74;

  function drawTimeline(program) {
    const groups = KINDS.map(([kind, title]) => [title, program.lanes.filter((lane) => kindOf(lane) === kind)])
      .filter(([, lanes]) => lanes.length);
    const rows = groups.reduce((sum, [, lanes]) => sum + lanes.length, 0);
    const height = 60 + rows * ROW + groups.length * 24;
    const drawing = svg("svg", {
      viewBox: `0 0 ${LEFT + WIDE + RIGHT} ${height}`, width: LEFT + WIDE + RIGHT, height, role: "img",
      "aria-label": "Timeline of the command sequence, the cores and the DMA channels",
    });
    drawing.append(label("busy", LEFT + WIDE + 8, 14, "small quiet"));
    let y = 20;
    for (const [title, lanes] of groups) {
      drawing.append(label(title, 0, y + 16, "strong"));
      y += 22;
      for (const lane of lanes) {
        drawing.append(drawLane(lane, y, program.cycles));
        y += ROW;
      }
      y += 2;
    }
    drawing.append(axis(program.cycles, y));
    return drawing;
  }
  function kindOf(lane) {
    return lane.kind === "core" && lane.name.includes("@") ? "core-dma" : lane.kind;
  }
  function drawLane(lane, y, cycles) {
    const group = svg("g", { class: "lane", "data-lane": lane.name });
    const parts = data.states.map((state, i) => [state.name, lane.cycles[i]]).filter(([, spent]) => spent);
    group.append(svg("title", {}, [lane.name, ...parts.map(([name, spent]) =>
      `${name}: ${spaced(spent)} cycles, ${percent(spent, cycles)}`)].join("\n")));
    group.append(label(lane.name.replace(/^(core|mem|shim) tile/, "$1"), LEFT - 6, y + 11, "small end"));
    group.append(svg("rect", { x: LEFT, y: y + 1, width: WIDE, height: ROW - 2, fill: "var(--paper)" }));
    paths(lane.runs, y + 1, ROW - 2).forEach((d, state) => {
      if (d) group.append(svg("path", { d, fill: `url(#state-${state})`, "data-state": state }));
    });
    group.append(svg("rect", {
      x: LEFT, y: y + 1, width: WIDE, height: ROW - 2, fill: "none", stroke: "var(--rule)", "stroke-width": 0.5,
    }));
    group.append(label(percent(lane.cycles[0], cycles), LEFT + WIDE + 8, y + 11, "small"));
    return group;
  }
  /** A path for each state: runs of equal parts, divided from the bottom up by its digits. */
  function paths(runs, top, height) {
    const found = data.states.map(() => []);
    const step = WIDE / data.bins;
    let at = 0;
    for (const run of runs.split(",")) {
      const [digits, times] = run.split("x");
      const length = +(times || 1);
      const total = [...digits].reduce((sum, digit) => sum + +digit, 0);
      let bottom = top + height;
      [...digits].forEach((digit, state) => {
        const tall = height * +digit / total;
        if (!tall) return;
        bottom -= tall;
        found[state].push(`M${(LEFT + at * step).toFixed(1)},${bottom.toFixed(1)}h${(length * step).toFixed(1)}v${tall.toFixed(1)}h-${(length * step).toFixed(1)}z`);
      });
      at += length;
    }
    return found.map((part) => part.join(""));
  }
  function axis(cycles, y) {
    const group = svg("g");
    const power = 10 ** Math.floor(Math.log10(cycles || 1));
    const step = power / (cycles / power < 2 ? 5 : cycles / power < 5 ? 2 : 1);
    group.append(svg("path", { d: `M${LEFT},${y + 3} h${WIDE}`, stroke: "var(--ink)" }));
    for (let at = 0; at <= cycles; at += step) {
      const x = LEFT + WIDE * at / cycles;
      group.append(svg("path", { d: `M${x},${y + 3} v5`, stroke: "var(--ink)" }));
      group.append(label(spaced(at), x, y + 20, "small mid"));
    }
    const time = (1e6 * cycles / data.clock_hz).toPrecision(3);
    group.append(label(`cycles; ${spaced(cycles)} in all, ${time} µs`, LEFT + WIDE, y + 36, "small end quiet"));
    return group;
  }

  // -- choosing and sorting ---------------------------------------------------------------------
  function chooseFrom(hash) {
    const wanted = new URLSearchParams(hash.replace(/^#/, ""));
    if (wanted.get("sort")) sortBy(wanted.get("sort"));
    const number = +wanted.get("dispatch");
    show(data.dispatches[number - 1] ? number : costliest());
  }
  function costliest() {
    let best = 1, most = -1;
    data.dispatches.forEach((dispatch, index) => {
      const cycles = dispatch.program === null ? -1 : data.programs[dispatch.program].cycles;
      if (cycles > most) [best, most] = [index + 1, cycles];
    });
    return best;
  }
  function show(number) {
    const dispatch = data.dispatches[number - 1];
    document.body.dataset.chosen = number;
    document.querySelectorAll(".chosen").forEach((one) => one.classList.remove("chosen"));
    document.querySelectorAll(`[data-number="${number}"]`).forEach((one) => one.classList.add("chosen"));
    byId("chosen").textContent = `Dispatch ${number}: ${dispatch.name}`;
    byId("facts").replaceChildren(...Object.entries(dispatch.facts).map(([name, value]) => {
      const item = html("div");
      item.append(html("dt", name), html("dd", value));
      return item;
    }));
    byId("previous").href = "#dispatch=" + Math.max(1, number - 1);
    byId("next").href = "#dispatch=" + Math.min(data.dispatches.length, number + 1);
    const program = dispatch.program === null ? null : data.programs[dispatch.program];
    byId("pictures").hidden = program === null;
    byId("nothing").hidden = program !== null;
    if (program) draw(program);
  }
  function draw(program) {
    byId("map").replaceChildren(drawMap(program));
    byId("timeline").replaceChildren(drawTimeline(program));
    const where = (tile) => `(${tile[0]}, ${tile[1]})`;
    byId("streams").replaceChildren(table(
      ["stream", "carries", "from", "to", "object, bytes", "moved, bytes"],
      program.map.streams.map((s) => [s.name, s.carries || s.role, where(s.from), s.to.map(where).join(" "), s.object, s.bytes]),
    ));
    byId("lanes").replaceChildren(table(
      ["who", ...data.states.map((state) => state.name)],
      program.lanes.map((lane) => [lane.name, ...lane.cycles]),
    ));
  }

  function sortBy(sort) {
    const down = sort.startsWith("-");
    const key = sort.replace(/^-/, "");
    const heads = [...document.querySelectorAll("#dispatches thead th")];
    const index = heads.findIndex((head) => head.firstChild.dataset.key === key);
    if (index < 0) return;
    heads.forEach((head, i) => head.setAttribute("aria-sort", i !== index ? "none" : down ? "descending" : "ascending"));
    const body = document.querySelector("#dispatches tbody");
    const sign = down ? -1 : 1;
    const rows = [...body.rows].sort((a, b) => sign * compare(a.cells[index], b.cells[index], sign));
    body.append(...rows);
  }
  /** Numbers as numbers, words as words; what is empty goes last in either direction. */
  function compare(a, b, sign) {
    const [x, y] = [a, b].map((cell) => cell.dataset.value ?? cell.textContent);
    if (x === "" || y === "") return sign * ((x === "") - (y === ""));
    return a.dataset.value === undefined ? x.localeCompare(y) : x - y;
  }

  hatches();
  legends();
  for (const head of document.querySelectorAll("#dispatches thead th")) {
    head.firstChild.addEventListener("click", () => {
      const key = head.firstChild.dataset.key;
      const sort = (head.getAttribute("aria-sort") === "ascending" ? "-" : "") + key;
      sortBy(sort);
      history.replaceState(null, "", `#dispatch=${document.body.dataset.chosen}&sort=${sort}`);
    });
  }
  addEventListener("hashchange", () => {
    chooseFrom(location.hash);
    byId("detail").scrollIntoView();
  });
  chooseFrom(location.hash);
  document.body.dataset.ready = "1";
})();
