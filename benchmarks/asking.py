"""Clients of a server on this machine, in a process of their own that imports next to nothing.

    python benchmarks/asking.py <address> <file of bodies> <clients> <requests>

Each client keeps one connection and asks again as soon as it is answered. Prints the seconds from
first to last request and the latency of each as JSON.
"""

import http.client
import json
import sys
import threading
import time
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit


def ask(address: str, bodies: list[bytes], clients: int, requests: int) -> dict[str, object]:
    """Let clients ask in turn for the next body until so many requests are answered."""
    numbers, latencies, wrong = count(), [], []
    lock = threading.Lock()

    def be_client() -> None:
        place = urlsplit(address)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=600)
        while True:
            with lock:
                number = next(numbers)
            if number >= requests:
                return
            started_at = time.perf_counter()
            connection.request("POST", place.path, bodies[number % len(bodies)],
                               {"Content-Type": "application/json"})  # fmt: skip
            answer = connection.getresponse()
            text = answer.read()
            latencies.append(time.perf_counter() - started_at)
            if answer.status != 200:
                wrong.append(text.decode())

    threads = [threading.Thread(target=be_client) for _ in range(clients)]
    started_at = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started_at
    return {"seconds": seconds, "latencies": latencies, "wrong": wrong[:1]}


if __name__ == "__main__":
    address, path, clients, requests = sys.argv[1:]
    bodies = [line.encode() for line in Path(path).read_text(encoding="utf-8").splitlines()]
    print(json.dumps(ask(address, bodies, int(clients), int(requests))))
