"""python-socketio as a client: `python clients.py URL TRANSPORT`, TRANSPORT one of polling, websocket, upgrade.

When it prints `cut`, its connections are to be broken, until it prints `gone`.
"""

import queue
import sys
import threading

import socketio

URL, TRANSPORT = sys.argv[1:]
TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}[TRANSPORT]
SOON = 30


def connect(*namespaces, **options):
    client = socketio.Client(reconnection_delay=0.05, reconnection_delay_max=0.2, randomization_factor=0)
    client.connect(URL, transports=TRANSPORTS, namespaces=list(namespaces) or None, wait_timeout=SOON, **options)
    return client


def inbox(client, event, namespace="/"):
    """Everything that comes under a name, in order."""
    heard = queue.Queue()
    client.on(event, lambda *arguments: heard.put(arguments), namespace=namespace)
    return heard


def events_and_acknowledgements():
    client = connect()
    wanted = "polling" if TRANSPORT == "polling" else "websocket"
    assert client.transport() == wanted, client.transport()
    for value in ["text", 7, {"nested": ["žluťoučký 🐎", None]}, "x" * 50_000]:
        assert client.call("echo", value, timeout=SOON) == value
    assert tuple(client.call("echo", (1, "two", [3]), timeout=SOON)) == (1, "two", [3])
    echoes = inbox(client, "echo")
    # This client takes 16 packets at most from one answer to a poll.
    for number in range(15):
        client.emit("echo", number)
    assert [echoes.get(timeout=SOON) for _ in range(15)] == [(number,) for number in range(15)]
    client.on("double", lambda number: 2 * number)
    question = {"event": "double", "args": [21], "timeout": 20_000}
    assert client.call("ask", question, timeout=SOON) == {"answer": 42}
    client.disconnect()


def binary():
    client = connect()
    for value in [b"\x00\x01\xff", b"", b"\x07" * 100_000, {"a": [b"one", {"b": b"two"}], "text": "between"}]:
        assert client.call("echo", value, timeout=SOON) == value
    client.disconnect()


def namespaces_and_rooms():
    ada = connect("/", "/chat", auth={"name": "Ada"})
    bob = connect("/chat")
    assert ada.get_sid("/") != ada.get_sid("/chat")
    news, elsewhere = inbox(bob, "news", "/chat"), inbox(ada, "news", "/")
    bob.call("join", "python", namespace="/chat", timeout=SOON)
    ada.call("join", "python", timeout=SOON)
    request = {"to": ["python"], "event": "news", "args": ["from Ada", b"\x01"]}
    ada.call("emit", request, namespace="/chat", timeout=SOON)
    assert news.get(timeout=SOON) == ("from Ada", b"\x01")
    ada.call("echo", 1, timeout=SOON)
    assert elsewhere.empty()
    assert ada.call("handshake", timeout=SOON)["auth"] == {"name": "Ada"}
    ada.disconnect()
    bob.disconnect()


def refusals():
    client = socketio.Client(reconnection=False)
    refused = queue.Queue()
    client.on("connect_error", lambda data: refused.put(data), namespace="/guarded")
    try:
        client.connect(URL, transports=TRANSPORTS, namespaces=["/guarded"], wait_timeout=SOON)
        raise AssertionError("connected without a token")
    except socketio.exceptions.ConnectionError:
        pass
    reason = refused.get(timeout=SOON)
    assert reason == {"message": "not authorized", "data": {"code": 401, "hint": "send a token"}}, reason
    client.disconnect()
    admitted = connect("/guarded", auth={"token": "the password of the guard"})
    assert admitted.call("echo", "in", namespace="/guarded", timeout=SOON) == "in"
    admitted.disconnect()


def reconnection():
    client = connect()
    sid = client.get_sid()
    back = threading.Event()
    client.on("connect", back.set)
    client.on("disconnect", lambda *reason: print("gone", flush=True))
    # Whoever started this cuts the line, and mends it when the client has seen it.
    print("cut", flush=True)
    assert back.wait(SOON), "it did not come back"
    assert client.get_sid() != sid
    assert client.call("echo", "back", timeout=SOON) == "back"
    client.disconnect()


def server_disconnects():
    client = connect()
    gone = inbox(client, "disconnect")
    client.emit("farewell", False)
    gone.get(timeout=SOON)
    client.disconnect()


for check in [events_and_acknowledgements, binary, namespaces_and_rooms, refusals, reconnection, server_disconnects]:
    print(check.__name__, flush=True)
    check()
