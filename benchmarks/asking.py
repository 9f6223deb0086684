"""Clients of a server, in a process of their own that imports next to nothing.

    python benchmarks/asking.py <address> <file with a body a line> <clients> <requests>

Each client keeps one connection and asks again as soon as it is answered. Prints the latency of
each request and the seconds from the first to the last as JSON.
"""

import http.client
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, cycle, islice
from pathlib import Path
from urllib.parse import urlsplit

_PATIENCE_SECONDS = 600


def ask(address: str, bodies: Sequence[bytes], clients: int, requests: int) -> dict[str, object]:
    """Let clients ask one body after the other, together so many.

    Raises:
        RuntimeError: A request is answered with another status than 200.
    """
    shares = [islice(cycle(bodies), client, requests, clients) for client in range(clients)]
    with ThreadPoolExecutor(clients) as threads:
        started_at = time.perf_counter()
        latencies = list(threads.map(lambda share: list(_ask_all(address, share)), shares))
        seconds = time.perf_counter() - started_at
    return {"seconds": seconds, "latencies": sorted(chain.from_iterable(latencies))}


def _ask_all(address: str, bodies: Iterator[bytes]) -> Iterator[float]:
    place = urlsplit(address)
    connection = http.client.HTTPConnection(
        place.hostname or "", place.port, timeout=_PATIENCE_SECONDS
    )
    for body in bodies:
        started_at = time.perf_counter()
        connection.request("POST", place.path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        yield time.perf_counter() - started_at
        if answer.status != 200:
            raise RuntimeError(f"The server answered {answer.status}: {text}")
    connection.close()


def main() -> None:
    """Ask as the command line says."""
    address, path, clients, requests = sys.argv[1:]
    bodies = Path(path).read_bytes().splitlines()
    print(json.dumps(ask(address, bodies, int(clients), int(requests))))


if __name__ == "__main__":
    main()
