"""A reading room without a process: all that is told and answered goes as the bytes that a pipe would carry."""

from __future__ import annotations

from logferry_daemon.adapters.reading_process import prepare_task, read_task
from logferry_daemon.core.carried import reading_of
from logferry_daemon.core.detectors import Detectors
from logferry_daemon.core.new_session import NewSession
from logferry_daemon.core.orders import Order
from logferry_daemon.core.reading import Document, DocumentTracker, Reading
from logferry_daemon.workshop.messages import Answer, Held, Prepared, Refusal, Task, answer_of, encoded
from logferry_daemon.workshop.worker import Tools, answered
from logferry_model.errors import Damaged
from tests.bad_letters import trackers


class WiredRoom:
    """The worker, called."""

    def __init__(self, detectors: Detectors) -> None:
        self._tools = Tools(detectors, {}, trackers)

    async def read(self, tracker: DocumentTracker, document: Document) -> Reading:
        answer = self._answer(read_task(tracker, document))
        assert isinstance(answer, Held)
        return reading_of(answer.reading)

    async def prepare(self, order: Order) -> NewSession:
        answer = self._answer(prepare_task(order))
        assert isinstance(answer, Prepared)
        return answer.new

    def _answer(self, task: Task) -> Answer:
        answer = answer_of(answered(encoded(task), self._tools))
        if isinstance(answer, Refusal):
            raise Damaged(answer.code, answer.message, hint=answer.hint)
        return answer
