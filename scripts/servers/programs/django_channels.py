"""A Django project in one file whose consumer of Django Channels echoes, for Daphne."""

import django
from django.conf import settings

settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="for loopback alone", ROOT_URLCONF=__name__, INSTALLED_APPS=["channels"])
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application
from django.urls import path

urlpatterns = []


class Echo(AsyncWebsocketConsumer):
    async def connect(self):
        await self.accept("echo" if "echo" in self.scope["subprotocols"] else None)

    async def receive(self, text_data=None, bytes_data=None):
        if text_data != "close":
            await self.send(text_data, bytes_data)
            return
        for index in range(100):
            await self.send(f"last {index}")
        await self.close(4001)


class Refused(AsyncWebsocketConsumer):
    async def connect(self):
        await self.close()


routes = [path("echo", Echo.as_asgi()), path("refused", Refused.as_asgi())]
app = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": URLRouter(routes)})
