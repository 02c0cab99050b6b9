"""An echo server on Debian's python3-websockets. Its argument is ServerSettings as JSON. Prints its port and version as JSON."""

import asyncio
import json
import logging
import sys

import websockets
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

# The client reports what went wrong.
logging.getLogger("websockets").setLevel(logging.CRITICAL)
settings = json.loads(sys.argv[1])


def pieces(message):
    """Two to four fragments, some of them empty."""
    cuts = sorted({0, len(message) // 3, len(message) // 2, len(message)})
    return [message[start:end] for start, end in zip(cuts, cuts[1:])] or [message]


async def echo(socket):
    async for message in socket:
        await socket.send(pieces(message) if settings["fragments"] else message)


async def main():
    deflate = settings["deflate"]
    extensions = None
    if deflate is not None:
        extensions = [
            ServerPerMessageDeflateFactory(
                server_no_context_takeover=deflate.get("serverNoContextTakeover", False),
                client_no_context_takeover=deflate.get("clientNoContextTakeover", False),
                server_max_window_bits=deflate.get("serverMaxWindowBits"),
                client_max_window_bits=deflate.get("clientMaxWindowBits"),
            )
        ]
    async with websockets.serve(
        echo, "127.0.0.1", 0, compression=None, extensions=extensions, max_size=None
    ) as server:
        port = server.sockets[0].getsockname()[1]
        version = getattr(websockets, "__version__", None)
        if version is None:
            from websockets.version import version
        print(json.dumps({"port": port, "version": version}), flush=True)
        await asyncio.Future()


asyncio.run(main())
