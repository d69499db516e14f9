# SPDX-License-Identifier: Apache-2.0
"""Uploads an image by tuspy, stops in between, resumes, and has the job's result. Usage: tuspy_client.py URL FILE"""
import os
import sys

from jobs import result
from tusclient.client import TusClient

url, path = sys.argv[1:3]
size = os.path.getsize(path)
part = size // 4 + 1
client = TusClient(url + "/v1/uploads?limit=20000")

first = client.uploader(path, chunk_size=part, metadata={"filename": "beach.jpg"}, upload_checksum=True)
first.upload_chunk()
assert first.offset == part, first.offset
print("after the first part:", first.offset)

# As another process would, that has only the address.
second = client.uploader(path, chunk_size=part, url=first.url, upload_checksum=True)
assert second.offset == part, second.offset
second.upload()
assert second.offset == size, second.offset

body = result(url)
assert len(body) <= 20000 and body[:2] == b"\xff\xd8", (len(body), body[:2])
print("result:", len(body))
