"""Draws the pictures: bars of a block, and lines of what grows. Small SVG files whose text stays text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

matplotlib.use("svg")
from figures import summarise  # noqa: E402
from matplotlib import pyplot  # noqa: E402
from matplotlib.ticker import FuncFormatter  # noqa: E402
from measures import STORES, WRITERS, Block  # noqa: E402

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from run import Bench

matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "ministore", "font.size": 9})
OURS, LIMIT, PEER = "#2166ac", "#bbbbbb", "#d6a16b"
PEERS = ("#e41a1c", "#ff7f00", "#4daf4a", "#984ea3", "#a65628", "#f781bf", "#b3a000", "#00a0a0", "#66c2a5")
BARS = ("append-1", "append-64", "batch-1000", "manual-1000", "replay", "documents", "python", "go", "lua5.4", "luajit")


def middle(bench: Bench, key: str) -> float | None:
    values = bench.samples.get(key)
    return summarise(list(values.values())).median if values else None


def draw(folder: Path, bench: Bench, blocks: list[Block]) -> dict[str, str]:
    """Names and captions of what could be drawn of what was measured."""
    drawn: dict[str, str] = {}
    pictures: list[tuple[str, str, Callable[[Axes], bool]]] = [
        ("writers", "Durable appends by number of writers", lambda axes: writers(axes, bench)),
        (
            "size",
            "Time by size of the journal: an append does not grow, a replay grows with it",
            lambda axes: sizes(axes, bench),
        ),
        ("segments", "Time to open by number of segments", lambda axes: segments(axes, bench)),
    ]
    for block in blocks:
        if block.name in BARS:
            pictures.append((block.name, block.title, lambda axes, block=block: bars(axes, bench, block)))  # type: ignore[misc]
    for name, caption, picture in pictures:
        figure, axes = pyplot.subplots(figsize=(7.5, 3.6), layout="constrained")
        if picture(axes):
            axes.set_title(caption, fontsize=10)
            axes.spines[["top", "right"]].set_visible(False)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})
            drawn[name] = caption
        pyplot.close(figure)
    return drawn


def plain(value: float, _: object = None) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def bars(axes: Axes, bench: Bench, block: Block) -> bool:
    """The quickest on top; whiskers are the quartiles."""
    found = [(measure, bench.samples[measure.key]) for measure in block.measures if measure.key in bench.samples]
    if not found:
        return False
    summaries = sorted(
        ((summarise(list(values.values())), measure) for measure, values in found), key=lambda pair: pair[0].median
    )
    for place, (summary, measure) in enumerate(summaries):
        who = measure.key.partition("/")[2]
        colour = OURS if measure.label.startswith("ministore") else LIMIT if who.startswith(("bare", "c-")) else PEER
        whisker = [[summary.median - summary.lower], [summary.upper - summary.median]]
        axes.barh(place, summary.median, xerr=whisker, color=colour, error_kw={"linewidth": 0.8})
    axes.set_yticks(range(len(summaries)), [measure.label for _, measure in summaries])
    axes.set_xlabel(bench.units[summaries[0][1].key])
    axes.xaxis.set_major_formatter(FuncFormatter(plain))
    axes.figure.set_size_inches(7.5, 1 + 0.26 * len(summaries))
    return True


def line(axes: Axes, points: list[tuple[float, float | None]], label: str, **style: Any) -> bool:
    there = [(x, y) for x, y in points if y is not None]
    if there:
        axes.plot(*zip(*there, strict=True), marker="o", markersize=3, label=label, **style)
    return bool(there)


def finish(axes: Axes, x: str, y: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(plain))
    if axes.lines:
        axes.legend(fontsize=7, frameon=False, bbox_to_anchor=(1, 1), loc="upper left")


def writers(axes: Axes, bench: Bench) -> bool:
    labels: dict[str, tuple[str, dict[str, Any]]] = {
        "bare": ("bare, gathering", {"color": "#888888", "linestyle": "--"}),
        "bare-preallocated": ("bare, allocated blocks", {"color": "#444444", "linestyle": "--"}),
        "ours": ("ministore", {"color": OURS, "linewidth": 2}),
        "ours-preallocated": ("ministore, preallocated", {"color": "#053061", "linewidth": 2}),
    }
    peers = zip(STORES.items(), PEERS, strict=True)
    curves = labels | {name: (label, {"linewidth": 0.9, "color": colour}) for (name, (label, _)), colour in peers}
    drawn = [
        line(axes, [(n, middle(bench, f"append-{n}/{who}")) for n in (*WRITERS, 256)], label, **style)
        for who, (label, style) in curves.items()
    ]
    finish(axes, "writers", "records/s")
    axes.set_xticks((*WRITERS, 256))
    axes.minorticks_off()
    return any(drawn)


def sizes(axes: Axes, bench: Bench) -> bool:
    megabytes = sorted({int(key.partition("/")[0][5:]) for key in bench.samples if key.startswith("size-")})

    def points(who: str) -> list[tuple[float, float | None]]:
        return [(size, middle(bench, f"size-{size}/{who}")) for size in megabytes]

    one = [(size, 1e3 / rate if rate else None) for size, rate in points("append")]
    drawn = [line(axes, one, "one durable append", color=OURS, linewidth=2)]
    curves = {
        "replay": "replay, validated",
        "open": "open",
        "open-rotated": "open, segments of 16 MiB",
        "scan": "bare read + memchr",
    }
    drawn += [line(axes, points(who), label) for who, label in curves.items()]
    finish(axes, "MB in the journal", "ms")
    return any(drawn)


def segments(axes: Axes, bench: Bench) -> bool:
    counts = sorted(int(key.partition("/")[2]) for key in bench.samples if key.startswith("segments/"))
    drawn = line(axes, [(count, middle(bench, f"segments/{count}")) for count in counts], "open", color=OURS)
    finish(axes, "segments", "ms")
    return drawn
