#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sbx_client - commands in a container, in Python's standard library only: the protocol of docs/sbx-protocol.md

  sbx_client.py SOCKET COMMAND [ARG]...   one command in the container that `sbx --serve SOCKET ...` keeps
  sbx_client.py - COMMAND [ARG]...        in a container of its own, made with unshare(1) and sbx-init

Its exit code is the command's, or 128 + the signal.
"""
import array
import os
import socket
import struct
import subprocess
import sys

MAGIC = 0x01786273
PACKET = 32768
CONF, OPEN, SYMLINK, DELETE, RESET, EXECVE, KILL, STAT, GO = range(2, 11)
PING, DONE, CHILD, STARTED = 1, 32, 33, 34
# Fields
FLAGS, NAMESPACES, UID, GID, HOST_UID, HOST_GID, HOSTNAME, DOMAINNAME, OP = range(1, 10)
PATH, ARGV, ENV, DIR, FILES = range(64, 69)
ERRNO, STEP, ERRORS, STATUS, CODE, USER_TIME, SYSTEM_TIME, WALL_TIME, PEAK_MEMORY = range(128, 137)
# Operations and their flags
BIND, PROC, DEV, TMPFS = range(1, 5)
OPTIONAL = 1
UNSET = 0xFFFFFFFF
MAPPED = 4  # a flag of FLAGS: the id maps are written
# CLONE_NEW* of sched.h
NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
STATUSES = "normal nonzero signalled time-limit output-limit disallowed memory-limit killed".split()


class Failed(Exception):
    """What sbx-init says that it could not do."""


def field(key, value):
    if isinstance(value, int):
        value = struct.pack("=I", value)
    elif isinstance(value, str):
        value = value.encode() + b"\0"
    elif isinstance(value, list):
        value = b"".join(text.encode() + b"\0" for text in value)
    return struct.pack("=HHI", key, 0, len(value)) + value + bytes(-len(value) % 8)


def op(kind, *texts, flags=0, mode=UNSET, size=0, data=b""):
    head = struct.pack("=HHIIIQII", kind, len(texts), flags, mode, UNSET, size, len(data), 0)
    return field(OP, head + b"".join(text.encode() + b"\0" for text in texts) + data)


class Box:
    """A container that serves, at the other end of `channel`."""

    def __init__(self, channel):
        self.channel = channel

    def send(self, kind, body=b"", fds=()):
        message = struct.pack("=IHHII", MAGIC, kind, len(fds), len(body), 0) + body
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.channel.sendmsg([message[:PACKET]], rights)
        for at in range(PACKET, len(message), PACKET):
            self.channel.send(message[at : at + PACKET])

    def receive(self):
        """The type of the next message, and its fields by key."""
        packet, fds, _, _ = socket.recv_fds(self.channel, PACKET, 250)
        for fd in fds:
            os.close(fd)
        if not packet:
            raise EOFError("sbx-init has ended")
        magic, kind, _, length, _ = struct.unpack_from("=IHHII", packet)
        if magic != MAGIC:
            raise ValueError("not a message of this version")
        body = packet[16:]
        while len(body) < length:
            body += self.channel.recv(PACKET)
        fields, at = {}, 0
        while at < length:
            key, _, size = struct.unpack_from("=HHI", body, at)
            fields[key] = body[at + 8 : at + 8 + size]
            at += 8 + size + -size % 8
        return kind, fields

    def call(self, kind, body=b"", fds=()):
        """Sends a command; the fields of its reply."""
        self.send(kind, body, fds)
        while True:
            got, fields = self.receive()
            if got == DONE:
                break
        if ERRNO in fields:
            error = struct.unpack("=I", fields[ERRNO])[0]
            raise Failed(f"{fields[STEP].rstrip(bytes(1)).decode()}: {os.strerror(error)}")
        return fields

    def run(self, argv, env=None, fds=(0, 1, 2)):
        """Runs a command; returns status, exit status or signal, CPU seconds, peak bytes."""
        body = field(ARGV, argv) + field(ENV, env or ["PATH=/usr/bin:/bin"])
        body += field(FILES, struct.pack(f"={len(fds)}I", *range(len(fds))))
        reply = self.call(EXECVE, body, list(fds))
        number = lambda key: int.from_bytes(reply[key], sys.byteorder)
        return (STATUSES[number(STATUS)], number(CODE), (number(USER_TIME) + number(SYSTEM_TIME)) / 1e9, number(PEAK_MEMORY))


def make(init="/sbin/sbx-init"):
    """A container with the host's /usr, whose namespaces and id maps unshare(1) makes."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.set_inheritable(True)
    subprocess.Popen(
        ["unshare", "-UmpiunC", "--map-user=1000", "--map-group=1000", "--keep-caps", "--fork", "--kill-child",
         init, str(theirs.fileno())], pass_fds=[theirs.fileno()])
    theirs.close()
    box = Box(ours)
    conf = field(NAMESPACES, NEWUSER | NEWNS | NEWPID | NEWIPC | NEWUTS | NEWNET | NEWCGROUP)
    conf += field(FLAGS, MAPPED)
    conf += op(BIND, "/usr", "/usr") + op(BIND, "/bin", "/bin")
    conf += op(BIND, "/lib", "/lib", flags=OPTIONAL) + op(BIND, "/lib64", "/lib64", flags=OPTIONAL)
    conf += op(PROC, "/proc") + op(DEV, "/dev") + op(TMPFS, "/tmp", mode=0o1777, size=1 << 24)
    box.call(CONF, conf)
    return box


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if sys.argv[1] == "-":
        box = make(os.environ.get("SBX_INIT", "/sbin/sbx-init"))
    else:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        channel.connect(sys.argv[1])
        box = Box(channel)
    try:
        status, code, seconds, peak = box.run(sys.argv[2:])
    except (Failed, EOFError) as error:
        print(f"sbx_client: {error}", file=sys.stderr)
        sys.exit(125)
    print(f"{status} {code}, {seconds:.3f} s, {peak // 1024} KiB", file=sys.stderr)
    sys.exit(code if status in ("normal", "nonzero") else 128 + code)


if __name__ == "__main__":
    main()
