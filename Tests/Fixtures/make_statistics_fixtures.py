"""Writes statistics.json: reference values from SciPy for the tests of AssayStatistics.

    pip install scipy==1.17.1 && python3 Tests/Fixtures/make_statistics_fixtures.py
"""

import itertools
import json
import math
import pathlib

import numpy as np
import scipy
from scipy import optimize, special, stats


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


def holm(p_values):
    """Holm's adjusted p values by their definition."""
    order = np.argsort(p_values)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(
        1, np.maximum.accumulate(np.array(p_values)[order] * (len(p_values) - np.arange(len(p_values))))
    )
    return list(map(float, adjusted))


def tost(differences, margin):
    """p of non-inferiority and of equivalence within a margin, by one-sample t tests."""
    lower = stats.ttest_1samp(differences, -margin, alternative="greater").pvalue
    upper = stats.ttest_1samp(differences, margin, alternative="less").pvalue
    return [float(lower), float(max(lower, upper))]


def chow(x, y, new_x, new_y):
    """Chow's predictive F by the residuals of the fits without and with the new points."""

    def residuals(x, y):
        design = np.column_stack([np.ones(len(x)), x])
        return float(np.linalg.lstsq(design, y, rcond=None)[1][0])

    own, pooled = residuals(x, y), residuals(np.append(x, new_x), np.append(y, new_y))
    f = (pooled - own) / len(new_x) / (own / (len(x) - 2))
    return [f, float(stats.f.sf(f, len(new_x), len(x) - 2))]


def power_law(budgets, losses):
    """E, A, a of E + A C^-a by least squares."""
    found, _ = optimize.curve_fit(
        lambda c, floor, scale, exponent: floor + scale * c**-exponent, budgets, losses, p0=(1, 10, 0.3), maxfev=100_000,
        xtol=1e-14, ftol=1e-14,
    )
    return list(map(float, found))


def mantel_haenszel(tables):
    """Odds ratio and chi-square with continuity correction over 2x2 tables [[A, B], [C, D]]."""
    tables = np.array(tables, float)
    (a, b), (c, d), n = tables[:, 0].T, tables[:, 1].T, tables.sum(axis=(1, 2))
    ratio = (a * d / n).sum() / (b * c / n).sum()
    expected = ((a + b) * (a + c) / n).sum()
    variance = ((a + b) * (c + d) * (a + c) * (b + d) / (n**2 * (n - 1))).sum()
    statistic = max(0, abs(a.sum() - expected) - 0.5) ** 2 / variance
    return [float(ratio), float(statistic), float(stats.chi2.sf(statistic, 1))]


def obrien_fleming(looks):
    """The constant of O'Brien and Fleming at 5 %, by the multivariate normal distribution of the looks."""
    times = np.arange(1, looks + 1) / looks
    covariance = np.minimum.outer(times, times)

    def excess(c):
        inside = stats.multivariate_normal.cdf(
            np.full(looks, c), np.zeros(looks), covariance, lower_limit=np.full(looks, -c), abseps=1e-9, releps=1e-9,
            maxpts=5_000_000, rng=np.random.default_rng(1),
        )
        return 1 - inside - 0.05

    return float(optimize.brentq(excess, 1.9, 2.3, xtol=1e-7))


def repeated_p(fractions, statistic):
    """The chance that |Z_k| sqrt(t_k) reaches a value at any look, by the multivariate normal distribution of the looks."""
    times = np.array(fractions)
    if len(times) == 1:
        return float(2 * stats.norm.sf(statistic))
    inside = stats.multivariate_normal.cdf(
        np.full(len(times), statistic), np.zeros(len(times)), np.minimum.outer(times, times),
        lower_limit=np.full(len(times), -statistic), abseps=1e-8, releps=1e-8, maxpts=2_000_000,
        rng=np.random.default_rng(2),
    )
    return float(1 - inside)


def mcnemar(only_first, only_second):
    """Exact p of McNemar's test, and its mid-p."""
    low, n = min(only_first, only_second), only_first + only_second
    exact = stats.binomtest(low, n, 0.5).pvalue
    return [float(exact), float(exact - stats.binom.pmf(low, n, 0.5))]


def welch(first, second):
    """Statistic, degrees of freedom and p of Welch's test."""
    found = stats.ttest_ind(second, first, equal_var=False)
    return [float(found.statistic), float(found.df), float(found.pvalue)]


