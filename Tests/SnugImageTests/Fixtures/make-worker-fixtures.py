#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes Workers/NAME.EXT for the formats that worker processes decode, and Workers/NAME.EXT.png: the upright sRGB image.

The references are drawn here, or read by Pillow and pillow-heif, which carry libheif and libavif of their own, of other
versions than the system's. Usage: make-worker-fixtures.py (writes beside itself; needs Pillow, pillow-heif, numpy,
avifenc, cjxl, tiffcp, tiffset and ImageMagick's convert).
"""
import io
import pathlib
import struct
import subprocess
import tempfile

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

pillow_heif.register_heif_opener()
OUT = pathlib.Path(__file__).parent / "Workers"
OUT.mkdir(exist_ok=True)
TMP = pathlib.Path(tempfile.mkdtemp())
TURN = {
    1: None, 2: Image.FLIP_LEFT_RIGHT, 3: Image.ROTATE_180, 4: Image.FLIP_TOP_BOTTOM, 5: Image.TRANSPOSE,
    6: Image.ROTATE_90, 7: Image.TRANSVERSE, 8: Image.ROTATE_270,
}


def run(*command):
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def drawing(width=24, height=16, mode="RGB"):
    """Four quarters of different colours with a slope in each."""
    y, x = np.mgrid[0:height, 0:width]
    a = np.zeros((height, width, 4), np.uint8)
    a[..., 0] = np.where(x < width // 2, 220, 40) - y
    a[..., 1] = np.where(y < height // 2, 60, 200) + x
    a[..., 2] = 90 + 4 * ((x + y) // 4)
    a[..., 3] = np.where(x + y < 12, 255, 255 - 6 * x)
    image = Image.fromarray(a)
    return image if mode == "RGBA" else image.convert("RGB").convert(mode)


def stored(image, orientation):
    """The pixels that become `image` once they are turned as EXIF says."""
    turn = TURN[orientation]
    return image.transpose(turn) if turn is not None else image


def reference(name, image):
    image.save(OUT / f"{name}.png", optimize=True)


def read(name):
    """Pillow's reading of a fixture, upright, in sRGB."""
    image = Image.open(OUT / name)
    profile = image.info.get("icc_profile")
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    if profile:
        image = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"))
    return image


def heic():
    for orientation in TURN:
        exif = Image.Exif()
        exif[0x0112] = orientation
        name = f"turned-{orientation}.heic"
        stored(drawing(), orientation).save(OUT / name, quality=95, chroma=444, exif=exif.tobytes())
        reference(name, drawing())
    profile = Image.open(pathlib.Path(__file__).parents[3] / "samples" / "wide-gamut.jpg").info["icc_profile"]
    drawing().save(OUT / "p3.heic", quality=95, chroma=444, icc_profile=profile)
    reference("p3.heic", read("p3.heic"))
    drawing(mode="RGBA").save(OUT / "alpha.heic", quality=95, chroma=444)
    reference("alpha.heic", read("alpha.heic"))
    drawing(mode="L").save(OUT / "gray.heic", quality=95)
    reference("gray.heic", drawing(mode="L"))
    deep = (np.asarray(drawing()).astype(np.uint16) * 257).tobytes()
    file = pillow_heif.from_bytes(mode="RGB;16", size=(24, 16), data=deep)
    file.save(OUT / "deep.heic", quality=95, chroma=444)
    reference("deep.heic", drawing())
    # libheif cannot mirror more than 8 bits itself, and pillow-heif writes no mirrors.
    (OUT / "deep-mirrored.heic").write_bytes(mirrored((OUT / "deep.heic").read_bytes()))
    reference("deep-mirrored.heic", drawing().transpose(Image.FLIP_LEFT_RIGHT))


