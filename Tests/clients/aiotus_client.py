# SPDX-License-Identifier: Apache-2.0
"""Uploads an image in parts by aiotus, asks for its metadata, and has the job's result. Usage: aiotus_client.py URL FILE"""
import asyncio
import sys

import aiotus
from jobs import result

url, path = sys.argv[1:3]


async def main():
    with open(path, "rb") as file:
        location = await aiotus.upload(url + "/v1/uploads?limit=20000", file, {"filename": b"beach.jpg"}, chunksize=4096)
    assert location is not None, "it could not be uploaded"
    metadata = await aiotus.metadata(location)
    assert metadata == {"filename": b"beach.jpg"}, metadata


asyncio.run(main())
body = result(url)
assert len(body) <= 20000 and body[:2] == b"\xff\xd8", (len(body), body[:2])
print("result:", len(body))
