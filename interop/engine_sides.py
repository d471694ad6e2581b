"""The sides of a race: processes that do one unit of work for each line they are
sent (interop/engine is ours, engine_torch.py the peer's), taken in turn."""
import json
import statistics
import subprocess
import time

SETTLE = 0.05  # seconds between units, in which idle threads of a side stop spinning


class Side:
    """A process with what its units of work took and gave."""

    def __init__(self, name, command, env):
        self.name, self.command, self.env = name, command, env
        self.seconds, self.cpu, self.resident = [], [], 0

    def launch(self):
        self.process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.ready = self._answer()

    def start(self):
        """Launches the process and does the units that do not count: the first, which compiles, and one more."""
        self.launch()
        self.first = self.unit()
        self.unit()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            _, text = self.process.communicate()
            raise SystemExit(f"{self.name} ended:\n{text[-2000:]}")
        return json.loads(line)

    def unit(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = self._answer()
        self.resident = answer["resident"]
        return answer

    def turn(self):
        answer = self.unit()
        self.seconds.append(answer["seconds"])
        self.cpu.append(answer["cpu"])
        time.sleep(SETTLE)

    def stop(self):
        self.process.communicate()


class Race:
    """Starts its sides, holds that they compute the same, and runs rounds."""

    def __init__(self, sides, key, same):
        self.sides = {}
        try:
            for side in sides:
                side.start()
                self.sides[side.name] = side
            self.differences = {n: difference(s.first[key], sides[0].first[key]) for n, s in self.sides.items()}
            for name, d in self.differences.items():
                if not d <= same(name):
                    raise SystemExit(f"{name} does other work than {sides[0].name}: its {key} differs by {d:.2e}")
        except BaseException:
            self.stop()
            raise

    def run(self, rounds):
        order = list(self.sides.values())
        for _ in range(rounds):
            for side in order:
                side.turn()
            order.append(order.pop(0))
        return self

    def stop(self):
        for side in self.sides.values():
            side.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def best(self, names):
        ran = [self.sides[n] for n in names if n in self.sides]
        return min(ran, key=lambda s: statistics.median(s.seconds), default=None)


def difference(a, b):
    if isinstance(a, list):
        return max(abs(x - y) for x, y in zip(a, b, strict=True))
    return float(a != b) if isinstance(a, str) else abs(a - b)


def ratio(ours, peer):
    return statistics.median(peer) / statistics.median(ours)


def spread(times):
    """Median and range in milliseconds."""
    return f"{1e3 * statistics.median(times):,.0f} ({1e3 * min(times):,.0f} to {1e3 * max(times):,.0f})"
