"""Records what clients send, byte for byte, with what they meant by it: `python record_frames.py VERSION > FILE`.

The files in `crates/exchange/tests/golden` were made with it: 157 with ibapi 9.81.1, 178 with ib_async 2.1.0, the others with
the broker's client 10.46.1 (`nautilus-ibapi` and `protobuf`), each in an environment of its own. Nothing is served: a
listener answers the handshake and writes down the frames.

A block of the file is a name, the body of a frame (`|` for the NUL of the text dialect; hexadecimal at 213), and one line
for each thing the client was told to say, in the form in which the gateway's tests print a message.
"""

import os
import queue
import re
import socket
import struct
import sys
import threading

VERSION = int(sys.argv[1])
TEXT = VERSION < 200
frames = queue.Queue()


def read(stream, count):
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def frame(*fields):
    body = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack("!I", len(body)) + body


def listen(server):
    stream, _ = server.accept()
    assert read(stream, 4) == b"API\0"
    read(stream, struct.unpack("!I", read(stream, 4))[0])
    stream.sendall(frame(VERSION, "20260316 09:30:00 America/New_York"))
    try:
        while True:
            body = read(stream, struct.unpack("!I", read(stream, 4))[0])
            if TEXT and body.startswith(b"71\0"):
                stream.sendall(frame(15, 1, "DU0000001") + frame(9, 1, 1))
            frames.put(body)
    except EOFError:
        pass


server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
threading.Thread(target=listen, args=(server,), daemon=True).start()

try:
    import ib_async as lib
    COMMUNITY = True
except ImportError:
    COMMUNITY = False

if COMMUNITY:
    from ib_async.client import Client
    from ib_async.wrapper import Wrapper

    client = Client(Wrapper(lib.IB()))
    client.MaxRequests = 0
    client.connect("127.0.0.1", port, 7, timeout=5)
    conditions = {
        1: lib.PriceCondition, 3: lib.TimeCondition, 4: lib.MarginCondition, 5: lib.ExecutionCondition,
        6: lib.VolumeCondition, 7: lib.PercentChangeCondition,
    }
else:
    from ibapi import contract, execution, order, order_condition, scanner, softdollartier, tag_value
    from ibapi.client import EClient
    from ibapi.wrapper import EWrapper

    class lib:
        Contract, ComboLeg, DeltaNeutralContract = contract.Contract, contract.ComboLeg, contract.DeltaNeutralContract
        Order, OrderComboLeg, SoftDollarTier = order.Order, order.OrderComboLeg, softdollartier.SoftDollarTier
        TagValue, ExecutionFilter = tag_value.TagValue, execution.ExecutionFilter
        ScannerSubscription = scanner.ScannerSubscription

    conditions = {kind: (lambda kind=kind: order_condition.Create(kind)) for kind in (1, 3, 4, 5, 6, 7)}
    client = EClient(EWrapper())
    client.connect("127.0.0.1", port, 7)

# The broker's client of later days: other arguments of a few methods.
LATER = not COMMUNITY and hasattr(client, "reqCurrentTimeInMillis")

# --- values that are told apart --------------------------------------------------------------------------------------

number = iter(range(11, 10_000))

# Fields that a client does not send in a request, or that the dialect has no place for.
UNSENT = {
    "orderId", "clientId", "permId", "eTradeOnly", "firmQuoteOnly", "nbboPriceCap", "auctionStrategy", "faProfile",
    "basisPoints", "basisPointsType", "autoCancelDate", "filledQuantity", "refFuturesConId", "shareholder",
    "imbalanceOnly", "routeMarketableToBbo", "parentPermId", "orderComboLegs", "conditions", "softDollarTier",
    "algoParams", "smartComboRoutingParams", "orderMiscOptions", "sharesAllocation", "postToAts", "duration",
    "customerAccount", "professionalCustomer", "bondAccruedInterest", "includeOvernight", "manualOrderIndicator",
    "submitter", "autoCancelParent", "advancedErrorOverride", "manualOrderTime", "minTradeQty", "minCompeteSize",
    "competeAgainstBestOffset", "midOffsetAtWhole", "midOffsetAtHalf", "deactivate", "postOnly", "allowPreOpen",
    "ignoreOpenAuction", "seekPriceImprovement", "whatIfType", "hedgeMaxSize", "slOrderId", "slOrderType",
    "ptOrderId", "ptOrderType", "randomizeSize", "randomizePrice", "routeMarketableToBbo", "cashQtyWithCommission",
    "referenceContractId", "peggedChangeAmount", "isPeggedChangeAmountDecrease", "referenceChangeAmount",
    "referenceExchangeId", "conditionsCancelOrder", "conditionsIgnoreRth", "origin", "usePriceMgmtAlgo", "algoStrategy", "algoId", "exemptCode",
}
# Numbers that some clients begin with an integer.
REAL = {"discretionaryAmt", "cashQty"}
NAMES = {
    "rule80A": "rule80a", "primaryExchange": "primary_exch", "exch": "exchange", "val": "value",
    "shortSaleSlot": "short_sale_slot", "useRTH": "use_rth", "useRth": "use_rth",
}


