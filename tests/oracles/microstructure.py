#!/usr/bin/env python3
"""Writes microstructure.json: numbers for the analytics by programs that nobody here wrote.

Run by hand when a case is added; the tests read only the committed file. In a virtual environment of its own:

    python3 -m venv venv
    venv/bin/pip install orderflow-metrics==0.40.0 tclf==0.4.0 statsmodels==0.15.0 arch==8.0.0 \
        hmmlearn==0.3.3 scikit-learn==1.9.1 scipy==1.17.1 numpy
    venv/bin/python tests/oracles/microstructure.py

Inputs are random from a fixed seed and rounded, so that both sides read the same numbers. Where a package states
another variant of a formula than ours, the case says so in its comment here.
"""

import json
import math
import pathlib
import warnings
from importlib.metadata import version

import numpy as np
import orderflow_metrics as ofm
import pandas as pd
import scipy.integrate
import scipy.stats as st
import statsmodels.api as sm
from arch import arch_model
from arch.unitroot import VarianceRatio
from hmmlearn.hmm import GaussianHMM
from sklearn.covariance import LedoitWolf
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.stats.multitest import multipletests
from statsmodels.tsa.stattools import acf
from tclf.classical_classifier import ClassicalClassifier

warnings.filterwarnings("ignore")
random = np.random.default_rng(20240607)


def plain(x):
    """Lists of Python numbers."""
    if isinstance(x, np.ndarray):
        return [plain(v) for v in x]
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (np.floating, float)):
        return float(x)
    if isinstance(x, (np.integer, int)):
        return int(x)
    return x


def returns(n, sd=1e-3, tail=None):
    z = random.standard_normal(n) if tail is None else random.standard_t(tail, n)
    return np.round(z * sd, 7)


def distributions():
    rows = []
    for _ in range(40):
        z = round(float(random.normal(0, 3)), 4)
        nu = round(float(10 ** random.uniform(-1, 2)), 4)
        x = round(float(random.gamma(1.5, 4)), 4)
        k, m = int(random.integers(1, 40)), int(random.integers(1, 200))
        rows.append({
            "z": z, "nu": nu, "x": x, "k": k, "m": m,
            "normal": st.norm.cdf(z), "student": st.t.cdf(z, nu), "chi_square": st.chi2.sf(x, k),
            "fisher": st.f.sf(x, k, m),
        })
    return rows


def multiple():
    p = np.round(random.beta(0.5, 3, 25), 5)
    return {"p": p, "holm": multipletests(p, method="holm")[1], "benjamini_hochberg": multipletests(p, method="fdr_bh")[1]}


def classification():
    """Ticks of 1e-4 dollars. tclf compares with a given earlier price: it is given the last different one."""
    n = 300
    mid = 1_000_000 + np.cumsum(random.integers(-2, 3, n)) * 50
    spread = random.choice([100, 200, 300], n)
    bid = mid - spread // 2
    ask = bid + spread
    price = bid + np.round(spread * random.choice([-0.2, 0, 0.1, 0.25, 0.29, 0.5, 0.6, 0.71, 0.8, 1.0, 1.2], n)).astype(int)
    lag, last, different = [], None, np.nan
    for p in price:
        if last is not None and p != last:
            different = last
        lag.append(different)
        last = p
    # The last different price: of a run of equal prices the one before the run.
    frame = pd.DataFrame({
        "trade_price": price.astype(float), "bid_ex": bid.astype(float), "ask_ex": ask.astype(float),
        "price_all_lag": np.array(lag, dtype=float), "price_ex_lag": np.array(lag, dtype=float),
    })
    # No price at 0.3 and 0.7 of the spread: tclf counts those borders of CLNV as near, the paper (and we) do not.
    def by(*layers):
        model = ClassicalClassifier(layers=list(layers), strategy="const")
        return model.fit(frame).predict(frame).astype(int)

    tick = ofm.tick_rule([float(p) for p in price])
    lee_ready = ofm.lee_ready([ofm.PriceVsMid(float(2 * p), float(b + a)) for p, b, a in zip(price, bid, ask)])
    found = {
        "tick": by(("tick", "all")), "quote": by(("quote", "ex")), "lee-ready": by(("quote", "ex"), ("tick", "all")),
        "emo": by(("emo", "ex"), ("tick", "all")), "clnv": by(("clnv", "ex"), ("tick", "all")),
    }
    return {
        "bid": bid, "ask": ask, "price": price, **found,
        "tick_orderflow": tick, "lee_ready_orderflow": lee_ready,
    }


