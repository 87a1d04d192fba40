"""Environments with Gymnasium's interface, and nothing else than the standard library."""

import math
import os
import random
import signal
import sys
import time


class Box:
    def __init__(self, low, high, shape, dtype="float32"):
        self.low, self.high, self.shape, self.dtype = low, high, shape, dtype


class Discrete:
    def __init__(self, n, start=0):
        self.n, self.start = n, start


class MultiDiscrete:
    def __init__(self, nvec):
        self.nvec = nvec


class MultiBinary:
    def __init__(self, n):
        self.n = n


class Tuple:
    def __init__(self, *spaces):
        self.spaces = spaces


class Dict:
    def __init__(self, **spaces):
        self.spaces = spaces


class CartPole:
    """Gymnasium's, without NumPy. First states are exact in float32. The "steps" after which it is truncated are an option."""

    def __init__(self, steps=500):
        far = [4.8, math.inf, 24 * 2 * math.pi / 360, math.inf]
        self.observation_space = Box([-number for number in far], far, (4,))
        self.action_space = Discrete(2)
        self.steps = steps
        self.random = random.Random()

    def reset(self, seed=None, options=None):
        if seed is not None:
            self.random = random.Random(seed)
        self.state = [self.random.randrange(-200, 201) / 4096 for _ in range(4)]
        self.taken = 0
        return list(self.state), {}

    def step(self, action):
        x, v, angle, spin = self.state
        force = 10.0 if action == 1 else -10.0
        cos, sin = math.cos(angle), math.sin(angle)
        push = (force + 0.05 * spin**2 * sin) / 1.1
        spin_up = (9.8 * sin - cos * push) / (0.5 * (4.0 / 3.0 - 0.1 * cos**2 / 1.1))
        speed_up = push - 0.05 * spin_up * cos / 1.1
        self.state = [x + 0.02 * v, v + 0.02 * speed_up, angle + 0.02 * spin, spin + 0.02 * spin_up]
        self.taken += 1
        fallen = abs(self.state[0]) > 2.4 or abs(self.state[2]) > 12 * 2 * math.pi / 360
        return list(self.state), 1.0, fallen, self.taken >= self.steps, {}


class Counter:
    """Counts the steps of its episode, of which it has "steps"; what it does at step "at" is "then". It knows its process."""

    def __init__(self, steps=1000, at=-1, then="", slow_reset=False):
        self.observation_space = Box(0, 1 << 23, (2,))
        self.action_space = Discrete(3)
        self.steps, self.at, self.then, self.slow_reset = steps, at, then, slow_reset
        self.count = 0

    def observe(self):
        return [self.count, os.getpid()]

    def reset(self, seed=None, options=None):
        if self.slow_reset:
            time.sleep(3600)
        self.count = 0
        return self.observe(), {}

    def step(self, action):
        self.count += 1
        if self.count == self.at:
            if self.then == "sleep":
                time.sleep(3600)
            if self.then == "die":
                print("these were my last words", file=sys.stderr, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            if self.then == "raise":
                raise ValueError("the ball is lost")
            if self.then == "short":
                return [1.0], 0.0, False, False, {}
            if self.then == "nan":
                return self.observe(), math.nan, False, False, {}
            if self.then == "outside":
                return [-1.0, 0.0], 0.0, False, False, {}
        return self.observe(), float(action), False, self.count >= self.steps, {}


class Everything:
    """Observes the action before, in every space there is."""

    def __init__(self):
        spaces = Dict(
            box=Box([[-1, -2], [-3, -4]], [[1, 2], [3, 4]], (2, 2)),
            pixels=Box(0, 255, (3,), "uint8"),
            pair=Tuple(Discrete(3, 5), MultiDiscrete([2, 4])),
            bits=MultiBinary(3),
        )
        self.observation_space = self.action_space = spaces

    def reset(self, seed=None, options=None):
        return {"box": [[0, 0], [0, 0]], "pixels": [0, 128, 255], "pair": (5, [0, 0]), "bits": [0, 0, 0]}, {}

    def step(self, action):
        return action, 0.0, False, False, {}


class Unspeakable(Counter):
    def __init__(self):
        super().__init__()
        self.observation_space = Text()


class Text:
    pass


class Numpy(Counter):
    """Gymnasium's types: arrays of NumPy, and NumPy's numbers."""

    def __init__(self):
        import numpy

        super().__init__()
        self.numpy = numpy
        self.observation_space = Box(numpy.zeros((2, 2), "uint8"), numpy.full((2, 2), 255, "uint8"), (2, 2), numpy.dtype("uint8"))
        self.action_space = Box(numpy.full(2, -2.0), numpy.full(2, 2.0), (2,), numpy.dtype("float64"))

    def reset(self, seed=None, options=None):
        return self.numpy.array([[0, 1], [254, 255]], "uint8"), {}

    def step(self, action):
        assert action.dtype == self.numpy.float64 and action.shape == (2,)
        reward = self.numpy.float32(action.sum())
        return self.numpy.full((2, 2), 7, "uint8"), reward, self.numpy.bool_(False), self.numpy.bool_(False), {}