def snake(name):
    if name in NAMES:
        return NAMES[name]
    if name.startswith("mifid2"):
        return "mifid2" + snake(name[6].lower() + name[7:])
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def said(value):
    if isinstance(value, bool):
        return f"Some({str(value).lower()})"
    if isinstance(value, int):
        return f"Some({value})"
    if isinstance(value, float):
        return f"Some({value!r})"
    return f'Some("{value}")'


def make(thing, skip=(), **given):
    """Sets what is given, and every other field to a value that occurs nowhere else; tells what it set."""
    told = []
    for name, before in vars(thing).items():
        if name.startswith("_") or name in skip:
            continue
        if name in given:
            value = given[name]
        elif isinstance(before, bool):
            value = True
        elif isinstance(before, int) and name not in REAL:
            value = next(number)
        elif isinstance(before, (int, float)):
            value = next(number) + 0.25
        elif isinstance(before, str):
            value = f"{name} {next(number)}"
        else:
            continue
        setattr(thing, name, value)
        if isinstance(value, (bool, int, float, str)) and value != "":
            told.append((name, value))
    return told


def tell(told, **renamed):
    return [f"{renamed.get(name) or snake(name)}: {said(value)}" for name, value in told]


def named(kind="STK", **given):
    """A contract as a request names it, and the lines for it."""
    thing = lib.Contract()
    given = {"secType": kind, "multiplier": "100", "symbol": "SPY", "exchange": "SMART", "currency": "USD"} | given
    skip = {
        "secIdType", "secId", "description", "issuerId", "includeExpired", "comboLegsDescrip", "comboLegs",
        "deltaNeutralContract", "lastTradeDate", "strike", "right",
    } - set(given)
    told = make(thing, skip, strike=585.5, right="C", **given)
    if kind == "OPT":
        thing.strike, thing.right = 585.5, "C"
        told += [("strike", 585.5), ("right", "C")]
    lines = [line for line in tell(told) if not line.startswith("multiplier")]
    return thing, lines + ["multiplier: Some(100.0)"]


blocks = []


def record(name, call, *lines):
    """Makes the call and writes down the frame it leads to."""
    call()
    if COMMUNITY:
        lib.util.sleep(0.01)
    try:
        body = frames.get(timeout=5)
    except queue.Empty:
        raise SystemExit(f"{name}: the client sent nothing")
    if TEXT:
        text = body.decode()
        assert "|" not in text and "\n" not in text, text
        shown = text.replace("\0", "|")
    else:
        shown = body.hex()
    if VERSION == 213:
        # A protobuf client leaves out what is false.
        lines = [line if line.startswith(("kind", "is_more")) else line.replace("Some(false)", "None") for line in lines]
    blocks.append("\n".join([f"# {name}", f"> {shown}", *(f"= {line}" for line in lines)]))


def legs():
    made, lines = [], []
    for action in ("BUY", "SELL"):
        leg = lib.ComboLeg()
        told = make(leg, {"percent"}, action=action)
        made.append(leg)
        lines += tell(told, shortSaleSlot="short_sales_slot")
    return made, lines


def tags(*entries):
    made = []
    for tag, value in entries:
        one = lib.TagValue(tag, value)
        made.append(one)
    return made


# --- orders ----------------------------------------------------------------------------------------------------------


