#!/usr/bin/env python3
"""Rows beyond `options-oracle.csv`, from QuantLib and py_vollib: writes `options-more.csv` beside this file.

    python3 -m venv venv && venv/bin/pip install QuantLib==1.44 py_vollib==1.0.12
    venv/bin/python tests/oracles/options.py

Run by hand; the file it writes is committed. The same seed writes the same rows.

E   180 European: QuantLib's BlackCalculator; vanna and charm by five-point differences of its delta; price and implied
    volatility of py_vollib beside it (empty where its solver finds none).
A    80 American with a continuous yield: QdFpAmericanEngine, high-precision scheme; delta and gamma by bumps of spot.
AD   40 American with one dividend in cash, the share dropping by it: finite differences, 800 x 800, damped.
"""

import csv
import math
import pathlib
import random
import sys
import warnings

import QuantLib as ql

warnings.simplefilter("ignore")
from py_vollib.black_scholes_merton import black_scholes_merton as vollib_price
from py_vollib.black_scholes_merton.implied_volatility import implied_volatility as vollib_volatility

SEED = 20_261_124
COLUMNS = (
    "id style type S K T_years r q sigma price delta gamma vega theta rho vanna charm "
    "vollib_price vollib_iv dividend dividend_years"
).split()


def right(kind):
    return ql.Option.Call if kind == "C" else ql.Option.Put


def black(kind, s, k, t, r, q, v):
    forward = s * math.exp((r - q) * t)
    payoff = ql.PlainVanillaPayoff(right(kind), k)
    return ql.BlackCalculator(payoff, forward, v * math.sqrt(t), math.exp(-r * t))


def slope(f, x, h):
    """Five-point central difference."""
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


def european(draw, number):
    kind = draw.choice("CP")
    s = draw.choice([20.0, 100.0, 600.0, 6000.0])
    minutes = math.exp(draw.uniform(math.log(5), math.log(2 * 525_600)))
    t = round(minutes) / 525_600
    v = round(math.exp(draw.uniform(math.log(0.05), math.log(2.5))), 4)
    r, q = round(draw.uniform(-0.01, 0.08), 4), round(draw.uniform(-0.005, 0.06), 4)
    k = round(s * math.exp(draw.gauss(0, 1.2) * v * math.sqrt(t)), 2)
    if k <= 0:
        return european(draw, number)
    b = black(kind, s, k, t, r, q, v)
    delta = lambda v, t: black(kind, s, k, t, r, q, v).delta(s)
    price = b.value()
    flag = kind.lower()
    try:
        implied = vollib_volatility(price, s, k, t, r, q, flag)
        implied = implied if math.isfinite(implied) and implied > 0 else ""
    except Exception:
        implied = ""
    return [
        f"more-e-{number:03}", "E", kind, s, k, t, r, q, v, price, b.delta(s), b.gamma(s), b.vega(t), b.theta(s, t),
        b.rho(t), slope(lambda x: delta(x, t), v, 1e-3 * v), -slope(lambda x: delta(v, x), t, 1e-3 * t),
        vollib_price(flag, s, k, t, r, v, q), implied, "", "",
    ]


def process(s, r, q, v, today):
    count = ql.Actual365Fixed()
    rate = ql.YieldTermStructureHandle(ql.FlatForward(today, r, count))
    carry = ql.YieldTermStructureHandle(ql.FlatForward(today, q, count))
    vol = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), v, count))
    return ql.BlackScholesMertonProcess(ql.QuoteHandle(ql.SimpleQuote(s)), carry, rate, vol)


def american(draw, number, today):
    kind = draw.choice("CP")
    s = draw.choice([20.0, 100.0, 600.0])
    days = draw.choice([1, 3, 7, 14, 30, 45, 90, 180, 365, 730])
    v = round(math.exp(draw.uniform(math.log(0.08), math.log(0.8))), 4)
    r, q = round(draw.uniform(0.0, 0.08), 4), round(draw.uniform(0.0, 0.06), 4)
    t = days / 365
    k = round(s * math.exp(draw.gauss(0, 0.9) * v * math.sqrt(t)), 2)

    def price(spot):
        exercise = ql.AmericanExercise(today, today + days)
        option = ql.VanillaOption(ql.PlainVanillaPayoff(right(kind), k), exercise)
        scheme = ql.QdFpAmericanEngine.highPrecisionScheme()
        option.setPricingEngine(ql.QdFpAmericanEngine(process(spot, r, q, v, today), scheme))
        return option.NPV()

    h = s * v * math.sqrt(t) * 0.02
    middle, up, down = price(s), price(s + h), price(s - h)
    # Near the boundary of exercise a difference of prices is no slope.
    inside = max(k - s if kind == "P" else s - k, 0.0)
    smooth = middle > inside + 0.02 * v * s * math.sqrt(t)
    return [
        f"more-a-{number:03}", "A", kind, s, k, t, r, q, v, middle,
        (up - down) / (2 * h) if smooth else "", (up - 2 * middle + down) / h**2 if smooth else "",
        "", "", "", "", "", "", "", "", "",
    ]


def dividend(draw, number, today):
    kind = draw.choice("CP")
    s = 600.0
    days = draw.choice([2, 5, 14, 30, 60])
    paid = draw.randint(1, days - 1)
    amount = round(draw.uniform(0.5, 4.0), 2)
    v = round(draw.uniform(0.1, 0.4), 3)
    r = round(draw.uniform(0.01, 0.06), 4)
    t = days / 365
    k = float(round(s * math.exp(draw.gauss(-0.3 if kind == "C" else 0.3, 1.0) * v * math.sqrt(t))))
    exercise = ql.AmericanExercise(today, today + days)
    option = ql.VanillaOption(ql.PlainVanillaPayoff(right(kind), k), exercise)
    dividends = ql.DividendVector([today + paid], [amount])
    model = ql.FdBlackScholesVanillaEngine.Spot
    engine = ql.FdBlackScholesVanillaEngine(
        process(s, r, 0.0, v, today), dividends, 800, 800, 2, ql.FdmSchemeDesc.Douglas(), False, 0.0, model
    )
    option.setPricingEngine(engine)
    return [
        f"more-ad-{number:03}", "AD", kind, s, k, t, r, 0.0, v, option.NPV(), option.delta(), option.gamma(),
        "", "", "", "", "", "", "", amount, paid / 365,
    ]


def main():
    draw = random.Random(SEED)
    today = ql.Date(17, 6, 2026)
    ql.Settings.instance().evaluationDate = today
    rows = [european(draw, n) for n in range(180)]
    rows += [american(draw, n, today) for n in range(80)]
    rows += [dividend(draw, n, today) for n in range(40)]
    path = pathlib.Path(__file__).with_name("options-more.csv")
    with path.open("w", newline="") as file:
        file.write(f"# Made by options.py, seed {SEED}, QuantLib {ql.__version__}. Units as in options-oracle.csv.\n")
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        out.writerows(rows)
    print(f"{len(rows)} rows in {path}", file=sys.stderr)


if __name__ == "__main__":
    main()
