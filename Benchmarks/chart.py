# SPDX-License-Identifier: Apache-2.0
"""Draws SSIMULACRA2 against bytes and against CPU as one SVG for the README."""
import math
import os
import statistics
import time

from measuring import HERE

WIDTH, HEIGHT, MARGIN = 460, 300, 46
COLOURS = {"snug": "#0b6e4f", "snug --effort fast": "#58a487", "jpegli": "#c8553d", "caesiumclt (mozjpeg)": "#6a4c93",
           "mozjpeg": "#6a4c93"}


class Plot:
    def __init__(self, left, title, across, x, y):
        self.left, self.x, self.y = left, x, y
        self.parts = [
            f'<text x="{left + WIDTH / 2}" y="20" text-anchor="middle" font-weight="bold">{title}</text>',
            f'<text x="{left + WIDTH / 2}" y="{HEIGHT + 62}" text-anchor="middle">{across}</text>',
            f'<rect x="{left + MARGIN}" y="32" width="{WIDTH - MARGIN - 12}" height="{HEIGHT - 12}" fill="none" stroke="#999"/>']

    def place(self, x, y):
        across = (math.log(x) - math.log(self.x[0])) / (math.log(self.x[1]) - math.log(self.x[0]))
        down = (self.y[1] - y) / (self.y[1] - self.y[0])
        return self.left + MARGIN + across * (WIDTH - MARGIN - 12), 32 + down * (HEIGHT - 12)

    def ticks(self, xs, ys):
        for value in xs:
            x, _ = self.place(value, self.y[0])
            self.parts.append(f'<text x="{x:.1f}" y="{HEIGHT + 38}" text-anchor="middle" class="tick">{value:g}</text>')
        for value in ys:
            _, y = self.place(self.x[0], value)
            self.parts.append(
                f'<line x1="{self.left + MARGIN}" x2="{self.left + WIDTH - 12}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
                f'<text x="{self.left + MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end" class="tick">{value:g}</text>')

    def line(self, points, name):
        colour = COLOURS.get(name, "#777")
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.place(*point) for point in points))
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for point in points:
            self.dot(point, "", name)
        x, y = self.place(*points[-1])
        return x, y, name, colour

    def dot(self, point, label, name):
        x, y = self.place(*point)
        colour = COLOURS.get(name, "#777")
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>')
        if label:
            isRight = x < self.left + WIDTH * 0.7
            self.parts.append(
                f'<text x="{x + (7 if isRight else -7):.1f}" y="{y + 4:.1f}" text-anchor="{"start" if isRight else "end"}" '
                f'fill="{colour}">{label}</text>')


def bytes_plot(run):
    curves = {}
    for row in run.photos:
        curves.setdefault("snug", {}).setdefault(row["rate"], []).append((row["bits"], row["snug"]))
        curves.setdefault(row["peer"], {}).setdefault(row["rate"], []).append((row["bits"], row["theirs"]))
    scores = [value for curve in curves.values() for points in curve.values() for _, value in points]
    low = math.floor(min(statistics.mean(v for _, v in points) for c in curves.values() for points in c.values()) / 10) * 10
    plot = Plot(0, "Photos: SSIMULACRA2 against bits a pixel", "bits a pixel", (0.2, 2.2), (low, 100))
    plot.ticks((0.25, 0.5, 1, 2), range(low, 101, 20 if max(scores) - low > 60 else 10))
    for index, (name, curve) in enumerate(curves.items()):
        points = sorted(tuple(statistics.mean(axis) for axis in zip(*values)) for values in curve.values())
        plot.line(points, name)
        plot.parts.append(f'<text x="{WIDTH - 24}" y="{HEIGHT - 50 + 16 * index}" text-anchor="end" '
                          f'fill="{COLOURS.get(name, "#777")}">{name}</text>')
    return plot.parts


def cpu_plot(run):
    scores = [row["score"] for row in run.chart]
    low, high = math.floor(min(scores) - 1), math.ceil(max(scores) + 1)
    seconds = [row["user"] for row in run.chart]
    plot = Plot(WIDTH, "24 MP → 5 MB: SSIMULACRA2 against CPU", "user CPU in seconds", (min(seconds) * 0.7, max(seconds) * 1.4),
                (low, high))
    plot.ticks([value for value in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if plot.x[0] < value < plot.x[1]],
               range(low, high + 1, max((high - low) // 5, 1)))
    for row in run.chart:
        plot.dot((row["user"], row["score"]), row["name"], row["name"])
    return plot.parts


def save(run):
    if not run.photos or not run.chart:
        return
    path = os.path.join(HERE, "results", time.strftime("%Y-%m-%d") + "-targets.svg")
    with open(path, "w") as file:
        file.write(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT + 76}" font-family="sans-serif" '
            'font-size="12"><style>.tick{font-size:10px;fill:#555}</style><rect width="100%" height="100%" fill="white"/>'
            + "".join(bytes_plot(run) + cpu_plot(run)) + "</svg>\n")
    print(f"drawn as {os.path.relpath(path, os.path.dirname(HERE))}")
