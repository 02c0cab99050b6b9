"""An echo server on aiohttp. Its argument is the Settings as JSON."""

import asyncio
import json
import ssl
import sys

from aiohttp import WSMsgType, web

settings = json.loads(sys.argv[1])


async def echo(request):
    socket = web.WebSocketResponse(protocols=["echo"], max_msg_size=0)
    await socket.prepare(request)
    async for message in socket:
        if message.type == WSMsgType.BINARY:
            await socket.send_bytes(message.data)
        elif message.data == "close":
            for index in range(100):
                await socket.send_str(f"last {index}")
            await socket.close(code=4001, message=b"as you wish")
        else:
            await socket.send_str(message.data)
    return socket


async def refuse(request):
    raise web.HTTPForbidden()


async def redirect(request):
    raise web.HTTPFound("/echo")


async def main():
    app = web.Application()
    app.add_routes([web.get("/echo", echo), web.get("/refused", refuse), web.get("/redirect", redirect)])
    runner = web.AppRunner(app)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings["cert"], settings["key"])
    await web.TCPSite(runner, "127.0.0.1", settings["port"]).start()
    await web.TCPSite(runner, "127.0.0.1", settings["tlsPort"], ssl_context=context).start()
    await asyncio.Future()


asyncio.run(main())
