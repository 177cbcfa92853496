"""A merchant's notice address for tests of the doubles: remembers what came, answers from a list."""

from __future__ import annotations

import json
from collections.abc import Iterable

from werkzeug.wrappers import Request, Response

from tests.doubles.base import Answer, Double, Handler


class Inbox(Double):
    """Answers the given statuses or JSON objects in turn, then `otherwise`, to any request."""

    def __init__(
        self,
        answers: Iterable[int | dict[str, object]] = (),
        *,
        otherwise: int | dict[str, object] = 200,
    ) -> None:
        super().__init__()
        self.answers = list(answers)
        self.otherwise = otherwise

    def routes(self) -> dict[str, Handler]:
        return {"POST /notify": self.receive, "GET /notify": self.receive}

    @property
    def url(self) -> str:
        return self.base_url + "/notify"

    @property
    def words(self) -> list[str]:
        """The bodies that came, in order."""
        return [received.body.decode() for received in self.journal]

    def receive(self, request: Request) -> Answer:
        answer = self.answers.pop(0) if self.answers else self.otherwise
        if isinstance(answer, int):
            return Response(status=answer)
        return Response(json.dumps(answer), mimetype="application/json")
