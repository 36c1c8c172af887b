"""The benchmark's driver: runs every measure in each round, in blocks, and writes tables, pictures and results.json.

`script/bench` builds what this runs. Within a round the blocks come in random order, and so do the measures in a block:
what disturbs a moment then disturbs neighbours, which are those that are compared.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import figures
import measures
import prepare
from comparisons import Comparison, all_comparisons
from measures import Block, Measure, Sizes

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "../shared/fixtures/json/bench/twitter.json"
TIMEOUT = 90  # seconds; a turn takes some two
PREPARING = 900  # ten thousand segments take as many rotations, each of several syncs
LARGE_MEGABYTES = 10_000


class Failure(Exception):
    """A call did not give a result."""


class Bench:
    """Where programs and files are, and what was measured."""

    def __init__(self, programs: Path, folder: Path, sizes: Sizes) -> None:
        self.programs = programs.resolve()
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.sizes = sizes
        self.samples: dict[str, dict[int, float]] = defaultdict(dict)
        self.units: dict[str, str] = {}
        self.left_out: dict[str, str] = {}

    def command(self, call: str, seconds: float) -> list[str]:
        places = {
            "data": self.data,
            "bin": self.programs,
            "ministore": self.programs / "ministore",
            "slow_bytes": min(measures.SLOW, self.sizes.records) * prepare.LINE_BYTES,
        }
        program, *arguments = shlex.split(call)
        scripts = {"python": "python/works.py", "lua5.4": "lua/works.lua", "luajit": "lua/works.lua"}
        if program in scripts:
            start = [sys.executable if program == "python" else program, str(ROOT / "bench" / scripts[program])]
        else:
            start = [str(self.programs / program)]
        work, *rest = [argument.format(**places) for argument in arguments]
        return [*start, work, f"seconds={seconds}", *rest]

    def environment(self, program: str) -> dict[str, str]:
        modules = self.programs.parent / "core/lua" / ("jit" if program == "luajit" else "5.4")
        return os.environ | {"LUA_PATH": f"{ROOT}/lua/?.lua;;", "LUA_CPATH": f"{modules}/?.so;;"}

    def call(self, call: str, seconds: float = 0, timeout: int = TIMEOUT) -> list[dict[str, object]]:
        """Run a program in a folder of its own; its result lines."""
        folder = self.folder / "turn"
        command = self.command(call, seconds)
        if not shutil.which(command[0]):
            raise Failure(f"{Path(command[0]).name} is not there: it could not be built")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        environment = self.environment(Path(command[0]).name)
        try:
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"no result after {timeout} seconds") from None
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if done.returncode != 0:
            last = (done.stderr.strip() or "no reason given").splitlines()[-1]
            raise Failure(last.replace(str(self.folder), ".").replace(str(ROOT), "."))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def prepare(self, works: set[str]) -> None:
        self.data.mkdir(parents=True)
        for call in dict.fromkeys(call for work in sorted(works) for call in prepare.calls(work, self.sizes)):
            try:
                self.call(call, timeout=PREPARING)
            except Failure as failure:
                say(f"not prepared: {call.format(data='.')}: {failure}")
                self.forget(call)
        if "documents" in works:
            prepare.documents(DOCUMENT, self.data)

    def forget(self, call: str) -> None:
        """Half of what was to be prepared must not be measured: its readers then fail, and say so."""
        path = next(
            Path(argument[5:].format(data=self.data)) for argument in call.split() if argument.startswith("path=")
        )
        path = path.parent if path.name == "j" and path.parent != self.data else path
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def measure(self, measure: Measure, seconds: float) -> dict[str, float]:
        """One turn: its results by key; none if it fails."""
        if self.left_out.get(measure.key, "").endswith("could not be built"):
            return {}
        try:
            results = self.call(measure.call, seconds)
        except Failure as failure:
            if measure.key not in self.left_out:
                say(f"left out: {measure.key}: {failure}")
            self.left_out[measure.key] = str(failure)
            return {}
        found = {}
        for result in results:
            key = measure.key if result["name"] in ("rate", "time") else f"{measure.key}:{result['name']}"
            found[key] = float(str(result["value"]))
            self.units[key] = str(result["unit"])
        return found

    def run_block(self, block: Block, number: int) -> None:
        """The turns of a round count by their mean: of rates in turns of one length that is the rate of all."""
        turns: dict[str, list[float]] = defaultdict(list)
        for _ in range(block.turns):
            for measure in random.sample(block.measures, len(block.measures)):
                for key, amount in self.measure(measure, self.sizes.seconds / block.turns).items():
                    turns[key].append(amount)
        for key, amounts in turns.items():
            if len(amounts) == block.turns:
                self.samples[key][number] = statistics.mean(amounts)

    def run(self, blocks: list[Block], rounds: int) -> None:
        for number in range(1, rounds + 1):
            for block in random.sample(blocks, len(blocks)):
                self.run_block(block, number)
            say(f"round {number} of {rounds} is done")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench", description="Measure ministore beside its peers.")
    parser.add_argument("--rounds", type=int, help="5, or 2 with --quick")
    parser.add_argument("--quick", action="store_true", help="short turns and less to read: a look, not a result")
    parser.add_argument("--work", nargs="+", metavar="NAME", help="only these works")
    parser.add_argument("--large", action="store_true", help="a journal of 10 GB as well")
    parser.add_argument("--folder", type=Path, help="where to write, on the disk in question (build/bench)")
    parser.add_argument("--programs", type=Path, default=ROOT / "build/bench/bin", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.folder = options.folder or options.programs.parent
    options.rounds = options.rounds or (2 if options.quick else 5)
    return options


def choose(options: argparse.Namespace) -> tuple[Sizes, list[Block]]:
    if options.work == ["smoke"]:
        return measures.SMOKE, measures.smoke()
    sizes = measures.QUICK if options.quick else measures.FULL
    if options.large:
        free = shutil.disk_usage(ROOT).free // 10**6
        if free < 3 * LARGE_MEGABYTES:
            sys.exit(f"--large needs {3 * LARGE_MEGABYTES} MB of free disk; there are {free}")
        sizes = replace(sizes, journals=(*sizes.journals, LARGE_MEGABYTES))
    blocks = measures.all_blocks(sizes)
    known = sorted({block.work for block in blocks})
    unknown = set(options.work or ()) - set(known)
    if unknown:
        sys.exit(f"there is no work {', '.join(sorted(unknown))}; works: smoke {' '.join(known)}")
    if not DOCUMENT.exists():
        say("skipped: real documents, since ../shared is not there")
        blocks = [block for block in blocks if block.work != "documents"]
    return sizes, [block for block in blocks if not options.work or block.work in options.work]


def main() -> int:
    options = parse()
    sizes, blocks = choose(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was prepared goes, too
    folder = options.folder / f"run-{os.getpid()}"
    bench = Bench(options.programs, folder, sizes)
    try:
        bench.prepare({block.work for block in blocks})
        bench.run(blocks, options.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows = compare(bench)
    for row in rows:
        spread = f"{row['median']:9.3g} [{row['lower']:.3g} to {row['upper']:.3g}]" if "median" in row else " " * 9
        print(f"{row['title']:78} {spread} {row['unit']} {row['aim']} {row['outcome']}")
    if options.work != ["smoke"]:
        import report  # which needs what script/bench installs

        complete = not options.work and not options.quick
        report.write(ROOT / "docs" if complete else options.programs.parent / "report", bench, blocks, rows, options)
    return 1 if options.work == ["smoke"] and bench.left_out else 0


def own(bench: Bench, comparison: Comparison) -> float:
    """The measure's own median, whatever it is held against."""
    return figures.summarise(list(bench.samples[comparison.measure].values())).median


def compare(bench: Bench) -> list[dict[str, object]]:
    """The comparisons that belong to what ran; one whose measure gave nothing says so."""
    rows: list[dict[str, object]] = []
    for comparison in all_comparisons():
        sign = "at most" if comparison.at_most else "at least"
        aim = "" if comparison.aim is None else f"{sign} {comparison.aim:,g}"
        aim += f" or {comparison.instead:,.0f} {bench.units.get(comparison.measure)}" if comparison.instead else ""
        row: dict[str, object] = {"title": comparison.title, "unit": comparison.unit, "aim": aim}
        found = figures.in_rounds(bench.samples, comparison)
        if found:
            summary = figures.summarise(found)
            outcome = figures.outcome(comparison, summary.median, own(bench, comparison))
            missing = [
                key.partition("/")[2] for key in comparison.over if key in bench.left_out.keys() - bench.samples.keys()
            ]
            outcome += f" (without {', '.join(missing)})" if missing else ""
            rows.append(row | {"outcome": outcome} | summary.as_dict())
        elif {comparison.measure.partition(":")[0], *comparison.over} & bench.left_out.keys():
            rows.append(row | {"outcome": "not measured"})
    return rows


if __name__ == "__main__":
    sys.exit(main())
