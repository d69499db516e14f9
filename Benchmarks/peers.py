# SPDX-License-Identifier: Apache-2.0
"""The commands of snug and of its peers for one image and one limit of bytes. All are run as whole processes."""
import os
import shutil
import subprocess

from measuring import PYTHON, SNUG, VENV

CAESIUM = os.path.join(VENV, "bin/caesiumclt")

# Highest quality that fits, by bisection, with whatever `encode(quality)` gives bytes.
SEARCH = """
limit, low, high, best = int(sys.argv[3]), 1, 100, b""
while low <= high:
    middle = (low + high) // 2
    data = encode(middle)
    if len(data) <= limit:
        best, low = data, middle + 1
    else:
        high = middle - 1
open(sys.argv[2], "wb").write(best)
"""
PILLOW = """
import io, sys
from PIL import Image
Image.MAX_IMAGE_PIXELS = None
image = Image.open(sys.argv[1]).convert("RGB")
def encode(quality):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
""" + SEARCH
JPEGLI = """
import sys, pyjpegli
pixels, width, height = pyjpegli.decode(open(sys.argv[1], "rb").read(), max_pixels=None)
def encode(quality):
    return pyjpegli.encode(pixels, width, height, quality=quality)
""" + SEARCH
OPENCV = """
import sys, cv2
image = cv2.imread(sys.argv[1])
def encode(quality):
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1])[1].tobytes()
""" + SEARCH


def snug(source, out, *options):
    return [SNUG, "fit", source, "-o", out, "--overwrite", "--quiet", *options]


def floor(source, out, quality, chroma="2x1"):
    return ["sh", "-c", f"djpeg '{source}' | cjpeg -quality {quality} -optimize -sample {chroma} > '{out}'"]


def floor_quality(source, out, limit, chroma="2x1"):
    """The quality at which the floor's output is nearest to a size."""
    low, high = 1, 100
    sizes = {}
    while low <= high:
        middle = (low + high) // 2
        subprocess.run(floor(source, out, middle, chroma), check=True)
        sizes[middle] = os.path.getsize(out)
        if sizes[middle] <= limit:
            low = middle + 1
        else:
            high = middle - 1
    return min(sizes, key=lambda quality: abs(sizes[quality] - limit))


def caesium(source, out, limit):
    """caesiumclt names its output itself: `out` has to have the source's name."""
    return [CAESIUM, "--max-size", str(limit), "-Q", "--overwrite", "all", "-o", os.path.dirname(out), source]


def python(program, source, out, limit):
    return [PYTHON, "-c", program, source, out, str(limit)]


def all_at(source, out, limit):
    """Name and command of everybody who meets a limit by itself."""
    contenders = [
        ("snug", snug(source, out, "--limit", str(limit))),
        ("snug --effort fast", snug(source, out, "--limit", str(limit), "--effort", "fast")),
        ("jpegli", python(JPEGLI, source, out, limit)),
        ("caesiumclt (mozjpeg)", caesium(source, out, limit)),
        ("Pillow", python(PILLOW, source, out, limit)),
        ("OpenCV", python(OPENCV, source, out, limit)),
        ("ImageMagick", ["convert", source, "-define", f"jpeg:extent={limit}b", out]),
    ]
    if shutil.which("jpegoptim"):
        folder = os.path.dirname(out)
        contenders.append(("jpegoptim", ["jpegoptim", "-q", "-o", f"--size={limit // 1000}k", "-d", folder, source]))
    return contenders