def mirrored(file):
    """A file of one item with an `imir` of axis 1 as its last property (ISO/IEC 23008-12 §6.5.12)."""
    file = bytearray(file)

    def grow(name, by):
        place = file.index(name) - 4
        file[place:place + 4] = struct.pack(">I", struct.unpack_from(">I", file, place)[0] + by)
        return place

    place = grow(b"ipco", 9)
    end = place + struct.unpack_from(">I", file, place)[0] - 9
    count, at = 0, place + 8
    while at < end:
        count, at = count + 1, at + struct.unpack_from(">I", file, at)[0]
    file[end:end] = b"\0\0\0\x09imir\x01"
    place = grow(b"ipma", 1)
    # Version and flags, one entry, the item's number, the count of its properties, and each: 7 bits and essential.
    file[place + 18] += 1
    end = place + 19 + file[place + 18] - 1
    file[end:end] = bytes([0x80 | (count + 1)])
    for name in (b"iprp", b"meta"):
        grow(name, 10)
    # The item's data, which iloc's one base offset points to, comes after both boxes; an extent's count, offset and length follow.
    place = file.index(b"iloc") - 4
    place += struct.unpack_from(">I", file, place)[0] - 14
    file[place:place + 4] = struct.pack(">I", struct.unpack_from(">I", file, place)[0] + 10)
    return bytes(file)


def avif():
    png = TMP / "a.png"
    drawing().save(png)
    exact = ["--min", 0, "--max", 0, "-s", 8, "-y", 444]
    run("avifenc", *exact, png, OUT / "plain.avif")
    reference("plain.avif", drawing())
    run("avifenc", *exact, "-d", 10, png, OUT / "deep.avif")
    reference("deep.avif", drawing())
    for angle in (1, 2, 3):
        run("avifenc", *exact, "--irot", angle, png, OUT / f"rotated-{angle}.avif")
        reference(f"rotated-{angle}.avif", drawing().rotate(90 * angle, expand=True))
    for axis, turn in ((0, Image.FLIP_TOP_BOTTOM), (1, Image.FLIP_LEFT_RIGHT)):
        run("avifenc", *exact, "--imir", axis, png, OUT / f"mirrored-{axis}.avif")
        reference(f"mirrored-{axis}.avif", drawing().transpose(turn))
    run("avifenc", *exact, "--irot", 1, "--imir", 0, png, OUT / "both.avif")
    reference("both.avif", drawing().rotate(90, expand=True).transpose(Image.FLIP_TOP_BOTTOM))
    # 12 × 8 pixels from (4, 2) on.
    run("avifenc", *exact, "--crop", "4,2,12,8", png, OUT / "cropped.avif")
    reference("cropped.avif", drawing().crop((4, 2, 16, 10)))
    drawing(mode="L").save(png)
    run("avifenc", "--min", 0, "--max", 0, "-s", 8, "-y", 400, png, OUT / "gray.avif")
    reference("gray.avif", drawing(mode="L"))
    drawing(mode="RGBA").save(png)
    run("avifenc", *exact, "--minalpha", 0, "--maxalpha", 0, png, OUT / "alpha.avif")
    reference("alpha.avif", drawing(mode="RGBA"))
    drawing(128, 64).save(png)
    run("avifenc", *exact, "--grid", "2x1", png, OUT / "grid.avif")
    reference("grid.avif", drawing(128, 64))
    dynamic()