def plain(kind="LMT", **given):
    made = lib.Order()
    for name, value in ({"action": "BUY", "totalQuantity": 3, "orderType": kind} | given).items():
        setattr(made, name, value)
    return made


def orders():
    spy, spy_lines = named()
    record("placeOrder: limit", lambda: client.placeOrder(5, spy, plain(lmtPrice=101.25)), "order_id: Some(5)",
           'action: Some("BUY")', 'total_quantity: Some("3")', "lmt_price: Some(101.25)", "aux_price: None", *spy_lines)
    record("placeOrder: market", lambda: client.placeOrder(6, spy, plain("MKT")), "lmt_price: None", "aux_price: None",
           'order_type: Some("MKT")')
    record("placeOrder: stop limit", lambda: client.placeOrder(7, spy, plain("STP LMT", lmtPrice=1.5, auxPrice=1.75)),
           "lmt_price: Some(1.5)", "aux_price: Some(1.75)")
    record("placeOrder: trail", lambda: client.placeOrder(8, spy, plain("TRAIL", auxPrice=2.5, trailStopPrice=99.5)),
           "aux_price: Some(2.5)", "trail_stop_price: Some(99.5)", "trailing_percent: None")
    record("placeOrder: bracket child", lambda: client.placeOrder(9, spy, plain(parentId=8, transmit=False, ocaGroup="one", ocaType=2)),
           "parent_id: Some(8)", "transmit: Some(false)", 'oca_group: Some("one")', "oca_type: Some(2)")
    every_field()
    combo()
    benchmark()
    conditional()
    if VERSION >= 170:
        pegged(spy)
    cancel = client.cancelOrder
    if COMMUNITY:
        record("cancelOrder", lambda: cancel(5, "20260316-13:30:00"), "order_id: Some(5)",
               'manual_order_cancel_time: Some("20260316-13:30:00")')
    elif not LATER:
        record("cancelOrder", lambda: cancel(5), "order_id: Some(5)")
    else:
        from ibapi.order_cancel import OrderCancel

        record("cancelOrder", lambda: cancel(5, OrderCancel()), "order_id: Some(5)")
        record("reqGlobalCancel", lambda: client.reqGlobalCancel(OrderCancel()), "GlobalCancel")


def every_field():
    spy, _ = named(secIdType="ISIN", secId="US78462F1030")
    hedge = lib.DeltaNeutralContract()
    hedged = tell(make(hedge))
    spy.deltaNeutralContract = hedge
    made = lib.Order()
    told = make(made, UNSENT, action="SELL", totalQuantity=4, orderType="VOL", scalePriceIncrement=0.5,
                usePriceMgmtAlgo=True, volatilityType=2, referencePriceType=2)
    made.algoStrategy, made.algoId = "Twap", "algo 1"
    made.algoParams = tags(("first", "1"), ("second", "2"))
    made.orderMiscOptions = tags(("misc", "3"))
    made.usePriceMgmtAlgo = True
    made.softDollarTier = lib.SoftDollarTier("tier name", "tier value", "")
    lines = [line for line in tell(told) if not line.startswith("total_quantity")]
    later = {}
    since = {"duration": (158, 77), "postToAts": (160, 78), "autoCancelParent": (162, True),
             "advancedErrorOverride": (166, "8229"), "manualOrderTime": (169, "20260316-13:30:01")}
    if VERSION > 157:
        later = {name: value for name, (version, value) in since.items() if VERSION >= version}
        for name, value in later.items():
            setattr(made, name, value)
    record("placeOrder: every field", lambda: client.placeOrder(10, spy, made), *lines, *hedged, *tell(later.items()),
           'sec_id_type: Some("ISIN")', 'sec_id: Some("US78462F1030")', 'total_quantity: Some("4")',
           'algo_params: {"first": "1", "second": "2"}', 'order_misc_options: {"misc": "3"}', 'algo_id: Some("algo 1")',
           'name: Some("tier name"), value: Some("tier value")', "use_price_mgmt_algo: Some(1)")


