#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the BMP and ICO fixtures, and their pixels computed from what was drawn. Usage: make.py [FOLDER].

Drawn by code: no licence. Where Pillow and ImageMagick read a file too, this checks that both see these pixels.
"""
import io
import os
import struct
import subprocess
import sys

import numpy as np
from PIL import Image

folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
W, H = 13, 7
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([x * 255 // (W - 1), y * 255 // (H - 1), (x * 37 + y * 91) % 256], axis=-1).astype(np.uint8)
alpha = ((x + y) * 255 // (W + H - 2)).astype(np.uint8)


def palette(count):
    return np.array([((i * 89) % 256, (i * 151 + 20) % 256, (i * 211 + 40) % 256) for i in range(count)], dtype=np.uint8)


def rows(bits, values, top_down=False):
    """Rows of `bits` a value, padded to four bytes."""
    out = []
    for row in values if top_down else values[::-1]:
        text = "".join(format(int(value), f"0{bits}b") for value in row)
        data = int(text.ljust((len(text) + 7) // 8 * 8, "0"), 2).to_bytes((len(text) + 7) // 8, "big") if bits < 16 else b"".join(
            int(value).to_bytes(bits // 8, "little") for value in row)
        out.append(data + b"\0" * (-len(data) % 4))
    return b"".join(out)


def header(bits, compression=0, size=40, height=H, used=0, masks=(), extra=b""):
    if size == 12:
        return struct.pack("<IHHHH", 12, W, height, 1, bits)
    head = struct.pack("<IiiHHIIiiII", size, W, height, 1, bits, compression, 0, 2835, 2835, used, 0)
    body = b"".join(struct.pack("<I", mask) for mask in masks)
    if size > 40:
        body = body.ljust(size - 40, b"\0")
        body = body[:len(body) - len(extra)] + extra if extra else body
    return head + body


def write(name, head, colours, pixels, expected, others=True, trailer=b"", gap=0):
    offset = 14 + len(head) + len(colours) + gap
    data = b"BM" + struct.pack("<IHHI", offset + len(pixels) + len(trailer), 0, 0, offset) + head + colours + b"\0" * gap + pixels + trailer
    path = os.path.join(folder, name + ".bmp")
    open(path, "wb").write(data)
    keep(name, expected)
    if others:
        mode = "RGBA" if expected.shape[2] == 4 else "RGB"
        seen = np.asarray(Image.open(path).convert(mode))
        assert np.abs(seen.astype(int) - expected).max() <= 1, name
        raw = subprocess.run(["convert", path, "-depth", "8", mode.lower() + ":-"], check=True, capture_output=True).stdout
        seen = np.frombuffer(raw, np.uint8).reshape(expected.shape)
        assert np.abs(seen.astype(int) - expected).max() <= 1, name + " by ImageMagick"


def keep(name, expected):
    open(os.path.join(folder, f"{name}.{'rgba' if expected.shape[2] == 4 else 'rgb'}"), "wb").write(expected.astype(np.uint8).tobytes())


def quads(colours):
    return b"".join(bytes((b, g, r, 0)) for r, g, b in colours)


for bits in (1, 2, 4, 8):
    count = min(1 << bits, 200)
    indexes = (x * 3 + y * 5) % count
    colours = palette(count)
    write(f"palette{bits}", header(bits, used=count if count < 1 << bits else 0), quads(colours), rows(bits, indexes), colours[indexes],
          others=bits != 2)
indexes = (x * 3 + y * 5) % 16
colours = palette(16)
write("os2", header(4, size=12), b"".join(bytes((b, g, r)) for r, g, b in colours), rows(4, indexes), colours[indexes])
write("top-down", header(24, height=-H), b"", rows(24, (rgb[..., 0].astype(int) << 16) | (rgb[..., 1].astype(int) << 8) | rgb[..., 2], True), rgb)
value24 = (rgb[..., 0].astype(int) << 16) | (rgb[..., 1].astype(int) << 8) | rgb[..., 2]
write("rgb24", header(24), b"", rows(24, value24), rgb)
write("rgb24-gap", header(24), b"", rows(24, value24), rgb, gap=10)
write("rgb32", header(32), b"", rows(32, value24 | (0x55 << 24)), rgb)
r5, g5, b5 = (rgb[..., i].astype(int) >> 3 for i in range(3))
g6 = rgb[..., 1].astype(int) >> 2


def widened(value, maximum):
    return (value * 255 + maximum // 2) // maximum


write("rgb555", header(16), b"", rows(16, r5 << 10 | g5 << 5 | b5), np.stack([widened(v, 31) for v in (r5, g5, b5)], axis=-1))
write("rgb565", header(16, 3), struct.pack("<III", 0xF800, 0x7E0, 0x1F), rows(16, r5 << 11 | g6 << 5 | b5),
      np.stack([widened(r5, 31), widened(g6, 63), widened(b5, 31)], axis=-1))
# Channels of ten bits, which few read.
wide = [v.astype(int) * 1023 // 255 for v in (rgb[..., 0], rgb[..., 1], rgb[..., 2])]
write("rgb10", header(32, 3), struct.pack("<III", 0x3FF00000, 0xFFC00, 0x3FF), rows(32, wide[0] << 20 | wide[1] << 10 | wide[2]),
      np.stack([widened(v, 1023) for v in wide], axis=-1), others=False)
rgba = np.dstack([rgb, alpha])
value32 = value24 | (alpha.astype(int) << 24)
masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
write("rgba-v4", header(32, 3, 108, masks=masks), b"", rows(32, value32), rgba)
write("rgba-v5", header(32, 3, 124, masks=masks), b"", rows(32, value32), rgba)
write("alpha-bitfields", header(32, 6), b"".join(struct.pack("<I", m) for m in masks), rows(32, value32), rgba, others=False)

# Version 5 with a profile behind the pixels.
profile = open(os.path.join(folder, "..", "Colour", "p3.icc"), "rb").read()
pixels = rows(24, value24)
extra = struct.pack("<IIIII", 4, 124 + len(pixels), len(profile), 0, 0)[:16]
head = bytearray(header(24, 0, 124))
struct.pack_into("<I", head, 56, 0x4D424544)
struct.pack_into("<III", head, 108, 4, 124 + len(pixels), len(profile))
write("p3-v5", bytes(head), b"", pixels, rgb, others=False, trailer=profile)

# Runs, copies, jumps, ends of lines, and a run that goes past the edge.
eight = palette(8)
shown = np.zeros((H, W), int)
shown[6] = [1] * 5 + [2, 3, 4] + [5] * 5
shown[5, :4] = 6
shown[3, 6:9] = 7
shown[2] = 1
data = bytes([5, 1, 0, 3, 2, 3, 4, 0, 5, 5, 0, 0]) + bytes([4, 6, 0, 2, 2, 2]) + bytes([3, 7, 0, 0]) + bytes([20, 1, 0, 1])
write("rle8", header(8, 1, used=8), quads(eight), data, eight[shown], others=False)
shown4 = np.zeros((H, W), int)
shown4[6] = [1, 2] * 2 + [1] + [3, 4, 5, 6, 7] + [2, 2, 2]
shown4[5, :3] = 5
data = bytes([5, 0x12, 0, 5, 0x34, 0x56, 0x70, 0, 3, 0x22, 0, 0]) + bytes([3, 0x55, 0, 1])
write("rle4", header(4, 2, used=8), quads(eight), data, eight[shown4], others=False)

# Icons: a bitmap with a mask, one with alpha, and a PNG beside a smaller bitmap.


def icon(name, *images):
    place = 6 + 16 * len(images)
    entries, data = b"", b""
    for width, height, bits, image in images:
        entries += struct.pack("<BBBBHHII", width, height, 0, 0, 1, bits, len(image), place + len(data))
        data += image
    open(os.path.join(folder, name + ".ico"), "wb").write(struct.pack("<HHH", 0, 1, len(images)) + entries + data)


hidden = ((x + y) % 4 == 0).astype(int)
mask = rows(1, hidden)
indexes = (x * 3 + y * 5) % 16
colours = palette(16)
masked = np.dstack([colours[indexes], ((1 - hidden) * 255).astype(np.uint8)])
icon("mask", (W, H, 4, header(4, height=2 * H) + quads(colours) + rows(4, indexes) + mask))
keep("mask", masked)
icon("alpha", (W, H, 32, header(32, height=2 * H) + rows(32, value32) + mask))
keep("alpha", rgba)
icon("no-alpha", (W, H, 32, header(32, height=2 * H) + rows(32, value24) + mask))
keep("no-alpha", np.dstack([rgb, ((1 - hidden) * 255).astype(np.uint8)]))
buffer = io.BytesIO()
Image.fromarray(rgba).save(buffer, "PNG")
icon("png", (5, 4, 4, header(4, height=8) + quads(colours) + bytes(64)), (W, H, 32, buffer.getvalue()))
keep("png", rgba)
