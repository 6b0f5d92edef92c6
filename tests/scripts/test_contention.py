"""Many clients at once, every message delivered twice: each step commits once, no pool goes over its limit."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Sequence

from assetq.broker.connection import connect
from assetq.broker.engine import Claimant, Engine, Outcome
from assetq.broker.message import Message
from assetq.errors import StaleAttemptError

from .driver import Driver, node

CLIENTS, STEPS, LIMIT = 8, 300, 3


class Twice:
    """A broker that delivers everything twice."""

    def __init__(self) -> None:
        self.messages: queue.Queue[Message] = queue.Queue()

    def publish(self, messages: Sequence[Message]) -> None:
        for message in [*messages, *messages]:
            self.messages.put(message)


def test_each_step_commits_once_within_the_limit(settings, instance):
    driver = Driver(settings, capacity=CLIENTS)
    broker, done, level, peak = Twice(), Counter(), Counter(), Counter()
    lock = threading.Lock()
    driver.engine.publisher = broker
    driver.engine.set_pool_limit("default", LIMIT)
    driver.submit("r", node(STEPS))

    def work(number: int) -> None:
        with connect(settings.redis_url) as client:
            engine = Engine(client, driver.keys, settings, broker)
            claimant = Claimant("w", number)
            while sum(done.values()) < STEPS:
                try:
                    message = broker.messages.get(timeout=0.05)
                except queue.Empty:
                    continue
                grant = engine.claim(message.run_id, message.fence, claimant)
                if grant is None:
                    continue
                with lock:
                    level["now"] += 1
                    peak["most"] = max(peak["most"], level["now"])
                with lock:
                    level["now"] -= 1
                try:
                    engine.commit(grant, claimant, [Outcome(grant.start, "succeeded", 1, 0)])
                except StaleAttemptError:
                    continue
                with lock:
                    done[grant.start] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(1, CLIENTS + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert done == Counter(range(STEPS))
    assert peak["most"] <= LIMIT
    assert driver.run("r")["status"] == "SUCCESS"
    assert driver.in_use() == 0
    driver.client.close()