def vpin_signed():
    """The definition over numpy's cumulative volume: no bucket loop to get wrong."""
    size = random.integers(1, 400, 600)
    side = random.choice([-1, 1], 600, p=[0.42, 0.58])
    bucket, window = 1_000, 12
    signs = np.repeat(side, size)
    buckets = len(signs) // bucket
    imbalance = np.abs(signs[: buckets * bucket].reshape(buckets, bucket).sum(axis=1))
    vpin = np.convolve(imbalance, np.ones(window), "valid") / (window * bucket)
    return {"size": size, "side": side, "bucket": bucket, "window": window, "imbalance": imbalance, "vpin": vpin}


def vpin_bulk():
    """Bars of whole shares; sigma given. Fractions by scipy, spread over the bar's shares by numpy."""
    n = 120
    volume = random.integers(50, 400, n)
    change = np.round(random.normal(0, 0.04, n), 4)
    sigma, bucket, window = 0.04, 900, 8
    case = {"volume": volume, "change": change, "sigma": sigma, "bucket": bucket, "window": window}
    for name, f in (("normal", st.norm.cdf(change / sigma)), ("student", st.t.cdf(change / sigma, 0.25))):
        bought = np.repeat(f, volume)
        buckets = len(bought) // bucket
        imbalance = np.abs(2 * bought[: buckets * bucket].reshape(buckets, bucket).sum(axis=1) - bucket)
        case[name] = {"fraction": f, "vpin": np.convolve(imbalance, np.ones(window), "valid") / (window * bucket)}
    return case


def books():
    """Order-flow imbalance of three levels, imbalance and weighted mid of the touch. Prices in 1e-4 dollars."""
    n, levels = 120, 3
    mid = 1_000_000 + np.cumsum(random.integers(-1, 2, n)) * 100
    wide = random.choice([100, 200], n)
    rows, snapshots, quotes = [], [], []
    for m, w in zip(mid, wide):
        bids = [(int(m - 100 * k), int(random.integers(1, 2_000))) for k in range(levels)]
        asks = [(int(m + w + 100 * k), int(random.integers(1, 2_000))) for k in range(levels)]
        rows.append([bids, asks])
        level = lambda side: [ofm.Level(float(p), float(q)) for p, q in side]
        snapshots.append(ofm.BookSnapshot(level(bids), level(asks)))
        quotes.append(ofm.L1Quote(float(bids[0][0]), float(bids[0][1]), float(asks[0][0]), float(asks[0][1])))
    return {
        "books": rows, "touch": ofm.ofi_series(quotes),
        "levels": [ofm.multi_level_ofi(a, b, levels) for a, b in zip(snapshots, snapshots[1:])],
        "imbalance": [ofm.depth_imbalance(q) for q in quotes],
        "weighted_mid": [ofm.weighted_mid(q) / 10_000 for q in quotes],
    }


def kyle():
    x = random.integers(-500, 500, 60).astype(float)
    y = np.round(2e-5 * x + random.normal(0, 4e-3, 60), 6)
    fit = sm.OLS(y, sm.add_constant(x)).fit()
    return {"flow": x, "change": y, "lambda": fit.params[1], "t": fit.tvalues[1], "r2": fit.rsquared,
            "orderflow": ofm.kyle_lambda([ofm.FlowObservation(b, a) for a, b in zip(x, y)])}


def roll():
    """Divisor: the number of pairs; means of the whole series of changes."""
    price = np.round(100 + np.cumsum(random.normal(0, 0.003, 200)) + random.choice([-0.01, 0.01], 200), 2)
    return {"price": price, "roll": ofm.roll_spread([float(p) for p in price])}


def amihud():
    r = returns(40)
    volume = np.round(random.uniform(1e5, 1e6, 40), 0)
    return {"return": r, "volume": volume, "amihud": ofm.amihud_illiquidity([ofm.ReturnVolume(float(a), float(b)) for a, b in zip(r, volume)])}


def spreads():
    rows = []
    for _ in range(30):
        mid, price, later = (int(1_000_000 + random.integers(-200, 200)) for _ in range(3))
        side = int(random.choice([-1, 1]))
        s = "buy" if side == 1 else "sell"
        rows.append({"side": side, "price": price, "mid": mid, "later": later,
                     "effective": ofm.effective_spread(price / 1e4, mid / 1e4, s),
                     "realised": ofm.realized_spread(price / 1e4, later / 1e4, s),
                     "impact": ofm.price_impact(mid / 1e4, later / 1e4, s)})
    return rows


