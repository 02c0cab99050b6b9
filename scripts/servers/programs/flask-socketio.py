# An echo on Flask-SocketIO, with the WebSockets of eventlet. Its argument is the Settings as JSON.
import eventlet

eventlet.monkey_patch()

import json
import sys

import eventlet.wsgi
from flask import Flask
from flask_socketio import SocketIO, emit

settings = json.loads(sys.argv[1])
app = Flask(__name__)
socketio = SocketIO(app, async_mode="eventlet", max_http_buffer_size=16 * 1024 * 1024)


@socketio.on("echo")
def echo(value):
    emit("echo", value)


def serve(listener):
    return eventlet.spawn(eventlet.wsgi.server, listener, app, log_output=False)


plain = eventlet.listen(("127.0.0.1", settings["port"]))
tls = eventlet.listen(("127.0.0.1", settings["tlsPort"]))
tls = eventlet.wrap_ssl(tls, certfile=settings["cert"], keyfile=settings["key"], server_side=True)
for server in [serve(plain), serve(tls)]:
    server.wait()
