#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""merge.py OBJ DUMP... - add the counters of dumps (tests/coverage/dump.c) up into .gcda files beside OBJ's .gcno

A DUMP is a file, or a folder of such. What is cut off (a machine that was switched off meanwhile) is left out and counted.
"""
import os
import struct
import sys

COUNTERS = 0x01A10000
HEADER = 16  # magic, version, stamp, checksum (gcc 12)
MOST = 1 << 40  # what no process counts to: bytes that a busy port mixed up


def records(data):
    """Yields (name, gcda) of a dump."""
    at = data.find(b"GCDA")
    while at >= 0 and at + 12 <= len(data):
        name_length, length = struct.unpack_from("<II", data, at + 4)
        end = at + 12 + name_length + length
        gcda = data[at + 12 + name_length : end]
        if name_length < 4096 and end <= len(data) and gcda[:4] == b"adcg":
            yield data[at + 12 : at + 12 + name_length].decode(), gcda
            at = data.find(b"GCDA", end)
        else:
            yield None, None
            at = data.find(b"GCDA", at + 4)


def parse(gcda):
    """The parts of a .gcda: (tag, length, body); counters as lists of numbers."""
    parts, at = [], HEADER
    while at + 8 <= len(gcda):
        tag, length = struct.unpack_from("<Ii", gcda, at)
        at += 8
        if tag == COUNTERS:
            count = abs(length) // 8
            if length > 0:
                body = list(struct.unpack_from(f"<{count}q", gcda, at))
                if not all(0 <= n < MOST for n in body):
                    raise struct.error("no counters")
                at += length
            else:
                body = [0] * count
        else:
            body = gcda[at : at + max(length, 0)]
            at += max(length, 0)
            if tag == 0:
                break
        parts.append((tag, length, body))
    return parts


def shape(header, parts):
    """What two records of one build have in common; a damaged one differs."""
    return header, tuple((tag, len(body) if tag == COUNTERS else body) for tag, _, body in parts)


def add(total, parts):
    for (tag, _, mine), (_, _, more) in zip(total, parts):
        if tag == COUNTERS:
            for i, n in enumerate(more):
                mine[i] += n


def write(path, header, parts):
    out = bytearray(header)
    for tag, length, body in parts:
        if tag == COUNTERS:
            out += struct.pack("<Ii", tag, len(body) * 8) + struct.pack(f"<{len(body)}q", *body)
        else:
            out += struct.pack("<Ii", tag, length) + body
    out += struct.pack("<I", 0)
    with open(path, "wb") as file:
        file.write(out)


def files(paths):
    for path in paths:
        if os.path.isdir(path):
            for name in os.listdir(path):
                yield os.path.join(path, name)
        else:
            yield path


def main():
    totals, cut, processes = {}, 0, 0
    for path in files(sys.argv[2:]):
        with open(path, "rb") as file:
            data = file.read()
        processes += 1
        for name, gcda in records(data):
            if name is None:
                cut += 1
                continue
            try:
                parts = parse(gcda)
            except struct.error:
                cut += 1
                continue
            key = shape(gcda[:HEADER], parts)
            kinds = totals.setdefault(name, {})
            if key in kinds:
                kinds[key][0] += 1
                add(kinds[key][1], parts)
            else:
                kinds[key] = [1, parts]
    # What a busy port garbled is alone of its kind.
    for name, kinds in totals.items():
        key = max(kinds, key=lambda k: kinds[k][0])
        cut += sum(kinds[k][0] for k in kinds if k != key)
        if os.path.exists(name[:-5] + ".gcno"):
            write(name, key[0], kinds[key][1])
    print(f"{processes} dumps, {len(totals)} objects, {cut} records cut off or of another build")


main()
