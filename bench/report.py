"""Writes what was measured: benchmarks.md, bench/results.json, and the pictures by plots.py."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import facts
import figures
import plots
from comparisons import Comparison
from measures import SLOW, Block

if TYPE_CHECKING:
    from run import Bench

INTRODUCTION = """# Benchmarks

This library beside its peers and beside the bare system calls it is made of. Written by `script/bench`, which builds
and runs all of it; run it on your machine. A record has 120 bytes. Every figure is the median of {rounds} interleaved
rounds, with the quartiles beside it: in each round every measure has {seconds:g} s (what writes, Python and Go in three
turns, one writer in eight, the mean of which counts), in random order among its neighbours, and a ratio is taken within a round before its
median is. "Bare" is the physical limit: the same system calls without a format, checks or promises. `bench/` has the
programs, [results.json](bench/results.json) every sample.

What to know before reading: system calls were counted for one writer, and each of the stores synced once a record
(bbolt twice). Peers that have one writer at a time share it behind a lock. Replay by yyjson and simdjson makes a
document of each line. raft-wal, etcd, okaywal, jq and what decodes into types in Go and Lua read {slow:,} records, the
others more. Rates in MB/s count records and line ends, whatever a store adds to them. The records differ in a number
only, and this library checks records that are alike sooner: one by one, if one writer appends such of one shape; in
batches, and when they are read, if those in a row have one size, too. Rows of their own tell what others come to.
"""


def write(
    docs: Path, bench: Bench, blocks: list[Block], rows: list[dict[str, object]], options: argparse.Namespace
) -> None:
    folder = docs / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    machine, versions = facts.machine(bench.folder.parent), facts.versions(bench.programs.parent)
    pictures = plots.draw(folder, bench, blocks)
    (docs / "benchmarks.md").write_text(
        page(bench, blocks, rows, options, machine, versions, pictures), encoding="utf-8"
    )
    results = {
        "machine": machine,
        "versions": versions,
        "rounds": options.rounds,
        "seconds": bench.sizes.seconds,
        "records": bench.sizes.records,
        "measures": measured(bench, blocks),
        "comparisons": rows,
        "left_out": bench.left_out,
    }
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    print(f"written: {docs.name}/benchmarks.md and {docs.name}/bench/")


def measured(bench: Bench, blocks: list[Block]) -> dict[str, object]:
    labels = {measure.key: measure.label for block in blocks for measure in block.measures}
    return {
        key: {
            "label": labels[key.partition(":")[0]],
            "unit": bench.units[key],
            "samples": [float(f"{value:.6g}") for value in by_round.values()],
            **figures.summarise(list(by_round.values())).as_dict(),
        }
        for key, by_round in sorted(bench.samples.items())
    }


def page(
    bench: Bench,
    blocks: list[Block],
    rows: list[dict[str, object]],
    options: argparse.Namespace,
    machine: dict[str, str],
    versions: dict[str, str],
    pictures: dict[str, str],
) -> str:
    sizes = bench.sizes
    parts = [INTRODUCTION.format(rounds=options.rounds, seconds=sizes.seconds, slow=min(SLOW, sizes.records))]
    parts += ["## The machine\n", table(["", ""], [[key, value] for key, value in machine.items()])]
    parts += ["\n## Aims\n", aims(rows)]
    for name, caption in pictures.items():
        parts.append(f"\n![{caption}](bench/{name}.svg)")
    parts.append("\n## Figures")
    parts += [figures_of(bench, block) for block in blocks]
    if bench.left_out:
        reasons = [[key, reason.replace("|", "/")] for key, reason in sorted(bench.left_out.items())]
        parts += ["\n## Left out\n", table(["measure", "why"], reasons)]
    parts += ["\n## Versions\n", table(["", ""], [[key, value] for key, value in versions.items()])]
    return "\n".join(parts) + "\n"


def aims(rows: list[dict[str, object]]) -> str:
    head = ["ratio", "median", "quartiles", "aim", ""]
    return table(head, [[*map(str, (row["title"], *shown(row), row["aim"], row["outcome"]))] for row in rows])


def shown(row: dict[str, object]) -> tuple[str, str]:
    if row.get("median") is None:
        return "", ""
    unit = f" {row['unit']}" if row["unit"] else ""
    return f"{short(row['median'])}{unit}", f"{short(row['lower'])} – {short(row['upper'])}"


def short(value: object) -> str:
    """Three digits that count."""
    number = float(str(value))
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"


def figures_of(bench: Bench, block: Block) -> str:
    found = [measure for measure in block.measures if measure.key in bench.samples]
    extra = [key for key in sorted(bench.samples) if key.startswith(f"{block.name}/") and ":" in key]
    base = next((measure.key for measure in found if measure.key.endswith("/bare")), None)
    labels = {measure.key: measure.label for measure in block.measures}
    rows = []
    for key in [measure.key for measure in found] + extra:
        owner, _, what = key.partition(":")
        summary = figures.summarise(list(bench.samples[key].values()))
        ratio = ""
        if base and not what and bench.units[key] == bench.units[base]:
            ratio = short(
                figures.summarise(figures.in_rounds(bench.samples, Comparison("", key, (base,), None))).median
            )
        label = labels[owner] + (f", {what}" if what else "")
        spread = f"{short(summary.lower)} – {short(summary.upper)}"
        rows.append(
            [
                label,
                short(summary.median),
                spread,
                f"{short(summary.least)} – {short(summary.most)}",
                bench.units[key],
                ratio,
            ]
        )
    return (
        f"\n### {block.title}\n\n" + table(["", "median", "quartiles", "least – most", "", "/ bare"], rows)
        if rows
        else ""
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
