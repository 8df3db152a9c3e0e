"""Drives the paper gateway with ib_async, as its users would: `python with_ib_async.py PORT`.

Every request that a client may make of a paper account is made once, and its answer looked at. What the paper side
does not have must be refused with the broker's own code, and soon.
"""

import asyncio
import datetime
import math
import sys

import ib_async as ibi

from judge import Judge

PORT = int(sys.argv[1])
PATIENCE = 20

ib = ibi.IB()
errors = []
ib.errorEvent += lambda req_id, code, text, contract: errors.append((req_id, code, text))

judge = Judge("ib_async")
check = judge.check


def until(condition, what, patience=PATIENCE):
    """Lets the client read until the condition holds."""
    deadline = asyncio.get_event_loop().time() + patience
    while not condition():
        if asyncio.get_event_loop().time() > deadline:
            raise AssertionError(f"did not happen: {what}; errors: {errors[-5:]}")
        ib.waitOnUpdate(timeout=0.2)


def soon(awaitable, patience=PATIENCE):
    """The answer of a request, or a failure instead of waiting for ever."""
    return ib.run(asyncio.wait_for(awaitable, patience))


def refused(request, codes):
    """The request is answered by an error with one of these codes."""
    before = len(errors)
    try:
        request()
    except (ibi.RequestError, asyncio.TimeoutError):
        pass
    until(lambda: any(code in codes for _, code, _ in errors[before:]), f"an error of {codes}")


def is_price(value):
    return value is not None and not math.isnan(value) and value > 0


# --- session -------------------------------------------------------------------------------------------------------

def connects():
    ib.connect("127.0.0.1", PORT, clientId=7, timeout=PATIENCE)
    assert ib.isConnected()
    assert 157 <= ib.client.serverVersion() <= 178, ib.client.serverVersion()
    assert ib.managedAccounts() and ib.managedAccounts()[0].startswith("D")


check("connects and synchronises", connects)
if not ib.isConnected():
    judge.end()

account = ib.managedAccounts()[0]
spy = ibi.Stock("SPY", "SMART", "USD")
aapl = ibi.Stock("AAPL", "SMART", "USD")


def tells_time():
    assert isinstance(soon(ib.reqCurrentTimeAsync()), datetime.datetime)


check("current time", tells_time)


def refuses_client_id():
    second = ibi.IB()
    seen = []
    second.errorEvent += lambda req_id, code, text, contract: seen.append(code)
    try:
        second.connect("127.0.0.1", PORT, clientId=7, timeout=4)
    except Exception:
        pass
    finally:
        second.disconnect()
    assert 326 in seen, seen


check("a client id in use is refused (326)", refuses_client_id)


# The client drops what the answer says; that there is one is what can be seen.
check("user info", lambda: soon(ib.reqUserInfoAsync()))

# --- contracts -----------------------------------------------------------------------------------------------------


def details():
    found = soon(ib.reqContractDetailsAsync(spy))
    assert len(found) == 1, found
    one = found[0]
    assert one.contract.conId == 756733, one.contract
    assert one.minTick == 0.01 and one.longName and one.timeZoneId, one
    assert "SMART" in one.validExchanges and one.liquidHours and one.marketRuleIds
    assert all(ib.qualifyContracts(spy, aapl)), errors[-3:]
    assert aapl.conId == 265598, aapl


check("contract details and qualification", details)
check("an unknown symbol is refused (200)", lambda: refused(lambda: soon(ib.reqContractDetailsAsync(ibi.Stock("NOSUCH", "SMART", "USD"))), {200}))

chain = {}


def option_parameters():
    found = soon(ib.reqSecDefOptParamsAsync("SPY", "", "STK", spy.conId))
    smart = [c for c in found if c.exchange == "SMART"]
    assert smart, found
    chain["expirations"] = sorted(smart[0].expirations)
    chain["strikes"] = sorted(smart[0].strikes)
    assert len(chain["expirations"]) > 1 and len(chain["strikes"]) > 20


check("option chain parameters", option_parameters)
option = None


