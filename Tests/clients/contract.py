# SPDX-License-Identifier: Apache-2.0
"""Compares the running server with its own openapi.yaml by schemathesis. Usage: contract.py URL"""
import os
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
program = os.path.join(os.path.dirname(sys.executable), "schemathesis")
# The events of /v1/events never end, and each answer is waited for.
sys.exit(subprocess.run(
    [program, "--config-file", os.path.join(here, "contract.toml"), "run", sys.argv[1] + "/openapi.yaml", "--seed", "1",
     "--max-examples", "2", "--phases", "examples,coverage", "--generation-database", "none", "--exclude-path", "/v1/events", "--no-color",
     "--request-timeout", "20"],
    env={**os.environ, "SCHEMATHESIS_HOOKS": "contract_hooks", "PYTHONPATH": here}).returncode)
