"""Drives the local Alpha Vantage with the vendor's own Python client: `python with_alpha_vantage.py BASE_URL`.

The client has no argument for the server: its base class holds the address. It raises `ValueError` with the
server's words where an answer is a refusal.
"""

import csv
import sys
import time

import requests
from alpha_vantage.alphaintelligence import AlphaIntelligence
from alpha_vantage.alphavantage import AlphaVantage
from alpha_vantage.econindicators import EconIndicators
from alpha_vantage.options import Options
from alpha_vantage.timeseries import TimeSeries

from judge import Judge

BASE = sys.argv[1].rstrip("/")
AlphaVantage._ALPHA_VANTAGE_API_URL = f"{BASE}/query?"
# A second's burst is ten requests: what is not about limits stays below it.
APART = 0.15


def client(kind, key="normal", **more):
    time.sleep(APART)
    return kind(key=key, **more)


def refused(call, words):
    try:
        answer = call()
    except ValueError as error:
        assert words in str(error), str(error)
    else:
        raise AssertionError(f"no refusal, but {str(answer)[:200]}")


def realtime_options():
    data, _ = client(Options).get_realtime_options("SPY")
    assert len(data) > 1_000, len(data)
    assert {"contractID", "strike", "bid", "ask", "open_interest"} <= set(data.columns)
    assert set(data["type"]) == {"call", "put"} and set(data["symbol"]) == {"SPY"}
    assert (data["bid"].astype(float) <= data["ask"].astype(float)).all()


