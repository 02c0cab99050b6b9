"""An echo server on Tornado. Its argument is the Settings as JSON."""

import asyncio
import json
import ssl
import sys

import tornado.httpserver
import tornado.web
import tornado.websocket

settings = json.loads(sys.argv[1])


class Echo(tornado.websocket.WebSocketHandler):
    def select_subprotocol(self, offered):
        return "echo" if "echo" in offered else None

    def get_compression_options(self):
        return {}

    def on_message(self, message):
        if message == "close":
            for index in range(100):
                self.write_message(f"last {index}")
            self.close(4001, "as you wish")
        else:
            self.write_message(message, binary=isinstance(message, bytes))


class Refused(tornado.web.RequestHandler):
    def get(self):
        self.send_error(403)


async def main():
    app = tornado.web.Application(
        [
            ("/echo", Echo),
            ("/refused", Refused),
            ("/redirect", tornado.web.RedirectHandler, {"url": "/echo", "permanent": False}),
        ],
        log_function=lambda handler: None,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings["cert"], settings["key"])
    tornado.httpserver.HTTPServer(app).listen(settings["port"], "127.0.0.1")
    tornado.httpserver.HTTPServer(app, ssl_options=context).listen(settings["tlsPort"], "127.0.0.1")
    await asyncio.Future()


asyncio.run(main())