def change_point(values):
    """The split with the largest two-sample t, with at least two values on both sides."""
    found = [(abs(stats.ttest_ind(values[:k], values[k:]).statistic), k) for k in range(2, len(values) - 1)]
    statistic, point = max(found, key=lambda pair: (pair[0], -pair[1]))
    return [int(point), float(statistic)]


def charts(z):
    """Shewhart's, Roberts's and Page's charts by their definitions."""
    rise = fall = mean = 0.0
    rows = []
    for n, value in enumerate(z, 1):
        rise, fall = max(0, rise + value - 0.5), max(0, fall - value - 0.5)
        mean = 0.8 * mean + 0.2 * value
        rows.append([abs(value), abs(mean) / math.sqrt(0.2 / 1.8 * (1 - 0.8 ** (2 * n))), max(rise, fall)])
    return rows


def associations(generator):
    """Pairs of values, with and without ties, and their rank correlations."""
    pairs = [([1, 2, 3, 4, 5], [2, 1, 3, 5, 4]), ([1, 1, 2, 3, 3, 3, 4], [2, 1, 1, 5, 4, 4, 4])]
    for n in (4, 9, 30, 60):
        first = generator.normal(size=n).round(3)
        pairs.append((list(map(float, first)), list(map(float, (first + generator.normal(size=n)).round(3)))))
    pairs.append((list(map(float, generator.integers(0, 5, 40))), list(map(float, generator.integers(0, 9, 40)))))
    rows = []
    for first, second in pairs:
        tied = len(set(first)) < len(first) or len(set(second)) < len(second)
        kendall = stats.kendalltau(first, second, method="asymptotic" if tied else "exact")
        rows.append(
            {
                "first": first,
                "second": second,
                "spearman": float(stats.spearmanr(first, second).statistic),
                "kendall": float(kendall.statistic),
                "kendallP": float(kendall.pvalue),
            }
        )
    return rows


def decision_accuracy(proxy, target, weights):
    """Right decisions over decisions, pair by pair; equal proxies count one half, equal targets are no decision."""
    right = decided = 0.0
    for i, j in itertools.combinations(range(len(proxy)), 2):
        if target[i] != target[j]:
            agreement = (proxy[i] - proxy[j]) * (target[i] - target[j])
            weight = weights[i] * weights[j]
            right += weight * (0.5 if agreement == 0 else agreement > 0)
            decided += weight
    return right / decided if decided else math.nan


def proxy_validity(proxy, target, cluster, level):
    """Decision accuracy and the exact percentile bootstrap over clusters: all samples, with their chances."""
    names = sorted(set(cluster))
    samples = []
    for chosen in itertools.combinations_with_replacement(range(len(names)), len(names)):
        times = np.bincount(chosen, minlength=len(names))
        chance = math.factorial(len(names)) / math.prod(math.factorial(t) for t in times)
        samples.append((decision_accuracy(proxy, target, [times[names.index(c)] for c in cluster]), chance))
    samples = sorted(s for s in samples if not math.isnan(s[0]))
    shares = np.cumsum([c for _, c in samples]) / sum(c for _, c in samples)
    ends = [samples[int(np.searchsorted(shares, q))][0] for q in (0.5 - level / 2, 0.5 + level / 2)]
    return [decision_accuracy(proxy, target, [1] * len(proxy)), *ends]


