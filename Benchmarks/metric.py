# SPDX-License-Identifier: Apache-2.0
"""SSIMULACRA2 of a result against its original, at the original's size.

By the binary that $SSIMULACRA2 names, else by the package of that name from PyPI. Whole images, never crops: the package
holds twelve gigabytes for 24 megapixels, so its own functions run here on bands of rows with margins, and the sums of
all bands give its score to the last digit.

The two differ: of the same files the binary gave 45.4, 85.8 and 91.5 for 24 megapixels and the package 45.3, 87.7 and 95.6;
for 50 megapixels 86.4 against 91.6. Targets are kept for both.
"""
import os
import subprocess
import tempfile

import numpy as np
from PIL import Image

Image.MAX_IMAGE_PIXELS = None
BINARY = os.environ.get("SSIMULACRA2")
# Rows that a band shares with its neighbours: the blur's 5 at a 32nd of the size, in whole 64ths.
MARGIN = 192
BAND_PIXELS = 8_000_000


def name():
    return f"SSIMULACRA2 by {BINARY}" if BINARY else "SSIMULACRA2 by the PyPI package"


def load(path):
    return Image.open(path).convert("RGB")


def middle(path, like=None):
    """An image on gray at the size of another; of more than 8 megapixels the 4 in the middle."""
    image = Image.open(path)
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        gray = Image.new("RGBA", image.size, (128, 128, 128, 255))
        gray.alpha_composite(image)
        image = gray
    image = image.convert("RGB")
    if like:
        size = Image.open(like).size
        image = image if image.size == size else image.resize(size, Image.LANCZOS)
    width, height = image.size
    if width * height <= 8_000_000:
        return image
    left, top = width // 2 - 1200, height // 2 - 850
    return image.crop((left, top, left + 2400, top + 1700))


def score(original, result):
    """Both are images; a smaller result is scaled up with Lanczos."""
    if result.size != original.size:
        result = result.resize(original.size, Image.LANCZOS)
    return by_binary(original, result) if BINARY else by_package(original, result)


def by_binary(original, result):
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, file) for file in ("original.png", "result.png")]
        original.save(paths[0], compress_level=1)
        result.save(paths[1], compress_level=1)
        printed = subprocess.run([BINARY, *paths], capture_output=True, text=True, check=True).stdout
    return float(printed.split()[0])


def by_package(original, result):
    from ssimulacra2 import ssimulacra2 as package
    width, height = original.size
    rows = max(BAND_PIXELS // width // 64 * 64, 64)
    total = None
    for top in range(0, height, rows):
        sums = band(package, original, result, top, rows)
        total = sums if total is None else [[a + b for a, b in zip(*pair)] for pair in zip(total, sums)]
    whole = package.Msssim()
    for area, ssim, edges in total:
        scale = package.MsssimScale()
        scale.avg_ssim, scale.avg_edgediff = ssim / area, edges / area
        scale.avg_ssim[1::2] **= 0.25
        scale.avg_edgediff[1::2] **= 0.25
        whole.scales.append(scale)
    return whole.score()


def band(package, original, result, top, rows):
    """For each scale: samples of the band, and sums of the maps of differences and of their fourth powers."""
    width, height = original.size
    first, last = max(top - MARGIN, 0), min(top + rows + MARGIN, height)
    linear = [
        package.srgb_to_linear(np.asarray(image.crop((0, first, width, last)), dtype=np.float64))
        for image in (original, result)]
    sums = []
    for scale in range(package.kNumScales):
        # The package's arrays have columns first.
        one, two = (package.make_positive_xyb(package.linear_rgb_to_xyb(image)) for image in linear)
        if min(one.shape[:2]) < 8:
            break
        end = one.shape[1] if top + rows >= height else (top + rows - first) >> scale
        own = (slice(None), slice((top - first) >> scale, end))
        squares = [package.blur_image(image)[own] for image in (one * one, two * two, one * two)]
        means = [package.blur_image(image)[own] for image in (one, two)]
        area = means[0].shape[0] * means[0].shape[1]
        ssim = package.ssim_map(*means, *squares)
        edges = package.edge_diff_map(one[own], means[0], two[own], means[1])
        ssim[1::2] **= 4
        edges[1::2] **= 4
        sums.append([area, ssim * area, edges * area])
        linear = [package.downsample(image, 2, 2) for image in linear]
    return sums