def realised():
    cases = []
    for n, tail in ((30, None), (120, 3), (360, None)):
        r = returns(n, 2e-4, tail)
        l = [float(x) for x in r]
        a = np.abs(r)
        mu = 2 ** (2 / 3) * math.gamma(7 / 6) / math.gamma(0.5)
        cases.append({"returns": r, "rv": ofm.realized_variance(l), "bv_raw": ofm.bipower_variation(l), "medrv": ofm.med_rv(l),
                      "minrv": ofm.min_rv(l), "tq_numpy": n * mu**-3 * n / (n - 2) * np.sum((a[2:] * a[1:-1] * a[:-2]) ** (4 / 3))})
    return cases


def ranges():
    cases = []
    for n in (5, 30):
        close, bars = 1_000_000, []
        for _ in range(n):
            open_ = close + int(random.integers(-300, 300))
            close = open_ + int(random.integers(-2_000, 2_000))
            bars.append((open_, max(open_, close) + int(random.integers(0, 900)), min(open_, close) - int(random.integers(0, 900)), close))
        candles = [ofm.Candle(*(float(p) for p in bar)) for bar in bars]
        cases.append({"bars": bars, "parkinson": ofm.parkinson_volatility(candles), "garman_klass": ofm.garman_klass_volatility(candles),
                      "rogers_satchell": ofm.rogers_satchell_volatility(candles), "yang_zhang": ofm.yang_zhang_volatility(candles)})
    return cases


def ewma():
    r = returns(80)
    running = ofm.EwmaVariance(0.94)
    variances = []
    for x in r:
        running.push(float(x))
        variances.append(running.variance)
    return {"returns": r, "lambda": 0.94, "variance": variances}


def garch():
    """Parameters fixed for the filter (first variance: the package's back-cast); fits with normal and t."""
    n, variance, r = 1_500, 1.0, []
    for z in random.standard_t(6, n) * math.sqrt(4 / 6):
        x = z * math.sqrt(variance)
        variance = 0.04 + 0.08 * x * x + 0.88 * variance
        r.append(x)
    r = np.round(r, 5)
    model = arch_model(r, mean="Zero", vol="GARCH", p=1, q=1, rescale=False)
    first = float(model.volatility.backcast(r))
    fixed = model.fix([0.05, 0.1, 0.85])
    case = {"returns": r, "backcast": first, "omega": 0.05, "alpha": 0.1, "beta": 0.85,
            "variance": fixed.conditional_volatility[:50] ** 2, "log_likelihood": fixed.loglikelihood}
    for name, dist in (("normal", "normal"), ("student", "t")):
        fit = arch_model(r, mean="Zero", vol="GARCH", p=1, q=1, dist=dist, rescale=False).fit(disp="off")
        case[name] = {"parameters": list(fit.params.values), "log_likelihood": fit.loglikelihood}
    return case


def hidden_markov():
    """Filtered probabilities are the last row of the smoothed ones of each prefix."""
    start, move, variance = [0.5, 0.3, 0.2], [[0.95, 0.04, 0.01], [0.05, 0.9, 0.05], [0.02, 0.08, 0.9]], [1e-6, 4e-6, 2.5e-5]
    state, r = 0, []
    for _ in range(1_200):
        state = random.choice(3, p=move[state])
        r.append(random.normal(0, math.sqrt(variance[state])))
    r = np.round(r, 8)
    model = GaussianHMM(3, covariance_type="diag")
    model.startprob_, model.transmat_ = np.array(start), np.array(move)
    model.means_, model.covars_ = np.zeros((3, 1)), np.array(variance).reshape(3, 1)
    column = r.reshape(-1, 1)
    prefix = [model.predict_proba(column[: i + 1])[-1] for i in range(60)]
    best = None
    for seed in range(10):
        # The package needs the means among what it fits; a prior of this weight keeps them at zero.
        fit = GaussianHMM(3, covariance_type="diag", params="stmc", init_params="", n_iter=800, tol=1e-9, means_prior=0.0,
                          means_weight=1e12, covars_prior=0.0, covars_weight=1.0, min_covar=1e-14, random_state=seed)
        chance = np.random.default_rng(seed)
        fit.startprob_, fit.transmat_ = np.full(3, 1 / 3), np.full((3, 3), 0.05) + 0.85 * np.eye(3)
        fit.means_, fit.covars_ = np.zeros((3, 1)), (np.var(r) * np.exp(chance.uniform(-1.6, 1.6, 3))).reshape(3, 1)
        fit.fit(column)
        score = fit.score(column)
        if best is None or score > best[0]:
            order = np.argsort(fit.covars_.ravel())
            best = (score, fit.covars_.ravel()[order], fit.transmat_[np.ix_(order, order)])
    return {"returns": r, "start": start, "transition": move, "variance": variance, "filtered": prefix,
            "log_likelihood": model.score(column), "fit": {"log_likelihood": best[0], "variance": best[1], "transition": best[2]}}


