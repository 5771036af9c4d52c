// Runs in the page before JupyterLab does. Notes, with the page's own clock: input, the slider's values, the frames in
// which a cell's output changed visibly, what each frame looked like, and what travels on the kernel's socket.
(() => {
  const now = () => performance.now();
  const probe = (window.probe = { on: false, slider: null, number: null, cell: null });
  const lists = ["keys", "values", "frames", "looks", "bytes"];
  for (const list of lists) probe[list] = [];
  const nextFrame = window.requestAnimationFrame.bind(window);

  // --- the kernel's socket
  const Socket = window.WebSocket;
  const size = (data) => data.length ?? data.byteLength ?? data.size;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      if (this.url.includes("/api/kernels/"))
        this.addEventListener("message", (event) => probe.on && probe.bytes.push([now(), "down", size(event.data)]));
    }
    send(data) {
      if (probe.on && this.url.includes("/api/kernels/")) probe.bytes.push([now(), "up", size(data)]);
      return super.send(data);
    }
  };

  // --- changes of what is shown: a picture has loaded, or the document below a cell has changed (the slider apart)
  let changed = new Set();
  const ofOutput = (node) => node?.closest?.(".jp-OutputArea-output") && !node.closest(".widget-slider, .widget-play");
  document.addEventListener("load", (event) => {
    if (probe.on && event.target.tagName === "IMG" && ofOutput(event.target)) changed.add("picture");
  }, true);
  new MutationObserver((records) => {
    for (const { target, type, attributeName } of probe.on ? records : []) {
      const node = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
      // A picture counts when it has loaded, a class (focus, activity) never.
      const counts = type !== "attributes" || (attributeName !== "class" && node.tagName !== "IMG");
      if (counts && ofOutput(node)) changed.add("document");
    }
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });

  // --- input
  addEventListener("keydown", (event) => probe.on && probe.keys.push(event.timeStamp), true);
  const values = new MutationObserver(() => probe.on && probe.values.push([now(), probe.number.textContent]));

  // --- every frame: how many pictures are shown, how high the output is, where the slider stands
  const shown = () =>
    [...probe.cell.querySelectorAll("img, svg")].filter((node) => {
      const box = node.getBoundingClientRect();
      return box.width * box.height > 10_000 && (node.tagName !== "IMG" || node.naturalWidth > 0);
    }).length;
  const painted = new MessageChannel();
  const frame = () => {
    if (!probe.on) return;
    nextFrame(frame);
    const top = probe.slider.getBoundingClientRect().top;
    probe.looks.push([now(), shown(), Math.round(probe.cell.getBoundingClientRect().height), Math.round(top)]);
    painted.port2.postMessage(null);
  };
  painted.port1.onmessage = () => {
    // This task runs after the frame has been laid out and painted.
    if (changed.size) probe.frames.push([now(), [...changed]]);
    changed = new Set();
  };

  probe.choose = (index) => {
    probe.slider = [...document.querySelectorAll(".jp-OutputArea-output .noUi-handle")][index];
    probe.cell = probe.slider.closest(".jp-Cell-outputArea");
    probe.number = probe.slider.closest(".widget-slider").querySelector(".widget-readout");
    probe.slider.scrollIntoView({ block: "start" });
    values.disconnect();
    values.observe(probe.number, { subtree: true, childList: true, characterData: true });
  };
  probe.start = () => {
    for (const list of lists) probe[list] = [];
    changed = new Set();
    probe.on = true;
    nextFrame(frame);
  };
  probe.stop = () => {
    probe.on = false;
    const { keys, values, frames, looks, bytes } = probe;
    return { keys, values, frames, looks, bytes };
  };
  // Drags the handle along its track, there and back: `moves` moves at a fixed rate, whatever the page is busy with.
  // Returns seconds.
  probe.drag = async (x, y, left, right, moves, rate) => {
    const send = (type, target, buttons) => {
      const place = { clientX: x, clientY: y, button: 0, buttons };
      target.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, ...place }));
    };
    let step = (right - left) / 45;
    probe.start();
    send("mousedown", probe.slider, 1);
    const began = now();
    for (let move = 0; move < moves; move++) {
      if (x + step < left || x + step > right) step = -step;
      x += step;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + (1000 * move) / rate - now())));
      send("mousemove", document.documentElement, 1);
    }
    const seconds = (now() - began) / 1000;
    setTimeout(() => send("mouseup", document.documentElement, 0), 500);
    return seconds;
  };
  // Resolves when the kernel rests and nothing has happened for `quiet` milliseconds.
  probe.rest = (quiet) =>
    new Promise((resolve, reject) => {
      const began = now();
      const look = () => {
        const events = [probe.keys, probe.values, probe.frames, probe.bytes];
        const latest = Math.max(began, ...events.map((list) => [list.at(-1) ?? 0].flat()[0]));
        const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
        if (kernel.status === "idle" && now() - latest > quiet) resolve();
        else if (now() - began > 30_000) reject(new Error("the kernel does not come to rest"));
        else setTimeout(look, 20);
      };
      look();
    });
})();
