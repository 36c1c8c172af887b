"""The benchmark's statistics: medians and spread of samples, ratios within rounds, and whether an aim is reached."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from comparisons import Comparison

Samples = Mapping[str, Mapping[int, float]]  # of each measure, by round: a round in which it failed is not there


@dataclass(frozen=True)
class Summary:
    median: float
    lower: float  # quartiles
    upper: float
    least: float
    most: float

    def as_dict(self) -> dict[str, float]:
        return {name: float(f"{number:.6g}") for name, number in asdict(self).items()}


def summarise(samples: list[float]) -> Summary:
    """The quartiles of one sample are that sample."""
    lower, middle, upper = statistics.quantiles(samples, n=4, method="inclusive") if len(samples) > 1 else samples * 3
    return Summary(middle, lower, upper, min(samples), max(samples))


def in_rounds(samples: Samples, comparison: Comparison) -> list[float]:
    """The ratio of each round in which both sides were measured; the best of several peers is that of the round."""
    found = []
    for number, amount in samples.get(comparison.measure, {}).items():
        if not comparison.over:
            found.append(amount)
            continue
        peers = [samples[key][number] for key in comparison.over if number in samples.get(key, {})]
        if peers:
            found.append(amount / max(peers))
    return found


def outcome(comparison: Comparison, median: float, own: float) -> str:
    """In words: nothing without an aim. `own` is the median of the measure itself, which may do instead."""
    aim = comparison.aim
    if aim is None:
        return ""
    if median <= aim if comparison.at_most else median >= aim:
        return "reached"
    if comparison.instead is not None and own >= comparison.instead:
        return f"reached by {own:,.0f}"
    missed = abs(median - aim) / aim * 100
    return f"missed by {missed:.0f} %" if missed >= 1 else f"missed by {missed:.1g} %"
