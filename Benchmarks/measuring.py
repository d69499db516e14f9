# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: running a command, describing the machine, saving results."""
import ctypes
import json
import os
import platform
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
SNUG = os.path.join(ROOT, ".build/release/snug")
VENV = os.path.join(ROOT, ".build/bench-venv")
PYTHON = os.path.join(VENV, "bin/python")


def need(modules, packages):
    """Has the virtual environment ready with some packages from PyPI."""
    if not os.path.exists(PYTHON):
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    if subprocess.run([PYTHON, "-c", "import importlib.metadata as m\n" + "\n".join(
            f"m.version('{name}')" for name in modules)], capture_output=True).returncode:
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", *packages], check=True)


def adopt_orphans():
    """Makes processes whose parent ends children of this one, so that their CPU time is counted."""
    subreaper = 36
    if ctypes.CDLL(None, use_errno=True).prctl(subreaper, 1, 0, 0, 0) != 0:
        sys.exit("this system does not hand orphans on: the CPU time of workers cannot be measured")


def orphans():
    """The CPU seconds, user and system, of the processes that a command has left to end by themselves."""
    user = system = 0.0
    while True:
        try:
            _, _, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return user, system
        user, system = user + usage.ru_utime, system + usage.ru_stime


def measure(command, environment=None):
    """User and system CPU seconds, wall seconds and peak resident MiB of a command, and its exit code.

    The CPU time is that of all its processes, the memory that of the largest one.
    """
    adopt_orphans()
    # Those of earlier commands are not this one's.
    orphans()
    # What wait4 tells of the peak includes that of this process before the command was started in it.
    with tempfile.NamedTemporaryFile("r") as peak:
        start = time.monotonic()
        process = subprocess.Popen(
            ["/usr/bin/time", "--quiet", "-f", "%M", "-o", peak.name, *command], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        user, system = orphans()
        resident = int(peak.read().split()[-1]) / 1024
    return usage.ru_utime + user, usage.ru_stime + system, wall, resident, process.returncode


def descendants(pid):
    """A process and all that it has started, directly or not."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as stat:
                parents.setdefault(int(stat.read().rsplit(")", 1)[1].split()[1]), []).append(int(name))
        except OSError:
            continue
    found = [pid]
    for process in found:
        found += parents.get(process, [])
    return found


def cpu_of(pid):
    """CPU seconds of a process, of those that it has started, and of those that have ended."""
    ticks = 0
    for process in descendants(pid):
        try:
            with open(f"/proc/{process}/stat") as stat:
                ticks += sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:15]))
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_of(pid):
    """MiB that a process and those that it has started hold: what they share is counted once."""
    total = 0
    for process in descendants(pid):
        try:
            with open(f"/proc/{process}/smaps_rollup") as rollup:
                total += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except OSError:
            continue
    return total / 1024


def version(command):
    try:
        text = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return "not found"
    lines = (text.stdout + text.stderr).strip().splitlines()
    return lines[0].strip() if lines else ""


def machine(versions):
    """The machine, and what a command prints for each program's name."""
    model = ""
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {
        "cpu": model, "cores": os.cpu_count(), "kernel": platform.release(),
        "memory_mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGESIZE") >> 20,
        "versions": {name: version(command) for name, command in versions.items()},
    }


def heading(title, facts, rounds):
    return [f"# {title}", "",
            f"{facts['cpu']}, {facts['cores']} cores, {facts['memory_mib']} MiB, Linux {facts['kernel']}; medians of "
            f"{rounds} interleaved rounds. " + "; ".join(f"{n}: {text}" for n, text in facts["versions"].items()), ""]


def save(name, lines, facts, results):
    """Saves both forms under the day's date and this name."""
    folder = os.path.join(HERE, "results")
    os.makedirs(folder, exist_ok=True)
    base = os.path.join(folder, time.strftime("%Y-%m-%d") + name)
    with open(base + ".md", "w") as file:
        file.write("\n".join(lines))
    with open(base + ".json", "w") as file:
        json.dump({"machine": facts, "results": results}, file, indent=1)
    print(f"saved as {os.path.relpath(base, ROOT)}.md and .json")