def tone_mapped(light, peak=1000.0, white=203.0):
    """ITU-R BT.2390-10 §5.4 on the largest component, then sRGB's curve; `light` in cd/m²."""
    def pq(y):
        p = (y / 10000) ** 0.1593017578125
        return ((0.8359375 + 18.8515625 * p) / (1 + 18.6875 * p)) ** 78.84375

    def inverse(v):
        r = v ** (1 / 78.84375)
        return 10000 * (np.maximum(r - 0.8359375, 0) / (18.8515625 - 18.6875 * r)) ** (1 / 0.1593017578125)

    most = np.minimum(light.max(axis=-1), peak)
    top, target = pq(peak), pq(white) / pq(peak)
    knee = 1.5 * target - 0.5
    e = pq(most) / top
    t = (e - knee) / (1 - knee)
    bent = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * target
    mapped = np.where(e > knee, inverse(np.where(e > knee, bent, e) * top), most)
    scale = np.where(most > 0, mapped / np.maximum(most, 1e-9), 1)
    linear = np.clip(light * scale[..., None] / white, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def dynamic():
    """PQ and HLG with the primaries of sRGB, so that only the curve changes."""
    y, x = np.mgrid[0:16, 0:24]
    code = np.stack([x / 23 * 0.75, y / 15 * 0.75, (x + y) / 38 * 0.75], axis=-1)
    code = np.round(code * 1023) / 1023
    deep = np.round(code * 65535).astype(np.uint16)
    (TMP / "deep.rgb").write_bytes(deep.astype("<u2").tobytes())
    run("convert", "-size", "24x16", "-depth", 16, "-endian", "LSB", f"rgb:{TMP}/deep.rgb",
        "-define", "png:exclude-chunks=all", f"PNG48:{TMP}/deep.png")
    for name, transfer in (("pq.avif", 16), ("hlg.avif", 18)):
        run("avifenc", "--min", 0, "--max", 0, "-s", 8, "-y", 444, "-d", 10, "-r", "full", "--ignore-icc",
            "--cicp", f"1/{transfer}/0", TMP / "deep.png", OUT / name)
        if transfer == 16:
            r = code ** (1 / 78.84375)
            light = 10000 * (np.maximum(r - 0.8359375, 0) / (18.8515625 - 18.6875 * r)) ** (1 / 0.1593017578125)
        else:
            scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12)
            luminance = scene @ np.array([0.2627, 0.6780, 0.0593])
            light = 1000 * np.where(luminance > 0, luminance, 1)[..., None] ** 0.2 * scene
        reference(name, Image.fromarray(np.round(tone_mapped(light) * 255).astype(np.uint8)))


def tiff():
    def save(name, image, shown=None, **options):
        image.save(OUT / name, **options)
        reference(name, shown or image)

    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        save(f"{compression}.tif", drawing(), compression=compression)
    save("jpeg.tif", drawing(), compression="jpeg", quality=100)
    bilevel = drawing(mode="L").point(lambda v: 255 if v > 120 else 0).convert("1")
    for compression in ("group3", "group4"):
        save(f"{compression}.tif", bilevel, bilevel.convert("L"), compression=compression)
    save("palette.tif", drawing().quantize(16), drawing().quantize(16).convert("RGB"))
    save("straight.tif", drawing(mode="RGBA"))
    inks = np.zeros((16, 24, 4), np.uint8)
    inks[..., :3] = 255 - np.asarray(drawing())
    inks[..., 3] = 30
    plain = np.round((255.0 - inks[..., :3]) * (255.0 - inks[..., 3:]) / 255).astype(np.uint8)
    save("cmyk.tif", Image.fromarray(inks, "CMYK"), Image.fromarray(plain))
    ramp = (np.arange(384).reshape(16, 24) * 170).astype(np.uint16)
    save("gray16.tif", Image.fromarray(ramp), Image.fromarray(np.round(ramp / 257).astype(np.uint8)))
    floats = (np.arange(384).reshape(16, 24) / 350 - 0.05).astype(np.float32)
    save("float.tif", Image.fromarray(floats), Image.fromarray(np.round(np.clip(floats, 0, 1) * 255).astype(np.uint8)))
    for orientation in TURN:
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(f"turned-{orientation}.tif", stored(drawing(), orientation), drawing(), exif=exif)
    save("pages.tif", drawing(), save_all=True, append_images=[drawing(mode="L"), drawing(mode="L")])
    drawing().save(TMP / "a.tif")
    run("tiffcp", "-t", "-w", 16, "-l", 16, TMP / "a.tif", OUT / "tiled.tif")
    run("tiffcp", "-p", "separate", TMP / "a.tif", OUT / "planar.tif")
    run("tiffcp", "-t", "-w", 16, "-l", 16, "-p", "separate", "-c", "lzw", TMP / "a.tif", OUT / "planar-tiled.tif")
    run("tiffcp", "-8", TMP / "a.tif", OUT / "big.tif")
    run("tiffcp", "-B", TMP / "a.tif", OUT / "big-endian.tif")
    run("convert", TMP / "a.tif", "-depth", 16, OUT / "rgb16.tif")
    for name in ("tiled", "planar", "planar-tiled", "big", "big-endian", "rgb16"):
        reference(f"{name}.tif", drawing())
    drawing(mode="RGBA").save(TMP / "b.tif")
    run("convert", TMP / "b.tif", "-define", "tiff:alpha=associated", OUT / "associated.tif")
    reference("associated.tif", drawing(mode="RGBA"))
    levels = Image.fromarray((np.arange(384).reshape(16, 24) % 16 * 17).astype(np.uint8))
    levels.save(TMP / "c.png")
    run("convert", TMP / "c.png", "-depth", 4, "-type", "grayscale", OUT / "gray4.tif")
    reference("gray4.tif", levels)
    y, x = np.mgrid[0:16, 0:24]
    for bits in (2, 10, 12, 14):
        samples = (x * 331 + y * 577) % (1 << bits)
        (OUT / f"gray{bits}.tif").write_bytes(packed_tiff(samples, bits))
        shown = np.floor(samples * 255 / ((1 << bits) - 1) + 0.5).astype(np.uint8)
        reference(f"gray{bits}.tif", Image.fromarray(shown))
    samples = np.stack([(x * 41 + y) % 4096, (y * 251 + x) % 4096, (x * 97 + y * 13) % 4096], axis=-1)
    (OUT / "rgb12.tif").write_bytes(packed_tiff(samples, 12))
    reference("rgb12.tif", Image.fromarray(np.floor(samples * 255 / 4095 + 0.5).astype(np.uint8)))


