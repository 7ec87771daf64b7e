"""Aiming a kill at the moment that matters, on machines of any speed."""

from __future__ import annotations

import random


class Aim:
    """Delays around the moment when work gets done: later after an early kill, sooner after a late one."""

    def __init__(self, duration: float, chance: random.Random) -> None:
        self._centre = duration * 0.7
        self._chance = chance

    def delay(self) -> float:
        """Seconds to wait before the next kill."""
        return self._centre * self._chance.uniform(0.7, 1.3)

    def learn(self, done: bool) -> None:
        """Take in whether the work was done when the kill came."""
        self._centre *= 0.85 if done else 1.15