def combo():
    bag, _ = named("BAG")
    bag.comboLegs, lines = legs()
    made = plain(lmtPrice=1.25)
    made.smartComboRoutingParams = tags(("NonGuaranteed", "1"))
    if VERSION < 200:
        made.orderComboLegs = []
        for price in (3.5, 4.5):
            leg = lib.OrderComboLeg()
            leg.price = price
            made.orderComboLegs.append(leg)
        lines += ["per_leg_price: Some(3.5)", "per_leg_price: Some(4.5)"]
    record("placeOrder: combo", lambda: client.placeOrder(11, bag, made), *lines,
           'smart_combo_routing_params: {"NonGuaranteed": "1"}', "lmt_price: Some(1.25)")


def benchmark():
    spy, _ = named()
    made = plain("PEG BENCH", referenceContractId=321, isPeggedChangeAmountDecrease=True, peggedChangeAmount=0.75,
                 referenceChangeAmount=0.125, referenceExchangeId="ISLAND")
    record("placeOrder: pegged to a benchmark", lambda: client.placeOrder(12, spy, made),
           "reference_contract_id: Some(321)", "is_pegged_change_amount_decrease: Some(true)",
           "pegged_change_amount: Some(0.75)", "reference_change_amount: Some(0.125)", 'reference_exchange_id: Some("ISLAND")')


def conditional():
    spy, _ = named()
    values = {
        1: {"isMore": True, "price": 91.5, "conId": 501, "exch": "E1", "exchange": "E1", "triggerMethod": 2},
        3: {"isMore": False, "time": "20260316-14:00:00"},
        4: {"isMore": True, "percent": 35},
        5: {"secType": "OPT", "exch": "E5", "exchange": "E5", "symbol": "QQQ"},
        6: {"isMore": True, "volume": 4321, "conId": 506, "exch": "E6", "exchange": "E6"},
        7: {"isMore": False, "changePercent": 2.25, "conId": 507, "exch": "E7", "exchange": "E7"},
    }
    made, lines = plain(), []
    made.conditions = []
    for kind, fields in values.items():
        one = conditions[kind]()
        for name, value in fields.items():
            if hasattr(one, name):
                setattr(one, name, value)
        one.isConjunctionConnection = kind % 2 == 1
        if COMMUNITY:
            one.conjunction = "a" if kind % 2 == 1 else "o"
        made.conditions.append(one)
        lines += [f"kind: Some({kind}), is_conjunction_connection: Some({str(kind % 2 == 1).lower()})"]
        lines += tell([(name, value) for name, value in fields.items() if name not in ("exch",)])
    made.conditionsIgnoreRth, made.conditionsCancelOrder = True, True
    record("placeOrder: conditions", lambda: client.placeOrder(13, spy, made), *lines,
           "conditions_cancel_order: Some(true)", "conditions_ignore_rth: Some(true)")


def pegged(spy):
    best = plain("PEG BEST", minCompeteSize=66, competeAgainstBestOffset=float("inf"), midOffsetAtWhole=0.25,
                 midOffsetAtHalf=0.375, minTradeQty=67)
    venue, _ = named(exchange="IBKRATS")
    record("placeOrder: pegged to best, up to the middle", lambda: client.placeOrder(14, venue, best),
           "min_compete_size: Some(66)", "compete_against_best_offset: Some(inf)", "mid_offset_at_whole: Some(0.25)",
           "mid_offset_at_half: Some(0.375)", "min_trade_qty: Some(67)")
    mid = plain("PEG MID", midOffsetAtWhole=0.5, midOffsetAtHalf=0.625)
    record("placeOrder: pegged to the middle", lambda: client.placeOrder(15, spy, mid), "mid_offset_at_whole: Some(0.5)",
           "mid_offset_at_half: Some(0.625)")


# --- everything else -------------------------------------------------------------------------------------------------


