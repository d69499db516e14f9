# SPDX-License-Identifier: Apache-2.0
"""The images that are measured: those of the folder that $SNUG_CORPUS names, and drawn ones for what it has not.

The folder may hold png-60mp.png, png-60mp-alpha.png, shot-25mp.png, png/alpha-2048.png, jpeg-24mp.jpg, jpeg-50mp.jpg, jpeg-100mp.jpg and jpeg-400mp.jpg, photos to be cropped under photo/,
and mixed files under folder/. Drawn images have detail at every scale and the grain of a sensor: about as hard to
compress as photos, but no photos, so absolute scores are not judged on them.
"""
import os

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from measuring import ROOT

Image.MAX_IMAGE_PIXELS = None
FOLDER = os.environ.get("SNUG_CORPUS")
MADE = os.path.join(ROOT, ".build/bench-corpus")
LARGE = {24: (6000, 4000, "4:2:2", 98), 50: (8192, 6144, "4:2:0", 97), 100: (11648, 8736, "4:2:0", 97),
         400: (23296, 17472, "4:2:0", 93)}
SMALL = (240, 180)


def drawn(width, height, seed, grain=3.2, falloff=0.62):
    """Octaves of smooth noise in three tints, and grain."""
    random = np.random.default_rng(seed)
    total = np.zeros((height, width), "float32")
    for octave in range(10):
        cells = 2 ** (octave + 2)
        grid = Image.fromarray((random.random((cells, cells)) * 255).astype("uint8"))
        total += np.asarray(grid.resize((width, height), Image.BICUBIC), "float32") / 255 * falloff ** octave
    total = (total - total.min()) / (total.max() - total.min())
    pixels = np.stack([total * 255, total ** 1.3 * 235, total ** 1.8 * 200], -1)
    pixels += random.normal(0, grain, pixels.shape).astype("float32")
    return Image.fromarray(pixels.clip(0, 255).astype("uint8"))


def screen(width, height, seed):
    """Windows with lines of text."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (width, height), (32, 60, 96))
    draw = ImageDraw.Draw(image)
    for _ in range(7):
        x, y = int(random.integers(0, width // 2)), int(random.integers(0, height // 2))
        draw.rectangle((x, y, x + width // 2, y + height // 2), fill=(250, 250, 248), outline=(90, 90, 90))
        for row in range(y + 8, y + height // 2 - 12, 14):
            words = " ".join("".join(chr(97 + int(c)) for c in random.integers(0, 26, 6)) for _ in range(12))
            draw.text((x + 10, row), words, fill=tuple(int(c) for c in random.integers(0, 160, 3)))
    return image


def large(megapixels):
    """The path of the JPEG of this size, and whether it is the corpus's."""
    name = f"jpeg-{megapixels}mp.jpg"
    if FOLDER and os.path.exists(os.path.join(FOLDER, name)):
        return os.path.join(FOLDER, name), True
    path = os.path.join(MADE, name)
    if not os.path.exists(path):
        os.makedirs(MADE, exist_ok=True)
        width, height, chroma, quality = LARGE[megapixels]
        tile = drawn(6000, 4000, 7)
        image = Image.new("RGB", (width, height))
        for y in range(0, height, 4000):
            for x in range(0, width, 6000):
                turned = ImageOps.mirror(tile) if (x // 6000) % 2 else tile
                image.paste(ImageOps.flip(turned) if (y // 4000) % 2 else turned, (x, y))
        image.save(path, quality=quality, subsampling=chroma)
    return path, False


def graphic(name):
    """A PNG by its name: the project's sample, one of the corpus or of its folder of mixed files; None for one that is not there."""
    if name == "sample":
        return os.path.join(ROOT, "samples/screenshot.png")
    for place in ("", "png", "folder"):
        path = os.path.join(FOLDER or "/nonexistent", place, name + ".png")
        if os.path.exists(path):
            return path
    return None


def photos():
    """JPEGs of a megapixel: lossless crops from the middle of the corpus's photos, or drawn."""
    made = os.path.join(MADE, "crops" if FOLDER else "drawn")
    if not os.path.isdir(made):
        os.makedirs(made)
        source = os.path.join(FOLDER, "photo") if FOLDER else None
        if source and os.path.isdir(source):
            crop_all(source, made)
        else:
            for seed in range(6):
                drawn(1024, 1024, 20 + seed, grain=0.8 * seed, falloff=0.5 + 0.04 * seed).save(
                    os.path.join(made, f"drawn-{seed}.jpg"), quality=97, subsampling=("4:4:4", "4:2:0")[seed % 2])
    return [os.path.join(made, name) for name in sorted(os.listdir(made))]


def crop_all(source, made):
    import subprocess
    for name in sorted(os.listdir(source)):
        path = os.path.join(source, name)
        with Image.open(path) as image:
            width, height = image.size
        if min(width, height) < 2048:
            continue
        place = f"1024x1024+{width // 3 // 32 * 32}+{height // 3 // 32 * 32}"
        out = os.path.join(made, name)
        subprocess.run(["jpegtran", "-crop", place, "-copy", "none", "-optimize", "-outfile", out, path], check=True)


def mixed():
    """A folder of sixty photos and screenshots, JPEG and PNG."""
    if FOLDER and os.path.isdir(os.path.join(FOLDER, "folder")):
        return os.path.join(FOLDER, "folder")
    made = os.path.join(MADE, "folder")
    if not os.path.isdir(made):
        os.makedirs(made)
        random = np.random.default_rng(3)
        base = Image.open(large(24)[0]).convert("RGB")
        for index in range(60):
            path = os.path.join(made, f"{index:03d}")
            if index % 10 == 3:
                screen(1920, 1200, index).save(path + ".png")
                continue
            width, height = ((1920, 1280), (3264, 2448), (4032, 3024), (6000, 4000))[index % 10 // 3 if index % 10 != 9 else 3]
            x, y = (int(random.integers(0, limit + 1)) for limit in (6000 - width, 4000 - height))
            crop = base.crop((x, y, x + width, y + height))
            if index % 10 == 7:
                crop.crop((0, 0, 1920, 1280)).save(path + ".png", compress_level=3)
            else:
                crop.save(path + ".jpg", quality=int(random.integers(88, 99)), progressive=index % 6 == 5,
                          subsampling=("4:2:0", "4:2:2", "4:4:4")[index % 3])
    return made


def small(count):
    """A folder of JPEGs of about 12 kB."""
    made = os.path.join(MADE, f"small-{count}")
    if not os.path.isdir(made):
        os.makedirs(made)
        random = np.random.default_rng(5)
        sources = [Image.open(path).convert("RGB") for path in photos()]
        for index in range(count):
            image = sources[index % len(sources)]
            x, y = (int(random.integers(0, side - part)) for side, part in zip(image.size, SMALL))
            part = image.crop((x, y, x + SMALL[0], y + SMALL[1]))
            path = os.path.join(made, f"{index:04d}.jpg")
            for quality in (96, 93, 90, 85, 80, 70, 60, 50):
                part.save(path, quality=quality)
                if os.path.getsize(path) < 13_000:
                    break
    return made
