# SPDX-License-Identifier: Apache-2.0
"""The targets, group by group."""
import json
import os
import random
import shutil
import statistics
import subprocess

import corpus
import metric
import peers
from measuring import SNUG, measure

MIB = 1 << 20


class Run:
    """What is measured so far."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.rows, self.tables, self.photos, self.chart = [], [], [], []

    def add(self, what, reached, target, passes):
        """`passes` is None for what is told but not judged."""
        verdict = {True: "pass", False: "short", None: "not judged"}[passes]
        self.rows.append({"what": what, "reached": reached, "target": target, "verdict": verdict})
        print(f"{verdict:10} {what}: {reached} (target {target})", flush=True)

    def out(self, source, part=""):
        os.makedirs(os.path.join(self.folder, part), exist_ok=True)
        return os.path.join(self.folder, part, os.path.basename(source))

    def paired(self, one, other):
        """Medians of the first's user CPU, of the second's, of their ratio, and the first's peak."""
        pairs = [(measure(one), measure(other)) for _ in range(self.options.rounds)]
        for result in pairs[0]:
            if result[4] != 0:
                raise SystemExit(f"failed: {one if result is pairs[0][0] else other}")
        return (statistics.median(a[0] for a, _ in pairs), statistics.median(b[0] for _, b in pairs),
                statistics.median(a[0] / max(b[0], 1e-3) for a, b in pairs), max(a[3] for a, _ in pairs))


def judged(score, goals, is_corpus):
    """Absolute goals hold for the corpus's image: by the binary, and by the package for the same files."""
    return score >= goals[0 if metric.BINARY else 1] if is_corpus else None


# Limit: scores by the binary and by the package (those of the same files, see metric.py), ratio of CPU to the floor.
LARGE_GOALS = {10_000_000: ((91.2, 95.4), 1.1), 5_000_000: ((85.5, 87.4), 0.85), 1_000_000: ((56.5, 57), 0.7)}
HALF_GOALS = {10_000_000: (86.2, 91.4), 5_000_000: (79.3, 83.5), 1_000_000: (43, 43)}


def large(run):
    source, is_corpus = corpus.large(24)
    original = metric.load(source)
    jobs = [(limit, goals, ratio, []) for limit, (goals, ratio) in LARGE_GOALS.items()]
    jobs.insert(2, (5_000_000, (85.0, 86.9), 0.55, ["--effort", "fast"]))
    for limit, goals, wanted, options in jobs:
        out, base = run.out(source), run.out(source, "floor")
        quality = peers.floor_quality(source, base, limit)
        user, _, ratio, _ = run.paired(
            peers.snug(source, out, "--limit", str(limit), *options), peers.floor(source, base, quality))
        score = metric.score(original, metric.load(out))
        what = " ".join(["24 MP →", f"{limit / 1e6:g} MB", *options])
        run.add(what + ", score", f"{score:.2f}, {os.path.getsize(out) / limit:.2%} used",
                goals[0 if metric.BINARY else 1], judged(score, goals, is_corpus))
        run.add(what + ", CPU", f"{ratio:.2f} × ({user:.3f} s)", f"{wanted} × the floor", ratio <= wanted)
    source, is_corpus = corpus.large(50)
    original = metric.load(source)
    for limit, goals in HALF_GOALS.items():
        out = run.out(source)
        subprocess.run(peers.snug(source, out, "--limit", str(limit)), check=True)
        score = metric.score(original, metric.load(out))
        run.add(f"50 MP → {limit / 1e6:g} MB, score", f"{score:.2f}", goals[0 if metric.BINARY else 1],
                judged(score, goals, is_corpus))


def compared(run, source, original, limit, name, command):
    """A peer's score within a limit, and snug's within the bytes that the peer took."""
    out = run.out(source, "peer")
    subprocess.run(command, check=True, capture_output=True)
    size = os.path.getsize(out)
    if size == 0 or size > limit:
        return
    theirs = metric.score(original, metric.load(out))
    own = run.out(source, "own")
    subprocess.run(peers.snug(source, own, "--limit", str(size)), check=True)
    run.photos.append({"file": os.path.basename(source), "bits": 8 * size / original.width / original.height,
                       "peer": name, "theirs": theirs, "snug": metric.score(original, metric.load(own))})


