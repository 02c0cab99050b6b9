"""An echo server on websockets. Its argument is the Settings as JSON."""

import asyncio
import http
import json
import logging
import ssl
import sys

import websockets

logging.getLogger("websockets").setLevel(logging.CRITICAL)
settings = json.loads(sys.argv[1])


async def echo(socket):
    async for message in socket:
        if message == "close":
            for index in range(100):
                await socket.send(f"last {index}")
            await socket.close(4001, "as you wish")
        elif isinstance(message, str) and message.startswith("fragments"):
            await socket.send([message[:13], "", message[13:]])
        else:
            await socket.send(message)


async def answer(path, headers):
    if path == "/refused":
        return http.HTTPStatus.FORBIDDEN, [], b""
    if path == "/redirect":
        return http.HTTPStatus.FOUND, [("Location", "/echo")], b""
    return None


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings["cert"], settings["key"])
    options = {"subprotocols": ["echo"], "max_size": None, "process_request": answer}
    async with websockets.serve(echo, "127.0.0.1", settings["port"], **options):
        async with websockets.serve(echo, "127.0.0.1", settings["tlsPort"], ssl=context, **options):
            await asyncio.Future()


asyncio.run(main())