def one_contract():
    data, _ = client(Options).get_realtime_options("SPY")
    wanted = data["contractID"].iloc[len(data) // 2]
    one, _ = client(Options).get_realtime_options("SPY", contract=wanted)
    assert list(one["contractID"]) == [wanted], one


def historical_options():
    data, _ = client(Options).get_historical_options("SPY", date="2026-03-11")
    assert len(data) > 1_000 and set(data["date"]) == {"2026-03-11"}
    delta = data["delta"].astype(float).abs()
    assert (delta <= 1).all() and ((delta > 0.3) & (delta < 0.7)).sum() > 20


def news_sentiment():
    data, _ = client(AlphaIntelligence).get_news_sentiment(tickers="AAPL", limit=100)
    assert len(data) > 10, len(data)
    assert data["overall_sentiment_score"].astype(float).abs().max() <= 1
    for mentioned in data["ticker_sentiment"]:
        assert any(one["ticker"] == "AAPL" for one in mentioned)


def quote_endpoint():
    data, _ = client(TimeSeries).get_quote_endpoint("SPY")
    assert data["01. symbol"] == "SPY" and float(data["05. price"]) > 100, data
    assert data["10. change percent"].endswith("%")


def daily():
    data, meta = client(TimeSeries).get_daily("SPY", outputsize="compact")
    assert len(data) == 100 and meta["2. Symbol"] == "SPY", (len(data), meta)
    assert all(float(row["3. low"]) <= float(row["2. high"]) for row in data.values())


def daily_as_frame():
    data, _ = client(TimeSeries, output_format="pandas").get_daily("AAPL")
    assert (data["2. high"] >= data["3. low"]).all() and data.index[0] > data.index[-1]


def intraday():
    data, meta = client(TimeSeries).get_intraday("SPY", interval="5min")
    assert meta["4. Interval"] == "5min" and data, meta


def as_text():
    rows, _ = client(TimeSeries, output_format="csv").get_daily("SPY")
    rows = list(rows)
    assert rows[0] == ["timestamp", "open", "high", "low", "close", "volume"] and len(rows) > 50, rows[:2]


def movers():
    gainers, _ = client(AlphaIntelligence).get_top_gainers()
    losers, _ = client(AlphaIntelligence).get_top_losers()
    assert len(gainers) + len(losers) > 3
    assert all(change.endswith("%") for change in list(gainers["change_percentage"]))


def market_status():
    data, _ = client(TimeSeries).get_market_status()
    rows = data.to_dict("records") if hasattr(data, "to_dict") else data
    home = next(row for row in rows if row["region"] == "United States")
    assert home["current_status"] == "open", home


def economic():
    economics = client(EconIndicators)
    for call in (economics.get_cpi, economics.get_unemployment, economics.get_nonfarm, economics.get_real_gdp):
        time.sleep(APART)
        data, _ = call()
        assert len(data) > 10, call
    time.sleep(APART)
    data, _ = economics.get_treasury_yield(interval="daily", maturity="10year")
    assert "." in set(data["value"]), "no holiday in the daily series"


def earnings():
    time.sleep(APART)
    text = requests.get(f"{BASE}/query", {"function": "EARNINGS_CALENDAR", "apikey": "normal"}, timeout=30).text
    assert text.count("\r\n") > 3
    rows = list(csv.DictReader(text.splitlines()))
    assert rows and {"symbol", "reportDate", "timeOfTheDay"} <= set(rows[0])


def invalid_key():
    refused(lambda: client(Options, key="nobody").get_realtime_options("SPY"), "apikey is invalid")


def demo_key():
    refused(lambda: client(Options, key="demo").get_historical_options("SPY"), "demo")
    time.sleep(APART)
    example = requests.get(f"{BASE}/query?function=HISTORICAL_OPTIONS&symbol=IBM&apikey=demo", timeout=60).json()
    assert example["message"] == "success" and example["data"][0]["symbol"] == "IBM"


def free_key():
    data, _ = client(Options, key="free").get_realtime_options("SPY")
    assert set(data["symbol"]) == {"XXYYZZ"}, "a free key has the artificial sample"
    time.sleep(1.1)
    refused(lambda: client(TimeSeries, key="free").get_intraday("SPY"), "premium endpoint")
    refused(lambda: TimeSeries(key="free").get_daily("SPY"), "1 request per second")


def burst():
    time.sleep(1.1)
    status = client(TimeSeries)

    def many():
        for _ in range(40):
            status.get_market_status()

    refused(many, "requests per second")
    time.sleep(1.1)


def injected():
    for fault, words in [
        ("minute-limit", "Minute-level rate limit"),
        ("day-limit", "25 requests per day"),
        ("old-minute-limit", "5 calls per minute"),
        ("invalid-call", "Invalid API call"),
    ]:
        requests.post(f"{BASE}/fault?fault={fault}&times=1", timeout=10).raise_for_status()
        refused(lambda: client(Options).get_realtime_options("SPY"), words)
    for fault in ("html", "cut", "truncated", "reset"):
        requests.post(f"{BASE}/fault?fault={fault}&times=1", timeout=10).raise_for_status()
        try:
            client(Options).get_realtime_options("SPY")
        except (ValueError, requests.RequestException):
            continue
        raise AssertionError(f"{fault} was read as an answer")


def the_log():
    log = requests.get(f"{BASE}/log", timeout=10).json()
    assert log["count"] == len(log["entries"]) + log["forgotten"]
    assert {entry["key"] for entry in log["entries"]} == {"normal", "free", "demo", "invalid"}
    assert "nobody" not in str(log)


JUDGE = Judge("alpha_vantage")
JUDGE.check("a chain in real time", realtime_options)
JUDGE.check("one contract of it", one_contract)
JUDGE.check("a chain of a past session with Greeks", historical_options)
JUDGE.check("news with sentiment", news_sentiment)
JUDGE.check("a quote", quote_endpoint)
JUDGE.check("days", daily)
JUDGE.check("days as a frame", daily_as_frame)
JUDGE.check("parts of days", intraday)
JUDGE.check("days as text", as_text)
JUDGE.check("movers", movers)
JUDGE.check("the state of the venues", market_status)
JUDGE.check("economic series", economic)
JUDGE.check("the earnings calendar", earnings)
JUDGE.check("an invalid key is refused", invalid_key)
JUDGE.check("the demonstration key serves examples alone", demo_key)
JUDGE.check("a free key is held to its plan", free_key)
JUDGE.check("a burst is refused", burst)
JUDGE.check("faults on demand", injected)
JUDGE.check("the log knows every request and no key", the_log)
JUDGE.end()