def photos(run):
    for source in corpus.photos():
        original = metric.load(source)
        for bits in (2, 1, 0.5, 0.25):
            limit = int(original.width * original.height * bits / 8)
            if limit >= os.path.getsize(source) * 0.95:
                continue
            out = run.out(source, "peer")
            for name, command in [("jpegli", peers.python(peers.JPEGLI, source, out, limit)),
                                  ("mozjpeg", peers.caesium(source, out, limit))]:
                before = len(run.photos)
                compared(run, source, original, limit, name, command)
                for row in run.photos[before:]:
                    row["rate"] = bits
    table = ["### Photos at the peers' bytes", "", "| peer | bits a pixel | photos | snug | peer | worst difference |",
             "|---|--:|--:|--:|--:|---|"]
    for name in ("jpegli", "mozjpeg"):
        for bits in (2, 1, 0.5, 0.25):
            rows = [row for row in run.photos if row["peer"] == name and row["rate"] == bits]
            if not rows:
                continue
            own, theirs = (statistics.mean(row[key] for row in rows) for key in ("snug", "theirs"))
            worst = min(rows, key=lambda row: row["snug"] - row["theirs"])
            lost = worst["snug"] - worst["theirs"]
            table.append(f"| {name} | {bits} | {len(rows)} | {own:.2f} | {theirs:.2f} | {lost:+.2f} {worst['file']} |")
            run.add(f"photos at {bits} bit a pixel against {name}", f"{own - theirs:+.2f}, worst {lost:+.2f}",
                    "mean above, none more than 1 below", own > theirs and lost > -1)
    run.tables += table + [""]


def use(run):
    files = corpus.photos() + [os.path.join(corpus.small(run.options.files), f"{n:04d}.jpg") for n in range(40)]
    chance, shares, over, failed = random.Random(11), [], 0, 0
    for _ in range(run.options.pairs):
        source = chance.choice(files)
        # Between an eighth and nine tenths of the source, where its own quality does not bind.
        limit = int(os.path.getsize(source) * chance.uniform(0.12, 0.9))
        result = subprocess.run([SNUG, "fit", source, "-o", run.out(source), "--overwrite", "--json", "--limit", str(limit)],
                                capture_output=True, text=True)
        facts = json.loads(result.stdout.strip().splitlines()[-1])
        if result.returncode != 0:
            failed += 1
            continue
        over += os.path.getsize(run.out(source)) > limit
        shares.append(facts["output_bytes"] / limit)
    run.add(f"use of the limit, {len(shares)} random pairs",
            f"mean {statistics.mean(shares):.2%}, worst {min(shares):.2%}, {over} over, {failed} failed",
            "mean 99.4 %, worst 98 %, 0 over",
            statistics.mean(shares) >= 0.994 and min(shares) >= 0.98 and over == 0 and failed == 0)


def memory(run):
    source, _ = corpus.large(24)
    peaks = [measure(peers.snug(source, run.out(source), "--limit", limit))[3] for limit in ("10MB", "5MB", "1MB")]
    run.add("memory, 24 MP → 10, 5, 1 MB", ", ".join(f"{peak:.0f}" for peak in peaks) + " MiB", "48 MiB", max(peaks) <= 48)
    for megapixels, bound in ((100, 64), (400, 96)):
        source, _ = corpus.large(megapixels)
        command = peers.snug(source, run.out(source), "--max-input-pixels", "500000000")
        user, _, ratio, peak = run.paired(command + ["--memory", f"{bound}MiB"], command)
        run.add(f"memory, {megapixels} MP under --memory {bound}MiB", f"{peak:.0f} MiB, {ratio:.2f} × the CPU",
                f"{bound} MiB, 1.3 ×", peak <= bound and ratio <= 1.3)


def huge(run):
    """In floors of 24 MP → 5 MB in the same run, which took 0.30 s where the targets in seconds were set."""
    small, _ = corpus.large(24)
    base = run.out(small, "floor")
    floor = peers.floor(small, base, peers.floor_quality(small, base, 5_000_000))
    for megapixels, seconds in ((100, 0.75), (400, 1.6)):
        source, _ = corpus.large(megapixels)
        user, _, ratio, _ = run.paired(peers.snug(source, run.out(source), "--max-input-pixels", "500000000"), floor)
        run.add(f"{megapixels} MP → 10 MB, CPU", f"{ratio:.2f} floors ({user:.2f} s)",
                f"{seconds / 0.3:.2f} floors of 24 MP", ratio <= seconds / 0.3)


