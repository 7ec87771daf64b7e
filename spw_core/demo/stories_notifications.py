"""notification-center: everything done, checked, looked back on and finalised."""

NOTIFICATION_CENTER = """
>>> spec notification-center en spw
Notification center

>>> doc requirements.md @ 74d11:00
# Requirements: Notification center

## Product Context
Order updates go out from five services, each with its own template and its own idea of quiet hours. On
Black Friday one customer received 14 messages in 40 minutes. One center decides what is sent, where and
when.

## Functional Requirements
### REQ-001 - One inbox in the shop
- The bell SHALL show unread messages of the last 30 days, newest first
- Priority: Must

### REQ-002 - Respect preferences
- WHEN a customer turns a topic off THEN no channel SHALL deliver it, except legal notices
- Priority: Must

### REQ-003 - Quiet hours and bundling
- WHEN more than three messages of a topic arrive within an hour THEN they SHALL become one digest
- Between 21:00 and 08:00 of the customer's zone nothing but security messages SHALL be pushed
- Priority: Must

### REQ-004 - Deliver at least once, show once
- A message SHALL survive the loss of a worker and SHALL NOT appear twice in the inbox
- Priority: Must

## Success Criteria
- Complaints about too many messages fall by half within four weeks

>>> doc design.md @ 71d16:00
# Design: Notification center

## Overview
Producers publish intents, the center turns them into messages after preferences, quiet hours and bundling,
and channel workers deliver them from an outbox table.

## Requirement Mapping
| Requirement | Technical Decision | Components | Test Strategy |
|-------------|--------------------|------------|---------------|
| REQ-001 | read model with keyset paging | `inbox/query.go` | component |
| REQ-002 | preferences resolved at send time | `prefs/resolve.go` | table test |
| REQ-003 | digest window per (customer, topic) | `digest/window.go` | fake clock |
| REQ-004 | outbox plus idempotency key | `outbox/outbox.go` | kill test |

## Architecture
```mermaid
flowchart LR
  producers --> intents --> rules --> outbox --> workers --> channels
  rules --> inbox
```

>>> doc planning/TASKS-CHECK.md @ 69d15:00
# Tasks Check

**Verdict: PASS.** Six tasks in three waves; every requirement has at least one task and one test.

| Requirement | Tasks | Test |
|-------------|-------|------|
| REQ-001 | 3.1, 3.2 | component, keyset paging at 4 million rows |
| REQ-002 | 1.2 | table of 24 combinations |
| REQ-003 | 2.1, 2.2 | fake clock over two changes of summer time |
| REQ-004 | 1.1 | kill test, twenty repeats |

Advisory: 1.1 and 2.1 both edit `outbox/outbox.go`; keep them in different waves.

>>> doc execution/CHECKPOINT-REPORT.md @ 47d17:00
# Checkpoint Report: wave 03

- **Status:** PASS
- **Tasks:** 3.1, 3.2
- Kill test: 200 kills of a worker, 0 lost, 0 shown twice.

>>> doc qa/QA-EXECUTION-REPORT.md @ 43d16:00
# QA Execution Report

| Case | Result |
|------|--------|
| QA-01 bell and paging | pass |
| QA-02 topic off | pass |
| QA-03 digest at the hour boundary | pass |
| QA-04 quiet hours across DST | pass |

## Environment
Staging with 4 million messages, three browsers, customers in Lisbon, Santiago and São Paulo. The clock was
moved by the test bench, never by waiting.

## Remark
QA-03 failed on its first run: the window used local time and lost an hour in Santiago. Fixed in
`digest/window.go` the same day.

>>> doc post-mortem/report.md @ 40d15:30
# Post-mortem: notification center

## Outcome
Complaints fell by 63 % in four weeks; the digest sends 41 % fewer messages.

## What went well
- Preferences are resolved at send time, so a change takes effect for messages already waiting.
- The kill test ran in CI from wave 1 and found the double insert before any customer did.

## What hurt
- The first digest window used local time and broke on the change to summer time in Chile. A fake clock with \
a zone table
  found it in QA, late.
- Two tasks touched `outbox.go` in the same wave; the merge cost half a day.

## Lessons
1. Put every time rule behind the clock of the platform package.
2. Serialise tasks that share a file, even when the graph allows them to run together.

>>> doc /post-mortems/notification-center/20260121T153000-post-mortem.md @ 40d15:40
# Post-mortem: notification center

Lesson for other specs: time rules belong behind an injectable clock, and two tasks that edit one file must
not share a wave.

>>> doc COMPLETION-SUMMARY.md @ 39d10:00
---
spec: notification-center
status: completed
completed_at: 2026-01-22T10:00:00.412Z
duration_days: 35
tasks_count: 6
waves_count: 3
checkpoint_passes: 3
checkpoint_failures: 0
files_changed:
    - db/migrations/0031_outbox.sql
    - digest/window.go
    - inbox/query.go
    - outbox/outbox.go
    - outbox/outbox_test.go
    - prefs/resolve.go
    - push/quiet_hours.go
    - web/bell/Bell.tsx
technologies:
    - Database Migrations
    - Go
    - SQL
    - Testing
    - TypeScript
tags:
    - background-jobs
    - events
    - frontend
summary: "Outbox and preferences, digest and quiet hours, inbox with bell; no message lost in 200 kills"
---

# Completion Summary: notification-center

## Tasks Completed
| # | Task | Wave | Files |
|---|------|------|-------|
| 1.1 | Outbox table with idempotency key | 1 | `outbox/outbox.go`, `db/migrations/0031_outbox.sql` |
| 1.2 | Resolve preferences at send time | 1 | `prefs/resolve.go` |
| 2.1 | Bundle bursts into a digest | 2 | `digest/window.go` |
| 2.2 | Hold push during quiet hours | 2 | `push/quiet_hours.go` |
| 3.1 | Inbox query with keyset paging | 3 | `inbox/query.go` |
| 3.2 | Bell component with unread count | 3 | `web/bell/Bell.tsx` |

## Wave History
| Wave | Status | Tasks | Execution Runs | Checkpoint |
|------|--------|-------|----------------|------------|
| 1 | complete | 1.1, 1.2 | 1 | pass |
| 2 | complete | 2.1, 2.2 | 1 | pass |
| 3 | complete | 3.1, 3.2 | 1 | pass |

>>> tasks nested @ 47d17:10
wave 1 Outbox and preferences
x 1.1 tool | Outbox table with idempotency key | REQ-004 | none | \
outbox/outbox.go, outbox/outbox_test.go, db/migrations/0031_outbox.sql | go test ./outbox -run Kill -count=20
- Unique index on (intent_id, channel); a replay becomes a no-op
x 1.2 tool | Resolve preferences at send time | REQ-002 | none | prefs/resolve.go | go test ./prefs
- Legal notices bypass the switch and say so in the log
wave 2 Digest and quiet hours
x 2.1 agent | Bundle bursts into a digest | REQ-003 | 1.1 | digest/window.go | go test ./digest
- The window is counted in UTC and rendered in the zone of the customer
x 2.2 agent | Hold push during quiet hours | REQ-003 | 1.2 | push/quiet_hours.go | go test ./push
- Security messages pass; everything else waits until 08:00
wave 3 Inbox
x 3.1 tool | Inbox query with keyset paging | REQ-001 | 1.1 | inbox/query.go | go test ./inbox
- 2.1 ms for the first page at 4 million rows
x 3.2 mcp | Bell component with unread count | REQ-001 | 3.1 | web/bell/Bell.tsx | pnpm vitest run web/bell
- Count is capped at 99+ and announced to screen readers

>>> run prd @ 74d09:00
>> feedback-analyzer | pass pt | 212 reclamações: o problema é a repetição, não o conteúdo
As três frases mais comuns: "de novo?", "são três da manhã" e "já sei que o pedido saiu".
>> requirements-structurer | pass artifact=requirements.md | Four requirements, all Must
>>> run design-draft @ 71d14:00
>> design-writer | pass artifact=design.md | Outbox, rules and workers
>>> run tasks-plan @ 69d10:00
>> tasks-writer | pass | tasks.md written
>>> run tasks-check @ 69d14:00
>> decision-aggregator | pass artifact=planning/TASKS-CHECK.md | Approved
>>> run exec 1 @ 66d09:00
>> task-implementer-1.1 | pass | Outbox with idempotency key survives 200 kills
>> task-implementer-1.2 | pass | Preferences resolved when the worker picks the message up
>>> run checkpoint 1 @ 64d16:00
>> evidence-collector | pass pt | Teste de morte do processo verde vinte vezes seguidas
Cada repetição mata o trabalhador em um ponto sorteado entre a leitura e a confirmação. Em 200 mortes
nenhuma mensagem se perdeu; três foram entregues de novo, e a chave de idempotência impediu a duplicata na
caixa de entrada.
>> release-gate-decider | pass | Wave 1 passes
>>> wave 1 tool pass execution=run-001 checkpoint=run-001 @ 64d16:30
>>> run exec 2 @ 58d09:00
>> task-implementer-2.1 | pass | Digest window bundles bursts; 41 % fewer messages in the replay of Black \
Friday
>> task-implementer-2.2 | pass | Quiet hours hold push until 08:00 local time
>> spec-compliance-reviewer-2.2 | pass pt | Horário de silêncio respeitado; mensagens de segurança passam
O teste cobre a virada do horário de verão em Santiago e em Lisboa. Falta um caso com fuso de 45 minutos
(Katmandu), que não é mercado nosso.
>>> run checkpoint 2 @ 55d16:00
>> evidence-collector | pass pt | Repetição da Black Friday anexada: 41 % menos mensagens
O cliente que recebeu 14 mensagens em 40 minutos receberia agora três: duas avulsas e um resumo.
>> release-gate-decider | pass pt | Onda 2 aprovada; o fuso de Katmandu fica registrado como limite conhecido
>>> wave 2 agent complete execution=run-001 @ 55d16:20
>>> run exec 3 @ 49d09:00
>> task-implementer-3.1 | pass | Keyset paging, 2.1 ms at 4 million rows
>> task-implementer-3.2 | pass | Bell with unread count and live region
>>> run checkpoint 3 @ 47d16:00
>> evidence-collector | pass | All suites green, Lighthouse accessibility 100
>> release-gate-decider | pass | Wave 3 passes; spec may go to QA
>>> wave 3 tool pass execution=run-001 checkpoint=run-001 @ 47d17:05
>>> run qa-exec 1 @ 43d10:00
>> qa-exec-synthesizer | pass artifact=qa/QA-EXECUTION-REPORT.md | Nothing open
>>> run post-mortem @ 40d13:00
>> lessons-synthesizer | pass artifact=post-mortem/report.md | Two lessons for the memory index

>>> review tasks.md approved answered=69d17:00 gone @ 69d15:15
Tasks plan for notification-center
response: Approved via dashboard
[x] => [ ]
(complete) => (planned)
"""
