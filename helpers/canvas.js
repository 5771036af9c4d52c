// The front end of a figure: the background picture, the live layer over it, the areas that can be pointed at, the readout.
// All drawing is done by Python; here pictures are shown and positions are sent.

function element(name, parent, attributes = {}) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent.append(node);
  return node;
}

function render({ model, el }) {
  const [width, height] = model.get("size");
  el.classList.add("live-figure");
  // JupyterLab's shortcuts would otherwise take the arrow keys.
  el.setAttribute("data-lm-suppress-shortcuts", "true");
  const picture = element("div", el, { class: "picture", role: "group", "aria-label": model.get("label") });
  picture.style.maxWidth = `${width}px`;
  picture.style.aspectRatio = `${width} / ${height}`;
  const image = element("img", picture, { alt: model.get("label"), draggable: "false" });
  const live = element("div", picture, { class: "live", "aria-hidden": "true" });
  const readout = element("div", el, { class: "readout", "aria-live": "polite" });
  readout.style.maxWidth = `${width}px`;

  for (const { name, label, box } of model.get("areas")) {
    const [left, top, right, bottom] = box;
    const area = element("div", picture, { class: "area", tabindex: "0", role: "application", "aria-label": label, title: label });
    Object.assign(area.style, {
      left: `${(100 * left) / width}%`, top: `${(100 * top) / height}%`,
      width: `${(100 * (right - left)) / width}%`, height: `${(100 * (bottom - top)) / height}%`,
    });
    let at = null; // where this page last put the point: keys are counted from here, also while the kernel is busy
    const send = (x, y) => {
      at = [Math.min(Math.max(x, left), right), Math.min(Math.max(y, top), bottom)];
      model.set("pointer", { area: name, x: at[0], y: at[1] });
      model.save_changes(); // while the kernel is busy only the newest position waits
    };
    const follow = (event) => {
      const rect = picture.getBoundingClientRect();
      send(((event.clientX - rect.left) * width) / rect.width, ((event.clientY - rect.top) * height) / rect.height);
    };
    area.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      area.setPointerCapture(event.pointerId);
      area.focus();
      follow(event);
    });
    area.addEventListener("pointermove", (event) => {
      if (area.hasPointerCapture(event.pointerId)) follow(event);
    });
    area.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!way) return;
      event.preventDefault();
      event.stopPropagation();
      const step = event.shiftKey ? 1 : 8;
      const [x, y] = at ?? model.get("frame").points[name];
      send(x + step * way[0], y + step * way[1]);
    });
    model.on("change:frame", () => {
      // Moved by a slider, a preset or reset: the next key starts from there.
      const point = model.get("frame").points[name];
      if (at && point && Math.hypot(point[0] - at[0], point[1] - at[1]) > 20) at = null;
    });
  }

  let shown = null, address = null, waiting = false;
  const paint = async () => {
    waiting = false;
    const background = model.get("background");
    if (background !== shown) {
      shown = background;
      const next = URL.createObjectURL(new Blob([background], { type: "image/png" }));
      const decoded = new Image();
      decoded.src = next;
      await decoded.decode(); // both layers change in the same frame, and nothing flickers
      if (background !== shown) return URL.revokeObjectURL(next);
      image.src = next;
      if (address) URL.revokeObjectURL(address);
      address = next;
    }
    const frame = model.get("frame");
    live.innerHTML = frame.live;
    readout.innerHTML = frame.readout;
  };
  const repaint = () => {
    if (!waiting) { waiting = true; queueMicrotask(paint); }
  };
  model.on("change:frame", repaint);
  model.on("change:background", repaint);
  paint();
  return () => {
    if (address) URL.revokeObjectURL(address);
  };
}

export default { render };