def option_details():
    global option
    soon(ib.reqTickersAsync(spy))
    price = ib.reqMktData(spy)
    until(lambda: is_price(price.marketPrice()), "a price of SPY")
    strike = min(chain["strikes"], key=lambda s: abs(s - price.marketPrice()))
    wanted = ibi.Option("SPY", chain["expirations"][1], strike, "C", "SMART")
    assert ib.qualifyContracts(wanted), errors[-3:]
    assert wanted.conId and wanted.multiplier == "100" and wanted.tradingClass == "SPY", wanted
    option = wanted
    ib.cancelMktData(spy)


check("option details", option_details)


def whole_expiry():
    found = soon(ib.reqContractDetailsAsync(ibi.Option("SPY", chain["expirations"][0], 0.0, "", "SMART")), 60)
    assert len(found) > 40, len(found)
    assert {d.contract.right for d in found} == {"C", "P"}


check("all options of an expiry", whole_expiry)


def searches():
    found = soon(ib.reqMatchingSymbolsAsync("SP"))
    assert any(d.contract.symbol == "SPY" for d in found), found


check("symbol search", searches)


def market_rules():
    rule = soon(ib.reqMarketRuleAsync(26))
    assert rule and rule[0].increment == 0.01, rule


check("market rule", market_rules)


def depth_exchanges():
    found = soon(ib.reqMktDepthExchangesAsync())
    assert any(d.secType == "STK" for d in found), found


check("depth exchanges", depth_exchanges)

# --- market data ---------------------------------------------------------------------------------------------------


def streams():
    ticker = ib.reqMktData(spy, "100,101,104,106,165,225,232,233,236,293,294,295,375")
    until(lambda: is_price(ticker.bid) and is_price(ticker.ask) and is_price(ticker.last), "bid, ask and last")
    assert ticker.bid < ticker.ask and ticker.bidSize > 0 and ticker.askSize > 0
    until(lambda: is_price(ticker.close) and ticker.volume >= 0, "close and volume")
    until(lambda: ticker.rtVolume >= 0 or ticker.rtTradeVolume >= 0, "RTVolume", 60)
    chain["bbo"] = ticker.bboExchange
    ib.cancelMktData(spy)


check("market data of a stock, with generic ticks", streams)


def smart_components():
    assert chain["bbo"], "no exchange map in the tick parameters"
    assert soon(ib.reqSmartComponentsAsync(chain["bbo"]))


check("smart components", smart_components)


def greeks():
    ticker = ib.reqMktData(option, "100,101,106")
    until(lambda: is_price(ticker.bid) and ticker.modelGreeks is not None, "quote and model Greeks of an option")
    model = ticker.modelGreeks
    assert 0 < model.delta < 1 and model.gamma > 0 and model.vega > 0 and model.theta < 0, model
    assert 0 < model.impliedVol < 3 and is_price(model.undPrice), model
    ib.cancelMktData(option)


check("market data of an option, with Greeks", greeks)


def snapshot():
    tickers = soon(ib.reqTickersAsync(spy, aapl))
    assert all(is_price(t.marketPrice()) for t in tickers), tickers


check("snapshots", snapshot)


def delayed():
    ib.reqMarketDataType(3)
    ticker = ib.reqMktData(aapl)
    until(lambda: is_price(ticker.marketPrice()), "a price")
    assert ticker.marketDataType in (1, 3), ticker.marketDataType
    ib.cancelMktData(aapl)
    ib.reqMarketDataType(1)


check("delayed data on request", delayed)


def depth():
    ticker = ib.reqMktDepth(spy, numRows=5, isSmartDepth=True)
    until(lambda: len(ticker.domBids) >= 3 and len(ticker.domAsks) >= 3, "rows on both sides")
    assert ticker.domBids[0].marketMaker, "smart depth names the venue"
    assert ticker.domBids[0].price < ticker.domAsks[0].price
    ib.cancelMktDepth(spy, isSmartDepth=True)


check("smart depth, with venues", depth)


def tick_by_tick():
    for kind in ("AllLast", "BidAsk", "MidPoint"):
        ticker = ib.reqTickByTickData(spy, kind)
        until(lambda: ticker.tickByTicks, kind, 60)
        ib.cancelTickByTickData(spy, kind)


