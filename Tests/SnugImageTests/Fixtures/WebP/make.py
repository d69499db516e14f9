#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the WebP fixtures and the pixels that Pillow reads from them. Usage: make.py [FOLDER]. Drawn by code: no licence."""
import os
import struct
import sys

import numpy as np
from PIL import Image, ImageSequence

folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
W, H = 37, 23
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([x * 255 // (W - 1), y * 255 // (H - 1), ((x // 5 + y // 4) % 2) * 120 + 60], axis=-1).astype(np.uint8)
alpha = ((x + y) * 255 // (W + H - 2)).astype(np.uint8)
rgba = np.dstack([rgb, alpha])
exif = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
with open(os.path.join(folder, "..", "Colour", "p3.icc"), "rb") as file:
    profile = file.read()


def path(name):
    return os.path.join(folder, name)


Image.fromarray(rgb).save(path("lossy.webp"), quality=80)
Image.fromarray(rgb).save(path("lossless.webp"), lossless=True)
Image.fromarray(rgba).save(path("alpha-lossy.webp"), quality=80)
Image.fromarray(rgba).save(path("alpha-lossless.webp"), lossless=True, exact=True)
Image.fromarray(rgb).save(path("orientation-6.webp"), lossless=True, exif=exif)
Image.fromarray(rgb).save(path("p3.webp"), lossless=True, icc_profile=profile)
Image.fromarray(rgb).save(path("metadata.webp"), quality=80, exif=b"Exif\0\0" + exif, xmp=b"<x:xmpmeta/>", icc_profile=profile)
frames = [Image.fromarray(np.roll(rgba, shift, axis=1)) for shift in (0, 7, 14)]
frames[0].save(path("animated.webp"), save_all=True, append_images=frames[1:], duration=80, lossless=True)

# A first frame smaller than its canvas, which no writer here makes: put together by hand.
still = open(path("lossless.webp"), "rb").read()[12:]
frame = struct.pack("<I", 4)[:3] + struct.pack("<I", 3)[:3] + struct.pack("<I", W - 1)[:3] + struct.pack("<I", H - 1)[:3] + struct.pack("<I", 80)[:3] + b"\2" + still
anmf = b"ANMF" + struct.pack("<I", len(frame)) + frame + b"\0" * (len(frame) % 2)
canvas = b"VP8X" + struct.pack("<I", 10) + struct.pack("<I", 0x12) + struct.pack("<I", W + 9)[:3] + struct.pack("<I", H + 6)[:3]
body = canvas + b"ANIM" + struct.pack("<IIH", 6, 0, 0) + anmf + anmf
open(path("offset-frame.webp"), "wb").write(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)


def anmf(left, top, file, size, blends, clears):
    """A frame of a still's chunks."""
    chunks = open(path(file), "rb").read()[12:]
    if chunks[:4] == b"VP8X":
        chunks = chunks[18:]
    flags = (0 if blends else 2) | (1 if clears else 0)
    data = b"".join(struct.pack("<I", value)[:3] for value in (left // 2, top // 2, size[0] - 1, size[1] - 1, 80))
    data += bytes([flags]) + chunks
    return b"ANMF" + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


# Frames laid over each other, cleared, and replaced: all combinations.
sequence = [
    anmf(0, 0, "lossless.webp", (W, H), False, False),
    anmf(8, 4, "alpha-lossless.webp", (W, H), True, True),
    anmf(2, 6, "alpha-lossy.webp", (W, H), False, False),
    anmf(4, 0, "alpha-lossless.webp", (W, H), True, False),
]
canvas = b"VP8X" + struct.pack("<I", 10) + struct.pack("<I", 0x12) + struct.pack("<I", W + 9)[:3] + struct.pack("<I", H + 6)[:3]
body = canvas + b"ANIM" + struct.pack("<IIH", 6, 0, 0) + b"".join(sequence)
open(path("frames.webp"), "wb").write(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
for number, image in enumerate(ImageSequence.Iterator(Image.open(path("frames.webp"))), 1):
    open(path(f"frames-{number}.rgba"), "wb").write(image.convert("RGBA").tobytes())

for name in sorted(os.listdir(folder)):
    if name.endswith(".webp") and name != "frames.webp":
        image = next(iter(ImageSequence.Iterator(Image.open(path(name)))))
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        with open(path(name[:-5] + "." + mode.lower()), "wb") as file:
            file.write(image.convert(mode).tobytes())
