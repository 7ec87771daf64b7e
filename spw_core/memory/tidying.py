"""Forgetting wins: what somebody else was storing of a session meanwhile is taken out again.

A session is marked as forgotten before anything of it is deleted. Whoever stores something looks at the marks
afterwards: either they see the mark, or what they stored was there when the deleting began.
"""

from __future__ import annotations

from collections.abc import Iterable

from spw_core.memory.place import HERE, entity_of
from spw_core.store.memory.stores import Memory


def drop_forgotten(memory: Memory, sessions: Iterable[str]) -> set[str]:
    """Remove whatever is stored of those of some sessions that are forgotten; returns their ids."""
    forgotten = set(sessions) & memory.sessions.forgotten(HERE)
    for session in sorted(forgotten):
        memory.sessions.delete(HERE, session, forever=True)
        memory.messages.forget_session(HERE, session)
        memory.knowledge.forget_facts_about(HERE, entity_of(session))
    return forgotten
