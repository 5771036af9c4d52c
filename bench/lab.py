"""A JupyterLab of one's own, and a page of a real Chromium in it: for the benchmark and for the browser tests."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

_ERRORS = "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']"


def chromium():
    """The path of the Chromium or Chrome on this machine, or None. The environment variable CHROMIUM goes first."""
    if os.environ.get("CHROMIUM"):
        return shutil.which(os.environ["CHROMIUM"])
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


def launch(playwright):
    """Start that Chromium, headless; Playwright downloads nothing."""
    return playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS, headless=True)


class Lab:
    """A JupyterLab server on a free port of this machine, with settings of its own and a random token.

    Arguments:
        folder: what it serves.
        nodelay: with the configuration of `make lab` (no Nagle's algorithm); False: as Jupyter comes.

    Use it as a context manager. Attributes: url, token.
    """

    def __init__(self, folder, nodelay=True):
        self.token = secrets.token_hex(16)
        self._own = Path(tempfile.mkdtemp(prefix="lab-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        places = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        environment = dict(os.environ, **{name: str(self._own / place) for name, place in places.items()})
        # The kernels import the helpers of this very tree.
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [environment.get("PYTHONPATH")])])
        # No question about news over the first page.
        notices = self._own / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
        notices.parent.mkdir(parents=True)
        notices.write_text('{"fetchNews": "false", "checkForUpdates": false}')
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"),
            *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}"),
            *(f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"),
        ]
        if nodelay:
            command.append(f"--config={ROOT / 'tools' / 'lab_config.py'}")
        self._log = open(self._own / "log", "w+b")  # noqa: SIM115  (closed with the server)
        self._server = subprocess.Popen(command, env=environment, cwd=folder, stdout=self._log, stderr=self._log)

    def __enter__(self):
        """Wait until the server answers."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._server.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/api/status?token={self.token}", timeout=5).close()
                return self
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.2)
        log = Path(self._log.name).read_text(errors="replace")[-2000:]
        self.__exit__()
        raise RuntimeError(f"JupyterLab did not start:\n{log}")

    def __exit__(self, *_):
        self._server.terminate()
        try:
            self._server.wait(15)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._log.close()
        shutil.rmtree(self._own, ignore_errors=True)


class Notebook:
    """A notebook open in JupyterLab's single-document mode.

    Arguments:
        browser: of Playwright; lab: a Lab; path: relative to the folder it serves.
        scale: device-pixel-ratio of the page; size: width, height of the window.
        script: a JavaScript file that runs before JupyterLab does.

    Attributes: page; complaints (what the console reported as an error, exceptions in the page).
    """

    def __init__(self, browser, lab, path, scale=1, size=(1280, 900), script=None):
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]}, device_scale_factor=scale)
        if script:
            self.context.add_init_script(path=str(script))
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        self.page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        self.page.goto(f"{lab.url}/doc/tree/{path}?token={lab.token}&reset", wait_until="domcontentloaded")
        self.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel")
        self.page.evaluate("""async () => {
            const document = jupyterapp.shell.currentWidget;
            await document.context.ready; await document.revealed; await document.sessionContext.ready;
        }""")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.page.evaluate("async () => { await jupyterapp.shell.currentWidget.sessionContext.shutdown(); }")
        finally:
            self.page.close(run_before_unload=False)
            self.context.close()

    def run_all(self):
        """Run all cells and wait until the kernel has nothing left to do and what it sent is on the page."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
        self.rest()
        return self

    def run_cell(self, index):
        """Run one cell, counted from 0 over all of the notebook's cells."""
        self.page.evaluate("""async index => {
            jupyterapp.shell.currentWidget.content.activeCellIndex = index;
            await jupyterapp.commands.execute('notebook:run-cell');
        }""", index)  # fmt: skip
        self.rest()

    def rest(self, quiet=200):
        """Wait until the kernel has been idle for `quiet` milliseconds."""
        self.page.evaluate("""quiet => new Promise(resolve => {
            let since = null;
            const look = () => {
                const idle = jupyterapp.shell.currentWidget.sessionContext.session.kernel?.status === 'idle';
                since = idle ? since ?? performance.now() : null;
                if (since !== null && performance.now() - since > quiet) resolve(); else setTimeout(look, 25);
            };
            look();
        })""", quiet)  # fmt: skip

    def python(self, code):
        """Run code in the notebook's kernel, beside its cells; returns what it prints."""
        return self.page.evaluate("""async code => {
            const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const future = kernel.requestExecute({ code, store_history: false });
            let text = '';
            future.onIOPub = message => {
                if (message.header.msg_type === 'stream') text += message.content.text;
                if (message.header.msg_type === 'error') text += message.content.traceback.join('\\n');
            };
            await future.done;
            return text;
        }""", code)  # fmt: skip

    def errors(self):
        """The texts of the tracebacks and warnings that the page shows below cells."""
        return self.page.locator(_ERRORS).all_inner_texts()
