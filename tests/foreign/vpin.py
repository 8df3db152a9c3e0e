"""VPIN of LEAN's trade ticks once more, in plain Python, beside `alphatrader features`: `python vpin.py BINARY [ZIP...]`.

Tick rule, volume clock, prints of 09:30 to 16:00 New York; every print with a price and a size counts. Equal to 1e-9.
Without files it makes a small day of its own.
"""

import csv, io, pathlib, random, subprocess, sys, tempfile, zipfile
from collections import deque

from judge import Judge

OPEN, CLOSE = 34_200_000, 57_600_000


def vpin(paths, volume, window):
    """Bucket number and VPIN, absent until the window is full, at the end of each bucket."""
    filled, buy, bucket, last, sums, rows = 0, 0, 0, deque(maxlen=window), 0, []
    odd = 1  # where the odd share of an unsigned slice goes
    for path in paths:
        price = side = 0
        with zipfile.ZipFile(path) as archive:
            text = io.TextIOWrapper(archive.open(archive.namelist()[0]))
            for ms, p, size, *_ in csv.reader(text):
                ms, p, size = int(ms), int(p), int(size)
                if p <= 0 or size <= 0:
                    continue
                if price and p != price:
                    side = 1 if p > price else -1
                price = p
                while OPEN <= ms < CLOSE and size:
                    take = min(size, volume - filled)
                    bought = take if side > 0 else 0 if side < 0 else take // 2 + (take % 2 and odd)
                    odd ^= side == 0 and take % 2
                    size, filled, buy = size - take, filled + take, buy + bought
                    if filled == volume:
                        sums += abs(2 * buy - volume) - (last[0] if len(last) == window else 0)
                        last.append(abs(2 * buy - volume))
                        filled, buy, bucket = 0, 0, bucket + 1
                        rows.append((bucket, sums / (window * volume) if len(last) == window else None))
    return rows


def small_day(folder):
    dice, ms, price, lines = random.Random(7), 34_000_000, 1_674_100, []
    while ms < 58_000_000:
        ms, price = ms + dice.randrange(4_000), price + 100 * dice.randrange(-1, 2)
        lines.append(f"{ms},{price},{dice.choice([1, 37, 100, 300, 9_900])},P,0,0\n")
    path = folder / "20131007_trade.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("20131007_spy_Trade_Tick.csv", "".join(lines))
    return [path]


def compare(binary, paths, volume, window):
    command = [binary, "features", *map(str, paths), "--symbol", "SPY", "--every", "bucket", "--classify", "tick"]
    command += ["--admit", "all", "--vpin-bucket-volume", str(volume), "--vpin-window", str(window)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    ours = [(int(row["bucket"]), float(row["vpin"]) if row["vpin"] else None) for row in csv.DictReader(io.StringIO(out))]
    theirs = vpin(paths, volume, window)
    assert [b for b, _ in ours] == [b for b, _ in theirs], f"{len(ours)} buckets here, {len(theirs)} in Python"
    worst = max((abs(a - b) for (_, a), (_, b) in zip(ours, theirs) if a is not None or b is not None), default=None)
    assert worst is not None and worst <= 1e-9, worst
    print(f"{len(ours)} buckets of {volume} shares, window {window}: largest difference {worst}", flush=True)


def main():
    binary, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        made = small_day(pathlib.Path(folder))
        cases = [(made, 10_000, 20), (made, 777, 50)]
        recorded = sorted(map(pathlib.Path, names))
        cases += [(recorded, 100_000, 50), (recorded, 1_234_567, 10)] if recorded else []
        judge = Judge("VPIN in Python")
        for paths, volume, window in cases:
            name = f"{len(paths)} days, buckets of {volume}, a window of {window}"
            judge.check(name, lambda: compare(binary, paths, volume, window))
    if not recorded:
        print("skipped: recorded data absent")
    judge.end()


main()
