# SPDX-License-Identifier: Apache-2.0
"""Compresses, resizes and converts by the client library of the Tinify API, with this host. Usage: tinify_client.py URL FILE"""
import io
import struct
import sys

import tinify
from tinify.client import Client

url, path = sys.argv[1:3]
Client.API_ENDPOINT = url
tinify.key = "any-key-will-do-here"
original = open(path, "rb").read()


def size(jpeg):
    """Width and height of a JPEG."""
    at = 2
    while True:
        marker, length = struct.unpack(">HH", jpeg[at:at + 4])
        if 0xFFC0 <= marker <= 0xFFC2:
            height, width = struct.unpack(">HH", jpeg[at + 5:at + 9])
            return width, height
        at += 2 + length


source = tinify.from_file(path)
result = source.result()
assert len(result.to_buffer()) == len(result) < len(original), (len(result), len(original))
assert result.media_type == "image/jpeg" and (result.width, result.height) == size(original), vars(result)
assert tinify.compression_count == 1, tinify.compression_count
print("compressed:", len(original), "to", len(result))

smaller = source.resize(method="fit", width=200, height=150).to_buffer()
assert max(size(smaller)[0] / 200, size(smaller)[1] / 150) == 1, size(smaller)
print("resized:", size(smaller))

png = tinify.from_buffer(original).convert(type=["image/png"]).result()
assert png.media_type == "image/png" and png.extension == "png" and png.to_buffer()[:4] == b"\x89PNG", vars(png)
print("converted:", len(png))

for wrong in (b"no image at all", original[: len(original) // 2]):
    try:
        tinify.from_buffer(wrong).to_buffer()
    except tinify.ClientError as error:
        assert 400 <= error.status < 500, error
        print("refused:", error)
    else:
        raise SystemExit("a broken image was taken")
