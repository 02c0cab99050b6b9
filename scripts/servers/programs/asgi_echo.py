"""An ASGI application that echoes, for uvicorn, Hypercorn and Daphne."""


async def app(scope, receive, send):
    if scope["type"] == "http":
        await receive()
        redirects = scope["path"] == "/redirect"
        headers = [(b"location", b"/echo")] if redirects else []
        await send({"type": "http.response.start", "status": 302 if redirects else 404, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    if scope["type"] != "websocket":
        return
    await receive()
    if scope["path"] != "/echo":
        await send({"type": "websocket.close"})
        return
    await send({"type": "websocket.accept", "subprotocol": "echo" if "echo" in scope["subprotocols"] else None})
    while True:
        event = await receive()
        if event["type"] == "websocket.disconnect":
            return
        text = event.get("text")
        if text == "close":
            for index in range(100):
                await send({"type": "websocket.send", "text": f"last {index}"})
            await send({"type": "websocket.close", "code": 4001, "reason": "as you wish"})
            return
        if text is None:
            await send({"type": "websocket.send", "bytes": event["bytes"]})
        else:
            await send({"type": "websocket.send", "text": text})
