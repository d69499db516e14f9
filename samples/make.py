#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the sample images. Needs Pillow and numpy; the results are committed, so nobody has to run it."""
import io
import math
import os
import struct

import numpy as np
from PIL import Image, ImageCms, ImageDraw, ImageFilter, ImageFont

HERE = os.path.dirname(os.path.abspath(__file__))
RANDOM = np.random.default_rng(20)


def path(name):
    return os.path.join(HERE, name)


def noise(width, height, octaves=7, roughness=0.55):
    """Fractal noise in 0..1: clouds, hills, bark."""
    total = np.zeros((height, width))
    for octave in range(octaves):
        cells = 2 ** (octave + 2)
        grid = Image.fromarray((RANDOM.random((cells, cells)) * 255).astype("uint8"))
        layer = np.asarray(grid.resize((width, height), Image.BICUBIC), float) / 255
        total += layer * roughness**octave
    total -= total.min()
    return total / total.max()


def landscape(width, height, grain):
    """Hills under a sky, with the grain of a sensor."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    y /= height
    x /= width
    clouds = noise(width, height)[..., None]
    sky = np.array([70, 130, 210]) * (1 - y[..., None]) + np.array([235, 205, 170]) * y[..., None]
    picture = sky * (1 - 0.5 * clouds) + 245 * 0.5 * clouds
    for depth in range(4):
        ridge = 0.45 + depth * 0.13 + 0.06 * np.sin(x * (5 + 3 * depth) + depth) + 0.05 * noise(width, 4)[1][None, :]
        texture = noise(width, height, 9, 0.8)[..., None]
        ground = np.array([[90, 110, 130], [60, 100, 70], [70, 95, 40], [95, 70, 45]][depth]) * (0.5 + texture)
        picture = np.where((y > ridge)[..., None], ground, picture)
    sun = np.exp(-(((x - 0.75) ** 2 + (y - 0.2) ** 2) / 0.003))[..., None]
    picture = picture + sun * np.array([255, 230, 150])
    picture += RANDOM.normal(0, grain, picture.shape)
    return Image.fromarray(picture.clip(0, 255).astype("uint8"))


def font(size):
    return ImageFont.load_default(size)


def screenshot(width, height):
    """A window with code and a chart: flat colours and sharp text."""
    image = Image.new("RGB", (width, height), "#1e2430")
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, 0, width, 36], fill="#2c3444")
    for index, colour in enumerate(["#ff5f57", "#febc2e", "#28c840"]):
        draw.ellipse([14 + 24 * index, 12, 26 + 24 * index, 24], fill=colour)
    draw.text((width // 2 - 60, 8), "snug fit photos/ -o out/", fill="#c7d0e0", font=font(15))
    colours = ["#7aa2f7", "#9ece6a", "#e0af68", "#c0caf5", "#f7768e"]
    for row in range((height - 80) // 22):
        column = 20
        for word in range(4 + row % 5):
            text = "abcdefghij klmnop qrstuv wxyz"[(row * 7 + word * 3) % 20:][: 4 + (row + word) % 8]
            draw.text((column, 52 + 22 * row), text, fill=colours[(row + word) % 5], font=font(15))
            column += 12 * len(text) + 8
    for bar in range(12):
        top = height - 60 - int(120 * abs(math.sin(bar)))
        draw.rectangle([width - 340 + 26 * bar, top, width - 322 + 26 * bar, height - 40], fill=colours[bar % 5])
    return image


def sticker(side):
    """A drop with a soft shadow: partly transparent."""
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    shadow = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    ImageDraw.Draw(shadow).ellipse([side * 0.2, side * 0.25, side * 0.85, side * 0.9], fill=(0, 0, 0, 160))
    image.alpha_composite(shadow.filter(ImageFilter.GaussianBlur(side / 25)))
    draw = ImageDraw.Draw(image)
    draw.ellipse([side * 0.15, side * 0.15, side * 0.8, side * 0.8], fill=(240, 90, 60, 255))
    draw.ellipse([side * 0.25, side * 0.22, side * 0.5, side * 0.45], fill=(255, 200, 180, 200))
    return image


def s15(value):
    return struct.pack(">i", round(value * 65536))


def display_p3_profile():
    """A matrix profile with Display P3's primaries (adapted to D50) and gamma 2.2."""

    def tag(kind, body):
        return kind + b"\0\0\0\0" + body

    text = "Display P3 (sample)".encode("utf-16-be")
    mluc = tag(b"mluc", struct.pack(">IIHHII", 1, 12, 0x656E, 0x5553, len(text), 28) + text)
    tags = {
        b"desc": mluc,
        b"cprt": mluc,
        b"wtpt": tag(b"XYZ ", s15(0.9642) + s15(1.0) + s15(0.8249)),
        b"rXYZ": tag(b"XYZ ", s15(0.51512) + s15(0.2412) + s15(-0.00105)),
        b"gXYZ": tag(b"XYZ ", s15(0.29198) + s15(0.69225) + s15(0.04189)),
        b"bXYZ": tag(b"XYZ ", s15(0.1571) + s15(0.06657) + s15(0.78407)),
        b"rTRC": tag(b"curv", struct.pack(">IH", 1, 0x0233)),
    }
    tags[b"gTRC"] = tags[b"bTRC"] = tags[b"rTRC"]
    table, data = b"", b""
    offset = 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        body += b"\0" * (-len(body) % 4)
        table += name + struct.pack(">II", offset + len(data), len(body))
        data += body
    size = offset + len(data)
    header = struct.pack(">I4sI4s4s4s", size, b"\0" * 4, 0x04000000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    header += s15(0.9642) + s15(1.0) + s15(0.8249)
    return header + b"\0" * (128 - len(header)) + struct.pack(">I", len(tags)) + table + data


def main():
    photo = landscape(1600, 1067, 5)
    photo.save(path("photo.jpg"), quality=93, subsampling="4:2:0")
    small = landscape(800, 600, 4)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Sample"
    # Stored turned: orientation 6 makes it upright again.
    small.transpose(Image.ROTATE_90).save(path("rotated.jpg"), quality=88, exif=exif)
    screenshot(1280, 800).save(path("screenshot.png"), optimize=True)
    sticker(512).save(path("alpha.png"), optimize=True)
    small.save(path("wide-gamut.jpg"), quality=88, icc_profile=display_p3_profile())
    gray = small.convert("L").resize((400, 300), Image.LANCZOS)
    gray.save(path("gray-progressive.jpg"), quality=85, progressive=True)


if __name__ == "__main__":
    main()
