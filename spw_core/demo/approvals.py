"""Approval requests of the dashboard and the snapshots of what was submitted with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from spw_core.demo.documents import to_json
from spw_core.demo.model import Review, Story

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_TRIGGERS = {"approved": "approved", "needs-revision": "revision_requested", "rejected": "revision_requested"}


def files(story: Story, texts: dict[str, str], rng: Random) -> Iterator[tuple[str, str, datetime]]:
    """The (path, text, time) of every approval file; `texts` has the documents as they are now."""
    for name in dict.fromkeys(review.document for review in story.reviews):
        reviews = [review for review in story.reviews if review.document == name]
        versions = _submitted(reviews, texts[name])
        file_path = f".spec-workflow/specs/{story.slug}/{name}"
        snapshots: list[dict[str, object]] = []
        for review, content in zip(reviews, versions, strict=True):
            request = f"approval_{_unique(review.asked, rng)}"
            if review.kept:
                yield (
                    f"{request}.json",
                    to_json(_request(story, review, request, file_path)),
                    _last_touch(review),
                )
            moments = [] if snapshots else [("initial", review.asked)]
            if review.answered:
                moments.append((_TRIGGERS[review.outcome], review.answered))
            for trigger, at in moments:
                entry = {
                    "version": len(snapshots) + 1,
                    "filename": f"snapshot-{len(snapshots) + 1:03d}.json",
                    "timestamp": _iso(at),
                    "trigger": trigger,
                    "approvalId": request,
                    "approvalTitle": review.title,
                }
                snapshots.append(entry)
                snapshot = {
                    "id": f"snapshot_{_unique(at, rng)}",
                    **entry,
                    "status": "pending",
                    "content": content,
                }
                del snapshot["filename"]
                snapshot["fileStats"] = {
                    "size": len(content.encode()),
                    "lines": content.count("\n") + 1,
                    "lastModified": _iso(review.asked - timedelta(minutes=5)),
                }
                snapshot["comments"] = _comments(review, at) if trigger == "revision_requested" else []
                yield f".snapshots/{name}/{entry['filename']}", to_json(snapshot), at
        metadata = {"filePath": file_path, "currentVersion": len(snapshots), "snapshots": snapshots}
        yield f".snapshots/{name}/metadata.json", to_json(metadata), _last_touch(reviews[-1])


def _submitted(reviews: list[Review], text: str) -> list[str]:
    """The text that each review was about, found by undoing the later edits from the last one back."""
    versions: list[str] = []
    for review in reversed(reviews):
        for now, before in review.undo:
            if now not in text:
                raise ValueError(f"{review.document} has no {now!r} to undo")
            text = text.replace(now, before)
        versions.insert(0, text)
    return versions


def _request(story: Story, review: Review, request: str, file_path: str) -> dict[str, object]:
    value: dict[str, object] = {
        "id": request,
        "title": review.title,
        "filePath": file_path,
        "type": "document",
        "status": review.outcome,
        "createdAt": _iso(review.asked),
        "category": "spec",
        "categoryName": story.slug,
    }
    if review.answered:
        value |= {"response": review.response, "respondedAt": _iso(review.answered)}
        if review.comments:
            value["comments"] = _comments(review, review.answered)
    return value


def _comments(review: Review, at: datetime) -> list[dict[str, str]]:
    return [{"type": "general", "comment": comment, "timestamp": _iso(at)} for comment in review.comments]


def _last_touch(review: Review) -> datetime:
    return review.answered or review.asked


def _unique(at: datetime, rng: Random) -> str:
    return f"{int(at.timestamp() * 1000)}_{''.join(rng.choices(_BASE36, k=9))}"


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
