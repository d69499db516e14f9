#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the GIF fixtures, and their canvases as ImageMagick composes them. Usage: make.py [FOLDER]. Drawn by code: no licence."""
import os
import struct
import subprocess
import sys

folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
COLOURS = [(0, 0, 0), (255, 255, 255), (220, 30, 30), (30, 200, 40), (30, 40, 220), (240, 200, 20), (20, 200, 220), (128, 90, 60)]
PALETTE = b"".join(bytes(colour) for colour in COLOURS)


def lzw(pixels, bits=3):
    """Codes of one size: the table is cleared before codes would grow."""
    clear, codes = 1 << bits, []
    for index, pixel in enumerate(pixels):
        if index % (clear - 2) == 0:
            codes.append(clear)
        codes.append(pixel)
    codes.append(clear + 1)
    value = sum(code << (index * (bits + 1)) for index, code in enumerate(codes))
    data = value.to_bytes((len(codes) * (bits + 1) + 7) // 8, "little")
    blocks = b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255))
    return bytes([bits]) + blocks + b"\0"


def frame(left, top, width, height, pixel, disposal=0, transparent=None, interlaced=False, palette=b"", control=True):
    rows = list(range(height))
    if interlaced:
        rows = [y for first, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for y in range(first, height, step)]
    flags = (0x40 if interlaced else 0) | (0x82 if palette else 0)
    head = b""
    if control:
        head = b"\x21\xF9\x04" + struct.pack("<BHBB", disposal << 2 | (transparent is not None), 5, transparent or 0, 0)
    data = lzw([pixel(x, y) for y in rows for x in range(width)])
    return head + b"\x2C" + struct.pack("<HHHHB", left, top, width, height, flags) + palette + data


def write(name, width, height, *blocks, palette=PALETTE, version=b"GIF89a"):
    flags = 0x82 if palette else 0
    data = version + struct.pack("<HHBBB", width, height, flags, 0, 0) + palette + b"".join(blocks) + b"\x3B"
    with open(os.path.join(folder, name + ".gif"), "wb") as file:
        file.write(data)


LOOP = b"\x21\xFF\x0BNETSCAPE2.0\x03\x01\0\0\0"
COMMENT = b"\x21\xFE\x0Drecorded here\0"


def check(x, y):
    return (x // 3 + y // 2) % 8


write("still", 19, 13, frame(0, 0, 19, 13, check, control=False), version=b"GIF87a")
write("interlaced", 19, 13, frame(0, 0, 19, 13, check, interlaced=True))
write("transparent", 19, 13, frame(0, 0, 19, 13, check, transparent=2))
local = b"".join(bytes([255 - c for c in colour]) for colour in COLOURS)
write("local-colours", 19, 13, frame(0, 0, 19, 13, check, palette=local), palette=b"")
write("comment", 19, 13, COMMENT, frame(0, 0, 19, 13, check))
# Kept, cleared and restored frames, some of them partly beyond the canvas.
write(
    "frames", 19, 13, LOOP,
    frame(0, 0, 19, 13, check, disposal=1),
    frame(3, 2, 9, 7, lambda x, y: 2 if (x + y) % 3 else 1, disposal=3, transparent=1),
    frame(12, 8, 12, 9, lambda x, y: 4, disposal=2),
    frame(0, 0, 6, 5, lambda x, y: 5 if x > y else 3, disposal=1, transparent=3),
    frame(10, 0, 5, 13, lambda x, y: 6, disposal=0),
)
# The first frame leaves a border.
write("inset", 19, 13, LOOP, frame(4, 3, 9, 7, check, disposal=1), frame(0, 0, 4, 4, lambda x, y: 2))
# No size of a screen, as some writers leave it; no colours at all.
write("no-screen", 0, 0, frame(2, 1, 5, 4, check))
write("no-colours", 5, 4, frame(0, 0, 5, 4, check), palette=b"")

for name in ("still", "interlaced", "transparent", "local-colours", "comment", "frames", "inset"):
    path = os.path.join(folder, name)
    rgba = subprocess.run(["convert", path + ".gif", "-coalesce", "-depth", "8", "rgba:-"], check=True, capture_output=True).stdout
    with open(path + ".rgba", "wb") as file:
        file.write(rgba)
