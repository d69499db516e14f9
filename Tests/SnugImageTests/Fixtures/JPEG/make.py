#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes small JPEGs of every kind with cjpeg and Pillow, and what Pillow decodes them to. Under the project's licence."""
import io
import os
import subprocess

import numpy as np
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
W, H = 37, 27


def picture():
    y, x = np.mgrid[0:H, 0:W].astype(float)
    red = 128 + 120 * np.sin(x / 6)
    green = 128 + 120 * np.cos(y / 5)
    blue = 128 + 60 * np.sin((x + y) / 7)
    return Image.fromarray(np.stack([red, green, blue], -1).clip(0, 255).astype("uint8"))


def cjpeg(image, *options):
    ppm = io.BytesIO()
    image.save(ppm, "PPM")
    return subprocess.run(["cjpeg", "-quality", "92", *options], input=ppm.getvalue(), stdout=subprocess.PIPE, check=True).stdout


def save(name, data):
    with open(os.path.join(HERE, name + ".jpg"), "wb") as file:
        file.write(data)
    rgb = Image.open(io.BytesIO(data)).convert("RGB")
    with open(os.path.join(HERE, name + ".rgb"), "wb") as file:
        file.write(rgb.tobytes())


def main():
    image = picture()
    for name, sampling in [("444", "1x1"), ("422", "2x1"), ("420", "2x2"), ("440", "1x2"), ("411", "4x1")]:
        save(name, cjpeg(image, "-sample", sampling))
    save("gray", cjpeg(image, "-grayscale"))
    save("rgb", cjpeg(image, "-rgb"))
    save("progressive", cjpeg(image, "-progressive"))
    save("arithmetic", cjpeg(image, "-arithmetic"))
    save("restart", cjpeg(image, "-restart", "1B"))
    scans = os.path.join(HERE, "scans.txt")
    with open(scans, "w") as file:
        file.write("0;\n1;\n2;\n")
    save("separate-scans", cjpeg(image, "-scans", scans))
    os.unlink(scans)
    cmyk = io.BytesIO()
    image.convert("CMYK").save(cmyk, "JPEG", quality=92)
    save("cmyk", cmyk.getvalue())
    many = os.path.join(HERE, "scans.txt")
    with open(many, "w") as file:
        file.write("0 1 2: 0 0 0 0;\n" + "".join(f"0: {k} {k} 0 0;\n" for k in range(1, 64)))
    with open(os.path.join(HERE, "many-scans.jpg"), "wb") as file:
        file.write(cjpeg(image, "-scans", many))
    os.unlink(many)


if __name__ == "__main__":
    main()
