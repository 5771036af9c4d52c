"""`make lab`: a real JupyterLab server with tools/lab_config.py, a real kernel behind a real websocket."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Runs in a process of its own: a server cannot share pytest's event loop, signals and log. It starts JupyterLab as
# `make lab` does, talks to a kernel as the page does, and reads the flag off the server's end of the socket.
SESSION = r'''
import asyncio, json, re, socket, sys
from jupyterlab.labapp import LabApp
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

port, config = sys.argv[1:]
app = LabApp.initialize_server([
    f"--config={config}", "--no-browser", f"--port={port}", "--ServerApp.port_retries=0", "--ServerApp.log_level=ERROR",
    "--IdentityProvider.token=secret",
])
report = {"root": app.root_dir}

async def session():
    try:
        kernels = f"http://127.0.0.1:{port}/api/kernels"
        token = {"Authorization": "token secret"}
        reply = await AsyncHTTPClient().fetch(kernels, method="POST", body="{}", headers=token)
        kernel = json.loads(reply.body)["id"]
        url = f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels?session_id=page"
        page = await websocket_connect(HTTPRequest(url, headers=token))
        await page.write_message(json.dumps({
            "channel": "shell", "parent_header": {}, "metadata": {}, "buffers": [],
            "header": {"msg_id": "question", "msg_type": "execute_request", "session": "page", "username": "",
                       "version": "5.3"},
            "content": {"code": "6 * 7", "silent": False, "store_history": False, "user_expressions": {},
                        "allow_stdin": False},
        }))
        while "result" not in report:
            message = json.loads(await asyncio.wait_for(page.read_message(), 60))
            if message["parent_header"].get("msg_id") == "question" and message["msg_type"] == "execute_result":
                report["result"] = message["content"]["data"]["text/plain"]
        connection, = ZMQChannelsWebsocketConnection._open_sockets
        report["connection"] = type(connection).__name__
        peer = connection.websocket_handler.ws_connection.stream.socket
        report["nodelay"] = bool(peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        page.close()
        lab = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/lab", headers=token)
        found = re.search(r'id="jupyter-config-data" type="application/json">(.*?)</script>', lab.body.decode(), re.S)
        report["page"] = json.loads(found.group(1))
    except Exception as error:
        report["error"] = repr(error)
    finally:
        await app.kernel_manager.shutdown_all()
        app.stop()

app.io_loop.add_callback(session)
app.start()
print(json.dumps(report))
'''


@pytest.fixture(scope="module")
def report():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SESSION, str(port), str(ROOT / "tools" / "lab_config.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert "error" not in found, (found["error"], done.stderr)
    return found


def test_a_cell_runs_in_the_kernel_behind_the_websocket(report):
    assert report["result"] == "42"


def test_the_websocket_sends_small_messages_at_once(report):
    assert report["connection"] == "NoDelayConnection"
    assert report["nodelay"] is True


def test_the_file_browser_shows_the_whole_project(report):
    assert Path(report["root"]) == ROOT


def test_no_news_or_updates_are_asked_for_over_the_first_page(report):
    assert report["page"]["news"] == {"disabled": True}