def data():
    spy, lines = named()
    option, option_lines = named("OPT")
    record("reqMktData", lambda: client.reqMktData(21, spy, "233,236", True, True, []), "req_id: Some(21)", *lines,
           'generic_tick_list: Some("233,236")', "snapshot: Some(true)", "regulatory_snapshot: Some(true)")
    bag, _ = named("BAG")
    bag.comboLegs, _ = legs()
    bag.deltaNeutralContract = lib.DeltaNeutralContract()
    hedged = tell(make(bag.deltaNeutralContract))
    first = bag.comboLegs[1]
    record("reqMktData: combo with a hedge", lambda: client.reqMktData(22, bag, "", False, False, []), *hedged,
           f"con_id: Some({first.conId}), ratio: Some({first.ratio})", "snapshot: Some(false)")
    record("cancelMktData", lambda: client.cancelMktData(21), "req_id: Some(21)")
    record("reqMarketDataType", lambda: client.reqMarketDataType(3), "market_data_type: Some(3)")
    record("reqMktDepth", lambda: client.reqMktDepth(23, spy, 7, True, []), *lines, "num_rows: Some(7)",
           "is_smart_depth: Some(true)")
    record("cancelMktDepth", lambda: client.cancelMktDepth(23, True), "req_id: Some(23)", "is_smart_depth: Some(true)")
    record("reqTickByTickData", lambda: client.reqTickByTickData(24, spy, "BidAsk", 9, True), *lines,
           'tick_type: Some("BidAsk")', "number_of_ticks: Some(9)", "ignore_size: Some(true)")
    record("cancelTickByTickData", lambda: client.cancelTickByTickData(24), "req_id: Some(24)")
    record("reqRealTimeBars", lambda: client.reqRealTimeBars(25, spy, 5, "MIDPOINT", True, []), *lines,
           "bar_size: Some(5)", 'what_to_show: Some("MIDPOINT")', "use_rth: Some(true)")
    record("cancelRealTimeBars", lambda: client.cancelRealTimeBars(25), "req_id: Some(25)")
    record("calculateImpliedVolatility", lambda: client.calculateImpliedVolatility(26, option, 5.25, 586.75, []),
           *option_lines, "option_price: Some(5.25)", "under_price: Some(586.75)")
    record("calculateOptionPrice", lambda: client.calculateOptionPrice(27, option, 0.375, 586.75, []), *option_lines,
           "volatility: Some(0.375)", "under_price: Some(586.75)")
    record("cancelCalculateImpliedVolatility", lambda: client.cancelCalculateImpliedVolatility(26), "req_id: Some(26)")
    record("cancelCalculateOptionPrice", lambda: client.cancelCalculateOptionPrice(27), "req_id: Some(27)")
    exercised = [line for line in option_lines if not line.startswith("primary_exch")] if TEXT else option_lines
    more = ("", "", False) if LATER else ()
    record("exerciseOptions", lambda: client.exerciseOptions(28, option, 1, 3, "DU0000001", 1, *more), *exercised,
           "exercise_action: Some(1)", "exercise_quantity: Some(3)", 'account: Some("DU0000001")', "override: Some(true)")


def history():
    spy, lines = named()
    spy.includeExpired = True
    flag = True if COMMUNITY else 1
    record("reqHistoricalData",
           lambda: client.reqHistoricalData(31, spy, "20260316 16:00:00 US/Eastern", "2 D", "5 mins", "TRADES", flag, 2, True, []),
           *lines, 'end_date_time: Some("20260316 16:00:00 US/Eastern")', 'duration: Some("2 D")',
           'bar_size_setting: Some("5 mins")', 'what_to_show: Some("TRADES")', "format_date: Some(2)",
           "keep_up_to_date: Some(true)", "use_rth: Some(true)", "include_expired: Some(true)")
    bag, _ = named("BAG")
    bag.comboLegs, _ = legs()
    leg = bag.comboLegs[0]
    record("reqHistoricalData: combo", lambda: client.reqHistoricalData(32, bag, "", "1 D", "1 min", "BID", flag, 1, False, []),
           f"con_id: Some({leg.conId}), ratio: Some({leg.ratio})", "keep_up_to_date: Some(false)")
    record("cancelHistoricalData", lambda: client.cancelHistoricalData(31), "req_id: Some(31)")
    record("reqHeadTimeStamp", lambda: client.reqHeadTimeStamp(33, spy, "BID", flag, 2), *lines,
           'what_to_show: Some("BID")', "use_rth: Some(true)", "format_date: Some(2)")
    record("cancelHeadTimeStamp", lambda: client.cancelHeadTimeStamp(33), "req_id: Some(33)")
    record("reqHistogramData", lambda: client.reqHistogramData(34, spy, True, "3 days"), *lines, "use_rth: Some(true)",
           'time_period: Some("3 days")')
    record("cancelHistogramData", lambda: client.cancelHistogramData(34), "req_id: Some(34)")
    record("reqHistoricalTicks",
           lambda: client.reqHistoricalTicks(35, spy, "20260316 09:30:00 US/Eastern", "", 400, "BID_ASK", flag, True, []),
           *lines, 'start_date_time: Some("20260316 09:30:00 US/Eastern")', "number_of_ticks: Some(400)",
           'what_to_show: Some("BID_ASK")', "use_rth: Some(true)", "ignore_size: Some(true)")


