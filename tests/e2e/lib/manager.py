#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A service manager in small, as systemd is to leat.service and leat.socket:
binds a listening unix socket, runs a command with it on descriptor 3
(LISTEN_FDS) and with a NOTIFY_SOCKET, runs it again when it ends, and prints
what the command tells it, one JSON line per event.

    manager.py SOCKET NOTIFY COMMAND [ARGUMENT]...

SIGTERM: the command gets SIGTERM and is not run again. NOTIFY may begin with
@ (an abstract name)."""
import json
import os
import select
import signal
import socket
import sys
import time

path, notify_name, command = sys.argv[1], sys.argv[2], sys.argv[3:]


def tell(what, **more):
    # One write: two threads speak.
    os.write(1, (json.dumps({"event": what, **more}) + "\n").encode())


listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(path)
listener.listen(4096)
notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notices.bind(notify_name.replace("@", "\0", 1))
wake_read, wake_write = os.pipe()
os.set_blocking(wake_write, False)
signal.set_wakeup_fd(wake_write)
ending = False


def on_term(_number, _frame):
    global ending
    ending = True


signal.signal(signal.SIGTERM, on_term)
signal.signal(signal.SIGCHLD, lambda *_: None)


def start():
    pid = os.fork()
    if pid == 0:
        # Python's other descriptors are closed by exec.
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
        own = str(os.getpid())
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=own,
                          LISTEN_FDNAMES="leat.socket",
                          NOTIFY_SOCKET=notify_name,
                          WATCHDOG_USEC="20000000", WATCHDOG_PID=own)
        signal.set_wakeup_fd(-1)
        try:
            os.execvp(command[0], command)
        finally:
            os._exit(127)
    tell("started", pid=pid)
    return pid


child = start()
asked = False
while True:
    if ending and not asked:
        asked = True
        os.kill(child, signal.SIGTERM)
    pid, status = os.waitpid(child, os.WNOHANG)
    if pid == child:
        tell("ended", pid=pid, status=os.waitstatus_to_exitcode(status))
        if ending:
            break
        time.sleep(0.1)
        child = start()
    readable, _, _ = select.select([notices, wake_read], [], [], 1)
    if wake_read in readable:
        os.read(wake_read, 4096)
    if notices in readable:
        text = notices.recv(65536).decode()
        fields = dict(line.split("=", 1) for line in text.splitlines())
        tell("notice", **fields)