def packed_tiff(samples, bits):
    """Samples of any depth, packed from the highest bit on, each row from a byte on (TIFF 6.0, FillOrder 1)."""
    height, width = samples.shape[:2]
    channels = samples.shape[2] if samples.ndim == 3 else 1
    rows = b""
    for row in samples.reshape(height, -1):
        text = "".join(format(int(sample), f"0{bits}b") for sample in row)
        text += "0" * (-len(text) % 8)
        rows += int(text, 2).to_bytes(len(text) // 8, "big")
    depths = struct.pack("<3H", bits, bits, bits) if channels == 3 else b""
    entries = [
        (256, 3, 1, width), (257, 3, 1, height), (258, 3, channels, 8 + len(rows) if channels == 3 else bits), (259, 3, 1, 1),
        (262, 3, 1, 2 if channels == 3 else 1), (273, 4, 1, 8), (277, 3, 1, channels), (278, 3, 1, height),
        (279, 4, 1, len(rows)),
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<I", 8 + len(rows) + len(depths)) + rows + depths + directory + bytes(4)


def jxl():
    def encode(name, image, *options):
        image.save(TMP / "a.png")
        run("cjxl", TMP / "a.png", OUT / name, *options)

    encode("plain.jxl", drawing(), "-d", 0)
    reference("plain.jxl", drawing())
    encode("lossy.jxl", drawing(), "-d", 0.1)
    reference("lossy.jxl", drawing())
    encode("alpha.jxl", drawing(mode="RGBA"), "-d", 0)
    reference("alpha.jxl", drawing(mode="RGBA"))
    encode("gray.jxl", drawing(mode="L"), "-d", 0)
    reference("gray.jxl", drawing(mode="L"))
    run("cjxl", TMP / "deep.png", OUT / "deep.jxl", "-d", 0)
    deep = np.frombuffer((TMP / "deep.rgb").read_bytes(), "<u2").reshape(16, 24, 3)
    reference("deep.jxl", Image.fromarray(np.round(deep / 257).astype(np.uint8)))
    encode("boxed.jxl", drawing(), "-d", 0, "--container=1")
    reference("boxed.jxl", drawing())
    exif = Image.Exif()
    exif[0x0112] = 6
    stored(drawing(), 6).save(TMP / "a.jpg", quality=100, subsampling=0, exif=exif)
    run("cjxl", TMP / "a.jpg", OUT / "turned-6.jxl", "--lossless_jpeg=0", "-d", 0.1)
    reference("turned-6.jxl", drawing())


heic()
avif()
tiff()
jxl()