def contracts():
    spy, lines = named(secIdType="ISIN", secId="US78462F1030")
    spy.includeExpired = True
    if VERSION >= 176:
        spy.issuerId = "e1234567"
        lines.append('issuer_id: Some("e1234567")')
    record("reqContractDetails", lambda: client.reqContractDetails(41, spy), *lines, "include_expired: Some(true)")
    record("reqSecDefOptParams", lambda: client.reqSecDefOptParams(42, "SPY", "CME", "STK", 756733),
           'underlying_symbol: Some("SPY")', 'fut_fop_exchange: Some("CME")', 'underlying_sec_type: Some("STK")',
           "underlying_con_id: Some(756733)")
    record("reqMatchingSymbols", lambda: client.reqMatchingSymbols(43, "SP"), "req_id: Some(43)", 'pattern: Some("SP")')
    record("reqMktDepthExchanges", client.reqMktDepthExchanges, "MarketDepthExchanges")
    record("reqSmartComponents", lambda: client.reqSmartComponents(44, "9c0001"), 'bbo_exchange: Some("9c0001")')
    record("reqMarketRule", lambda: client.reqMarketRule(26), "market_rule_id: Some(26)")


def account():
    record("reqPositions", client.reqPositions, "Positions")
    record("cancelPositions", client.cancelPositions, "CancelPositions")
    record("reqPositionsMulti", lambda: client.reqPositionsMulti(51, "DU1", "model"), "req_id: Some(51)",
           'account: Some("DU1")', 'model_code: Some("model")')
    record("cancelPositionsMulti", lambda: client.cancelPositionsMulti(51), "req_id: Some(51)")
    record("reqAccountUpdates", lambda: client.reqAccountUpdates(True, "DU1"), "subscribe: Some(true)",
           'acct_code: Some("DU1")')
    record("reqAccountUpdatesMulti", lambda: client.reqAccountUpdatesMulti(52, "DU1", "model", True),
           'account: Some("DU1")', 'model_code: Some("model")', "ledger_and_nlv: Some(true)")
    record("cancelAccountUpdatesMulti", lambda: client.cancelAccountUpdatesMulti(52), "req_id: Some(52)")
    record("reqAccountSummary", lambda: client.reqAccountSummary(53, "All", "NetLiquidation,BuyingPower"),
           'group: Some("All")', 'tags: Some("NetLiquidation,BuyingPower")')
    record("cancelAccountSummary", lambda: client.cancelAccountSummary(53), "req_id: Some(53)")
    record("reqPnL", lambda: client.reqPnL(54, "DU1", "model"), 'account: Some("DU1")', 'model_code: Some("model")')
    record("cancelPnL", lambda: client.cancelPnL(54), "req_id: Some(54)")
    record("reqPnLSingle", lambda: client.reqPnLSingle(55, "DU1", "model", 756733), "con_id: Some(756733)",
           'model_code: Some("model")')
    record("cancelPnLSingle", lambda: client.cancelPnLSingle(55), "req_id: Some(55)")
    chosen = lib.ExecutionFilter()
    told = make(chosen, {"lastNDays", "specificDates"}, time="20260316 09:30:00")
    record("reqExecutions", lambda: client.reqExecutions(56, chosen), "req_id: Some(56)", *tell(told))
    record("reqOpenOrders", client.reqOpenOrders, "OpenOrders")
    record("reqAllOpenOrders", client.reqAllOpenOrders, "AllOpenOrders")
    record("reqAutoOpenOrders", lambda: client.reqAutoOpenOrders(True), "auto_bind: Some(true)")
    record("reqCompletedOrders", lambda: client.reqCompletedOrders(True), "api_only: Some(true)")
    if not LATER:
        record("reqGlobalCancel", client.reqGlobalCancel, "GlobalCancel")


