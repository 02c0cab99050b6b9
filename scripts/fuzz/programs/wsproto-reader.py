"""Reads streams of a server with wsproto, one JSON object a line, and answers each with a line.

{"bytes": hex, "deflate": null or {"serverNoContextTakeover": ..., "serverMaxWindowBits": ...}}
    answers the lines that the stream is read as: "text hello", "binary 00ff", "ping 01", "close 1000 bye", "fail 1002"
{"head": hex, "key": the Sec-WebSocket-Key, "protocols": [...], "deflate": true or false}
    answers ["open", subprotocol, extensions] or ["fail"]
"""

import json
import sys

from wsproto.connection import ConnectionType
from wsproto.events import AcceptConnection, Request
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import FrameProtocol, Opcode, ParseFailed
from wsproto.handshake import H11Handshake
from wsproto.utilities import RemoteProtocolError


def deflate_of(agreed):
    extension = PerMessageDeflate(
        server_no_context_takeover=agreed["serverNoContextTakeover"],
        server_max_window_bits=agreed["serverMaxWindowBits"],
    )
    extension._enabled = True
    return extension


def read(stream):
    lines = []
    agreed = stream["deflate"]
    protocol = FrameProtocol(True, [] if agreed is None else [deflate_of(agreed)])
    protocol.receive_bytes(bytes.fromhex(stream["bytes"]))
    parts = []
    try:
        for frame in protocol.received_frames():
            if frame.opcode is Opcode.CLOSE:
                code, reason = frame.payload
                lines.append("close %d %s" % (code, reason))
            elif frame.opcode.iscontrol():
                name = "ping" if frame.opcode is Opcode.PING else "pong"
                lines.append("%s %s" % (name, bytes(frame.payload).hex()))
            else:
                parts.append(frame.payload)
                if not (frame.frame_finished and frame.message_finished):
                    continue
                if frame.opcode is Opcode.TEXT:
                    lines.append("text " + "".join(parts))
                else:
                    lines.append("binary " + b"".join(parts).hex())
                parts = []
    except ParseFailed as error:
        lines.append("fail %d" % error.code)
    except Exception as error:
        # What wsproto itself does not expect.
        lines.append("breaks: %s" % type(error).__name__)
    return lines


def shake_hands(head):
    handshake = H11Handshake(ConnectionType.CLIENT)
    offered = [PerMessageDeflate()] if head["deflate"] else []
    handshake.send(
        Request(host="server.example", target="/", subprotocols=head["protocols"], extensions=offered)
    )
    handshake._nonce = head["key"].encode("ascii")
    try:
        handshake.receive_data(bytes.fromhex(head["head"]))
        for event in handshake.events():
            if isinstance(event, AcceptConnection):
                return ["open", event.subprotocol or "", [one.name for one in event.extensions]]
    except (RemoteProtocolError, ValueError, KeyError, IndexError) as error:
        return ["fail", "%s: %s" % (type(error).__name__, error)]
    return ["fail", "waits or was refused"]


for line in sys.stdin:
    question = json.loads(line)
    answer = shake_hands(question) if "head" in question else read(question)
    print(json.dumps(answer), flush=True)
