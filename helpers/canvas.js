// The front end of a figure: the background picture, the live layer over it, the areas that can be pointed at, the
// readout. All drawing is done by Python; here pictures are shown and positions are sent.

function element(name, parent, attributes = {}) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent.append(node);
  return node;
}

// On an element that takes keys: JupyterLab's shortcuts stay away. They match the focused element itself, so the
// attribute must be there and not around it: otherwise arrows choose cells, and "d d" deletes one.
const NO_SHORTCUTS = { "data-lm-suppress-shortcuts": "true" };

// The handle of an ipywidgets slider has no name, and a logarithmic one tells a screen reader its exponent: give it the
// label and the number that are written beside it. And fine steps are slow by keyboard: let an arrow key go a hundredth
// of the track, with Shift one step. Returns a function that ends this.
function helpSliders(box) {
  const tell = (node, told) => {
    for (const [key, value] of Object.entries(told)) {
      if (value && node.getAttribute(key) !== value) node.setAttribute(key, value);
    }
  };
  const name = () => {
    for (const slider of box.querySelectorAll(".widget-slider")) {
      const handle = slider.querySelector(".noUi-handle"), readout = slider.querySelector(".widget-readout");
      if (!handle || !readout) continue;
      const label = slider.querySelector(".widget-label")?.textContent;
      tell(handle, { "aria-label": label, "aria-valuetext": readout.textContent, ...NO_SHORTCUTS });
      tell(readout, { "aria-label": label });
    }
    for (const player of box.querySelectorAll(".widget-play")) {
      const names = ["play or pause", "stop: back to the first step", "repeat"];
      player.querySelectorAll("button").forEach((button, index) => {
        tell(button, { "aria-label": names[index], title: names[index] });
      });
    }
  };
  const press = (event) => {
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    const track = event.target.closest(".noUi-handle")?.closest(".noUi-target")?.noUiSlider;
    if (!way || !track) return;
    event.preventDefault();
    event.stopPropagation();
    const { range, step } = track.options;
    const steps = event.shiftKey ? 1 : Math.max(1, Math.round((range.max - range.min) / step / 100));
    track.set(Number(track.get()) + way * steps * step);
  };
  const observer = new MutationObserver(name);
  observer.observe(box, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-valuetext"] });
  box.addEventListener("keydown", press, true);
  name();
  return () => {
    observer.disconnect();
    box.removeEventListener("keydown", press, true);
  };
}

function render({ model, el }) {
  const [width, height] = model.get("size");
  el.classList.add("live-figure");
  const picture = element("div", el, { class: "picture", role: "group", "aria-label": model.get("label") });
  picture.style.maxWidth = `${width}px`;
  picture.style.aspectRatio = `${width} / ${height}`;
  const image = element("img", picture, { alt: model.get("label"), draggable: "false" });
  const live = element("div", picture, { class: "live", "aria-hidden": "true" });
  const readout = element("div", el, { class: "readout", "aria-live": "polite" });
  readout.style.maxWidth = `${width}px`;

  let count = 0; // of the positions sent
  for (const { name, label, box } of model.get("areas")) {
    const [left, top, right, bottom] = box;
    const area = element("div", picture, {
      class: "area", tabindex: "0", role: "application", "aria-label": label, title: label, ...NO_SHORTCUTS,
    });
    Object.assign(area.style, {
      left: `${(100 * left) / width}%`, top: `${(100 * top) / height}%`,
      width: `${(100 * (right - left)) / width}%`, height: `${(100 * (bottom - top)) / height}%`,
    });
    let at = null; // where this page has put the point, until the kernel has seen it: the next key is counted from here
    const send = (x, y) => {
      at = [Math.min(Math.max(x, left), right), Math.min(Math.max(y, top), bottom)];
      model.set("pointer", { area: name, x: at[0], y: at[1], count: ++count });
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
      if (model.get("frame").seen === count) at = null;
    });
  }

  let shown = null, address = null, told = null, waiting = false;
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
    // A screen reader reads it out whenever it is written.
    if (frame.readout !== told) readout.innerHTML = told = frame.readout;
  };
  const repaint = () => {
    if (!waiting) { waiting = true; queueMicrotask(paint); }
  };
  model.on("change:frame", repaint);
  model.on("change:background", repaint);
  paint();

  let leaveSliders = () => {}, removed = false;
  const attached = () => {
    const box = el.closest(".widget-vbox");
    if (box) leaveSliders = helpSliders(box);
    else if (!removed) requestAnimationFrame(attached);
  };
  attached();
  return () => {
    removed = true;
    leaveSliders();
    if (address) URL.revokeObjectURL(address);
  };
}

export default { render };
