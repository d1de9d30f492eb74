"""10,000 variants of every question: valid, without collisions, and answered by Keras as by the formula (on a sample).

python -m tests.benchmarks.ten_thousand_variants [number of seeds]
"""

import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "questions"))

from checking import engine_complaints, keras_complaints

from utils.questions import ask, questions, variant, variants

MINUTE = 60
SAMPLE = 5


def main(seeds=10_000):
    """Check the variants; return the complaints."""
    start, complaints = time.process_time(), []
    print(f"{'question':34}{'sets':>6}{'drawn':>7}{'least often':>13}{'most often':>12}")
    for question_id in questions():
        drawn = Counter(tuple(variant(question_id, seed).items()) for seed in range(seeds))
        for parameters in drawn:
            complaints += [(question_id, *each) for each in complaints_of(question_id, dict(parameters))]
        often = drawn.values()
        print(f"{question_id:34}{len(variants(question_id)):6}{len(drawn):7}{min(often):13}{max(often):12}")
    seconds = time.process_time() - start
    print(f"{seeds:,} seeds of {len(questions())} questions in {seconds:.1f} CPU seconds without Keras")
    for question_id in questions():
        for seed in range(SAMPLE):
            if ask(question_id).answer is not None:
                complaints += keras_complaints(question_id, variant(question_id, seed))
    print(f"{SAMPLE} variants of each by Keras in {time.process_time() - start - seconds:.1f} CPU seconds")
    if seconds > MINUTE:
        complaints.append(f"{seconds:.0f} CPU seconds are more than a minute")
    return complaints


def complaints_of(question_id, parameters):
    return [(parameters, complaint) for complaint in engine_complaints(question_id, parameters)]


if __name__ == "__main__":
    found = main(*map(int, sys.argv[1:]))
    print(*found, sep="\n")
    sys.exit(bool(found))
