"""Writes statistics.json: reference values from SciPy for the tests of AssayStatistics.

    pip install scipy==1.17.1 && python3 Tests/Fixtures/make_statistics_fixtures.py
"""

import itertools
import json
import math
import pathlib

import numpy as np
import scipy
from scipy import special, stats


def sign_flip(differences):
    """Exact two-sided sign-flip p of a mean, by brute force."""
    observed = abs(sum(differences))
    total = extreme = 0
    for signs in itertools.product((1, -1), repeat=len(differences)):
        total += 1
        extreme += abs(sum(s * d for s, d in zip(signs, differences))) >= observed * (1 - 1e-12)
    return extreme / total


def wilson(successes, trials):
    interval = stats.binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    return [interval.low, interval.high]


def main():
    generator = np.random.default_rng(20260521)
    gamma_at = [1e-3, 0.1, 0.5, 1.0, 1.5, 2.0, 3.7, 11.9, 12.0, 55.5, 1e3, 1e6]
    beta_at = [(0.5, 0.5), (0.5, 19.5), (3.5, 0.5), (2, 3), (40, 60), (500, 0.5), (5000, 5000), (0.01, 7), (1e5, 0.5)]
    incomplete_at = [
        (x, a, b) for a, b in beta_at for x in (1e-9, 0.01, 0.2, 0.499, 0.5, 0.51, 0.9, 0.999, 1 - 1e-9)
    ]
    degrees = [1, 2, 3, 7, 19, 39, 99, 999, 1e6]
    differences = [list(map(float, generator.normal(0.3, 1, n).round(3))) for n in (5, 8, 12)] + [
        [0.1, 0.1, 0.1, -0.2, 0.0, 0.3],
        [0.0, 0.0, 0.0],
    ]
    paired = [(list(generator.normal(0.5, 0.1, n)), list(generator.normal(0.47, 0.1, n))) for n in (2, 3, 5, 20)]
    p_values = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]
    shuffled = list(map(float, generator.uniform(0, 0.3, 17)))
    fixtures = {
        "scipy": scipy.__version__,
        "logGamma": [[x, float(special.gammaln(x))] for x in gamma_at],
        "logBeta": [[a, b, float(special.betaln(a, b))] for a, b in beta_at],
        "incompleteBeta": [[x, a, b, float(special.betainc(a, b, x))] for x, a, b in incomplete_at],
        "normalCumulative": [[z, float(stats.norm.cdf(z))] for z in (-8, -3, -1.96, -0.3, 0, 0.7, 2.5, 6)],
        "normalQuantile": [[p, float(stats.norm.ppf(p))] for p in (1e-12, 1e-4, 0.02, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9999)],
        "tUpperTail": [[t, df, float(stats.t.sf(t, df))] for df in degrees for t in (-2.5, 0, 0.01, 1, 2.1, 5, 40)],
        "tQuantile": [[p, df, float(stats.t.ppf(p, df))] for df in degrees for p in (1e-6, 0.05, 0.5, 0.8, 0.95, 0.975, 0.9999)],
        "binomialCumulative": [
            [k, n, p, float(stats.binom.cdf(k, n, p))]
            for k, n, p in [(0, 1, 0.5), (5, 20, 0.5), (3, 10, 0.1), (480, 1000, 0.5), (9, 10, 0.99), (0, 50, 0.01)]
        ],
        "benjaminiHochberg": [[p, list(map(float, stats.false_discovery_control(p)))] for p in (p_values, shuffled)],
        "signFlip": [[d, sign_flip(d)] for d in differences],
        "pairedT": [
            [list(map(float, a)), list(map(float, b)), float(r.statistic), float(r.pvalue)]
            for a, b in paired
            for r in [stats.ttest_rel(b, a)]
        ],
        "wilson": [[k, n, *wilson(k, n)] for k, n in [(0, 10), (10, 10), (7, 10), (430, 1000), (1, 200)]],
    }
    path = pathlib.Path(__file__).with_name("statistics.json")
    path.write_text(json.dumps(fixtures, indent=1, allow_nan=False) + "\n")
    assert all(math.isfinite(v[-1]) for v in fixtures["tQuantile"])


if __name__ == "__main__":
    main()
