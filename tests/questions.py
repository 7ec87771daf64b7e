"""Forty questions to the example workspace in two languages, with their answers.

Written from the stories, not from what the search finds. An answer is right when it is of the spec and its
path holds the text; the kinds of questions are those that search is measured by.
"""

from __future__ import annotations

from typing import NamedTuple


class Question(NamedTuple):
    """`path` is part of the path of a right answer; empty where any document of the spec will do."""

    kind: str
    text: str
    spec: str
    path: str = ""


QUESTIONS = (
    # Words that stand in the answer.
    Question("keyword", "keyset paging", "notification-center"),
    Question("keyword", "quiet hours push notification", "notification-center"),
    Question("keyword", "gift card balance sheet", "gift-cards", "requirements"),
    Question("keyword", "VAT totals ledger rounding", "billing-export"),
    Question("keyword", "outbox idempotency key", "notification-center"),
    Question("keyword", "quarantine list with owner and return date", "checkout-flaky-tests"),
    Question("keyword", "validador oficial ISO-8859-1", "relatorios-fiscais"),
    Question("keyword", "lista de desejos link público", "wishlist-sharing"),
    Question("keyword", "Apuração por UF diferencial de alíquota", "relatorios-fiscais"),
    Question("keyword", "REQ-004 uncovered concurrency test", "gift-cards", "tasks-check"),
    # Something went wrong, in the words of whoever saw it.
    Question("symptom", "who fixed the flaky login test", "checkout-flaky-tests", "execution/run-002"),
    Question(
        "symptom", "why was the checkpoint of the billing export blocked", "billing-export", "execution"
    ),
    Question("symptom", "totals differ by cents from the ledger", "billing-export"),
    Question("symptom", "retries hide a race", "checkout-flaky-tests", "wave-01"),
    Question("symptom", "every deploy signs customers out", "user-auth"),
    Question("symptom", "qual handoff corrigiu o teste instável?", "checkout-flaky-tests", "_handoff.md"),
    Question("symptom", "arquivo rejeitado por codificação", "relatorios-fiscais", "wave-01"),
    Question("symptom", "log of task 2 is missing", "billing-export"),
    Question("symptom", "14 messages on Black Friday", "notification-center"),
    Question("symptom", "searches without a result", "search-index"),
    # Which spec did it?
    Question("who", "which spec implemented JWT login?", "user-auth"),
    Question("who", "which spec introduced a fake clock", "checkout-flaky-tests"),
    Question("who", "qual spec trata do SPED fiscal", "relatorios-fiscais"),
    Question("who", "which spec streams CSV with a cursor", "billing-export"),
    Question("who", "quem decidiu usar FTS5 para a busca de produtos", "search-index"),
    Question("who", "which spec plans digest windows", "notification-center"),
    # Other words than the answer has.
    Question("paraphrase", "logging in with tokens that expire soon", "user-auth"),
    Question("paraphrase", "unreliable end-to-end suite", "checkout-flaky-tests"),
    Question("paraphrase", "do not disturb at night", "notification-center"),
    Question("paraphrase", "prepaid vouchers customers can buy", "gift-cards"),
    Question("paraphrase", "busca que aceita erros de digitação", "search-index"),
    # Misspelt.
    Question("typo", "flakey logni tset", "checkout-flaky-tests"),
    Question("typo", "gift crads redemtion", "gift-cards"),
    Question("typo", "ledgr roundng", "billing-export"),
    Question("typo", "notificaton quiet huors", "notification-center"),
    Question("typo", "relatorios ficsais validadr", "relatorios-fiscais"),
    # Asked in the other language.
    Question("translated", "exportação mensal de faturamento", "billing-export"),
    Question("translated", "sharing a wish list with friends", "wishlist-sharing"),
    Question("translated", "monthly tax reports for Brazil", "relatorios-fiscais"),
    Question("translated", "teste de login instável", "checkout-flaky-tests"),
)
KINDS = tuple(dict.fromkeys(question.kind for question in QUESTIONS))