def session():
    record("reqIds", lambda: client.reqIds(4), "num_ids: Some(4)")
    record("reqCurrentTime", client.reqCurrentTime, "CurrentTime")
    record("reqManagedAccts", client.reqManagedAccts, "ManagedAccounts")
    record("setServerLogLevel", lambda: client.setServerLogLevel(5), "log_level: Some(5)")
    if VERSION >= 167:
        record("reqUserInfo", lambda: client.reqUserInfo(61), "req_id: Some(61)")
    record("requestFA", lambda: client.requestFA(1), "fa_data_type: Some(1)")
    record("replaceFA", lambda: client.replaceFA(62, 1, "<xml/>"), "req_id: Some(62)", "fa_data_type: Some(1)",
           'xml: Some("<xml/>")')
    record("reqFamilyCodes", client.reqFamilyCodes, "FamilyCodes")
    record("reqSoftDollarTiers", lambda: client.reqSoftDollarTiers(63), "req_id: Some(63)")
    record("queryDisplayGroups", lambda: client.queryDisplayGroups(64), "req_id: Some(64)")
    record("subscribeToGroupEvents", lambda: client.subscribeToGroupEvents(64, 2), "group_id: Some(2)")
    record("updateDisplayGroup", lambda: client.updateDisplayGroup(64, "8314@SMART"), 'contract_info: Some("8314@SMART")')
    record("unsubscribeFromGroupEvents", lambda: client.unsubscribeFromGroupEvents(64), "req_id: Some(64)")


def research():
    spy, _ = named()
    record("reqNewsProviders", client.reqNewsProviders, "NewsProviders")
    record("reqNewsArticle", lambda: client.reqNewsArticle(71, "BRFG", "BRFG$1", []), 'provider_code: Some("BRFG")',
           'article_id: Some("BRFG$1")')
    record("reqHistoricalNews", lambda: client.reqHistoricalNews(72, 756733, "BRFG+DJNL", "from", "to", 9, []),
           "con_id: Some(756733)", 'provider_codes: Some("BRFG+DJNL")', 'start_date_time: Some("from")',
           'end_date_time: Some("to")', "total_results: Some(9)")
    record("reqNewsBulletins", lambda: client.reqNewsBulletins(True), "all_messages: Some(true)")
    record("cancelNewsBulletins", client.cancelNewsBulletins, "CancelNewsBulletins")
    record("reqScannerParameters", client.reqScannerParameters, "ScannerParameters")
    scan = lib.ScannerSubscription()
    told = make(scan)
    record("reqScannerSubscription",
           lambda: client.reqScannerSubscription(73, scan, tags(("option", "1")), tags(("filter", "2"))),
           *tell(told), 'scanner_subscription_options: {"option": "1"}',
           'scanner_subscription_filter_options: {"filter": "2"}')
    record("cancelScannerSubscription", lambda: client.cancelScannerSubscription(73), "req_id: Some(73)")
    record("reqFundamentalData", lambda: client.reqFundamentalData(74, spy, "ReportSnapshot", []), 'symbol: Some("SPY")',
           'report_type: Some("ReportSnapshot")')
    record("cancelFundamentalData", lambda: client.cancelFundamentalData(74), "req_id: Some(74)")
    if VERSION >= 173:
        if COMMUNITY:
            asked = lib.WshEventData()
        else:
            from ibapi.common import WshEventData

            asked = WshEventData()
        told = make(asked)
        record("reqWshMetaData", lambda: client.reqWshMetaData(75), "req_id: Some(75)")
        record("cancelWshMetaData", lambda: client.cancelWshMetaData(75), "req_id: Some(75)")
        record("reqWshEventData", lambda: client.reqWshEventData(76, asked), *tell(told))
        record("cancelWshEventData", lambda: client.cancelWshEventData(76), "req_id: Some(76)")


record("startApi", lambda: None, "client_id: Some(7)")
for part in (orders, data, history, contracts, account, session, research):
    part()
print("\n\n".join(blocks), flush=True)
# The clients' own threads would wait for more.
os._exit(0)