check("tick-by-tick of a stock", tick_by_tick)
check("tick-by-tick of an option is refused", lambda: refused(lambda: ib.reqTickByTickData(option, "Last"), {10189, 10190, 321}))


def five_second_bars():
    bars = ib.reqRealTimeBars(spy, 5, "TRADES", False)
    until(lambda: len(bars) >= 2, "two five-second bars", 60)
    assert (bars[1].time - bars[0].time).total_seconds() == 5
    assert bars[0].low <= bars[0].open_ <= bars[0].high
    ib.cancelRealTimeBars(bars)


check("five-second bars", five_second_bars)


def calculates():
    greeks = soon(ib.calculateImpliedVolatilityAsync(option, 5.0, option.strike))
    assert greeks and 0 < greeks.impliedVol < 5, greeks
    priced = soon(ib.calculateOptionPriceAsync(option, greeks.impliedVol, option.strike))
    assert abs(priced.optPrice - 5.0) < 0.02, priced


check("implied volatility there, option price back", calculates)

# --- history -------------------------------------------------------------------------------------------------------


def bars(duration, size, what="TRADES", rth=True, least=5, contract=spy):
    found = soon(ib.reqHistoricalDataAsync(contract, "", duration, size, what, rth), 60)
    assert len(found) >= least, (duration, size, what, len(found), errors[-2:])
    dates = [b.date for b in found]
    assert dates == sorted(dates) and len(set(dates)) == len(dates)
    assert all(b.low <= min(b.open, b.close) <= max(b.open, b.close) <= b.high for b in found) or what == "BID_ASK"
    return found


check("daily bars of a month", lambda: bars("1 M", "1 day", least=18))
check("daily bars of a year", lambda: bars("1 Y", "1 day", least=240))
check("hourly bars", lambda: bars("5 D", "1 hour", least=20))
check("minute bars", lambda: bars("2 D", "1 min", least=300))
check("midpoint bars", lambda: bars("2 D", "5 mins", "MIDPOINT"))
check("bid-ask bars", lambda: bars("1 D", "5 mins", "BID_ASK", least=1))
check("historical volatility", lambda: bars("1 M", "1 day", "HISTORICAL_VOLATILITY"))
check("implied volatility", lambda: bars("1 M", "1 day", "OPTION_IMPLIED_VOLATILITY"))
check("bars of a stock", lambda: bars("1 M", "1 day", contract=aapl))


def keeps_up_to_date():
    found = ib.reqHistoricalData(spy, "", "1800 S", "5 secs", "TRADES", True, keepUpToDate=True)
    seen = []
    found.updateEvent += lambda b, new: seen.append(new)
    until(lambda: seen, "an update of the last bar", 60)
    ib.cancelHistoricalData(found)


check("bars that keep up to date", keeps_up_to_date)


def schedule():
    found = soon(ib.reqHistoricalScheduleAsync(spy, 5))
    assert len(found.sessions) == 5 and found.timeZone, found


check("historical schedule", schedule)


def historical_ticks():
    now = soon(ib.reqCurrentTimeAsync())
    for what in ("TRADES", "BID_ASK", "MIDPOINT"):
        found = soon(ib.reqHistoricalTicksAsync(spy, None, now, 100, what, True), 60)
        assert found, what


check("historical ticks", historical_ticks)


def head():
    found = soon(ib.reqHeadTimeStampAsync(spy, "TRADES", True, 1))
    assert isinstance(found, datetime.datetime) and found.year < 2026, found


check("head timestamp", head)


def histogram():
    found = soon(ib.reqHistogramDataAsync(spy, True, "1 week"))
    assert found and all(h.count > 0 for h in found), found


check("histogram", histogram)

# --- orders --------------------------------------------------------------------------------------------------------

final = ibi.OrderStatus.DoneStates


def price():
    ticker = soon(ib.reqTickersAsync(spy))[0]
    return ticker.bid, ticker.ask


