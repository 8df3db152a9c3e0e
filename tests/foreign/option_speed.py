#!/usr/bin/env python3
"""Nanoseconds an option by QuantLib and py_vollib, for the benchmark `options` to print beside ours.

    python3 -m venv target/peers && target/peers/bin/pip install QuantLib==1.44 py_vollib==1.0.12

py_vollib_vectorized is timed too where it installs and compiles; it asks for old versions of both numba and py_vollib.
Prints a line for each: nanoseconds, then what. What is not installed is left out.
"""

import math
import time
import warnings

warnings.simplefilter("ignore")

SPOT, RATE, CARRY, VOL, YEARS = 600.0, 0.043, 0.012, 0.14, 240 / 525_600
STRIKES = [SPOT + 0.5 * n for n in range(-11, 12)]


def timed(what, count, run):
    run()
    best = math.inf
    for _ in range(5):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    print(f"{best / count * 1e9:.0f} {what}")


def quantlib():
    import QuantLib as ql

    payoffs = [ql.PlainVanillaPayoff(ql.Option.Call if k >= SPOT else ql.Option.Put, k) for k in STRIKES]
    forward, discount = SPOT * math.exp((RATE - CARRY) * YEARS), math.exp(-RATE * YEARS)

    def seven():
        for payoff in payoffs:
            b = ql.BlackCalculator(payoff, forward, VOL * math.sqrt(YEARS), discount)
            b.value(), b.delta(SPOT), b.gamma(SPOT), b.vega(YEARS), b.theta(SPOT, YEARS), b.rho(YEARS)

    timed("QuantLib, six values", len(STRIKES), seven)
    today = ql.Date(17, 6, 2026)
    ql.Settings.instance().evaluationDate = today
    day = ql.Actual365Fixed()
    curve = lambda rate: ql.YieldTermStructureHandle(ql.FlatForward(today, rate, day))
    vol = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), VOL, day))
    spot = ql.QuoteHandle(ql.SimpleQuote(SPOT))
    process = ql.BlackScholesMertonProcess(spot, curve(CARRY), curve(RATE), vol)
    option = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Put, SPOT), ql.AmericanExercise(today, today + 30))

    def tree():
        for _ in range(20):
            option.setPricingEngine(ql.BinomialVanillaEngine(process, "lr", 101))
            option.NPV()

    timed("QuantLib, American put by a Leisen-Reimer tree of 101 steps", 20, tree)


def vollib():
    from py_vollib.black_scholes_merton import black_scholes_merton as price
    from py_vollib.black_scholes_merton.greeks.analytical import delta, gamma, rho, theta, vega
    from py_vollib.black_scholes_merton.implied_volatility import implied_volatility

    flags = ["c" if k >= SPOT else "p" for k in STRIKES]
    cases = [(f, k, price(f, SPOT, k, YEARS, RATE, VOL, CARRY)) for f, k in zip(flags, STRIKES)]

    def implied():
        for f, k, p in cases:
            implied_volatility(p, SPOT, k, YEARS, RATE, CARRY, f)

    def five():
        for f, k, _ in cases:
            for greek in (delta, gamma, theta, vega, rho):
                greek(f, SPOT, k, YEARS, RATE, VOL, CARRY)

    timed("py_vollib, implied volatility", len(cases), implied)
    timed("py_vollib, five Greeks", len(cases), five)


def vectorized():
    import numpy as np
    import py_vollib_vectorized as v

    flags = np.array(["c" if k >= SPOT else "p" for k in STRIKES] * 100)
    strikes = np.array(STRIKES * 100)
    prices = v.vectorized_black_scholes_merton(flags, SPOT, strikes, YEARS, RATE, VOL, CARRY, return_as="numpy")
    implied = lambda: v.vectorized_implied_volatility(
        prices, SPOT, strikes, YEARS, RATE, flags, q=CARRY, model="black_scholes_merton", return_as="numpy"
    )
    timed("py_vollib_vectorized, implied volatility", len(flags), implied)


for part in (quantlib, vollib, vectorized):
    try:
        part()
    except Exception:
        # Not installed, or does not run with what is: no figure.
        pass
