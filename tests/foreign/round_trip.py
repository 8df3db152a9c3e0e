"""Times quote to order to execution with ib_async: `python round_trip.py PORT ROUNDS WARM_UP`; seconds, a line each."""

import asyncio
import sys
import time

import ib_async as ibi

PORT, ROUNDS, WARM_UP = map(int, sys.argv[1:4])


async def main():
    ib = ibi.IB()
    await ib.connectAsync("127.0.0.1", PORT, clientId=2)
    spy = ibi.Stock("SPY", "SMART", "USD")
    await ib.qualifyContractsAsync(spy)
    ticker = ib.reqMktData(spy)
    loop = asyncio.get_running_loop()
    for number in range(WARM_UP + ROUNDS):
        done = loop.create_future()
        state = {}

        def on_quote(_):
            if state:
                return
            state["begun"] = time.perf_counter()
            order = ibi.MarketOrder("BUY" if number % 2 == 0 else "SELL", 1)
            trade = ib.placeOrder(spy, order)
            trade.fillEvent += lambda *_: done.done() or done.set_result(time.perf_counter())

        ticker.updateEvent += on_quote
        end = await asyncio.wait_for(done, 20)
        ticker.updateEvent -= on_quote
        if number >= WARM_UP:
            print(end - state["begun"])
    ib.disconnect()


asyncio.run(main())
