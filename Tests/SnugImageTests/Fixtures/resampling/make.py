#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the raw RGB files beside it with Pillow, an independent Lanczos-3 (written with Pillow 13.0.0).

Samples stay well inside 0..255: Pillow clamps overshoot after each axis, Snug once after both.
"""
import math
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT = 60, 44
TARGETS = [(23, 17), (41, 44), (90, 31), (60, 9)]

source = Image.new("RGB", (WIDTH, HEIGHT))
for y in range(HEIGHT):
    for x in range(WIDTH):
        zone = 128 + 56 * math.cos((x * x + y * y) / 60)  # rings that get finer outwards
        checks = 190 if (x // 5 + y // 4) % 2 else 66
        source.putpixel((x, y), (round(zone), checks, 66 + (x * 37 + y * 91) % 124))

here = Path(__file__).parent
(here / f"source-{WIDTH}x{HEIGHT}.rgb").write_bytes(source.tobytes())
for size in TARGETS:
    reduced = source.resize(size, Image.Resampling.LANCZOS)
    (here / f"pillow-{size[0]}x{size[1]}.rgb").write_bytes(reduced.tobytes())
