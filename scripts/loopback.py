"""Keeps a Python process on this machine: names below the loopback address, as
the S3 Control API makes them (111111111111.127.0.0.1), lead to it, and no other
name leads anywhere."""

import socket


def pin():
    resolve = socket.getaddrinfo

    def loopback_only(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        if name in (None, "127.0.0.1", "::1", "localhost") or name.endswith((".127.0.0.1", ".localhost")):
            return resolve("127.0.0.1", *args, **kwargs)
        raise socket.gaierror(socket.EAI_NONAME, f"{name} is not on this machine")

    socket.getaddrinfo = loopback_only
