"""billing-export: the monthly file for the accountants. Wave 2 is blocked twice, a third attempt is running.

Its last run, `wave-02/execution/run-003`, holds the one status.json of the demo that is not valid JSON.
"""

BILLING_EXPORT = """
>>> spec billing-export en spw
Monthly billing export for the accountants

>>> doc requirements.md @ 24d11:00
# Requirements: Monthly billing export

## Product Context
On the first working day of a month Ana from finance copies 6,000 invoices out of the back office by hand.
The export writes one CSV per legal entity, with totals that match the ledger to the cent.

## Functional Requirements
### REQ-001 - Export a closed month
- WHEN a closed month is requested THEN a CSV per legal entity SHALL be written within 3 minutes
- IF the month is still open THEN the request SHALL be refused with the closing date
- Priority: Must

### REQ-002 - Totals match the ledger
- The sum of net, VAT and gross SHALL equal the ledger to the cent, per VAT rate
- Priority: Must

### REQ-003 - Credit notes carry their origin
- Each credit note SHALL name the invoice it corrects
- Priority: Must

### REQ-004 - Bounded memory
- An export of 500,000 rows SHALL stay below 256 MB
- Priority: Should

## Success Criteria
- The January file is accepted by the accountants without a manual correction

>>> doc design.md @ 22d16:00
# Design: Monthly billing export

## Overview
A cursor streams invoice lines ordered by entity and number; rows are formatted one by one and written to
object storage in parts. Money is integer cents from the database to the file.

## Requirement Mapping
| Requirement | Technical Decision | Components | Test Strategy |
|-------------|--------------------|------------|---------------|
| REQ-001 | job per (entity, month) | `src/billing/export_job.py` | integration |
| REQ-002 | round per VAT group, not per line | `src/billing/totals.py` | golden ledger |
| REQ-003 | self join on `corrects_id` | `src/billing/rows.py` | unit |
| REQ-004 | server-side cursor, 2,000 rows | `src/billing/cursor.py` | memory probe |

## Architecture
```mermaid
flowchart LR
  job --> cursor --> rows --> csv --> storage
  rows --> totals --> ledger_check
```

## Error Strategy
A mismatch with the ledger removes the file and raises `LedgerMismatch` with entity, rate and both amounts.

>>> doc planning/TASKS-CHECK.md @ 21d12:00
# Tasks Check

| Requirement | Tasks | Test |
|-------------|-------|------|
| REQ-001 | 3, 5 | aborted upload, open month |
| REQ-002 | 4 | golden file of the January ledger |
| REQ-003 | 2 | credit note across months |
| REQ-004 | 1 | memory probe with 500,000 rows |

**Verdict: PASS.** Five tasks, four requirements, no cycle. Advisory: task 4 has no test for a month without
invoices.

>>> doc STATUS-SUMMARY.md @ 0d09:00
# Status Summary: billing-export

- **Phase:** execution, wave 2 **BLOCKED** (twice)
- **Done:** tasks 1, 2, 3. **Open:** 4 (rework), 5
- **Why:** the VAT totals of January differ from the ledger by 0.01 to 0.07 EUR in 14 of 31 entities
- **Next:** exec run-003 moves the rounding to the VAT group; then checkpoint run-003

>>> doc execution/CHECKPOINT-REPORT.md @ 1d17:30
# Checkpoint Report: wave 02

- **Status:** BLOCKED (second time)
- **Run:** run-002

## Critical issues
1. VAT totals differ from the ledger in 14 of 31 entities (was 19 in run-001).
2. Implementation log of task 2 is still missing.

## Corrective actions
- Round once per VAT rate and entity, half away from zero, as the ledger does (`numeric(12,2)` on the group).
- Register the log of task 2: `spw tools impl-log register billing-export --task-id 2 …`.

>>> tasks g3 @ 0d08:55
wave 1 Reading: cursor and rows
x 1 tool | Stream invoice lines with a server-side cursor | REQ-004 | none | \
src/billing/cursor.py, tests/billing/test_cursor.py | uv run pytest tests/billing/test_cursor.py
- 2,000 rows per fetch; peak of 88 MB for 500,000 rows
x 2 none | Format rows and credit notes | REQ-003 | 1 | \
src/billing/rows.py, tests/billing/test_rows.py | uv run pytest tests/billing/test_rows.py
- Credit notes carry the number of the corrected invoice, also across months
wave 2 Totals and the job
x 3 agent | Write CSV parts to object storage | REQ-001 | 2 | \
src/billing/csv_parts.py, src/storage/multipart.py | uv run pytest tests/billing/test_csv_parts.py
- Parts of 8 MB; an aborted upload is cleaned up by the lifecycle rule
! 4 none | Compare totals with the ledger | REQ-002 | 2 | \
src/billing/totals.py, tests/billing/test_totals.py | uv run pytest tests/billing/test_totals.py
- Golden file from the ledger of January, 31 entities
o 5 none | Run the export as a job | REQ-001 | 3, 4 | \
src/billing/export_job.py, src/jobs/registry.py | uv run pytest tests/billing/test_export_job.py
- Refuses an open month and names the closing date

>>> run prd @ 24d09:00
>> requirements-structurer | pass artifact=requirements.md | Four requirements, three of them Must
>>> run design-draft @ 22d14:20
>> design-writer | pass artifact=design.md | Streaming design with a ledger check before publication
>> design-critic | pass | Asks who rounds; answer "per VAT group" is in the mapping but not in the tasks
I let it pass because the table names the rule. It is easy to miss: nothing in the contracts section repeats
it.

>>> run tasks-check @ 21d11:00
>> traceability-auditor | pass pt | Os quatro requisitos estão cobertos por tarefas e testes
>> decision-aggregator | pass artifact=planning/TASKS-CHECK.md | Approved with an advisory about empty months

>>> run exec 1 @ 15d09:00
>> task-implementer-1 | pass | Cursor streams 500,000 rows at a peak of 88 MB
>> task-implementer-2 | pass | Rows and credit notes formatted, 26 tests
>> code-quality-reviewer-2 | pass | Good; the log of task 2 was promised for the next commit
>>> run checkpoint 1 @ 14d16:00
>> evidence-collector | pass | Tests green; log of task 2 missing, promised
>> release-gate-decider | pass | Wave 1 passes with one condition: the log of task 2
>>> wave 1 agent complete execution=run-001 @ 14d16:45

>>> run exec 2 @ 8d09:30
>> execution-state-scout | pass pt | Onda 2: as tarefas 3 e 4 podem andar em paralelo
>> task-implementer-3 | pass | Multipart CSV writer, 14 tests, aborted uploads verified
>> task-implementer-4 | pass | Totals compared with the ledger on synthetic data
The test ledger was generated with the same function that formats the rows. It agrees by construction; I had
no dump of the real ledger in this environment.
>> spec-compliance-reviewer-4 | pass | Comparison exists as REQ-002 demands
>>> run checkpoint 2 @ 7d15:00
>> evidence-collector | blocked | Real January ledger differs in 19 of 31 entities
| Entity | Rate | Export | Ledger | Difference |
|--------|-----:|-------:|-------:|-----------:|
| ACME-DE | 19 % | 48,211.37 | 48,211.30 | +0.07 |
| ACME-FR | 20 % | 12,904.11 | 12,904.08 | +0.03 |
| ACME-NL | 21 % | 7,310.55 | 7,310.56 | -0.01 |
>> traceability-judge | pass pt | Há código e teste para REQ-001 e REQ-002
Meu critério é a existência do rastro, e ele existe. Se o teste prova alguma coisa é assunto do coletor de
evidências.
>> release-gate-decider | blocked | BLOCKED: VAT totals do not match the ledger (rounding per line)
The judge passes because a test exists, the collector blocks because the test proves nothing. A golden file
from the real ledger is required; synthetic data produced by the code under test is not evidence.

>>> run exec 2 @ 3d10:00
>> task-implementer-4 | pass | Golden ledger added; banker's rounding per line instead of half-up
>> spec-compliance-reviewer-4 | blocked | 14 entities still differ; rounding must happen per VAT group
`ROUND_HALF_EVEN` per line lowers the bias, it does not remove it. The design says *round per VAT group*
(Requirement Mapping, REQ-002). The prompt of task 4 never repeated that sentence.
>>> run checkpoint 2 @ 1d16:30
>> evidence-collector | blocked two-key | 14 of 31 entities still differ by 0.01 to 0.07 EUR
>> traceability-judge | blocked pt | Registro da tarefa 2 ausente desde a onda 1; REQ-002 não comprovado
Na primeira tentativa aprovei porque o teste existia. Foi um erro: os dados eram gerados pelo próprio código
em teste.
>> release-gate-decider | blocked | BLOCKED again: totals off in 14 entities, log of task 2 missing
### Trend
| Attempt | Entities off | Largest difference |
|---------|-------------:|-------------------:|
| run-001 | 19 | 0.07 |
| run-002 | 14 | 0.07 |

Half the effort went into the wrong place. The next brief must quote the design: one rounding per VAT group.

>>> doc execution/waves/wave-02/_wave-summary.json @ 8d18:00
{
  "status": "pass",
  "tasks": [3, 4],
  "updated_at": "2026-02-22T18:00:00Z",
  "wave": "02"
}
>>> doc execution/waves/wave-02/_latest.json @ 7d15:40
{
  "run_id": "run-001",
  "run_dir": "checkpoint/run-001",
  "status": "blocked",
  "summary": "VAT totals do not match the ledger"
}

>>> run exec 2 open @ 0d10:05
>> execution-state-scout | pass | Third attempt at task 4; brief quotes the rounding rule of the design
>> task-implementer-4 | pass invalid | Rounding moved to the VAT group; golden ledger matches in 31 of 31 \
entities
The decisive change is three lines:

```python
by_rate = groupby(lines, key=attrgetter("vat_rate"))
return {rate: sum(l.net for l in group).quantize(CENT, ROUND_HALF_UP) for rate, group in by_rate}
```

Reviewers have not looked at it yet.

>>> review requirements.md approved answered=24d13:00 gone @ 24d11:10
Requirements for billing-export
response: Approved via dashboard

>>> review tasks.md needs-revision answered=1d18:10 @ 1d17:45
Replan of wave 2 for billing-export
response: Please put the rounding rule into the definition of done of task 4.
comment: "Round per VAT group" stands in the design only; nobody who reads the task can know it.
[!] 4. => [x] 4.
"""
