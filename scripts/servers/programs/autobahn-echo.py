"""An echo server on Autobahn|Python, with asyncio. Its argument is the Settings as JSON."""

import asyncio
import json
import ssl
import sys

from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept
from autobahn.websocket.types import ConnectionDeny

settings = json.loads(sys.argv[1])


class Echo(WebSocketServerProtocol):
    def onConnect(self, request):
        if request.path == "/refused":
            raise ConnectionDeny(403)
        return "echo" if "echo" in request.protocols else None

    def onMessage(self, payload, isBinary):
        if payload == b"close":
            for index in range(100):
                self.sendMessage(f"last {index}".encode())
            self.sendClose(4001, "as you wish")
        elif payload.startswith(b"fragments"):
            self.sendMessage(payload, isBinary, fragmentSize=997)
        else:
            self.sendMessage(payload, isBinary)


def accept(offers):
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer):
            return PerMessageDeflateOfferAccept(offer)
    return None


def factory():
    made = WebSocketServerFactory()
    made.protocol = Echo
    made.setProtocolOptions(perMessageCompressionAccept=accept)
    return made


async def main():
    loop = asyncio.get_running_loop()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings["cert"], settings["key"])
    await loop.create_server(factory(), "127.0.0.1", settings["port"])
    await loop.create_server(factory(), "127.0.0.1", settings["tlsPort"], ssl=context)
    await asyncio.Future()


asyncio.run(main())
