#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the ICC profiles of the colour tests and what Pillow's own Little CMS makes of some pixels with them.

Needs Pillow (made with 13.0 and its Little CMS 2.19). The profiles are built here from numbers, byte by byte, so they are ours (Apache-2.0).
"""
import io
import json
import math
import pathlib
import random
import struct

from PIL import Image, ImageCms

HERE = pathlib.Path(__file__).parent
D50 = (0.9642, 1.0, 0.8249)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
D65 = (0.3127, 0.3290)


def s15(value):
    return struct.pack(">i", round(value * 65536))


def xyz(values):
    return b"XYZ \0\0\0\0" + b"".join(map(s15, values))


def desc(text):
    raw = text.encode() + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(raw)) + raw + bytes(8 + 3 + 67)


def gamma_curve(gamma):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def table_curve(function, count):
    return b"curv\0\0\0\0" + struct.pack(f">I{count}H", count, *(round(65535 * function(i / (count - 1))) for i in range(count)))


def srgb_parametric():
    return b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + b"".join(map(s15, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))


def srgb_to_linear(v):
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


def inverse(m):
    (a, b, c), (d, e, f), (g, h, i) = m
    det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return [[(e * i - f * h) / det, (c * h - b * i) / det, (b * f - c * e) / det],
            [(f * g - d * i) / det, (a * i - c * g) / det, (c * d - a * f) / det],
            [(d * h - e * g) / det, (b * g - a * h) / det, (a * e - b * d) / det]]


def times(m, n):
    return [[sum(m[r][k] * n[k][c] for k in range(3)) for c in range(len(n[0]))] for r in range(3)]


def to_xyz(x, y):
    return [[x / y], [1.0], [(1 - x - y) / y]]


def colorants(primaries, white=D65):
    """XYZ of the primaries, adapted to D50 by Bradford's method."""
    columns = [to_xyz(*p) for p in primaries]
    matrix = [[columns[c][r][0] for c in range(3)] for r in range(3)]
    scale = times(inverse(matrix), to_xyz(*white))
    matrix = [[matrix[r][c] * scale[c][0] for c in range(3)] for r in range(3)]
    bradford = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    source, target = times(bradford, to_xyz(*white)), times(bradford, [[v] for v in D50])
    gain = [[target[r][0] / source[r][0] if r == c else 0 for c in range(3)] for r in range(3)]
    adapted = times(times(inverse(bradford), gain), times(bradford, matrix))
    return [[adapted[r][c] for r in range(3)] for c in range(3)]


def profile(name, device, space, pcs, tags, version=0x02400000):
    tags = [(b"desc", desc(name)), (b"wtpt", xyz(D50))] + tags
    table, data, offset, seen = b"", b"", 128 + 4 + 12 * len(tags), {}
    for signature, element in tags:
        if element not in seen:
            padded = element + bytes(-len(element) % 4)
            seen[element] = offset
            data += padded
            offset += len(padded)
        table += signature + struct.pack(">II", seen[element], len(element))
    body = struct.pack(">I", len(tags)) + table + data
    header = struct.pack(">I4sI4s4s4s", 128 + len(body), b"\0\0\0\0", version, device, space, pcs)
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + b"".join(map(s15, D50))
    return header + bytes(128 - len(header)) + body


def matrix_profile(name, primaries, curve, order="rgb", version=0x02400000):
    tags = [(f"{letter}XYZ".encode(), xyz(c)) for letter, c in zip(order, colorants(primaries))]
    tags += [(f"{letter}TRC".encode(), curve) for letter in "rgb"]
    return profile(name, b"mntr", b"RGB ", b"XYZ ", tags, version)


def lab(r, g, b):
    m = colorants(SRGB)
    linear = [srgb_to_linear(v) for v in (r, g, b)]
    ratio = [sum(m[c][k] * linear[c] for c in range(3)) / D50[k] for k in range(3)]
    f = [v ** (1 / 3) if v > 216 / 24389 else (24389 / 27 * v + 16) / 116 for v in ratio]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def cmyk_profile():
    """A press whose cyan is teal, whose paper is a little yellow and whose black is not quite black."""
    points, cells = 3, b""
    for index in range(points ** 4):
        c, m, y, k = ((index // points ** (3 - i)) % points / (points - 1) for i in range(4))
        light = 1 - 0.93 * k
        l, a, b = lab((1 - 0.95 * c) * light, (1 - 0.9 * m) * (1 - 0.35 * c) * light, (0.92 - 0.85 * y) * (1 - 0.3 * m) * light)
        cells += struct.pack(">3H", round(l * 652.8), round((a + 128) * 256), round((b + 128) * 256))
    straight = struct.pack(">2H", 0, 65535)
    lut = b"mft2\0\0\0\0" + bytes([4, 3, points, 0]) + b"".join(map(s15, (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    lut += struct.pack(">HH", 2, 2) + straight * 4 + cells + straight * 3
    return profile("tiny press", b"prtr", b"CMYK", b"Lab ", [(b"A2B0", lut)])


def make_profiles():
    return {
        "p3": matrix_profile("P3", P3, srgb_parametric(), version=0x04300000),
        "adobergb": matrix_profile("wide gamma 2.2", ADOBE, gamma_curve(563 / 256)),
        "swapped": matrix_profile("red and blue exchanged", SRGB, table_curve(srgb_to_linear, 1024), order="bgr"),
        "srgb-v2": matrix_profile("sRGB by table", SRGB, table_curve(srgb_to_linear, 1024)),
        "srgb-v4": matrix_profile("sRGB by parameters", SRGB, srgb_parametric(), version=0x04300000),
        "gray-gamma18": profile("gray 1.8", b"mntr", b"GRAY", b"XYZ ", [(b"kTRC", gamma_curve(1.8))]),
        "gray-srgb": profile("gray sRGB", b"mntr", b"GRAY", b"XYZ ", [(b"kTRC", table_curve(srgb_to_linear, 1024))]),
        "cmyk": cmyk_profile(),
    }


def expected(data, mode, pixels):
    """What Pillow makes of the pixels: relative colorimetric, black-point compensation."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(data))
    target = ImageCms.createProfile("sRGB")
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC
    transform = ImageCms.buildTransform(source, target, mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC, flags)
    image = Image.frombytes(mode, (len(pixels) // len(mode if mode != "L" else "L"), 1), bytes(pixels))
    return list(ImageCms.applyTransform(image, transform).tobytes())


def main():
    choose = random.Random(7)
    pixels = {}
    for name, data in make_profiles().items():
        (HERE / f"{name}.icc").write_bytes(data)
        mode = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}[data[16:20]]
        channels = 1 if mode == "L" else len(mode)
        values = list(range(0, 256, 5)) if mode == "L" else [0] * channels + [255] * channels
        while len(values) < 96:
            values += [choose.choice((0, 255, choose.randrange(256))) for _ in range(channels)]
        values = values[: len(values) // channels * channels]
        answer = expected(data, mode, values)
        if mode == "L":
            assert all(answer[i] == answer[i + 1] == answer[i + 2] for i in range(0, len(answer), 3))
            answer = answer[::3]
        pixels[name] = {"source": values, "expected": answer}
    lines = [f'  "{name}": {json.dumps(value)}' for name, value in pixels.items()]
    (HERE / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
