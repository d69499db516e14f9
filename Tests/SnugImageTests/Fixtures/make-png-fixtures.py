#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes png/NAME.png for every PNG colour type, depth and kind of tRNS, and png/NAME.rgba8 (NAME.rgba16) with the pixels.

The files are put together from samples with zlib and struct, and the pixels are worked out from the same samples by the
rules of the PNG specification, so no PNG library has a say in them. Where Pillow reads a type without loss of depth, it
is asked for a second opinion. Usage: make-png-fixtures.py (writes beside itself; needs Pillow).
"""
import io
import pathlib
import random
import struct
import zlib

from PIL import Image

OUT = pathlib.Path(__file__).parent / "png"
WIDTH, HEIGHT = 13, 11
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def pack_row(samples, depth):
    if depth == 16:
        return b"".join(struct.pack(">H", s) for s in samples)
    bits, count, out = 0, 0, bytearray()
    for sample in samples:
        bits, count = bits << depth | sample, count + depth
        if count == 8:
            out.append(bits)
            bits, count = 0, 0
    if count:
        out.append(bits << (8 - count))
    return bytes(out)


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def filter_row(kind, row, above, bpp):
    out = bytearray([kind])
    for i, x in enumerate(row):
        a = row[i - bpp] if i >= bpp else 0
        c = above[i - bpp] if i >= bpp else 0
        b = above[i]
        out.append((x - [0, a, b, (a + b) // 2, paeth(a, b, c)][kind]) & 255)
    return bytes(out)


def filtered(rows, depth, count):
    bpp = max(1, depth * count // 8)
    packed = [pack_row([s for pixel in row for s in pixel], depth) for row in rows]
    above = bytes(len(packed[0]))
    out = b""
    for number, row in enumerate(packed):
        out += filter_row(number % 5, row, above, bpp)
        above = row
    return out


def write_png(pixels, colour, depth, interlaced, extra=b""):
    height, width = len(pixels), len(pixels[0])
    data = b""
    if interlaced:
        for x0, y0, dx, dy in ADAM7:
            rows = [row[x0::dx] for row in pixels[y0::dy]]
            if rows and rows[0]:
                data += filtered(rows, depth, SAMPLES[colour])
    else:
        data = filtered(pixels, depth, SAMPLES[colour])
    packed = zlib.compress(data, 9)
    half = len(packed) // 2
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", packed[:half])
            + chunk(b"IDAT", packed[half:]) + chunk(b"IEND", b""))


def scaled(value, depth, to):
    """Nearest value at the other depth: v × max' / max, rounded."""
    top, new = (1 << depth) - 1, (1 << to) - 1
    return (2 * value * new + top) // (2 * top)


def expected(pixels, colour, depth, palette, alphas, key, to):
    opaque = (1 << to) - 1
    out = []
    for row in pixels:
        for pixel in row:
            alpha = 0 if key is not None and tuple(pixel) == key else opaque
            if colour == 3:
                rgb = [scaled(v, 8, to) for v in palette[pixel[0]]]
                alpha = scaled(alphas[pixel[0]], 8, to) if alphas and pixel[0] < len(alphas) else opaque
            elif colour in (0, 4):
                rgb = [scaled(pixel[0], depth, to)] * 3
            else:
                rgb = [scaled(v, depth, to) for v in pixel[:3]]
            if colour in (4, 6):
                alpha = scaled(pixel[-1], depth, to)
            out += rgb + [alpha]
    return struct.pack(f">{len(out)}{'H' if to == 16 else 'B'}", *out)


def save(name, colour, depth, interlaced=False, transparent=False, size=(WIDTH, HEIGHT)):
    rng = random.Random(f"{colour} {depth} {size}")
    top = (1 << depth) - 1
    pixels = []
    for y in range(size[1]):
        # A gradient with noise, so that every filter and every value has its turn.
        pixels.append([[min(top, max(0, (x * 7 + y * 5 + 40 * c) * top // 230 + rng.randint(-top // 8, top // 8 + 1)))
                        for c in range(SAMPLES[colour])] for x in range(size[0])])
    palette, alphas, key, extra = None, None, None, b""
    if colour == 3:
        palette = [(rng.randrange(256), rng.randrange(256), rng.randrange(256)) for _ in range(1 << depth)]
        extra = chunk(b"PLTE", bytes(v for entry in palette for v in entry))
    if transparent:
        if colour == 3:
            alphas = [rng.randrange(256) for _ in range((1 << depth) // 2 + 1)]
            extra += chunk(b"tRNS", bytes(alphas))
        else:
            key = tuple(pixels[size[1] // 2][size[0] // 2])
            # A neighbour in the lowest bit only: it must stay opaque.
            near = list(key)
            near[0] ^= 1
            pixels[0][0] = near
            extra = chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
    data = write_png(pixels, colour, depth, interlaced, extra)
    (OUT / f"{name}.png").write_bytes(data)
    pixels8 = expected(pixels, colour, depth, palette, alphas, key, 8)
    # Pillow reads 16 bits as 8 at times, and compares scaled samples of 2 and 4 bits with an unscaled tRNS.
    if depth < 16 and not (transparent and colour == 0 and depth < 8):
        assert Image.open(io.BytesIO(data)).convert("RGBA").tobytes() == pixels8, name
    if depth == 16:
        (OUT / f"{name}.rgba16").write_bytes(expected(pixels, colour, depth, palette, alphas, key, 16))
    (OUT / f"{name}.rgba8").write_bytes(pixels8)


OUT.mkdir(exist_ok=True)
NAMES = {0: "gray", 2: "rgb", 3: "palette", 4: "graya", 6: "rgba"}
DEPTHS = {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}
for colour, depths in DEPTHS.items():
    for depth in depths:
        name = f"{NAMES[colour]}{depth}"
        save(name, colour, depth)
        save(f"{name}-adam7", colour, depth, interlaced=True)
        if colour in (0, 2, 3):
            save(f"{name}-trns", colour, depth, transparent=True)
for size in [(1, 1), (1, 9), (2, 3), (3, 2), (4, 5), (5, 1), (9, 4)]:
    save(f"tiny{size[0]}x{size[1]}-adam7", 2, 8, interlaced=True, size=size)
