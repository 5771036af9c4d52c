"""JupyterLab's configuration for `make lab`; by hand: python -m jupyterlab --config=tools/lab_config.py

It does one thing for speed. Tornado leaves Nagle's algorithm on for the websocket between the server and the page: a
small message waits until the one before it is acknowledged. A slider that is dragged sends and receives nothing but
small messages, so it shows fewer frames a second than the machine can draw.
"""

from pathlib import Path

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from traitlets.config import get_config


class NoDelayConnection(ZMQChannelsWebsocketConnection):
    """The usual connection between a page and its kernel, on a socket that sends every message at once."""

    def connect(self):
        """Connect as usual, with TCP_NODELAY set.

        The server calls this as soon as the websocket is open; before that there is no socket to set it on.

        Returns:
            what the parent's `connect` returns.
        """
        self.websocket_handler.set_nodelay(True)
        return super().connect()


c = get_config()
c.ServerApp.kernel_websocket_connection_class = NoDelayConnection
# The file browser shows the whole project, also when JupyterLab is started at a notebook inside it.
c.ServerApp.root_dir = str(Path(__file__).resolve().parents[1])
# In a container one is often root, and the server listens on this machine only and asks for its token.
c.ServerApp.allow_root = True
# No question about news and no look for updates over the first page of a lesson.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