def filled(trade, patience=60):
    until(lambda: trade.isDone(), f"a fill of {trade.order}", patience)
    assert trade.orderStatus.status == "Filled", (trade.orderStatus, errors[-3:])
    until(lambda: trade.fills and all(f.commissionReport.execId for f in trade.fills), "its commission")
    return trade


def working(trade):
    until(lambda: trade.orderStatus.status in ("Submitted", "PreSubmitted"), "acknowledged")
    return trade


def cancelled(trade):
    ib.cancelOrder(trade.order)
    until(lambda: trade.isDone(), "cancelled")
    assert trade.orderStatus.status in ("Cancelled", "ApiCancelled"), trade.orderStatus


def market_order():
    trade = filled(ib.placeOrder(spy, ibi.MarketOrder("BUY", 10)))
    assert trade.filled() == 10 and trade.orderStatus.permId
    assert sum(f.execution.shares for f in trade.fills) == 10
    until(lambda: any(p.contract.conId == spy.conId for p in ib.positions()), "the position")


check("market order, execution, commission, position", market_order)


def option_order():
    trade = filled(ib.placeOrder(option, ibi.MarketOrder("BUY", 2)))
    assert trade.filled() == 2


check("market order of an option", option_order)


def limit_order():
    bid, _ = price()
    trade = working(ib.placeOrder(spy, ibi.LimitOrder("BUY", 5, round(bid * 0.98, 2))))
    assert trade in ib.openTrades()
    trade.order.lmtPrice = round(bid * 0.97, 2)
    ib.placeOrder(spy, trade.order)
    until(lambda: any("Modify" in entry.message or entry.status == "Submitted" for entry in trade.log[2:]), "modified")
    cancelled(trade)
    assert 202 in [code for _, code, _ in errors]


check("limit order: placed, modified, cancelled (202)", limit_order)


def every_kind():
    bid, ask = price()
    low, high = round(bid * 0.97, 2), round(ask * 1.03, 2)
    orders = [
        ibi.StopOrder("SELL", 1, low),
        ibi.StopLimitOrder("SELL", 1, round(low - 0.05, 2), low),
        ibi.Order(action="SELL", totalQuantity=1, orderType="TRAIL", auxPrice=5.0, trailStopPrice=low),
        ibi.Order(action="SELL", totalQuantity=1, orderType="TRAIL", trailingPercent=3.0),
        ibi.Order(action="SELL", totalQuantity=1, orderType="TRAIL LIMIT", auxPrice=5.0, lmtPriceOffset=0.1, trailStopPrice=low),
        ibi.Order(action="BUY", totalQuantity=1, orderType="MOC"),
        ibi.Order(action="BUY", totalQuantity=1, orderType="LOC", lmtPrice=high),
        ibi.LimitOrder("BUY", 1, low, tif="GTC"),
        ibi.LimitOrder("BUY", 1, low, outsideRth=True, hidden=True),
    ]
    for order in orders:
        trade = working(ib.placeOrder(spy, order))
        cancelled(trade)


check("stop, stop-limit, trailing, trailing-limit, on-close, good-till-cancelled", every_kind)


def bracket():
    _, ask = price()
    three = ib.bracketOrder("BUY", 1, round(ask * 1.01, 2), round(ask * 1.05, 2), round(ask * 0.95, 2))
    trades = [ib.placeOrder(spy, order) for order in three]
    filled(trades[0])
    working(trades[1]), working(trades[2])
    ib.cancelOrder(trades[1].order)
    until(lambda: trades[2].isDone(), "the other exit goes with the first")


check("bracket: the entry fills, one exit takes the other with it", bracket)


def one_cancels_all():
    bid, ask = price()
    away = ibi.LimitOrder("BUY", 1, round(bid * 0.95, 2))
    near = ibi.LimitOrder("BUY", 1, round(ask * 1.01, 2))
    trades = [ib.placeOrder(spy, order) for order in ib.oneCancelsAll([away, near], f"oca-{ib.client.getReqId()}", 1)]
    filled(trades[1])
    until(lambda: trades[0].isDone(), "the other is cancelled")
    assert trades[0].orderStatus.status == "Cancelled", trades[0].orderStatus


