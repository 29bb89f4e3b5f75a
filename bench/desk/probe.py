"""`python -m bench.desk.probe PORT`: how long a door that does nothing lets one wait, over and over until stdin ends.

What it waits beyond the bare answer, the event loop was busy with something else. It is a process of its own: nobody
else's work is measured.
"""

import select
import sys
import time
from http.client import HTTPConnection

import orjson

PATH = "/health/live"
EVERY_SECONDS = 0.05
PATIENCE_SECONDS = 60.0


def main() -> None:
    connection = HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=PATIENCE_SECONDS)
    waits: list[tuple[float, float]] = []
    while not select.select([sys.stdin], [], [], EVERY_SECONDS)[0]:
        at, began = time.time(), time.perf_counter()
        connection.request("GET", PATH)
        connection.getresponse().read()
        waits.append((at, round((time.perf_counter() - began) * 1000, 2)))
    sys.stdout.buffer.write(orjson.dumps(waits))


if __name__ == "__main__":
    main()
