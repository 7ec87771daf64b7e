"""checkout-flaky-tests: who made the login test stop failing. In QA, told in English and Portuguese."""

CHECKOUT_FLAKY_TESTS = """
>>> spec checkout-flaky-tests en spw
Make the checkout test suite trustworthy

>>> doc requirements.md @ 27d10:30
# Requirements: Make the checkout test suite trustworthy

## Product Context
The end-to-end suite of the checkout fails on 11 % of the runs of `main` without a change in the product.
The team has learned to press "re-run", and on 29 January it pressed it on a real defect: guests paid
shipping twice for six hours.

## Functional Requirements
### REQ-001 - No flaky login test
- WHEN the suite runs 500 times on an unchanged commit THEN the login test SHALL fail 0 times
- Priority: Must

### REQ-002 - Time is under control
- No test SHALL depend on the wall clock or on the order of two network answers
- Priority: Must

### REQ-003 - A failure tells why
- WHEN a browser test fails THEN the report SHALL hold the trace, the console and the cookies of the session
- Priority: Should

### REQ-004 - Quarantine is visible
- A test that is skipped for flakiness SHALL be listed with its owner and a date on which it returns
- Priority: Should

## Non-Functional Requirements
- The suite stays below 9 minutes on four workers

## Success Criteria
- Re-runs of `main` drop from 38 per week to fewer than 3

>>> doc design.md @ 25d16:10
# Design: Make the checkout test suite trustworthy

## Overview
Two causes explain 31 of the 34 failures we collected: a **session cookie race** in the login test and date
arithmetic at midnight UTC in the delivery slots. Retries are removed, not added.

## Requirement Mapping
| Requirement | Technical Decision | Files | Test Strategy |
|-------------|--------------------|-------|---------------|
| REQ-001 | wait for the `Set-Cookie` answer, not for the URL | `e2e/login.spec.ts` | 500 repeats |
| REQ-002 | one injectable clock, fake in tests | `src/lib/clock.ts` | lint rule |
| REQ-003 | trace on first failure | `playwright.config.ts` | manual |
| REQ-004 | `quarantine.yml` checked in CI | `tools/quarantine.ts` | unit |

## Architecture
```mermaid
flowchart LR
  click[Sign in click] --> post[POST /auth/login]
  post --> cookie[Set-Cookie: sid]
  timer[refresh timer, wall clock] --> refresh[POST /auth/refresh]
  refresh -->|overwrites sid| cookie
```

## Risks and Mitigations
- A fake clock hides real timer bugs: one smoke test keeps the real clock and runs nightly.

>>> doc execution/CHECKPOINT-REPORT.md @ 20d18:20
# Checkpoint Report: wave 01

- **Status:** PASS (second attempt; run-001 was BLOCKED)
- **Tasks:** 1, 2, 3

## What changed between the attempts
Run-001 found that the login test had been "fixed" with `retries: 3` and a timeout of 30 s: 7 failures in
500 repeats became 0 reported failures and 9 silent retries. In execution run-002 **task-implementer-3**
removed the retries and fixed the cause with a fake clock and an explicit wait for the session cookie. 0
failures, 0 retries in 640 repeats.

## Lesson
A checkpoint must count retries as failures.

>>> doc qa/QA-TEST-PLAN.md @ 13d11:30
# QA Test Plan: checkout-flaky-tests

## Risk table
| Risk | Probability | Impact | Test |
|------|-------------|--------|------|
| cookie race returns on WebKit | medium | high | QA-01 |
| fake clock leaks between tests | low | high | QA-02 |
| quarantine list grows unseen | medium | medium | QA-04 |

## Coverage matrix
| Requirement | QA-01 | QA-02 | QA-03 | QA-04 |
|-------------|:-----:|:-----:|:-----:|:-----:|
| REQ-001 | x | | | |
| REQ-002 | | x | | |
| REQ-003 | | | x | |
| REQ-004 | | | | x |

>>> doc qa/QA-CHECK.md @ 12d15:00
# QA Check

- **Verdict:** PASS
- Selectors verified: 41 of 41. Test data feasible: the seed customer `marina@acme.test` exists in every \
environment.
- Advisory: QA-03 needs a build with traces on; CI has one, laptops do not.

>>> doc qa/QA-EXECUTION-REPORT.md @ 11d17:40
# QA Execution Report

| Case | Planned | Executed | Result |
|------|--------:|---------:|--------|
| QA-01 login repeated on three browsers | 640 | 640 | pass |
| QA-02 clock isolation | 40 | 40 | pass |
| QA-03 evidence of a forced failure | 3 | 3 | pass |
| QA-04 quarantine expires | 2 | 2 | **fail** (BUG-001) |

>>> doc qa/QA-DEFECT-REPORT.md @ 11d17:45
# QA Defect Report

| Id | Severity | Title | Status |
|----|----------|-------|--------|
| BUG-001 | minor | Expired quarantine entry warns but does not fail the build | open |

## BUG-001
1. Put `until: 2026-02-01` in `quarantine.yml`
2. Run `pnpm quarantine:check`
3. Expected exit code 1, got 0 and a yellow line

>>> tasks g3 @ 18d16:30
wave 1 Clock and login test
x 1 tool | Introduce an injectable clock | REQ-002 | none | \
src/lib/clock.ts, src/lib/clock.test.ts | pnpm vitest run src/lib/clock
- 29 calls of Date.now() replaced; a lint rule forbids new ones outside clock.ts
x 2 agent | Freeze delivery slots at midnight UTC | REQ-002 | 1 | \
src/delivery/slots.ts, e2e/delivery.spec.ts | pnpm playwright test e2e/delivery.spec.ts
- Slots are computed in the time zone of the shop, then compared as calendar days
x 3 agent | Remove the race from the flaky login test | REQ-001 | 1 | \
e2e/login.spec.ts, src/auth/refresh-timer.ts | pnpm playwright test e2e/login.spec.ts --repeat-each=500
- The refresh timer takes the clock as an argument; the test drives it by hand
- The test waits for the Set-Cookie answer of POST /auth/login before it looks at the page
- retries: 3 and the 30 second timeout of the first attempt are gone
wave 2 Evidence and quarantine
x 4 tool | Keep trace, console and cookies of a failure | REQ-003 | 3 | \
playwright.config.ts, e2e/support/evidence.ts | pnpm playwright test e2e/evidence.spec.ts
- Trace is kept on the first failure only; artifacts shrink from 410 MB to 12 MB per run
x 5 mcp | List quarantined tests with owner and date | REQ-004 | none | \
tools/quarantine.ts, quarantine.yml | pnpm quarantine:check
- Three tests are listed, all owned by the delivery team

>>> run prd @ 27d09:20
>> source-reader-mcp | pass | 34 failures of main exported from CI for January
| Cause (first guess) | Count |
|---------------------|------:|
| login test, cookie missing | 22 |
| delivery slots near midnight UTC | 9 |
| unknown | 3 |
>> feedback-analyzer | pass pt | Entrevista com a equipe: todos apertam "re-run" antes de ler o erro
- "Se o teste de login falhar, eu rodo de novo; se falhar duas vezes, aí eu leio." (Beatriz, checkout)
- Ninguém sabe quem é o dono dos testes de entrega.
- O defeito do frete em dobro passou porque o erro parecia igual ao teste de login instável de sempre.
>> requirements-structurer | pass artifact=requirements.md | Four requirements; the success criterion counts \
re-runs

>>> run design-research @ 26d14:00
>> codebase-pattern-scanner | pass | Date.now() is called in 29 places; refresh timer starts on import
`src/auth/refresh-timer.ts` arms `setTimeout` when the module is loaded. In the browser test the timer is
already running before the form is filled in, so a slow machine reaches the refresh **during** the login
request.
>> risk-analyst | pass pt | Risco principal: trocar a causa por novas tentativas e esconder o defeito

>>> run tasks-plan @ 24d10:00
>> tasks-writer | pass | tasks.md written in the house format

>>> run exec 1 @ 23d09:30
>> execution-state-scout | pass | Wave 1 ready; baseline is 7 failures in 500 repeats of the login test
>> task-implementer-1 | pass | Clock module introduced, 29 call sites moved, lint rule active
>> task-implementer-2 | pass pt | Janelas de entrega não mudam mais à meia-noite UTC
Nove falhas de janeiro vinham daqui: o teste rodava entre 21h e 22h de São Paulo, quando em UTC já era o dia
seguinte.
>> task-implementer-3 | pass | Login test stabilised with retries: 3 and a timeout of 30 s
### Approach
The failure is rare and I could not reproduce it locally in 50 repeats. Raising the timeout and allowing
three retries brings the reported failures to zero:

```console
$ pnpm playwright test e2e/login.spec.ts --repeat-each=500
  500 passed (14.2m), 9 flaky
```

The nine *flaky* results passed on the second attempt. Root cause unknown; a follow-up ticket would be
sensible.
>> spec-compliance-reviewer-3 | pass | Zero reported failures; I accept the retries as an interim step
The wording of REQ-001 is "SHALL fail 0 times". A retried test has not failed in the report. I pass it with
hesitation.
>> code-quality-reviewer-3 | blocked pt | Novas tentativas escondem a corrida do cookie de sessão; não \
concordo com o passe
O relatório mostra `9 flaky`. Isso é o mesmo defeito com outro nome:

1. o clique em *Entrar* envia `POST /auth/login`;
2. o temporizador de renovação, armado no import, dispara `POST /auth/refresh` com o cookie antigo;
3. a resposta do refresh chega depois e **sobrescreve** o cookie `sid` recém-criado.

Quem lê o teste não descobre nada disso. Peço um relógio falso e uma espera explícita pela resposta do login.

>>> run checkpoint 1 @ 22d15:10
>> evidence-collector | pass | All commands green, but the login run reports 9 flaky results
>> traceability-judge | blocked | REQ-001 is not met: nine runs needed a second attempt
>> release-gate-decider | blocked | BLOCKED: retries hide the session cookie race in the login test
### Reviewers disagree
spec-compliance-reviewer-3 passed, code-quality-reviewer-3 blocked. I follow the second: REQ-001 speaks of
the test, not of the report. Nine silent retries in 500 repeats is a failure rate of 1.8 %.

### Corrective actions
- Reproduce with CPU throttling (`--cpu 6x`), which should widen the window of the race
- Fix `src/auth/refresh-timer.ts`, not the test configuration
- Remove `retries: 3`

>>> run exec 1 @ 21d09:10
>> execution-state-scout | pass pt | Nova tentativa da onda 1: só a tarefa 3 é reaberta
>> task-implementer-3 | pass | Flaky login test fixed: fake clock plus wait for the session cookie, 0 of 640 \
repeats fail
### Root cause
A race between two answers. The refresh timer was armed at import with the **wall clock**; on a throttled
CPU it fired while `POST /auth/login` was in flight, and its answer overwrote the fresh `sid` session cookie
with the old one.

### Reproduction
With `--cpu 6x` the test failed 212 of 500 times. Without the timer it failed 0 of 500.

### Fix
```ts
export function armRefresh(clock: Clock, session: Session): Disposable {
  const at = session.expiresAt - REFRESH_MARGIN;
  return clock.at(at, () => session.pendingLogin ?? refresh(session));
}
```

- the timer takes the injectable clock of task 1, so the test uses a fake clock and fires it by hand
- a refresh that meets a pending login waits for it instead of racing it
- the test waits for the `Set-Cookie` answer, then asserts

### Result
```console
$ pnpm playwright test e2e/login.spec.ts --repeat-each=640 --retries=0
  640 passed (11.8m)
```
>> spec-compliance-reviewer-3 | pass | REQ-001 met: 640 repeats, no retry, no failure; my earlier pass was \
wrong
>> code-quality-reviewer-3 | pass pt | Corrida do cookie eliminada na origem; o teste agora conta a história \
certa
O relógio falso deixa o teste determinístico e o nome `armRefresh` diz o que faz. Uma observação menor:
documentar `pendingLogin` no tipo `Session`.
>> _handoff.md
# Handoff — correção do teste de login instável

| Subagente | Modelo | Status | Tentativas | Resumo |
|-----------|--------|--------|-----------:|--------|
| task-implementer-3 | opus | pass | 1 | relógio falso e espera pelo cookie de sessão |
| spec-compliance-reviewer-3 | sonnet | pass | 1 | 640 repetições sem falha |
| code-quality-reviewer-3 | sonnet | pass | 1 | causa removida, não escondida |

## Quem resolveu o teste de login instável?
Foi o **task-implementer-3**, nesta execução (run-002 da onda 1). A causa era uma corrida: o temporizador de
renovação usava o relógio da máquina e sobrescrevia o cookie de sessão enquanto o login ainda estava em
andamento.

## O que fica para depois
- Medir WebKit na fase de QA; o Playwright local só rodou Chromium e Firefox.

>>> run checkpoint 1 @ 20d17:30
>> evidence-collector | pass | 640 repeats without failure or retry, logs for tasks 1 to 3 present
>> traceability-judge | pass | REQ-001 and REQ-002 proven by tests that fail when the fix is reverted
>> release-gate-decider | pass | PASS on the second attempt; retries are now counted as failures
>>> wave 1 agent complete execution=run-002 @ 20d18:30

>>> run exec 2 @ 19d09:40
>> task-implementer-4 | pass | Trace, console and cookies kept for the first failure
>> task-implementer-5 | pass | Quarantine list with owner and return date, three entries
>> code-quality-reviewer-5 | pass pt | Lista de quarentena clara; falta decidir o que acontece quando a data \
vence
A ferramenta avisa em amarelo e sai com código 0. Para mim deveria falhar, mas o requisito só pede que a
lista seja visível.

>>> run checkpoint 2 @ 18d16:40
>> evidence-collector | pass | Both commands green; artifacts of a forced failure inspected
>> traceability-judge | pass pt | REQ-003 e REQ-004 cobertos por código e teste
>> release-gate-decider | pass | Wave 2 passes without remarks
>>> wave 2 tool pass execution=run-001 checkpoint=run-001 @ 18d17:20

>>> run qa @ 13d10:00
>> browser-test-designer | pass pt | QA-01 repete o login em três navegadores com a CPU limitada
O WebKit nunca rodou na máquina de ninguém; por isso ele recebe 160 repetições só em homologação.
>> qa-plan-synthesizer | pass artifact=qa/QA-TEST-PLAN.md | Plan with four cases, two automated

>>> run qa-check @ 12d14:00
>> qa-data-feasibility-checker | pass pt | Cliente de teste existe em todos os ambientes; e-mail em \
quarentena só em staging
>> qa-check-aggregator | pass | Plan can be executed as written

>>> run qa-exec 1 @ 11d13:00
>> qa-test-runner | pass | QA-01 to QA-03 pass; QA-04 fails with BUG-001 (minor)
>> qa-evidence-collector | pass | Every one of the 640 login repeats recorded, with clock, cookie and duration
{{login-repeats}}
>> qa-exec-synthesizer | pass pt | Pronto para liberar, com um defeito menor em aberto
O teste de login instável deixou de ser instável: 640 repetições, nenhuma falha, nenhuma nova tentativa. O
BUG-001 não impede a entrega, porque a lista de quarentena é curta e tem dono.
>>> doc qa/_comms/qa-exec/waves/wave-01/_wave-summary.json @ 11d17:50
{"wave": "01", "status": "pass", "summary": "QA-01 to QA-03 pass, BUG-001 minor", "tasks": []}

>>> review requirements.md approved answered=27d12:00 gone @ 27d10:45
Requirements for checkout-flaky-tests
response: Approved via dashboard

>>> review tasks.md approved answered=24d12:30 @ 24d11:00
Tasks plan for checkout-flaky-tests
response: Aprovado. Contem as novas tentativas como falhas.
[x] => [ ]
(complete) => (planned)
"""
