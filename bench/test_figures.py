"""What the driver promises of its figures: quartiles, ratios within a round, the best peer of a round, outcomes."""

import unittest

import comparisons
import figures
import measures
from comparisons import Comparison


class Figures(unittest.TestCase):
    def test_a_summary_has_the_median_and_the_quartiles(self) -> None:
        summary = figures.summarise([5, 1, 3, 2, 4])
        self.assertEqual((summary.least, summary.lower, summary.median, summary.upper, summary.most), (1, 2, 3, 4, 5))

    def test_a_single_sample_has_no_spread(self) -> None:
        self.assertEqual(set(figures.summarise([7]).as_dict().values()), {7})

    def test_a_ratio_is_taken_within_its_round(self) -> None:
        samples = {"a": {1: 10.0, 2: 100.0, 3: 1.0}, "b": {1: 5.0, 2: 100.0}}
        self.assertEqual(figures.in_rounds(samples, Comparison("", "a", ("b",), None)), [2.0, 1.0])

    def test_the_best_peer_is_that_of_the_round(self) -> None:
        samples = {"a": {1: 10.0, 2: 10.0}, "b": {1: 5.0, 2: 2.0}, "c": {1: 2.0, 2: 20.0}}
        self.assertEqual(figures.in_rounds(samples, Comparison("", "a", ("b", "c", "missing"), None)), [2.0, 0.5])

    def test_without_anything_to_hold_it_against_the_value_counts(self) -> None:
        self.assertEqual(figures.in_rounds({"a": {1: 3.0}}, Comparison("", "a", (), 5)), [3.0])

    def test_an_aim_is_reached_or_missed_by_a_share_of_it(self) -> None:
        least, most, none = (
            Comparison("", "a", (), aim, at_most) for aim, at_most in ((2, False), (2, True), (None, False))
        )
        self.assertEqual([figures.outcome(least, amount, 0) for amount in (2, 1.5)], ["reached", "missed by 25 %"])
        self.assertEqual([figures.outcome(most, amount, 0) for amount in (2, 3)], ["reached", "missed by 50 %"])
        self.assertEqual(figures.outcome(least, 1.999, 0), "missed by 0.05 %")
        self.assertEqual(figures.outcome(none, 1, 0), "")

    def test_an_aim_may_be_reached_by_the_measure_itself_instead(self) -> None:
        either = Comparison("", "a", ("b",), 2, instead=1000)
        self.assertEqual(
            [figures.outcome(either, 1, own) for own in (1000, 999)], ["reached by 1,000", "missed by 50 %"]
        )


class Plan(unittest.TestCase):
    def test_what_is_compared_is_measured(self) -> None:
        known = {measure.key for block in measures.all_blocks(measures.FULL) for measure in block.measures}
        for comparison in comparisons.all_comparisons():
            for key in (comparison.measure.partition(":")[0], *comparison.over):
                if key not in ("batch-1000/crate",):  # it has no batches
                    self.assertIn(key, known, comparison.title)

    def test_no_measure_is_there_twice(self) -> None:
        keys = [measure.key for block in measures.all_blocks(measures.FULL) for measure in block.measures]
        self.assertEqual(len(keys), len(set(keys)))


if __name__ == "__main__":
    unittest.main()