def thumbnails(run):
    from PIL import Image
    for megapixels in (24, 50, 100):
        source, _ = corpus.large(megapixels)
        theirs, own = run.out(source, "vips"), run.out(source)
        vips = ["vipsthumbnail", source, "--size", "2048x2048>", "-o", theirs + "[Q=85,optimize_coding]"]
        subprocess.run(vips, check=True)
        snug = peers.snug(source, own, "--max-side", "2048", "--limit", str(os.path.getsize(theirs)))
        user, _, ratio, _ = run.paired(snug, vips)
        size = metric.load(own).size
        planes = metric.load(source).split()
        reference = Image.merge("RGB", [
            plane.convert("F").resize(size, Image.LANCZOS).point(lambda value: value + 0.5).convert("L") for plane in planes])
        scores = [metric.score(reference, metric.load(path)) for path in (own, theirs)]
        run.add(f"{megapixels} MP --max-side 2048, CPU", f"{ratio:.2f} × vipsthumbnail ({user:.3f} s)", "0.6 ×", ratio <= 0.6)
        run.add(f"{megapixels} MP --max-side 2048, score at vipsthumbnail's bytes", f"{scores[0]:.2f} against {scores[1]:.2f}",
                "above", scores[0] > scores[1])


AREA_RATIO = r"""
for file; do
  size=$(stat -c %s "$file"); name=$(basename "${file%.*}")
  if [ "$size" -le 1000000 ]; then cp "$file" "$OUT"; continue; fi
  width=$(vipsheader -f width "$file"); height=$(vipsheader -f height "$file")
  side=$(( width > height ? width : height ))
  to=$(awk -v s=$side -v b=$size 'BEGIN { printf "%d", s * sqrt(1000000 / b) }')
  vipsthumbnail "$file" --size "${to}x${to}" -o "$OUT/$name.jpg[Q=85]"
done
"""


