"""A network that disturbs packets, for network.ts. Needs Linux and the right to make a TUN device.

The device tun0 has the address 10.9.0.1. What is sent to 10.9.0.2 comes back from there: its two addresses are exchanged, which
leaves all checksums right, so that a server at 10.9.0.1 is reached at 10.9.0.2. In between a packet may be lost, repeated, or held
up, by which others overtake it.

Each line of standard input sets what happens from now on, such as "loss=5 duplicate=0 delay=20 jitter=15": percent, and
milliseconds, of which up to `jitter` are added at random. Each is answered by a line "ok". The end of the input ends it.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000


def open_device():
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"tun0", IFF_TUN | IFF_NO_PI))
    for command in (
        "ip link set lo up",
        "ip address add 10.9.0.1/24 dev tun0",
        "ip link set tun0 up",
    ):
        subprocess.run(command.split(), check=True)
    return device


def exchange_addresses(packet):
    return packet[:12] + packet[16:20] + packet[12:16] + packet[20:]


def main():
    device = open_device()
    chance = random.Random(19)
    rules = {"loss": 0.0, "duplicate": 0.0, "delay": 0.0, "jitter": 0.0}
    held = []
    count = 0
    print("ok", flush=True)
    pending = b""
    while True:
        wait = max(0, held[0][0] - time.monotonic()) if held else None
        ready, _, _ = select.select([device, 0], [], [], wait)
        if 0 in ready:
            data = os.read(0, 4096)
            if not data:
                return
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                rules = {name: float(value) for name, value in (rule.split("=") for rule in line.decode().split())}
                print("ok", flush=True)
        if device in ready:
            packet = os.read(device, 65536)
            # IPv4 alone: the system sends some packets of IPv6 by itself.
            if packet[0] >> 4 == 4 and chance.random() * 100 >= rules["loss"]:
                copies = 2 if chance.random() * 100 < rules["duplicate"] else 1
                for _ in range(copies):
                    count += 1
                    due = time.monotonic() + (rules["delay"] + chance.random() * rules["jitter"]) / 1000
                    heapq.heappush(held, (due, count, exchange_addresses(packet)))
        while held and held[0][0] <= time.monotonic():
            os.write(device, heapq.heappop(held)[2])


if __name__ == "__main__":
    try:
        main()
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"no network: {error}")
