"""Order books once more, in plain Python over Databento's own decoder, beside `alphatrader data book`:
`python order_book.py BINARY [FILE.mbo.dbn[.zst]...]`.

Every row's time, sequence, action, side, price and size, and the first ten levels with sizes and counts, must be
equal. Beside the files it is given it makes two, with Databento's own encoder: adds, cancels, changes, trades, clears, a snapshot.
"""

import csv, heapq, io, pathlib, random, subprocess, sys, tempfile
from decimal import Decimal

import databento_dbn as dbn

from judge import Judge

LEVELS = 10
UNDEF = 2**63 - 1
LETTERS = {"A": dbn.Action.ADD, "C": dbn.Action.CANCEL, "M": dbn.Action.MODIFY, "R": dbn.Action.CLEAR,
           "T": dbn.Action.TRADE, "F": dbn.Action.FILL}
SIDES = {"B": dbn.Side.BID, "A": dbn.Side.ASK, "N": dbn.Side.NONE}


def rows(records):
    """The columns of each record and the ten levels after it, prices in 1e-9."""
    orders, sums = {}, {"B": {}, "A": {}}

    def move(order, sign):
        side, price, size = order
        old = sums[side].get(price, (0, 0))
        sums[side][price] = new = (old[0] + sign * size, old[1] + sign)
        if new == (0, 0):
            del sums[side][price]

    for r in records:
        action, side = str(r.action.value), str(r.side.value)
        if action == "R":
            orders, sums = {}, {"B": {}, "A": {}}
        elif action in "ACM":
            old = orders.pop(r.order_id, None)
            if old:
                move(old, -1)
            left = old[2] - r.size if action == "C" and old else 0 if action == "C" else r.size
            if left > 0:
                orders[r.order_id] = new = (*old[:2], left) if action == "C" else (side, r.price, left)
                move(new, 1)
        row = [r.ts_event, r.sequence, action, side, None if r.price == UNDEF else r.price, r.size]
        best = {"B": heapq.nlargest(LEVELS, sums["B"]), "A": heapq.nsmallest(LEVELS, sums["A"])}
        for at in range(LEVELS):
            for side in "BA":
                price = best[side][at] if at < len(best[side]) else None
                row.extend((None, None, None) if price is None else (price, *sums[side][price]))
        yield row


def printed(binary, path):
    out = subprocess.run([binary, "data", "book", path, "--levels", str(LEVELS), "--output", "csv"],
                         check=True, capture_output=True, text=True).stdout
    reader = csv.reader(io.StringIO(out))
    names = next(reader)
    prices = {at for at, name in enumerate(names) if "px" in name or name == "price"}
    for row in reader:
        yield [None if text == "" else text if at in (2, 3) else int(Decimal(text) * 10**9) if at in prices
               else int(text) for at, text in enumerate(row)]


def made(path, seed):
    """A day of five thousand records."""
    chance, live, records = random.Random(seed), [], []
    begin = 1_609_160_400_000_000_000
    for at in range(5_000):
        action = "R" if at in (0, 2_500) else chance.choice("AAAAACCCMTF")
        if action in "CMF" and not live:
            action = "A"
        order, side = at + 1, chance.choice("AB")
        price = (5_500 + (1 if side == "A" else -1) * chance.randrange(1, 40)) * 250_000_000
        if action == "R":
            live, side, price = [], "N", UNDEF
        elif action == "A":
            live.append((order, side, price))
        elif action in "CMF":
            place = chance.randrange(len(live))
            order, side, price = live[place]
            if action == "M":
                price += chance.choice((-250_000_000, 0, 250_000_000))
                live[place] = (order, side, price)
        flags = 168 if at < 200 and action == "A" else chance.choice((0, 128))
        records.append(dbn.MBOMsg(
            publisher_id=1, instrument_id=5_482, ts_event=begin + at * 1_000, order_id=order, price=price,
            size=chance.randrange(1, 9), action=LETTERS[action], side=SIDES[side], ts_recv=begin + at * 1_000 + 7,
            flags=flags, sequence=at))
    metadata = dbn.Metadata(dataset="GLBX.MDP3", start=begin, stype_in=dbn.SType.RAW_SYMBOL,
                            stype_out=dbn.SType.INSTRUMENT_ID, schema=dbn.Schema.MBO)
    path.write_bytes(metadata.encode() + b"".join(bytes(record) for record in records))


def decoded(path):
    packed = str(path).endswith(".zst")
    decoder = dbn.DBNDecoder(compression=dbn.Compression.ZSTD if packed else dbn.Compression.NONE)
    decoder.write(pathlib.Path(path).read_bytes())
    return [record for record in decoder.decode() if isinstance(record, dbn.MBOMsg)]


def compare(binary, path):
    expected, told = list(rows(decoded(path))), list(printed(binary, path))
    assert len(told) == len(expected), f"{len(told)} rows here, {len(expected)} in Python"
    for at, (theirs, ours) in enumerate(zip(expected, told)):
        assert ours == theirs, f"row {at}: {ours} here, {theirs} in Python"
    print(f"{len(told)} rows of {pathlib.Path(path).name} are equal", flush=True)


def main():
    binary, *recorded = sys.argv[1:]
    judge = Judge("books with Databento's decoder")
    with tempfile.TemporaryDirectory() as folder:
        files = list(recorded)
        for seed in (1, 2):
            files.append(str(pathlib.Path(folder, f"made-{seed}.mbo.dbn")))
            made(pathlib.Path(files[-1]), seed)
        for path in files:
            judge.check(pathlib.Path(path).name, lambda: compare(binary, path))
    if not recorded:
        print("skipped: recorded data absent")
    judge.end()


main()