check("one-cancels-all group", one_cancels_all)


def combo():
    strikes = [s for s in chain["strikes"] if s > option.strike]
    other = ibi.Option("SPY", option.lastTradeDateOrContractMonth, strikes[0], "C", "SMART")
    ib.qualifyContracts(other)
    legs = [
        ibi.ComboLeg(conId=option.conId, ratio=1, action="BUY", exchange="SMART"),
        ibi.ComboLeg(conId=other.conId, ratio=1, action="SELL", exchange="SMART"),
    ]
    bag = ibi.Contract(symbol="SPY", secType="BAG", exchange="SMART", currency="USD", comboLegs=legs)
    trade = filled(ib.placeOrder(bag, ibi.LimitOrder("BUY", 1, 5.0)))
    kinds = [f.contract.secType for f in trade.fills]
    assert kinds.count("OPT") == 2, kinds


check("combo of two options", combo)


def what_if():
    state = soon(ib.whatIfOrderAsync(spy, ibi.MarketOrder("BUY", 10)))
    assert 0 < state.commission < 100, state
    assert float(state.initMarginAfter) > 0, state


check("what-if", what_if)


def algorithm():
    _, ask = price()
    order = ibi.LimitOrder("BUY", 1, round(ask * 0.97, 2), algoStrategy="Adaptive", algoParams=[ibi.TagValue("adaptivePriority", "Normal")])
    cancelled(working(ib.placeOrder(spy, order)))
    wrong = ibi.LimitOrder("BUY", 1, round(ask * 0.97, 2), algoStrategy="NoSuchAlgo")
    refused(lambda: ib.placeOrder(spy, wrong), {439})


check("algorithmic orders: a known one works, an unknown one is refused", algorithm)


def conditional():
    bid, ask = price()
    order = ibi.LimitOrder("BUY", 1, round(ask * 1.01, 2))
    order.conditions = [ibi.PriceCondition(isMore=True, price=round(ask * 1.2, 2), conId=spy.conId, exch="SMART")]
    trade = working(ib.placeOrder(spy, order))
    assert not trade.fills
    cancelled(trade)
    order = ibi.MarketOrder("BUY", 1)
    order.conditions = [ibi.PriceCondition(isMore=True, price=round(bid * 0.8, 2), conId=spy.conId, exch="SMART")]
    filled(ib.placeOrder(spy, order))


check("conditional orders: one waits, one goes at once", conditional)


def bad_orders():
    refused(lambda: ib.placeOrder(spy, ibi.LimitOrder("BUY", 1, 100.001)), {110})
    refused(lambda: ib.placeOrder(spy, ibi.LimitOrder("BUY", 0, 100.0)), {201, 321, 434})
    refused(lambda: ib.placeOrder(spy, ibi.MarketOrder("BUY", 10_000_000)), {201})
    refused(lambda: ib.client.cancelOrder(999_999, ""), {135, 10147})


check("orders that cannot be are refused (110, 201, 10147)", bad_orders)


def global_cancel():
    bid, _ = price()
    trades = [working(ib.placeOrder(spy, ibi.LimitOrder("BUY", 1, round(bid * 0.9 - i, 2)))) for i in range(3)]
    ib.reqGlobalCancel()
    until(lambda: all(t.isDone() for t in trades), "all cancelled")


check("global cancel", global_cancel)


def lists():
    bid, _ = price()
    trade = working(ib.placeOrder(spy, ibi.LimitOrder("BUY", 1, round(bid * 0.9, 2))))
    open_ones = soon(ib.reqOpenOrdersAsync())
    assert any(t.order.permId == trade.order.permId for t in open_ones), open_ones
    other = ibi.IB()
    other.connect("127.0.0.1", PORT, clientId=8, timeout=PATIENCE)
    seen = other.run(asyncio.wait_for(other.reqAllOpenOrdersAsync(), PATIENCE))
    other.disconnect()
    assert any(t.order.permId == trade.order.permId for t in seen), seen
    cancelled(trade)
    done = soon(ib.reqCompletedOrdersAsync(False))
    assert any(t.order.permId == trade.order.permId for t in done), done