def hawkes():
    """Intensities as their defining sums, their integral by quadrature between events (scipy)."""
    t = np.round(np.cumsum(random.exponential(0.7, 60)), 4)
    mu, a, b = 0.6, 0.9, 1.8
    end = float(math.ceil(t[-1]))
    intensity = lambda s: mu + a * np.sum(np.exp(-b * (s - t[t < s])))
    edges = [0.0, *t, end]
    pieces = [scipy.integrate.quad(intensity, x + 1e-13, y, epsabs=1e-13, epsrel=1e-13)[0] for x, y in zip(edges, edges[1:])]
    before = [intensity(s) for s in t]
    return {"events": t, "end": end, "mu": mu, "alpha": a, "beta": b, "intensity": before, "residuals": pieces[:-1],
            "compensator": sum(pieces), "log_likelihood": float(np.sum(np.log(before)) - sum(pieces))}


def memory():
    cases = []
    for n in (60, 500):
        e = random.standard_normal(n + 1)
        x = np.round(e[1:] + 0.2 * e[:-1], 5)
        box = acorr_ljungbox(x, lags=[5, 10])
        ratios = []
        for q in (2, 4, 8, 16):
            # The package takes prices: the first of the running sums has no increment.
            prices = np.concatenate([[0.0], np.cumsum(x)])
            robust, simple = VarianceRatio(prices, q), VarianceRatio(prices, q, robust=False)
            raw = VarianceRatio(prices, q, debiased=False)
            ratios.append({"q": q, "ratio": robust.vr, "z": robust.stat, "p": robust.pvalue, "plain_z": simple.stat,
                           "raw_ratio": raw.vr, "raw_z": raw.stat})
        cases.append({"series": x, "acf": acf(x, nlags=10)[1:], "ljung_box": list(box.lb_stat), "p": list(box.lb_pvalue), "ratios": ratios})
    return cases


def covariances():
    cases = []
    for t, n in ((12, 4), (80, 6)):
        mixing = random.normal(0, 1, (n, n))
        rows = np.round(random.normal(0, 1e-3, (t, n)) @ mixing, 7)
        fit = LedoitWolf().fit(rows)
        correlation = np.corrcoef(rows.T)
        cases.append({"rows": rows, "shrinkage": fit.shrinkage_, "covariance": fit.covariance_,
                      "eigenvalues": np.linalg.eigvalsh(correlation) if t > n else None, "sample_correlation": correlation})
    return cases


def hayashi_yoshida():
    cases = []
    for n in (20, 200):
        series = []
        for _ in range(2):
            time = np.unique(random.integers(0, 5 * n, n))
            series.append((time, np.round(np.cumsum(random.normal(0, 1e-3, len(time))), 7)))
        # The package differences what it is given: log prices, as here.
        priced = [[ofm.TimedPrice(float(a), float(b)) for a, b in zip(*one)] for one in series]
        cases.append({"x": [list(v) for v in zip(*(plain(s) for s in series[0]))], "y": [list(v) for v in zip(*(plain(s) for s in series[1]))],
                      "covariance": ofm.hayashi_yoshida_covariance(*priced), "correlation": ofm.hayashi_yoshida_correlation(*priced)})
    return cases


def main():
    packages = ["orderflow-metrics", "tclf", "statsmodels", "arch", "hmmlearn", "scikit-learn", "scipy", "numpy"]
    whole = {"made_with": {name: version(name) for name in packages}}
    for case in (distributions, multiple, classification, vpin_signed, vpin_bulk, books, kyle, roll, amihud, spreads, realised,
                 ranges, ewma, garch, hidden_markov, hawkes, memory, covariances, hayashi_yoshida):
        whole[case.__name__] = plain(case())
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in whole.items())
    pathlib.Path(__file__).with_suffix(".json").write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
