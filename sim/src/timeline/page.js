"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  // One entry: [time in µs, cause, lane, lane that it goes to, kind, message, client, address, text].
  const E = data.entries;
  const [T, CAUSE, LANE, TO, KIND, MSG, CLIENT, ADDR, TEXT] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const SENT = 0, ARRIVED = 1, LOST = 2, BOUND = 3, UNBOUND = 4, ROW = 6, UP = 9, DOWN = 10, FAULT = 11, PHASE = 14;
  const MESSAGES = { 1: "discover", 2: "offer", 3: "request", 4: "other", 5: "ack", 6: "nak", 7: "other", 8: "discover" };
  const $ = (id) => document.getElementById(id);
  const view = $("view"), overview = $("overview"), tip = $("tip"), panel = $("panel");
  const ctx = view.getContext("2d"), small = overview.getContext("2d");
  const END = Math.max(data.end, 1);

  // --- state ---
  let t0 = 0, t1 = END, scroll = 0, byAddress = false;
  let hovered = -1, selected = -1, lit = null, found = null, query = "";
  let width = 0, height = 0, gutter = 100, rowY = new Map(), rows = [], head = 0, contentHeight = 0;
  let colors = {};

  // --- lanes ---
  const faultRows = [];
  for (const fault of data.faults) {
    let row = faultRows.findIndex((end) => end <= fault.from);
    if (row < 0) { row = faultRows.length; faultRows.push(0); }
    faultRows[row] = fault.to;
    fault.row = row;
  }
  const FAULT_H = 15, AXIS_H = 24;
  const addressLanes = data.addresses.map((name, place) => ({ name, place }));

  // Lanes in which nothing happens are left out.
  const busy = new Set();
  for (const e of E) { busy.add(e[LANE]); if (e[TO] >= 0) busy.add(e[TO]); }

  function layout() {
    const matchesLane = new Set();
    if (found && found.structural) {
      for (let i = 0; i < E.length; i++) if (found.hits[i]) matchesLane.add(laneOf(i));
      for (const bar of data.leases) if (found.client === bar.client || found.addr === bar.addr) matchesLane.add(laneOfBar(bar));
    }
    const all = data.lanes.map((lane, id) => ({ id, name: lane.name, kind: lane.kind })).filter((lane) => lane.kind === "server" || busy.has(lane.id));
    let shown = all.filter((lane) => lane.kind !== "client");
    const rest = byAddress
      ? addressLanes.map((lane) => ({ id: 10000 + lane.place, name: lane.name, kind: "address" }))
      : all.filter((lane) => lane.kind === "client");
    shown = shown.concat(rest.filter((lane) => !found || !found.structural || matchesLane.has(lane.id)));
    rows = [];
    rowY = new Map();
    let y = 0;
    for (const lane of shown) {
      const h = lane.kind === "server" ? 30 : lane.kind === "client" || lane.kind === "address" ? 24 : 20;
      rows.push({ ...lane, y, h });
      rowY.set(lane.id, y + h / 2);
      y += h;
    }
    contentHeight = y + 12;
    head = AXIS_H + Math.min(faultRows.length, 5) * FAULT_H + (faultRows.length ? 4 : 0);
    clampScroll();
  }
  function laneOf(i) {
    const e = E[i];
    if (byAddress && data.lanes[e[LANE]] && data.lanes[e[LANE]].kind === "client") {
      return e[ADDR] >= 0 ? 10000 + e[ADDR] : -1;
    }
    return e[LANE];
  }
  function targetLane(i) {
    const e = E[i];
    if (byAddress && e[TO] >= 0 && data.lanes[e[TO]].kind === "client") return e[ADDR] >= 0 ? 10000 + e[ADDR] : -1;
    return e[TO];
  }
  const laneOfBar = (bar) => (byAddress ? 10000 + bar.addr : bar.lane);

  // --- time ---
  const xOf = (t) => gutter + ((t - t0) / (t1 - t0)) * (width - gutter);
  const tOf = (x) => t0 + ((x - gutter) / (width - gutter)) * (t1 - t0);
  function firstAt(t) {
    let low = 0, high = E.length;
    while (low < high) { const mid = (low + high) >> 1; if (E[mid][T] < t) low = mid + 1; else high = mid; }
    return low;
  }
  const two = (n) => String(n).padStart(2, "0");
  function clock(t, digits) {
    t = Math.max(0, Math.round(t));
    const s = Math.floor(t / 1e6), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
    let text = h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
    if (digits) text += "." + String(t % 1e6).padStart(6, "0").slice(0, digits);
    return text;
  }
  const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 3e7, 6e7, 12e7, 3e8, 6e8, 12e8, 36e8, 72e8];
  function range(from, to) {
    const span = Math.min(Math.max(to - from, 50), END * 1.04 + 50);
    const middle = (from + to) / 2;
    from = middle - span / 2;
    from = Math.min(Math.max(from, -0.02 * END - span * 0.3), END * 1.02 - span * 0.7);
    t0 = from; t1 = from + span;
    redraw();
  }
  function zoom(factor, x) {
    const at = x === undefined ? (t0 + t1) / 2 : tOf(x);
    range(at - (at - t0) * factor, at + (t1 - at) * factor);
  }
  const clampScroll = () => { scroll = Math.max(0, Math.min(scroll, contentHeight - (height - head))); };

  // --- colours ---
  function readColors() {
    const style = getComputedStyle(document.documentElement);
    for (const name of ["ground", "raised", "line", "faint", "ink", "soft", "accent", "bad", "fault", "discover", "offer", "request", "ack", "nak", "other", "stored", "down", "bar-s", "bar-l", "bar-ink"]) {
      colors[name] = style.getPropertyValue("--" + name).trim();
    }
  }
  const hue = (n) => (n * 137.508 + 205) % 360;
  const barColor = (n) => `hsl(${hue(n)} ${colors["bar-s"]} ${colors["bar-l"]})`;

  // --- causes ---
  const next = new Int32Array(E.length).fill(-1), firstChild = new Int32Array(E.length).fill(-1);
  for (let i = E.length - 1; i >= 0; i--) {
    const cause = E[i][CAUSE];
    if (cause >= 0 && cause < E.length) { next[i] = firstChild[cause]; firstChild[cause] = i; }
  }
  function chain(i) {
    const before = [], after = [];
    for (let c = E[i][CAUSE], n = 0; c >= 0 && n < 200; c = E[c][CAUSE], n++) before.unshift(c);
    const queue = [i];
    while (queue.length && after.length < 80) {
      for (let c = firstChild[queue.shift()]; c >= 0; c = next[c]) { after.push(c); queue.push(c); }
    }
    after.sort((a, b) => a - b);
    return { before, after, all: new Set([...before, i, ...after]) };
  }

  // --- drawing ---
  let wanted = false;
  function redraw() {
    if (wanted) return;
    wanted = true;
    requestAnimationFrame(() => { wanted = false; draw(); drawOverview(); });
  }
  function fitCanvas(canvas, context) {
    const box = canvas.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
    const w = Math.round(box.width * ratio), h = Math.round(box.height * ratio);
    if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    return [box.width, box.height];
  }
  const FONT = "12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
  const yOf = (lane) => { const y = rowY.get(lane); return y === undefined ? undefined : head + y - scroll; };

  function draw() {
    [width, height] = fitCanvas(view, ctx);
    gutter = width < 560 ? 74 : 116;
    clampScroll();
    ctx.fillStyle = colors.ground;
    ctx.fillRect(0, 0, width, height);
    ctx.font = FONT;
    ctx.textBaseline = "middle";
    ctx.save();
    ctx.beginPath();
    ctx.rect(gutter, head, width - gutter, height - head);
    ctx.clip();
    drawRows();
    drawBands();
    drawDown();
    drawBars();
    drawEntries();
    drawBroken();
    ctx.restore();
    drawHead();
    drawGutter();
  }
  function drawRows() {
    for (const [n, row] of rows.entries()) {
      const y = head + row.y - scroll;
      if (y > height || y + row.h < head) continue;
      if (n % 2) { ctx.fillStyle = colors.faint; ctx.globalAlpha = 0.5; ctx.fillRect(gutter, y, width, row.h); ctx.globalAlpha = 1; }
      ctx.strokeStyle = colors.line; ctx.globalAlpha = 0.6; ctx.lineWidth = 1;
      ctx.beginPath(); ctx.moveTo(gutter, y + row.h / 2 + 0.5); ctx.lineTo(width, y + row.h / 2 + 0.5); ctx.stroke();
      ctx.globalAlpha = 1;
    }
  }
  function drawBands() {
    for (const fault of data.faults) {
      if (fault.to < t0 || fault.from > t1) continue;
      const from = xOf(fault.from), to = Math.max(xOf(fault.to), from + 1.5);
      ctx.fillStyle = colors.fault;
      if (fault.lane >= 0) {
        const row = rows.find((row) => row.id === fault.lane);
        if (row) { ctx.globalAlpha = 0.22; ctx.fillRect(from, head + row.y - scroll, to - from, row.h); }
      }
      ctx.globalAlpha = 0.05;
      ctx.fillRect(from, head, to - from, height - head);
      ctx.globalAlpha = 1;
    }
  }
  function drawDown() {
    for (const down of data.down) {
      if (down.to < t0 || down.from > t1) continue;
      const row = rows.find((row) => row.id === down.lane);
      if (!row) continue;
      const from = xOf(down.from), to = Math.max(xOf(down.to), from + 2), y = head + row.y - scroll;
      ctx.fillStyle = colors.down; ctx.fillRect(from, y, to - from, row.h);
      ctx.strokeStyle = colors.bad; ctx.lineWidth = 1; ctx.globalAlpha = 0.7;
      ctx.strokeRect(from + 0.5, y + 2.5, to - from - 1, row.h - 5); ctx.globalAlpha = 1;
      if (to - from > 40) { ctx.fillStyle = colors.bad; ctx.fillText("down", Math.max(from, gutter) + 5, y + row.h / 2); }
    }
  }
  function dimmed(bar) { return found && found.structural && found.client !== bar.client && found.addr !== bar.addr; }
  function drawBars() {
    for (const bar of data.leases) {
      if (bar.to < t0 || bar.from > t1) continue;
      const y = yOf(laneOfBar(bar));
      if (y === undefined || y < head - 20 || y > height + 20) continue;
      const from = xOf(bar.from), to = Math.max(xOf(bar.to), from + 1.5);
      ctx.globalAlpha = dimmed(bar) ? 0.2 : 0.9;
      ctx.fillStyle = barColor(byAddress ? bar.client : bar.addr);
      ctx.fillRect(from, y - 8, to - from, 11);
      if (bar.clash) { ctx.strokeStyle = colors.bad; ctx.lineWidth = 2; ctx.strokeRect(from + 1, y - 8, Math.max(to - from - 2, 1), 11); }
      const left = Math.max(from, gutter) + 4, room = Math.min(to, width) - left;
      const label = byAddress ? `client ${bar.client}` : data.addresses[bar.addr];
      if (room > 34) {
        ctx.fillStyle = colors["bar-ink"];
        ctx.save(); ctx.beginPath(); ctx.rect(left, y - 9, room - 3, 13); ctx.clip();
        ctx.font = "10.5px system-ui, 'DejaVu Sans', sans-serif"; ctx.fillText(label, left, y - 2); ctx.restore();
      }
    }
    for (const bar of data.stored) {
      if (bar.to < t0 || bar.from > t1 || (bar.client < 0 && !byAddress)) continue;
      const y = yOf(byAddress ? 10000 + bar.addr : bar.lane);
      if (y === undefined || y < head - 20 || y > height + 20) continue;
      const from = xOf(bar.from), to = Math.max(xOf(bar.to), from + 1);
      ctx.globalAlpha = dimmed(bar) ? 0.15 : 0.85;
      ctx.fillStyle = bar.state === "declined" ? colors.bad : colors.stored;
      ctx.fillRect(from, y + 5, to - from, 2.5);
    }
    ctx.globalAlpha = 1;
  }
  function entryColor(e) {
    switch (e[KIND]) {
      case SENT: case ARRIVED: return colors[MESSAGES[e[MSG]]] || colors.soft;
      case LOST: case UNBOUND: case DOWN: return colors.bad;
      case BOUND: case UP: return colors.ack;
      case ROW: return colors.stored;
      case FAULT: case FAULT + 1: return colors.fault;
      default: return colors.soft;
    }
  }
  function drawEntries() {
    const margin = Math.min(4e6, (t1 - t0) * 2);
    const from = firstAt(t0 - margin), to = firstAt(t1 + margin);
    const arrows = to - from < 5000 || lit;
    const alpha = lit ? 0.4 : 1;
    if (arrows) {
      ctx.lineWidth = 1;
      const faint = Math.max(0.25, Math.min(0.8, 500 / (to - from + 1)));
      for (let i = from; i < to; i++) {
        const e = E[i];
        if (e[KIND] !== ARRIVED && e[KIND] !== LOST) continue;
        if (to - from >= 5000 && !(lit && lit.all.has(i))) continue;
        arrow(i, e, lit && lit.all.has(i) ? 1 : found && !found.hits[i] ? 0.08 : lit ? faint * 0.45 : faint);
      }
    }
    const last = new Map(), dense = to - from > 4000;
    for (let i = firstAt(t0 - (t1 - t0) / width * 8); i < E.length && E[i][T] <= t1; i++) {
      const e = E[i];
      if (e[KIND] >= FAULT && e[KIND] <= FAULT + 1) continue;
      const lane = laneOf(i), y = yOf(lane);
      if (e[KIND] === PHASE) { if (i) mark(xOf(e[T]), e[TEXT]); continue; }
      if (y === undefined || y < head - 8 || y > height + 8) continue;
      const x = xOf(e[T]), strong = (lit && lit.all.has(i)) || (found && found.hits[i]);
      const before = last.get(lane);
      if (!strong && before !== undefined && x - before < (dense ? 3 : 1.5)) continue;
      last.set(lane, x);
      ctx.globalAlpha = strong ? 1 : found && !found.hits[i] ? 0.16 : alpha;
      if (dense && !strong && e[KIND] <= ARRIVED) { ctx.fillStyle = entryColor(e); ctx.fillRect(x - 1.5, y - 1.5, 3, 3); }
      else dot(e, x, y, i === selected || i === hovered);
    }
    ctx.globalAlpha = 1;
  }
  function dot(e, x, y, ringed) {
    ctx.fillStyle = ctx.strokeStyle = entryColor(e);
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    switch (e[KIND]) {
      case LOST: ctx.moveTo(x - 3, y - 3); ctx.lineTo(x + 3, y + 3); ctx.moveTo(x + 3, y - 3); ctx.lineTo(x - 3, y + 3); ctx.stroke(); break;
      case ROW: ctx.rect(x - 2.5, y - 2.5, 5, 5); ctx.fill(); break;
      case UP: ctx.moveTo(x, y - 6); ctx.lineTo(x + 5, y + 4); ctx.lineTo(x - 5, y + 4); ctx.fill(); break;
      case DOWN: ctx.moveTo(x, y + 6); ctx.lineTo(x + 5, y - 4); ctx.lineTo(x - 5, y - 4); ctx.fill(); break;
      case BOUND: ctx.moveTo(x, y - 9); ctx.lineTo(x, y + 4); ctx.stroke(); break;
      case UNBOUND: ctx.moveTo(x, y - 9); ctx.lineTo(x, y + 4); ctx.stroke(); break;
      case ARRIVED: ctx.arc(x, y, 2.6, 0, 7); ctx.stroke(); break;
      default: ctx.arc(x, y, 2.4, 0, 7); ctx.fill();
    }
    if (ringed) { ctx.strokeStyle = colors.accent; ctx.lineWidth = 2; ctx.beginPath(); ctx.arc(x, y, 7, 0, 7); ctx.stroke(); }
  }
  function arrow(i, e, alpha) {
    const cause = e[CAUSE];
    if (cause < 0) return;
    const a = yOf(laneOf(cause)), b = yOf(e[KIND] === LOST ? targetLane(i) : laneOf(i));
    if (a === undefined || b === undefined) return;
    const x0 = xOf(E[cause][T]);
    let x1 = xOf(e[T]), y1 = b;
    if (e[KIND] === LOST) {
      // Where it would have gone, and not arrived.
      x1 = Math.max(x1, x0) + Math.min(30, 0.35 * Math.abs(b - a)) * 0.3; y1 = a + (b - a) * 0.45;
    }
    if (Math.max(x0, x1) < gutter || Math.min(x0, x1) > width) return;
    ctx.globalAlpha = alpha;
    ctx.strokeStyle = ctx.fillStyle = e[KIND] === LOST ? colors.bad : colors[MESSAGES[e[MSG]]] || colors.soft;
    ctx.lineWidth = lit && lit.all.has(i) ? 1.8 : 1;
    ctx.beginPath();
    if (e[KIND] === LOST) ctx.setLineDash([3, 3]);
    ctx.moveTo(x0, a); ctx.lineTo(x1, y1); ctx.stroke();
    ctx.setLineDash([]);
    if (e[KIND] === LOST) {
      ctx.beginPath(); ctx.moveTo(x1 - 4, y1 - 4); ctx.lineTo(x1 + 4, y1 + 4); ctx.moveTo(x1 + 4, y1 - 4); ctx.lineTo(x1 - 4, y1 + 4); ctx.stroke();
    } else if (x1 - x0 > 5 || alpha === 1) {
      const angle = Math.atan2(y1 - a, x1 - x0);
      ctx.beginPath(); ctx.moveTo(x1, y1);
      ctx.lineTo(x1 - 7 * Math.cos(angle - 0.35), y1 - 7 * Math.sin(angle - 0.35));
      ctx.lineTo(x1 - 7 * Math.cos(angle + 0.35), y1 - 7 * Math.sin(angle + 0.35)); ctx.fill();
      if (x1 - x0 > 70 && Math.abs(y1 - a) > 30) {
        ctx.save(); ctx.translate((x0 + x1) / 2, (a + y1) / 2); ctx.rotate(angle); ctx.textAlign = "center";
        ctx.font = "10px system-ui, 'DejaVu Sans', sans-serif"; ctx.fillText(data.messages[e[MSG]] || "", 0, -6); ctx.restore();
      }
    }
    ctx.globalAlpha = 1;
  }
  function mark(x, text) {
    ctx.strokeStyle = colors.soft; ctx.setLineDash([2, 4]); ctx.beginPath(); ctx.moveTo(x, head); ctx.lineTo(x, height); ctx.stroke(); ctx.setLineDash([]);
    ctx.fillStyle = colors.soft; ctx.fillText(text.replace(/-/g, "").trim(), x + 5, height - 9);
  }
  function drawBroken() {
    if (!data.broken) return;
    const x = xOf(data.broken.at);
    for (const row of rows) {
      const mine = (row.kind === "client" && row.name === `client ${data.broken.client}`) || (row.kind === "address" && row.name === data.broken.addr);
      if (mine) { ctx.fillStyle = colors.bad; ctx.globalAlpha = 0.1; ctx.fillRect(gutter, head + row.y - scroll, width, row.h); ctx.globalAlpha = 1; }
    }
    if (x < gutter - 2 || x > width + 2) return;
    ctx.strokeStyle = colors.bad; ctx.lineWidth = 2; ctx.beginPath(); ctx.moveTo(x, head); ctx.lineTo(x, height); ctx.stroke();
  }
  function label(text, x, y, paint, ground) {
    const w = ctx.measureText(text).width + 10;
    x = Math.max(gutter + 2, Math.min(x - w / 2, width - w - 2));
    ctx.fillStyle = ground; ctx.fillRect(x, y - 8, w, 16); ctx.fillStyle = paint; ctx.fillText(text, x + 5, y);
  }
  function drawHead() {
    ctx.fillStyle = colors.raised; ctx.fillRect(0, 0, width, head);
    ctx.save(); ctx.beginPath(); ctx.rect(gutter, 0, width - gutter, head); ctx.clip();
    const perPixel = (t1 - t0) / (width - gutter);
    const step = STEPS.find((step) => step / perPixel > 86) || 144e8;
    const digits = step >= 1e6 ? 0 : step >= 1e3 ? 3 : 6;
    ctx.strokeStyle = colors.line; ctx.fillStyle = colors.soft; ctx.lineWidth = 1;
    for (let t = Math.max(0, Math.ceil(t0 / step) * step); t <= t1; t += step) {
      const x = Math.round(xOf(t)) + 0.5;
      ctx.beginPath(); ctx.moveTo(x, 16); ctx.lineTo(x, AXIS_H); ctx.stroke();
      ctx.fillText(clock(t, digits), x + 4, 11);
    }
    for (const fault of data.faults) {
      if (fault.to < t0 || fault.from > t1 || fault.row > 4) continue;
      const from = xOf(fault.from), to = Math.max(xOf(fault.to), from + 3), y = AXIS_H + fault.row * FAULT_H + 1;
      ctx.fillStyle = colors.fault; ctx.globalAlpha = 0.3; ctx.fillRect(from, y, to - from, FAULT_H - 2); ctx.globalAlpha = 1;
      ctx.fillRect(from, y, 2, FAULT_H - 2);
      const left = Math.max(from, gutter) + 5, room = Math.min(to, width) - left;
      if (room > 22) {
        ctx.save(); ctx.beginPath(); ctx.rect(left, y, room - 2, FAULT_H); ctx.clip();
        ctx.fillStyle = colors.ink; ctx.font = "10.5px system-ui, 'DejaVu Sans', sans-serif"; ctx.fillText(fault.name, left, y + FAULT_H / 2); ctx.restore();
      }
    }
    if (data.broken) {
      const x = xOf(data.broken.at);
      if (x >= gutter - 2 && x <= width + 2) {
        ctx.strokeStyle = colors.bad; ctx.lineWidth = 2; ctx.beginPath(); ctx.moveTo(x, 0); ctx.lineTo(x, head); ctx.stroke();
        label(data.broken.invariant + " broken", x, 10, "#fff", "#c8242b");
      }
    }
    ctx.restore();
    ctx.strokeStyle = colors.line; ctx.lineWidth = 1; ctx.beginPath(); ctx.moveTo(0, head + 0.5); ctx.lineTo(width, head + 0.5); ctx.stroke();
  }
  function drawGutter() {
    ctx.fillStyle = colors.raised; ctx.fillRect(0, head, gutter, height - head);
    ctx.fillStyle = colors.raised; ctx.fillRect(0, 0, gutter, head);
    ctx.save(); ctx.beginPath(); ctx.rect(0, head, gutter - 4, height - head); ctx.clip();
    for (const row of rows) {
      const y = head + row.y - scroll + row.h / 2;
      if (y < head - 20 || y > height + 20) continue;
      const bad = data.broken && ((row.kind === "client" && row.name === `client ${data.broken.client}`) || (row.kind === "address" && row.name === data.broken.addr));
      ctx.fillStyle = bad ? colors.bad : row.kind === "server" ? colors.ink : colors.soft;
      ctx.font = (row.kind === "server" ? "600 " : "") + (gutter < 90 ? FONT.replace("12px", "11px") : FONT);
      ctx.fillText(gutter < 90 ? row.name.replace("of server ", "") : row.name, 8, y);
    }
    ctx.restore();
    ctx.font = FONT;
    ctx.fillStyle = colors.soft; ctx.fillText("time", 8, 11);
    if (data.faults.length) ctx.fillText("faults", 8, AXIS_H + FAULT_H / 2 + 1);
    ctx.strokeStyle = colors.line; ctx.beginPath(); ctx.moveTo(gutter - 0.5, 0); ctx.lineTo(gutter - 0.5, height); ctx.stroke();
    const room = height - head;
    if (contentHeight > room) {
      ctx.fillStyle = colors.line; ctx.fillRect(width - 5, head + (scroll / contentHeight) * room, 4, (room / contentHeight) * room);
    }
  }

  // --- the whole, small ---
  let density = null;
  function drawOverview() {
    const [w, h] = fitCanvas(overview, small);
    if (!density || density.length !== Math.ceil(w)) {
      density = new Float32Array(Math.ceil(w));
      for (const e of E) density[Math.min(density.length - 1, Math.floor((e[T] / END) * w))] += 1;
    }
    small.fillStyle = colors.ground; small.fillRect(0, 0, w, h);
    for (const fault of data.faults) {
      small.fillStyle = colors.fault; small.globalAlpha = 0.16;
      small.fillRect((fault.from / END) * w, 0, Math.max(1, ((fault.to - fault.from) / END) * w), h); small.globalAlpha = 1;
    }
    let most = 1;
    for (const n of density) most = Math.max(most, n);
    small.fillStyle = colors.soft;
    for (let x = 0; x < density.length; x++) {
      const tall = Math.sqrt(density[x] / most) * (h - 8);
      if (tall > 0) small.fillRect(x, h - tall, 1, tall);
    }
    if (found) {
      small.fillStyle = colors.accent;
      for (const i of found.list) small.fillRect((E[i][T] / END) * w, 0, 1.5, 7);
    }
    if (data.broken) { small.fillStyle = colors.bad; small.fillRect((data.broken.at / END) * w - 1, 0, 2.5, h); }
    const from = (Math.max(t0, 0) / END) * w, to = (Math.min(t1, END) / END) * w;
    small.fillStyle = colors.ink; small.globalAlpha = 0.1;
    small.fillRect(0, 0, from, h); small.fillRect(to, 0, w - to, h); small.globalAlpha = 1;
    small.strokeStyle = colors.accent; small.lineWidth = 2; small.strokeRect(from + 1, 1, Math.max(to - from - 2, 3), h - 2);
  }

  // --- what is under a point ---
  function under(x, y, reach) {
    if (x < gutter) return null;
    if (y < head) {
      const row = Math.floor((y - AXIS_H) / FAULT_H);
      const fault = data.faults.find((f) => f.row === row && xOf(f.from) <= x + 2 && Math.max(xOf(f.to), xOf(f.from) + 3) >= x - 2);
      return fault ? { fault } : null;
    }
    const perPixel = (t1 - t0) / (width - gutter);
    let best = null, nearest = reach;
    for (let i = firstAt(tOf(x) - reach * perPixel); i < E.length && E[i][T] <= tOf(x) + reach * perPixel; i++) {
      const lane = yOf(laneOf(i));
      if (lane === undefined || E[i][KIND] === PHASE) continue;
      const distance = Math.hypot(xOf(E[i][T]) - x, (lane - y) * 0.9);
      if (distance < nearest) { nearest = distance; best = i; }
    }
    if (best !== null) return { entry: best };
    const bar = data.leases.find((bar) => {
      const lane = yOf(laneOfBar(bar));
      return lane !== undefined && y > lane - 10 && y < lane + 5 && xOf(bar.from) <= x && xOf(bar.to) >= x;
    });
    if (bar) return { bar };
    const stored = data.stored.find((bar) => {
      const lane = yOf(byAddress ? 10000 + bar.addr : bar.lane);
      return lane !== undefined && Math.abs(y - lane - 6) < 4 && xOf(bar.from) <= x && xOf(bar.to) >= x;
    });
    return stored ? { stored } : null;
  }
  function told(thing) {
    if (thing.entry !== undefined) return [clock(E[thing.entry][T], 3) + "  ·  entry " + (data.first + thing.entry), E[thing.entry][TEXT]];
    if (thing.fault) return [`fault ${thing.fault.id}: ${clock(thing.fault.from, 0)} – ${clock(thing.fault.to, 0)}`, thing.fault.text];
    if (thing.bar) return [`${clock(thing.bar.from, 3)} – ${clock(thing.bar.to, 3)}`, `client ${thing.bar.client} has ${data.addresses[thing.bar.addr]}${thing.bar.why ? ", until: " + thing.bar.why : ""}`];
    const bar = thing.stored;
    return [`${clock(bar.from, 3)} – ${clock(bar.to, 3)}`, `stored: ${data.addresses[bar.addr]} ${bar.state}${bar.client >= 0 ? ", client " + bar.client : ""}`];
  }
  function showTip(thing, x, y) {
    if (!thing) { tip.hidden = true; return; }
    const [time, text] = told(thing);
    const strong = document.createElement("b");
    strong.textContent = time;
    tip.replaceChildren(strong, document.createTextNode(text));
    tip.hidden = false;
    const w = tip.offsetWidth, h = tip.offsetHeight;
    tip.style.left = Math.max(4, Math.min(x + 14, width - w - 6)) + "px";
    tip.style.top = (y + 18 + h > height ? Math.max(2, y - h - 12) : y + 18) + "px";
  }

  // --- the panel ---
  const make = (tag, text, name) => { const it = document.createElement(tag); if (text !== undefined) it.textContent = text; if (name) it.className = name; return it; };
  function showPanel() {
    const parts = [];
    if (selected >= 0) {
      const { before, after } = chain(selected);
      parts.push(make("h2", `What led to entry ${data.first + selected}, and what came of it`));
      const list = make("ol");
      for (const i of [...before, selected, ...after]) {
        const item = make("li", undefined, i === selected ? "here" : "");
        item.append(make("time", clock(E[i][T], 3)), document.createTextNode(E[i][TEXT]));
        item.onclick = () => { select(i); reveal(i); };
        list.append(item);
      }
      parts.push(list);
    }
    if (data.broken) {
      const box = make("div", undefined, "bad");
      box.append(make("strong", `${data.broken.invariant} is broken at ${clock(data.broken.at, 3)}`), make("p", data.broken.what));
      parts.push(...(selected >= 0 ? [make("h2", "What the checker objected to"), box] : [box]));
    }
    parts.push(make("h2", "What was drawn"));
    for (const line of data.drawn) parts.push(make("p", line, "told"));
    parts.push(make("h2", "What is what"));
    const keys = [["discover", "DISCOVER, INFORM"], ["offer", "OFFER"], ["request", "REQUEST"], ["ack", "ACK"], ["nak", "NAK, and what was lost"], ["other", "RELEASE, DECLINE"], ["fault", "a fault, while it lasts"], ["stored", "thin bar: what is on stable storage"]];
    for (const [name, text] of keys) {
      const line = make("p", undefined, "told"), key = make("span", undefined, "key" + (name === "fault" ? "" : " line"));
      key.style.background = `var(--${name})`;
      line.append(key, document.createTextNode(text));
      parts.push(line);
    }
    parts.push(make("p", "Thick bars are leases as clients see them. Drag to move, wheel or pinch to zoom, Shift with the wheel to scroll. Filled dot: sent; ring: heard.", "told"));
    panel.replaceChildren(...parts);
    panel.scrollTop = 0;
    const here = panel.querySelector(".here");
    if (here) here.scrollIntoView({ block: "nearest" });
  }
  function select(i) {
    selected = i;
    lit = i >= 0 ? chain(i) : null;
    showPanel();
    redraw();
  }
  function reveal(i) {
    const t = E[i][T];
    if (t < t0 || t > t1) range(t - (t1 - t0) / 2, t + (t1 - t0) / 2);
    const y = rowY.get(laneOf(i));
    if (y !== undefined && (y - scroll < 20 || y - scroll > height - head - 20)) { scroll = y - (height - head) / 2; clampScroll(); }
    redraw();
  }

  // --- searching ---
  function search(text) {
    query = text.trim().toLowerCase();
    if (!query) found = null;
    else {
      const client = /^(?:client\s*=?\s*)?(\d+)$/.exec(query);
      const addr = /^(?:addr\s*=\s*)?(\d+\.\d+\.\d+\.\d+)$/.exec(query);
      const number = client ? Number(client[1]) : -1, place = addr ? data.addresses.indexOf(addr[1]) : -1;
      const hits = new Uint8Array(E.length), list = [];
      for (let i = 0; i < E.length; i++) {
        const e = E[i];
        const hit = client ? e[CLIENT] === number : addr ? place >= 0 && e[ADDR] === place : e[TEXT].toLowerCase().includes(query);
        if (hit) { hits[i] = 1; list.push(i); }
      }
      found = { hits, list, structural: Boolean(client || addr), client: number, addr: addr ? place : -2 };
    }
    $("found").textContent = found ? `${found.list.length} found` : "";
    layout();
    redraw();
  }
  function step(by) {
    if (!found || !found.list.length) return;
    const from = selected >= 0 ? selected : by > 0 ? firstAt(t0) - 1 : firstAt(t1);
    const i = by > 0 ? found.list.find((i) => i > from) : found.list.findLast((i) => i < from);
    const to = i === undefined ? found.list[by > 0 ? 0 : found.list.length - 1] : i;
    select(to);
    reveal(to);
  }

  // --- hands ---
  const pointers = new Map();
  let moved = 0, pinch = null;
  const place = (event) => { const box = view.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
  view.addEventListener("pointerdown", (event) => {
    view.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    moved = pointers.size > 1 ? 99 : 0;
    pinch = null;
  });
  view.addEventListener("pointermove", (event) => {
    const [x, y] = place(event), before = pointers.get(event.pointerId);
    if (!before) {
      const thing = under(x, y, 9), i = thing && thing.entry !== undefined ? thing.entry : -1;
      showTip(thing, x, y);
      if (i !== hovered) { hovered = i; lit = i >= 0 ? chain(i) : selected >= 0 ? chain(selected) : null; redraw(); }
      return;
    }
    tip.hidden = true;
    pointers.set(event.pointerId, [x, y]);
    moved += Math.abs(x - before[0]) + Math.abs(y - before[1]);
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()], apart = Math.max(20, Math.abs(a[0] - b[0])), middle = (a[0] + b[0]) / 2;
      if (pinch) { zoom(pinch.apart / apart, middle); const by = ((pinch.middle - middle) / (width - gutter)) * (t1 - t0); range(t0 + by, t1 + by); }
      pinch = { apart, middle };
    } else if (moved > 4) {
      view.classList.add("dragged");
      const by = ((before[0] - x) / (width - gutter)) * (t1 - t0);
      scroll += before[1] - y;
      clampScroll();
      range(t0 + by, t1 + by);
    }
  });
  const up = (event) => {
    const was = pointers.get(event.pointerId);
    pointers.delete(event.pointerId);
    pinch = null;
    view.classList.remove("dragged");
    if (was && moved <= 6 && event.type === "pointerup") {
      const [x, y] = place(event), thing = under(x, y, event.pointerType === "mouse" ? 9 : 20);
      select(thing && thing.entry !== undefined ? thing.entry : -1);
      showTip(event.pointerType === "mouse" ? null : thing, x, y);
    }
  };
  view.addEventListener("pointerup", up);
  view.addEventListener("pointercancel", up);
  view.addEventListener("pointerleave", () => { if (!pointers.size) { tip.hidden = true; if (hovered >= 0) { hovered = -1; lit = selected >= 0 ? chain(selected) : null; redraw(); } } });
  view.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [x] = place(event), scale = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey || x < gutter) { scroll += (event.deltaY || event.deltaX) * scale; clampScroll(); redraw(); return; }
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const by = ((event.deltaX * scale) / (width - gutter)) * (t1 - t0);
      range(t0 + by, t1 + by);
    } else zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY * scale * 0.0022))), x);
  }, { passive: false });
  let carried = false;
  const carry = (event) => {
    const box = overview.getBoundingClientRect(), t = ((event.clientX - box.left) / box.width) * END;
    range(t - (t1 - t0) / 2, t + (t1 - t0) / 2);
  };
  overview.addEventListener("pointerdown", (event) => { carried = true; overview.setPointerCapture(event.pointerId); if (t1 - t0 > END * 0.9) range(0, END / 8); carry(event); });
  overview.addEventListener("pointermove", (event) => { if (carried) carry(event); });
  overview.addEventListener("pointerup", () => { carried = false; });
  overview.addEventListener("wheel", (event) => { event.preventDefault(); zoom(Math.exp(event.deltaY * 0.0022)); }, { passive: false });

  // --- buttons and keys ---
  const all = () => range(-0.01 * END, END * 1.01);
  const toFailure = () => {
    if (!data.broken) return;
    // As much as one can take in: some entries before it, but no more than some minutes.
    const at = data.broken.at, before = Math.max(0, firstAt(at) - 60);
    const from = Math.max(at - 600e6, Math.min(at - 2e6, E.length ? E[before][T] : 0));
    range(from, at + (at - from) * 0.08);
    let last = firstAt(at + 1) - 1;
    const mine = (e) => (e[ADDR] >= 0 && data.addresses[e[ADDR]] === data.broken.addr) || (!data.broken.addr && e[CLIENT] === data.broken.client);
    while (last >= 0 && !mine(E[last])) last--;
    select(last);
    const lane = byAddress ? 10000 + data.addresses.indexOf(data.broken.addr) : data.lanes.findIndex((lane) => lane.name === `client ${data.broken.client}`);
    const y = rowY.get(lane);
    if (y !== undefined) { scroll = y - (height - head) / 2; clampScroll(); }
    redraw();
  };
  const turn = () => { byAddress = !byAddress; $("lanes").textContent = byAddress ? "by client" : "by address"; layout(); redraw(); };
  $("in").onclick = () => zoom(0.5);
  $("out").onclick = () => zoom(2);
  $("fit").onclick = all;
  $("failure").onclick = toFailure;
  $("lanes").onclick = turn;
  $("next").onclick = () => step(1);
  $("previous").onclick = () => step(-1);
  $("theme").onclick = () => {
    const root = document.documentElement, dark = getComputedStyle(root).colorScheme.includes("dark");
    root.dataset.theme = dark ? "light" : "dark";
    readColors();
    redraw();
  };
  $("query").addEventListener("input", (event) => search(event.target.value));
  $("search").addEventListener("submit", (event) => { event.preventDefault(); step(1); });
  document.addEventListener("keydown", (event) => {
    if (event.target === $("query")) { if (event.key === "Escape") { $("query").value = ""; search(""); view.focus(); } return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = (t1 - t0) * 0.15;
    const keys = {
      ArrowLeft: () => range(t0 - by, t1 - by), ArrowRight: () => range(t0 + by, t1 + by),
      ArrowUp: () => { scroll -= 48; clampScroll(); redraw(); }, ArrowDown: () => { scroll += 48; clampScroll(); redraw(); },
      "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1.67), f: all, g: toFailure, a: turn,
      n: () => step(1), p: () => step(-1), Escape: () => select(-1), "/": () => $("query").focus(),
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readColors(); redraw(); });
  new ResizeObserver(redraw).observe(view);

  // --- begin ---
  document.title = data.title;
  $("title").textContent = data.title;
  $("verdict").textContent = data.broken ? data.broken.invariant + " broken" : "nothing broken";
  if (data.broken) { $("verdict").className = "bad"; $("failure").hidden = false; }
  readColors();
  layout();
  showPanel();
  all();
})();