def folder(run):
    files = corpus.mixed()
    paths = sorted(os.path.join(files, name) for name in os.listdir(files))
    own, theirs = os.path.join(run.folder, "folder"), os.path.join(run.folder, "area")
    os.makedirs(theirs)
    command = [SNUG, "fit", files, "-o", own, "--overwrite", "--quiet", "--limit", "1MB"]
    vips = ["sh", "-c", 'printf "%s\\0" "$@" | xargs -0 -P 2 -n 8 sh -c "$AREA_RATIO" sh', "sh", *paths]
    rates, walls = [], []
    for _ in range(max(run.options.rounds // 2, 1)):
        a = measure(command)
        b = measure(vips, {"AREA_RATIO": AREA_RATIO, "OUT": theirs, "VIPS_CONCURRENCY": "1"})
        rates.append((b[0] + b[1]) / (a[0] + a[1]))
        walls.append(len(paths) / a[2])
    text = subprocess.run([SNUG, "fit", files, "-o", own, "--overwrite", "--json", "--limit", "1MB"],
                          capture_output=True, text=True).stdout
    facts = [json.loads(line) for line in text.strip().splitlines()]
    # PNG photos end at the ceiling of 95 where that takes less than the limit.
    fitted = [row["output_bytes"] / 1e6 for row in facts if row["status"] == "fitted" and row["format"] == "jpeg"
              and row["quality"] and (row["quality"] < 94.5 or not row["input"].endswith(".png"))]
    run.add(f"folder of {len(paths)} → 1 MB, throughput",
            f"{statistics.median(rates):.2f} × by CPU ({statistics.median(walls):.1f} files/s)",
            "1.5 × libvips by area ratio", statistics.median(rates) >= 1.5)
    run.add("folder, use of the limit by JPEGs that are fitted",
            f"mean {statistics.mean(fitted):.2%}, worst {min(fitted):.2%} of {len(fitted)}", "99 %",
            statistics.mean(fitted) >= 0.99)


def small(run):
    count = run.options.files
    files = corpus.small(count)
    own = os.path.join(run.folder, "small")
    command = [SNUG, "fit", files, "-o", own, "--overwrite", "--quiet", "--limit", "8000"]
    each = statistics.median((m[0] + m[1]) / count * 1e3 for m in (measure(command) for _ in range(3)))
    run.add(f"{count} small files → 8 kB, CPU each", f"{each:.2f} ms", "3 ms", each <= 3)
    one = os.path.join(files, "0001.jpg")
    times = [measure(peers.snug(one, run.out(one), "--limit", "8000")) for _ in range(25)]
    whole = statistics.median(m[0] + m[1] for m in times) * 1e3
    run.add("whole process for a small file, CPU", f"{whole:.1f} ms", "12 ms", whole <= 12)


def charts(run):
    """Everybody at 24 MP → 5 MB, for the chart of quality against CPU."""
    source, _ = corpus.large(24)
    original, limit = metric.load(source), 5_000_000
    for name, command in peers.all_at(source, run.out(source), limit):
        out = run.out(source)
        if os.path.exists(out):
            os.unlink(out)
        user, _, _, peak, code = measure(command)
        if code != 0 or not os.path.exists(out) or os.path.getsize(out) > limit:
            continue
        score = metric.score(original, metric.load(out))
        run.chart.append({"name": name, "user": user, "peak": peak, "bytes": os.path.getsize(out), "score": score})
        print(f"{'':10} {name}: {user:.2f} s, {os.path.getsize(out)} bytes, {score:.2f}", flush=True)
    run.tables += ["### 24 MP → 5 MB", "", "| | user CPU s | bytes | score |", "|---|--:|--:|--:|"]
    run.tables += [f"| {row['name']} | {row['user']:.2f} | {row['bytes']:,} | {row['score']:.2f} |" for row in run.chart] + [""]


# File, limit, options, score, seconds of CPU where 24 MP → 5 MB at the floor took 0.30 s.
GRAPHICS = [
    ("sample", 70_000, [], 95, 0.15), ("003-shot", 500_000, [], 87, 0.8), ("003-shot", 300_000, [], 72, 0.8),
    ("013-shot", 300_000, [], 86, 0.5), ("013-shot", 150_000, [], 45, 0.5), ("023-shot", 70_000, [], 94, 0.3),
    ("shot-25mp", 2_000_000, [], 81, 2.5), ("alpha-2048", 300_000, ["--format", "png"], 91, 0.5),
    ("alpha-2048", 150_000, ["--format", "png"], 78, 0.5), ("png-60mp-alpha", 10_000_000, ["--format", "png"], 60, 5),
    ("png-60mp-alpha", 10_000_000, ["--format", "webp"], 79, 5), ("003-shot", 1_050_000, ["--lossless"], 100, 0.6),
    ("png-60mp", 10_000_000, [], 83, 1.5)]


def graphics(run):
    """Screenshots, transparency and large PNGs; those that the corpus has. Large ones are scored in the middle."""
    small, _ = corpus.large(24)
    base = run.out(small, "floor")
    floor = peers.floor(small, base, peers.floor_quality(small, base, 5_000_000))
    for name, limit, options, goal, seconds in GRAPHICS:
        source = corpus.graphic(name)
        if source is None:
            continue
        # A folder: the extension follows the format that is chosen.
        folder = os.path.join(run.folder, "graphics")
        shutil.rmtree(folder, ignore_errors=True)
        user, _, ratio, _ = run.paired(peers.snug(source, folder + "/", "--limit", str(limit), *options), floor)
        made = os.path.join(folder, os.listdir(folder)[0])
        score = metric.score(metric.middle(source), metric.middle(made, like=source))
        what = " ".join([name, "→", f"{limit / 1e3:g} kB", *options])
        run.add(what + ", score", f"{score:.2f}, {os.path.getsize(made) / limit:.1%} used", goal, score >= goal)
        run.add(what + ", CPU", f"{ratio:.2f} floors ({user:.2f} s)", f"{seconds / 0.3:.2f} floors of 24 MP",
                ratio <= seconds / 0.3)


GROUPS = {"graphics": graphics, "small": small, "use": use, "memory": memory, "huge": huge, "folder": folder, "thumbnails": thumbnails,
          "photos": photos, "large": large, "charts": charts}
