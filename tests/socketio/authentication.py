"""python-socketio with tokens: `python authentication.py URL TOKEN`, TOKEN one that the server believes."""

import queue
import sys

import socketio

URL, TOKEN = sys.argv[1:]
SOON = 30


def connect(transport, **options):
    client = socketio.Client(reconnection=False)
    refused = queue.Queue()
    client.on("connect_error", refused.put)
    try:
        client.connect(URL, transports=[transport], wait_timeout=SOON, **options)
    except socketio.exceptions.ConnectionError:
        return None, refused.get(timeout=SOON)
    return client, None


for transport in ["polling", "websocket"]:
    for options in [
        {"auth": {"token": TOKEN}},
        {"auth": lambda: {"token": TOKEN}},
        {"headers": {"Authorization": f"Bearer {TOKEN}"}},
    ]:
        client, refusal = connect(transport, **options)
        assert client, refusal
        joined = client.call("join", "demo:python", timeout=SOON)
        assert joined["type"] == "joined", joined
        client.disconnect()
    for auth in [None, {"token": "nonsense"}, {"token": TOKEN[:-4]}]:
        client, refusal = connect(transport, auth=auth)
        assert client is None, auth
        assert refusal["data"] == {"code": "unauthorized"}, refusal
