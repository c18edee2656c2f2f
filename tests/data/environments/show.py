#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Answers with the parameters of its request, one NAME=value a line: as a
FastCGI program on the listening socket that is descriptor 0, or as CGI."""
import os
import socket
import struct
import sys


def reply(params):
    lines = b"".join(b"%s=%s\n" % pair for pair in params)
    return b"Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n" + lines


def length(data, at):
    if data[at] < 128:
        return data[at], at + 1
    return struct.unpack_from(">I", data, at)[0] & 0x7FFFFFFF, at + 4


def pairs(data):
    at = 0
    while at < len(data):
        name_len, at = length(data, at)
        value_len, at = length(data, at)
        yield data[at:at + name_len], data[at + name_len:
                                           at + name_len + value_len]
        at += name_len + value_len


def exactly(peer, size):
    data = b""
    while len(data) < size:
        part = peer.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def answer(peer):
    params = b""
    while True:
        _, kind, number, size, padding, _ = struct.unpack(
            ">BBHHBB", exactly(peer, 8))
        content = exactly(peer, size + padding)[:size]
        if kind == 4:
            params += content
        if kind == 5 and not content:
            break
    body = reply(pairs(params))
    for kind, content in ((6, body), (6, b""), (3, bytes(8))):
        peer.sendall(struct.pack(">BBHHBB", 1, kind, number, len(content),
                                 0, 0) + content)


def main():
    probe = socket.socket(fileno=os.dup(0)) if os.path.exists(
        "/proc/self/fd/0") and "socket:" in os.readlink(
            "/proc/self/fd/0") else None
    if probe is None or not probe.getsockopt(
            socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        if probe:
            probe.detach()
        sys.stdin.buffer.read(int(os.environ.get("CONTENT_LENGTH") or 0))
        os.write(1, reply(os.environb.items()))
        return
    while True:
        peer, _ = probe.accept()
        with peer:
            try:
                answer(peer)
            except EOFError:
                pass


if __name__ == "__main__":
    main()
