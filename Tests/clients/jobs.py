# SPDX-License-Identifier: Apache-2.0
"""Jobs of the server."""
import json
import time
import urllib.request


def get(address):
    with urllib.request.urlopen(address) as response:
        return response.read()


def result(url):
    """The result of the first job that is delivered, once there is one."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for job in json.loads(get(url + "/v1/jobs?state=delivered"))["jobs"]:
            return get(f"{url}/v1/jobs/{job['id']}/result")
        time.sleep(0.05)
    raise SystemExit("no job is delivered")