check("open, all open and completed orders", lists)


def executions():
    fills = soon(ib.reqExecutionsAsync())
    assert len(fills) >= 5 and len({f.execution.execId for f in fills}) == len(fills)
    only = soon(ib.reqExecutionsAsync(ibi.ExecutionFilter(symbol="SPY", secType="OPT", side="BUY")))
    assert only and all(f.contract.secType == "OPT" for f in only), only
    assert not soon(ib.reqExecutionsAsync(ibi.ExecutionFilter(symbol="QQQ")))


check("executions, all and filtered", executions)


def several_accounts_of_one():
    assert soon(ib.reqPositionsAsync())
    soon(ib.reqAccountUpdatesMultiAsync(account, ""))
    assert any(v.tag == "NetLiquidation" for v in ib.accountValues())


check("positions and account updates, single and multi", several_accounts_of_one)


def summary():
    values = {v.tag: v.value for v in soon(ib.accountSummaryAsync())}
    assert float(values["NetLiquidation"]) > 0 and float(values["BuyingPower"]) > 0, values


check("account summary", summary)


def profit_and_loss():
    pnl = ib.reqPnL(account)
    single = ib.reqPnLSingle(account, "", spy.conId)
    until(lambda: not math.isnan(pnl.unrealizedPnL), "the account's P&L")
    until(lambda: single.position != 0 and not math.isnan(single.value), "the position's P&L")
    ib.cancelPnL(account)
    ib.cancelPnLSingle(account, "", spy.conId)


check("P&L of the account and of a position", profit_and_loss)


def portfolio():
    until(lambda: any(i.contract.conId == spy.conId for i in ib.portfolio()), "SPY in the portfolio")
    item = next(i for i in ib.portfolio() if i.contract.conId == spy.conId)
    assert item.marketPrice > 0 and item.averageCost > 0, item


check("portfolio", portfolio)

# --- news, scanner -------------------------------------------------------------------------------------------------


def news():
    providers = soon(ib.reqNewsProvidersAsync())
    assert providers
    codes = "+".join(p.code for p in providers)
    headlines = soon(ib.reqHistoricalNewsAsync(spy.conId, codes, "", "", 5))
    headlines = headlines if isinstance(headlines, list) else [headlines]
    assert headlines and headlines[0], headlines
    article = soon(ib.reqNewsArticleAsync(headlines[0].providerCode, headlines[0].articleId))
    assert article.articleText, article


check("news: providers, headlines, article", news)
check("news bulletins", lambda: (ib.reqNewsBulletins(True), ib.sleep(0.2), ib.cancelNewsBulletins()))


def scanner():
    xml = soon(ib.reqScannerParametersAsync())
    assert xml.startswith("<?xml"), xml[:60]
    found = soon(ib.reqScannerDataAsync(ibi.ScannerSubscription(instrument="STK", locationCode="STK.US.MAJOR", scanCode="TOP_PERC_GAIN")))
    assert found and found[0].rank == 0, found
    assert found[0].contractDetails.contract.conId, found[0]


check("scanner: parameters and a scan", scanner)

# --- what a paper account does not have ------------------------------------------------------------------------------

check("fundamental data is refused", lambda: refused(lambda: soon(ib.reqFundamentalDataAsync(aapl, "ReportSnapshot"), 5), {430, 10358, 200}))
check("Wall Street Horizon is refused", lambda: refused(lambda: soon(ib.getWshMetaDataAsync(), 5), {10276, 10277, 10278, 10279, 10280, 10281, 10282, 10283, 10284}))
check("adviser data is refused", lambda: refused(lambda: soon(ib.requestFAAsync(1), 5), {321, 322}))


def clean():
    ib.reqGlobalCancel()
    # What was refused by 321 stays open in the client's own books for ever: the gateway's count.
    deadline = asyncio.get_event_loop().time() + PATIENCE
    while soon(ib.reqAllOpenOrdersAsync()):
        assert asyncio.get_event_loop().time() < deadline, "orders stay open after a global cancel"
        ib.sleep(0.2)
    ib.disconnect()


check("disconnects", clean)
judge.end()