def proxy_studies(generator):
    """Small tables of runs with ties, of 6 architectures with two runs each."""
    rows = []
    for strength in (0.0, 1.0, 3.0):
        cluster = [f"a{i // 2}" for i in range(12)]
        skill = np.repeat(generator.normal(size=6), 2) + 0.3 * generator.normal(size=12)
        target = list(map(float, skill.round(1)))
        proxy = list(map(float, (strength * skill + generator.normal(size=12)).round(0)))
        rows.append(
            {"proxy": proxy, "target": target, "cluster": cluster, "expected": proxy_validity(proxy, target, cluster, 0.9)}
        )
    return rows


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
        "holm": [[p, holm(p)] for p in (p_values, shuffled)],
        "chiSquareTail": [[x, df, float(stats.chi2.sf(x, df))] for df in (1, 2, 9, 50) for x in (0.01, 1, 5, 30, 90)],
        "chiSquareQuantile": [[p, df, float(stats.chi2.ppf(p, df))] for df in (1, 9, 50) for p in (0.05, 0.5, 0.95, 0.999)],
        "fTail": [[x, a, b, float(stats.f.sf(x, a, b))] for a, b in [(1, 6), (8, 6), (20, 18)] for x in (0.1, 1, 3, 20)],
        "associations": associations(generator),
        "kolmogorovSmirnov": [
            [a, b, [float(r.statistic), float(r.pvalue)]]
            for a, b in [
                ([1, 2, 3, 4, 5], [3, 4, 5, 6, 7]),
                *(
                    (list(map(float, generator.normal(0, 1, n).round(4))), list(map(float, generator.normal(0.5, 1, m).round(4))))
                    for n, m in [(1, 1), (3, 8), (20, 35), (150, 100)]
                ),
            ]
            for r in [stats.ks_2samp(a, b, method="exact")]
        ],
        "kolmogorovLimit": [[x, float(special.kolmogorov(x))] for x in (0.3, 0.6, 0.99, 1, 1.36, 2.5)],
        "homogeneity": [
            [a, b, [float(r.statistic), float(r.pvalue)]]
            for a, b in [([10, 20, 30], [20, 20, 15]), ([5, 1, 0, 4], [2, 2, 0, 9]), ([3, 7], [7, 3])]
            for r in [stats.chi2_contingency([row for row in np.array([a, b])[:, (np.array(a) + np.array(b)) > 0]], correction=False)]
        ],
        "tost": [[d, [margin], tost(d, margin)] for d, margin in [(differences[1], 0.5), (differences[2], 1.5)]],
        "chow": [
            [x, y, new_x, new_y, chow(x, y, new_x, new_y)]
            for n, m in [(8, 1), (12, 12), (20, 5)]
            for x, y, new_x, new_y in [[list(map(float, generator.normal(size=k).round(3))) for k in (n, n, m, m)]]
        ],
        "powerLaws": [
            [budgets, losses, power_law(np.array(budgets), np.array(losses))]
            for floor, scale, exponent in [(1.7, 40, 0.25), (0.4, 9, 0.6)]
            for budgets in [list(map(float, np.repeat([100, 300, 1000, 3000, 10000], 3)))]
            for losses in [
                list(map(float, (floor + scale * np.array(budgets) ** -exponent + generator.normal(0, 0.01, 15)).round(5)))
            ]
        ],
        "mantelHaenszel": [
            [[list(map(int, table.flatten())) for table in tables], mantel_haenszel(tables)]
            for tables in [generator.integers(1, 30, (5, 2, 2)), generator.integers(0, 6, (12, 2, 2))]
        ],
        "obrienFleming": [[looks, obrien_fleming(looks)] for looks in (2, 3, 5)],
        "repeatedP": [
            [fractions, [m, repeated_p(fractions, m)]]
            for fractions in ([1.0], [0.5, 1.0], [0.25, 0.5, 0.75, 1.0], [0.1, 0.45, 1.0])
            for m in (0.5, 1.5, 2.0, 2.5, 3.5)
        ],
        "mcnemar": [[a, b, *mcnemar(a, b)] for a, b in [(5, 15), (0, 6), (12, 20), (3, 40)]],
        "proxyStudies": proxy_studies(generator),
        "welch": [
            [a, b, welch(a, b)]
            for n, m in [(5, 9), (20, 60)]
            for a, b in [(list(map(float, generator.normal(0, 1, n))), list(map(float, generator.normal(0.4, 2, m))))]
        ],
        "changePoints": [
            [v, change_point(v)]
            for n in (5, 12, 40)
            for v in [list(map(float, generator.normal(0, 1, n) + (np.arange(n) >= n // 2)))]
        ],
        "charts": [[z, *map(list, zip(*charts(z)))] for z in [list(map(float, generator.normal(0.3, 1, 12)))]],
        "wilson": [[k, n, *wilson(k, n)] for k, n in [(0, 10), (10, 10), (7, 10), (430, 1000), (1, 200)]],
    }
    path = pathlib.Path(__file__).with_name("statistics.json")
    path.write_text(json.dumps(fixtures, indent=1, allow_nan=False) + "\n")
    assert all(math.isfinite(v[-1]) for v in fixtures["tQuantile"])


if __name__ == "__main__":
    main()
