"""Counts checks: each prints `ok` or `FAILED` and its name, which the caller reads."""

import sys
import traceback


class Judge:
    """Runs checks one after the other; a check is a function that raises when something is not as it should be."""

    def __init__(self, client):
        self.client = client
        self.failed = 0

    def check(self, name, body):
        try:
            body()
        except Exception:
            self.failed += 1
            print(f"FAILED  {self.client}: {name}", flush=True)
            traceback.print_exc(limit=4, file=sys.stdout)
        else:
            print(f"ok      {self.client}: {name}", flush=True)

    def end(self):
        sys.exit(1 if self.failed else 0)
