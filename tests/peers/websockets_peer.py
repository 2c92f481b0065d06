"""Python `websockets` as a peer: `python websockets_peer.py ws://HOST:PORT`."""

import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

SERVER = sys.argv[1]
MESSAGES = ["", "Hello, world!", "žluťoučký 🐎" * 5000, b"\x07" * 100_000]


async def echo(compression):
    async with connect(f"{SERVER}/echo", compression=compression) as socket:
        for message in MESSAGES:
            await socket.send(message)
            assert await socket.recv() == message
        # A message in fragments, with a ping between them, comes back whole.
        await socket.send(["Hel", "lo, ", "fragments"])
        assert await socket.recv() == "Hello, fragments"
        await (await socket.ping("are you there"))
        await socket.close(1000, "done")
    assert (socket.close_code, socket.close_reason) == (1000, "done")


async def until(socket, kind):
    async for text in socket:
        message = json.loads(text)
        if message["type"] == kind:
            return message
    raise AssertionError(f"closed before {kind}")


async def member(room):
    socket = await connect(f"{SERVER}/ws", subprotocols=["ropeway.json"])
    assert socket.subprotocol == "ropeway.json"
    await until(socket, "welcome")
    await socket.send(json.dumps({"type": "join", "room": room}))
    await until(socket, "joined")
    return socket


async def room():
    ada, bob = await member("demo:python"), await member("demo:python")
    data = {"text": "hi", "numbers": [1, 2.5, None]}
    await ada.send(json.dumps({"type": "publish", "room": "demo:python", "event": "said", "data": data}))
    assert (await until(bob, "event"))["data"] == data
    assert (await until(ada, "event"))["data"] == data
    await bob.send(b"\x01")
    try:
        while True:
            await bob.recv()
    except ConnectionClosed as closed:
        assert closed.rcvd.code == 1003, closed
    await ada.close()


async def main():
    await echo(None)
    await echo("deflate")
    await room()


asyncio.run(asyncio.wait_for(main(), timeout=20))
