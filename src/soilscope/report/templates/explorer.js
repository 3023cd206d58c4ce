// The maps of the figures for the pointer and the keyboard; without this script the page is whole.
(() => {
  const box = name => document.getElementById("explore-" + name);
  const section = document.getElementById("explore");
  if (!section || !("DecompressionStream" in window)) return;
  const { masked, grids, palettes, stacks } = JSON.parse(box("data").textContent);
  const INK = "#1f2933", QUIET = "#56616b";
  const map = box("map"), chart = box("chart"), read = box("read");
  const now = { stack: null, column: 0, row: 0, i: 0, j: 0, chosen: {}, width: 0 };

  // -- data ---------------------------------------------------------------------------------------

  const size = grid => grid.x.length * grid.y.length;
  const number = (column, row) => column * now.stack.rows.length + row;
  const place = (i, j) => j * grids[now.stack.grid].x.length + i;
  function value(column, row, at) {
    const k = number(column, row), code = now.stack.codes[k * size(grids[now.stack.grid]) + at];
    return code === MISSING ? NaN : code * now.stack.scales[k][0] + now.stack.scales[k][1];
  }
  function hatched(column, row, at) {
    const { stack } = now, n = size(grids[stack.grid]);
    if (!stack.hatched) return false;
    const start = n * stack.scales.length + number(column, row) * Math.ceil(n / 8);
    return Boolean(stack.codes[start + (at >> 3)] >> (7 - at % 8) & 1);
  }

  // -- words --------------------------------------------------------------------------------------

  function said(v, column, row) {
    if (Number.isNaN(v)) return "no value";
    if (now.stack.names.length) return now.stack.names[v];
    const { units, scales } = now.stack;
    return written(v, scales[number(column, row)][0]) + (units ? " " + units : "");
  }
  function where(i, j) {
    const grid = grids[now.stack.grid], x = grid.x[i], y = grid.y[j];
    const degrees = (v, letters) => Math.abs(v).toFixed(3) + "°" + letters[v < 0 ? 1 : 0];
    const km = v => (v / 1000).toFixed(2).replace("-", "−") + " km";
    const zone = grid.zone && grid.zone.codes[place(i, j)];
    const name = zone === null || zone === MISSING ? ""
      : ", " + grid.zones[zone + grid.zone.scales[0][1]];
    return (grid.geographic ? degrees(y, "NS") + " " + degrees(x, "EW") : "x " + km(x) + ", y " + km(y)) + name;
  }
  function tell(i, j) {
    const { column, row, stack } = now, at = place(i, j);
    const parts = [stack.columns[column], stack.rows[row]].filter(Boolean).join(", ");
    const mark = hatched(column, row, at) ? " (hatched)" : "";
    read.replaceChildren(Object.assign(document.createElement("strong"), {
      textContent: said(value(column, row, at), column, row) + mark,
    }), document.createElement("br"), where(i, j) + (parts ? " · " + parts : ""));
  }

  // -- the map ------------------------------------------------------------------------------------

  const colours = palettes.map(text => text.match(/.{6}/g).map(parsed)), grey = parsed(masked.slice(1));
  function colour(v) {
    const { stack } = now, inks = colours[stack.palette];
    if (Number.isNaN(v)) return grey;
    const k = stack.names.length ? v : Math.floor((v - stack.low) / (stack.high - stack.low) * 256);
    return inks[Math.min(Math.max(k, 0), inks.length - 1)];
  }
  const css = v => `rgb(${colour(v).slice(0, 3).join(" ")})`;
  function borders(pen, grid, width, height) {
    const nx = grid.x.length, ny = grid.y.length, { codes } = grid.zone;
    const dx = width / nx, dy = height / ny;
    pen.beginPath();
    for (let j = 0; j < ny; j++) for (let i = 0; i < nx; i++) {
      const one = codes[j * nx + i];
      if (i + 1 < nx && one !== codes[j * nx + i + 1]) { pen.moveTo((i + 1) * dx, j * dy); pen.lineTo((i + 1) * dx, (j + 1) * dy); }
      if (j + 1 < ny && one !== codes[j * nx + nx + i]) { pen.moveTo(i * dx, (j + 1) * dy); pen.lineTo((i + 1) * dx, (j + 1) * dy); }
    }
    pen.stroke();
  }
  function paint() {
    const grid = grids[now.stack.grid], nx = grid.x.length, ny = grid.y.length;
    const ratio = window.devicePixelRatio || 1;
    const most = Math.min(map.parentElement.clientWidth, 560 / grid.shape);
    const width = map.width = Math.round(most * ratio), height = map.height = Math.round(most * grid.shape * ratio);
    map.style.width = width / ratio + "px";
    map.style.height = height / ratio + "px";
    box("legend").style.width = map.style.width;
    const pen = map.getContext("2d"), { column, row } = now;
    pen.imageSmoothingEnabled = false;
    pen.drawImage(picture(nx, ny, at => colour(value(column, row, at))), 0, 0, width, height);
    if (now.stack.hatched) {
      const mask = picture(nx, ny, at => [0, 0, 0, hatched(column, row, at) ? 255 : 0]);
      pen.drawImage(hatching(mask, width, height, ratio), 0, 0);
    }
    pen.strokeStyle = QUIET;
    pen.lineWidth = ratio;
    if (grid.zone) borders(pen, grid, width, height);
    const dx = width / nx, dy = height / ny, room = Math.max(0, 9 * ratio - dx) / 2, more = Math.max(0, 9 * ratio - dy) / 2;
    for (const [ink, thick] of [["#ffffff", 4], ["#000000", 2]]) {
      pen.strokeStyle = ink;
      pen.lineWidth = thick * ratio;
      pen.strokeRect(now.i * dx - room, now.j * dy - more, dx + 2 * room, dy + 2 * more);
    }
  }
  function legend() {
    const { stack } = now, few = stack.names.length;
    box("bar").hidden = Boolean(few);
    if (!few) {
      const step = (stack.high - stack.low) / 256;
      box("bar").getContext("2d").drawImage(
        picture(256, 1, k => colour(stack.low + (k + 0.5) * step)), 0, 0);
    }
    const ends = few ? stack.names.map((name, k) => [name, css(k)])
      : [0, 0.25, 0.5, 0.75, 1].map(share => stack.low + share * (stack.high - stack.low))
        .map((v, k) => [(k === 0 && /min|both/.test(stack.extend) ? "≤ " : k === 4 && /max|both/.test(stack.extend) ? "≥ " : "")
          + written(v, (stack.high - stack.low) / 80)]);
    box("ends").className = few ? "ends names" : "ends";
    box("ends").replaceChildren(...ends.map(([text, ink]) => {
      const item = document.createElement("span");
      if (ink) {
        const patch = item.appendChild(document.createElement("i"));
        patch.style.background = ink;
      }
      item.append(text);
      return item;
    }));
    box("label").textContent = stack.label;
  }

  // -- the chart: the profile over all layers, or the row over all months ------------------------------

  function draw() {
    const { stack, column, row } = now, at = place(now.i, now.j), { rows } = stack, few = stack.names.length;
    const down = stack.kind !== "Month";
    const values = rows.map((_, k) => value(column, k, at)), known = values.filter(v => !Number.isNaN(v));
    const low = Math.min(stack.low, ...known), high = Math.max(stack.high, ...known);
    const wide = now.width, tall = down ? 40 + rows.length * 26 : 250;
    const left = down ? Math.min(wide * 0.38, 16 + 7.6 * Math.max(...rows.map(r => r.length))) : 58;
    const bottom = few ? 4 : 40, right = 16, top = 8;
    chart.setAttribute("viewBox", `0 0 ${wide} ${tall}`);
    chart.replaceChildren();
    const along = v => (v - low) / (high - low);
    const slot = (down ? tall - top - bottom : wide - left - right) / rows.length;
    const at2 = (k, v) => down ? [left + along(v) * (wide - left - right), top + (k + 0.5) * slot]
      : [left + (k + 0.5) * slot, tall - bottom - along(v) * (tall - top - bottom)];
    rows.forEach((name, k) => {
      const here = add(chart, "g", { class: "slot" + (k === row ? " chosen" : "") });
      add(here, "rect", down ? { x: 0, y: top + k * slot, width: wide, height: slot }
        : { x: left + k * slot, y: 0, width: slot, height: tall });
      const most = down ? Math.floor((left - 12) / 7.6) : 3; // a month by three letters
      const short = down && name.length > most ? name.slice(0, most - 1) + "…" : name.slice(0, most);
      if (down || slot > 24 || k % 2 === 0) {
        add(here, "text", down ? { x: 4, y: top + (k + 0.5) * slot + 4 }
          : { x: left + (k + 0.5) * slot, y: tall - bottom + 16, "text-anchor": "middle" }, short);
      }
      add(here, "title", {}, `${name}: ${said(values[k], column, k)}`);
      here.addEventListener("click", () => choose({ row: k }));
    });
    if (!few) {
      const [marks, step] = ticks(low, high);
      for (const v of marks) {
        const [x, y] = at2(0, v);
        add(chart, "path", { class: Math.abs(v) < step / 2 ? "zero" : "tick", d: down ? `M${x} ${top}V${tall - bottom}` : `M${left} ${y}H${wide - right}` });
        add(chart, "text", down ? { x, y: tall - bottom + 14, "text-anchor": "middle" } : { x: left - 6, y: y + 4, "text-anchor": "end" }, written(v, step));
      }
      add(chart, "text", { x: wide - right, y: tall - 5, "text-anchor": "end" }, stack.label);
      const line = values.map((v, k) => Number.isNaN(v) ? "" : at2(k, v).join(" "));
      if (stack.kind !== "Map") add(chart, "path", { class: "line", d: line.map((p, k) => p && (line[k - 1] ? "L" : "M") + p).join("") });
    }
    values.forEach((v, k) => {
      const ink = few ? css(v) : hatched(column, k, at) ? "#ffffff" : INK;
      if (few) {
        const y = top + (k + 0.5) * slot;
        add(chart, "rect", { x: left, y: y - 7, width: 14, height: 14, fill: ink, stroke: QUIET });
        add(chart, "text", { x: left + 22, y: y + 4 }, said(v, column, k));
      } else if (!Number.isNaN(v)) {
        const [x, y] = at2(k, v);
        add(chart, "circle", { class: "dot", cx: x, cy: y, r: k === row ? 5.5 : 4, fill: ink, stroke: INK, "stroke-width": 1.5 });
      }
    });
    box("said").textContent = `${where(now.i, now.j)}. ` + rows.map((name, k) => `${name}: ${said(values[k], column, k)}`).join("; ") + ".";
  }

  // -- choosing -----------------------------------------------------------------------------------

  function refill(select, names, chosen) {
    select.replaceChildren(...names.map((name, k) => new Option(name, k, false, k === chosen)));
    select.parentElement.hidden = names.length < 2;
  }
  function mark() {
    const layer = now.chosen.Layer;
    for (const item of document.querySelectorAll("main .chosen-layer")) item.classList.remove("chosen-layer");
    const notes = [];
    if (layer) for (const item of document.querySelectorAll("#results td, #results tbody th, #results .layers dt")) {
      if (plain(item.textContent) !== plain(layer)) continue;
      (item.closest("tr") || item.parentElement).classList.add("chosen-layer");
      if (item.tagName === "DT") notes.push(item);
    }
    box("sections").replaceChildren(...notes.map(item => {
      const line = document.createElement("div"), link = document.createElement("a");
      link.href = "#" + item.parentElement.id;
      link.textContent = item.closest("section").querySelector("h2").textContent + ", " + layer;
      line.appendChild(document.createElement("dt")).append(link);
      line.appendChild(document.createElement("dd")).textContent = item.nextElementSibling.textContent;
      return line;
    }));
  }
  function show() {
    const { stack } = now;
    now.width = chart.parentElement.clientWidth;
    box("row").value = now.row;
    box("column").value = now.column;
    map.setAttribute("aria-label", [stack.title, stack.columns[now.column], stack.rows[now.row]].filter(Boolean).join(", ") + ". Arrow keys choose a cell.");
    paint();
    draw();
    tell(now.i, now.j);
  }
  function choose(part) {
    Object.assign(now, part);
    now.chosen[now.stack.kind] = now.stack.rows[now.row];
    show();
    if ("row" in part) mark();
  }
  async function open(k) {
    const stack = stacks[k], grid = grids[stack.grid], before = now.stack && grids[now.stack.grid];
    const column = now.stack ? Math.max(0, stack.columns.indexOf(now.stack.columns[now.column])) : 0;
    now.asked = k;
    await Promise.all([unpacked(stack), grid.zone && unpacked(grid.zone)]);
    if (now.asked !== k) return; // another one was asked for meanwhile
    const [x, y] = before ? [before.x[now.i], before.y[now.j]] : [];
    now.stack = stack;
    const kept = stack.rows.indexOf(now.chosen[stack.kind]), row = kept < 0 ? fullest(column) : kept;
    if (before !== grid) {
      Object.assign(now, before && before.geographic === grid.geographic
        ? { i: nearest(grid.x, x), j: nearest(grid.y, y) } : middle(column, row));
    }
    box("stack").value = k;
    box("kind").textContent = stack.kind;
    refill(box("row"), stack.rows, row);
    refill(box("column"), stack.columns, column);
    box("across").textContent = stack.across || "Column";
    box("figure").href = "#" + stack.key;
    const step = stack.scales[number(column, row)][0];
    const notes = [stack.note, /grey: no value/i.test(stack.note) ? "" : "Grey: no value.",
      stack.hatched && !stack.names.length ? "Hollow points: hatched on the map." : "",
      stack.names.length || step === 1 ? "" : "Values are rounded to 255 levels a map; the files of results have all digits."];
    box("note").textContent = notes.filter(Boolean).join(" ");
    legend();
    choose({ column, row });
  }
  function fullest(column) {
    const n = size(grids[now.stack.grid]), full = now.stack.rows.map((_, row) => {
      const start = number(column, row) * n;
      return now.stack.codes.subarray(start, start + n).reduce((sum, code) => sum + (code !== MISSING), 0);
    });
    return full.indexOf(Math.max(...full));
  }
  function middle(column, row) {
    const grid = grids[now.stack.grid], nx = grid.x.length, half = [nx / 2, grid.y.length / 2];
    let best = Infinity, found = { i: 0, j: 0 };
    for (let at = 0; at < size(grid); at++) {
      const i = at % nx, j = Math.floor(at / nx), far = Math.hypot(i - half[0], j - half[1]);
      if (far < best && !Number.isNaN(value(column, row, at))) { best = far; found = { i, j }; }
    }
    return found;
  }
  function cell(event) {
    const grid = grids[now.stack.grid], shown = map.getBoundingClientRect();
    const inside = (v, n) => Math.min(n - 1, Math.max(0, Math.floor(v * n)));
    return { i: inside((event.clientX - shown.left) / shown.width, grid.x.length),
      j: inside((event.clientY - shown.top) / shown.height, grid.y.length) };
  }
  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  function key(event) {
    const grid = grids[now.stack.grid], far = event.shiftKey ? 10 : 1, move = MOVES[event.key];
    const within = (v, n) => Math.min(n - 1, Math.max(0, v));
    const turn = { PageUp: -1, PageDown: 1 }[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey || !(move || turn)) return;
    event.preventDefault();
    if (turn) choose({ row: within(now.row + turn, now.stack.rows.length) });
    else choose({ i: within(now.i + far * move[0], grid.x.length), j: within(now.j + far * move[1], grid.y.length) });
  }

  function links() {
    stacks.forEach((stack, k) => {
      const files = document.getElementById(stack.key).querySelector(".files");
      const link = Object.assign(document.createElement("a"), { href: "#explore", className: "explore-link", textContent: "Explore" });
      link.setAttribute("aria-label", "Explore: " + stack.title);
      link.addEventListener("click", () => open(k));
      files.append(" ", link);
    });
  }
  stacks.forEach((stack, k) => box("stack").append(new Option(stack.title, k)));
  box("stack").addEventListener("change", event => open(Number(event.target.value)));
  box("row").addEventListener("change", event => choose({ row: Number(event.target.value) }));
  box("column").addEventListener("change", event => choose({ column: Number(event.target.value) }));
  map.addEventListener("pointermove", event => { const { i, j } = cell(event); tell(i, j); });
  map.addEventListener("pointerleave", () => tell(now.i, now.j));
  map.addEventListener("click", event => choose(cell(event)));
  map.addEventListener("keydown", key);
  section.hidden = box("nav").hidden = false;
  links();
  open(0).then(() => new ResizeObserver(() => { if (![0, now.width].includes(chart.parentElement.clientWidth)) show(); }).observe(section));
})();
