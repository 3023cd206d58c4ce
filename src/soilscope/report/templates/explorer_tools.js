"use strict";
// What the explorer is made of and what knows nothing of the page's state: bytes, numbers, pictures.
const MISSING = -128;

async function unpacked(part) {
  if (!part.codes) {
    const bytes = Uint8Array.from(atob(part.data), c => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    part.codes = new Int8Array(await new Response(stream).arrayBuffer());
  }
  return part;
}

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
function written(v, step) {
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  if (digits <= 6 || v === 0) {
    return v.toFixed(Math.min(digits, 6)).replace(/^-(?=[0.]*$)/, "").replace("-", "−");
  }
  const power = Math.floor(Math.log10(Math.abs(v)));
  const [head, tail] = v.toExponential(Math.max(0, power + digits)).split("e");
  return head.replace("-", "−") + "×10" + [...tail.replace("+", "")].map(c => RAISED[c]).join("");
}

const plain = text => text.replace(/[\u2010\u2011]/g, "-").replace(/\s+/g, " ").trim(); // tables forbid breaks

function nearest(values, v) {
  return values.reduce((best, one, k) => Math.abs(one - v) < Math.abs(values[best] - v) ? k : best, 0);
}

function ticks(low, high) {
  const rough = (high - low) / 5, unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(k => k * unit).find(s => s >= rough * 0.999);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) found.push(k * step);
  return [found, step];
}

function add(parent, name, attributes, text = "") {
  const item = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, v] of Object.entries(attributes)) item.setAttribute(key, v);
  item.textContent = text;
  return parent.appendChild(item);
}

const parsed = hex => [...[0, 2, 4].map(k => parseInt(hex.slice(k, k + 2), 16)), 255];
function picture(nx, ny, pixel) {
  const canvas = Object.assign(document.createElement("canvas"), { width: nx, height: ny });
  const image = new ImageData(nx, ny);
  for (let at = 0; at < nx * ny; at++) image.data.set(pixel(at), at * 4);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
function hatching(mask, width, height, ratio) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d"), gap = 6 * ratio;
  pen.imageSmoothingEnabled = false;
  pen.drawImage(mask, 0, 0, width, height);
  pen.globalCompositeOperation = "source-in";
  pen.strokeStyle = "#3a3a3a";
  pen.lineWidth = 0.7 * ratio;
  pen.beginPath();
  for (let x = -height; x < width; x += gap) { pen.moveTo(x, height); pen.lineTo(x + height, 0); }
  pen.stroke();
  return canvas;
}
