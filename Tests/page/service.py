# SPDX-License-Identifier: Apache-2.0
"""A running `snug serve` with a ledger of real jobs, for the tests of the page."""
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import zlib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SNUG = os.environ.get("SNUG", str(REPOSITORY / ".build/debug/snug"))
SAMPLES = REPOSITORY / "samples"


class SilentProvider:
    """An API that takes each request whole and closes the connection: nobody knows whether it took effect."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d/v1" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.swallow(connection)

    @staticmethod
    def swallow(connection):
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536) or b"\r\n\r\n"
        head, _, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.I)
        left = int(length.group(1)) - len(body) if length else 0
        while left > 0:
            piece = connection.recv(65536)
            if not piece:
                return
            left -= len(piece)

    def close(self):
        self.listener.close()


class Service:
    """The service, and the folder of its state."""

    def __init__(self, with_jobs=False, token=None, configuration=None):
        self.folder = Path(tempfile.mkdtemp(prefix="snug-page-"))
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "SNUG_STATE_DIR": str(self.folder / "state"),
            "OPENAI_API_KEY": "sk-test",
        }
        if token:
            self.environment["SNUG_SERVER_TOKEN"] = token
        if with_jobs:
            self.make_jobs()
        options = []
        if configuration:
            (self.folder / "snug.yaml").write_text(configuration)
            options = ["--config", "snug.yaml"]
        self.process = subprocess.Popen(
            [SNUG, "serve", "--listen", "127.0.0.1:0", *options], cwd=self.folder, env=self.environment,
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if found := re.search(r"^listening on (\S+)", line):
                self.url = found.group(1)
                break
        else:
            raise RuntimeError("snug serve did not start")
        # Its log is read, so that it never waits for a reader.
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def make_jobs(self):
        """Delivered and failed jobs of one folder, and held ones of another."""
        self.drop("photos", {"delivered.jpg": (SAMPLES / "rotated.jpg").read_bytes(), "broken<b>.jpg": b"no image at all"})
        self.watch("photos")
        provider = SilentProvider()
        self.drop("edits", {f"portrait-{number}.jpg": (SAMPLES / name).read_bytes()
                            for number, name in enumerate(["rotated.jpg", "wide-gamut.jpg"])})
        self.watch("edits", "--generate", "openai", "--prompt", "in oil", "--base-url", provider.url)
        provider.close()

    def add_hosts(self):
        """A fleet as the ledger knows it: a host, a worker that is at work, and one that is lost."""
        hosts = [("web1", "watch", "running", 0), ("cpu1/1", "work", "running", 0), ("a-host-with-a-long-name-" * 3 + "/2", "work", "running", 7200)]
        now = int(time.time() * 1000)
        ledger = sqlite3.connect(self.folder / "state" / "ledger.sqlite", timeout=20)
        with ledger:
            for name, role, state, silence in hosts:
                folders = [f"{kind}@{name}" for kind in ("photos", "edits")] if role == "watch" else []
                notice = {
                    "name": name, "role": role, "state": state, "worker": name, "since": now - 8_000_000,
                    "work": {"steps": ["fit", "deliver"], "boundSteps": ["deliver"], "folders": folders, "accounts": []},
                }
                ledger.execute("INSERT INTO hosts VALUES (?, ?, 1, ?, ?, NULL)",
                               (f"{role}:{name}", json.dumps(notice), now - 8_000_000, now - silence * 1000))
        ledger.close()

    def drop(self, name, files):
        folder = self.folder / name
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content)

    def watch(self, name, *options):
        subprocess.run(
            [SNUG, "watch", name, "-o", f"{name}-out", "--once", *options], cwd=self.folder, env=self.environment,
            capture_output=True, timeout=120)

    def close(self):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder)


def gray_png(side):
    """A flat square of many pixels in few bytes."""
    def chunk(kind, content):
        return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")
    header = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress((b"\0" + b"\x80" * side) * side, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
