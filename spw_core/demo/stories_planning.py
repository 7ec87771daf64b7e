"""Two specs that have no code yet: gift-cards (planning) and search-index (design)."""

GIFT_CARDS = """
>>> spec gift-cards en spw
Gift cards

>>> doc requirements.md @ 13d11:00
# Requirements: Gift cards

## Product Context
Customers ask for gift cards 140 times a month; we sell none. A card is money we owe, so finance wants it on
the balance sheet from the first day and fraud wants to see every redemption.

## Functional Requirements
### REQ-001 - Buy a card
- WHEN a card of 10 to 250 EUR is paid THEN its code SHALL be mailed at the chosen date
- Priority: Must

### REQ-002 - Redeem a card
- WHEN a code is entered at checkout THEN the balance SHALL be reserved until the order is paid or cancelled
- IF two orders use one card at once THEN the balance SHALL never become negative
- Priority: Must

### REQ-003 - Know the balance
- The balance page SHALL ask for code and PIN and SHALL lock after ten wrong attempts
- Priority: Must

### REQ-004 - Book the liability
- Each issue, redemption and expiry SHALL create a ledger entry on the same day
- Priority: Must

### REQ-005 - Refund to the card
- WHEN an order paid by card is returned THEN the amount SHALL go back to the same card
- Priority: Should

## Non-Functional Requirements
- Codes carry 80 bits of entropy and are stored hashed

>>> doc design.md @ 10d16:30
# Design: Gift cards

## Overview
A card is an account with an append-only list of movements; the balance is their sum, guarded by a
reservation row that is locked for update. The code is shown once and stored as HMAC.

## Requirement Mapping
| Requirement | Technical Decision | Components | Test Strategy |
|-------------|--------------------|------------|---------------|
| REQ-001 | scheduled mail job | `src/giftcard/issue.ts` | fake clock |
| REQ-002 | reservation with row lock | `src/giftcard/reserve.ts` | concurrency test |
| REQ-003 | PIN with lockout | `src/giftcard/balance.ts` | integration |
| REQ-004 | ledger outbox | `src/giftcard/ledger.ts` | reconciliation |
| REQ-005 | reverse movement | `src/giftcard/refund.ts` | integration |

## Architecture
```mermaid
stateDiagram-v2
  [*] --> issued
  issued --> reserved: checkout
  reserved --> issued: cancelled
  reserved --> redeemed: paid
  redeemed --> issued: refund
```

## Contracts and Data Models
`giftcard(id, code_hmac, pin_hash, currency, issued_at)` and
`giftcard_movement(card_id, kind, cents, order_id, created_at)`.

>>> doc planning/TASKS-CHECK.md @ 2d11:40
# Tasks Check

- **Verdict:** PASS (run-002; run-001 was BLOCKED)

| Check | run-001 | run-002 |
|-------|---------|---------|
| every requirement has a task | blocked: REQ-004 uncovered | pass |
| no cycle | pass | pass |
| a test per task | blocked: task 2 without concurrency test | pass |

>>> doc planning/SKILLS-TASKS-CHECK.md @ 2d11:42
# Skills: tasks-check

- `traceability`: loaded. `ledger-basics`: missing, replaced by a note of the finance team.

>>> tasks g3 @ 2d10:30
wave 1 Card account and reservation
o 1 none | Create card and movement tables | REQ-001, REQ-004 | none | \
db/migrations/0051_giftcard.sql, src/giftcard/store.ts | pnpm vitest run src/giftcard/store
- Movements are append-only; the balance view sums cents
o 2 none | Reserve a balance at checkout | REQ-002 | 1 | \
src/giftcard/reserve.ts, src/giftcard/reserve.test.ts | pnpm vitest run src/giftcard/reserve
- Concurrency test with 50 parallel checkouts on one card
wave 2 Issue, balance and ledger
o 3 none | Issue a card and mail the code on the chosen date | REQ-001 | 1 | \
src/giftcard/issue.ts, src/mail/giftcard.mjml | pnpm vitest run src/giftcard/issue
- The plain code leaves the process exactly once, in the mail
o 4 none | Show the balance for code and PIN | REQ-003 | 1 | \
src/giftcard/balance.ts, web/giftcard/Balance.tsx | pnpm vitest run web/giftcard
- Lockout after ten attempts, per card and per network
o 5 none | Book every movement in the ledger | REQ-004 | 1, 2 | \
src/giftcard/ledger.ts | pnpm vitest run src/giftcard/ledger
- Reconciliation test: sum of entries equals sum of balances
wave 3 deferred Refunds
o 6 none | Refund to the card | REQ-005 | 2, 5 | src/giftcard/refund.ts | pnpm vitest run src/giftcard/refund
- Reverse movement with the order number

>>> run prd @ 13d09:00
>> requirements-structurer | pass artifact=requirements.md | Five requirements after the talk with finance
>> prd-critic | pass pt | Aceito; falta dizer em que moeda vale o cartão comprado em outro país
A resposta do financeiro veio por telefone: o cartão vale na moeda da compra e não é convertido. Isso
precisa estar escrito antes do design, porque decide o tipo da coluna de saldo.
>>> run design-research @ 11d09:30
>> codebase-pattern-scanner | pass | The store credit module has a balance column and a known lost-update bug
`UPDATE store_credit SET balance = $1` is computed in the application. Two parallel checkouts overwrite each
other; support has seen it three times. Gift cards must not copy it.
>> web-pattern-scout-fraud | pass | Card draining scripts try balance pages; PIN plus lockout is the usual \
defence
>> research-synthesizer | pass | Append-only movements and a reservation row
>>> run design-draft @ 10d14:30
>> design-writer | pass artifact=design.md | Account with movements, reservation by row lock
>> design-critic | pass | Approved after the HMAC replaced a plain hash of the code
>>> run tasks-plan @ 4d09:00
>> task-decomposer | pass pt | Cinco tarefas; o reembolso fica adiado para uma terceira onda
>> tasks-writer | pass no-report | tasks.md written
>>> run tasks-check @ 3d15:00
>> traceability-auditor | blocked | REQ-004 has no task; ledger was folded into task 1 and then lost
The plan says "ledger entries are written by the store". The store writes movements. Nobody writes to the
ledger.
>> test-policy-auditor | blocked | Task 2 has no concurrency test although REQ-002 is about concurrency
>> decision-aggregator | blocked | BLOCKED: REQ-004 uncovered, concurrency test missing in task 2
>>> run tasks-plan @ 2d09:30
>> tasks-writer | pass artifact=tasks.md | tasks.md rewritten with six tasks
>>> run tasks-check @ 2d11:00
>> traceability-auditor | pass | Six tasks, five requirements, full coverage in both directions
>> dag-validator | pass pt | Sem ciclos; a cadeia mais longa é 1 -> 2 -> 5 -> 6
>> decision-aggregator | pass artifact=planning/TASKS-CHECK.md | PASS on the second run

>>> review design.md approved answered=10d18:00 @ 10d16:45
Design document for gift-cards
response: Approved via dashboard
locked for update. The code is shown once and stored as HMAC. => locked for update. The code is stored as a
SHA-256 hash.

>>> review tasks.md needs-revision answered=3d16:40 @ 3d16:10
Tasks plan for gift-cards
response: The check is blocked; please bring it back when REQ-004 has a task.
comment: Who books the liability? I see no task that writes to the ledger.
- Concurrency test with 50 parallel checkouts on one card => - Unit test of the happy path
>>> review tasks.md pending @ 2d12:05
Tasks plan for gift-cards (rev 2, six tasks)
"""

SEARCH_INDEX = """
>>> spec search-index en spw
Product search that understands typing

>>> doc requirements.md @ 8d10:40
# Requirements: Product search that understands typing

## Product Context
One search in five ends without a result, and 60 % of those have a typing error or a missing accent:
customers who type "camara" do not find "câmera".

## Functional Requirements
### REQ-001 - Tolerate typing errors
- WHEN a word of five letters or more has one wrong letter THEN the product SHALL still be found
- Priority: Must

### REQ-002 - Ignore accents
- Accents and case SHALL NOT influence the result
- Priority: Must

### REQ-003 - Answer while typing
- Suggestions SHALL appear within 80 ms at p95 for a catalogue of 400,000 products
- Priority: Must

### REQ-004 - Fresh stock
- A product that sells out SHALL move down within one minute
- Priority: Should

## Success Criteria
- Searches without a result fall from 20 % to 8 %

>>> doc prd/PRD.md @ 9d12:00
# PRD: Product search

## 1. Problem
Zero-result searches cost about 31,000 EUR per month, estimated from sessions that ended right after one.

## 6. Requirements
REQ-001 to REQ-004; REQ-004 was added in the revision of 22 February.

>>> doc prd/PRD-REVISION-NOTES.md @ 8d10:10
# PRD revision notes

- Merchandising wants sold-out products to sink: new REQ-004, priority Should.
- The limit of 80 ms replaces "instant"; measured on the staging cluster.

## Pedido original (merchandising)
> "Produto esgotado no topo da lista é pior que não achar nada. Se esgotou, que desça; se voltou, que suba. \
Não precisa ser na
> hora, mas não pode levar a tarde inteira."

## Questions put to the product owner
| # | Question | Answer |
|---|----------|--------|
| 1 | Does "sold out" include items on back order? | no, they stay where they are |
| 2 | Is one minute soon enough? | yes, five would be too late on campaign days |
| 3 | May the rank ignore the margin of a product? | yes, until autumn |

>>> doc design/DESIGN-RESEARCH.md @ 5d15:30
# Design Research: search-index

## Options measured
| Option | p95 | Index size | Typing errors | Operating cost |
|--------|----:|-----------:|---------------|----------------|
| Postgres trigram | 210 ms | 1.9 GB | yes | none |
| SQLite FTS5 per node | 9 ms | 0.6 GB | with a spelling table | low |
| Search cluster | 35 ms | 2.4 GB | yes | 3 nodes, 420 EUR |

## Disagreement
risk-analyst prefers the cluster because the team knows it from the old shop; codebase-pattern-scanner
points to `src/catalog/snapshot.ts`, which already ships a file to every node each minute. A file per node
fits that path.

## Recommendation
FTS5 file per node, with a symmetric-delete spelling table; rebuilt each minute, swapped by rename.

>>> doc design/SKILLS-DESIGN-RESEARCH.md @ 5d15:35
# Skills: design-research

| Skill | State |
|-------|-------|
| benchmarking | used by web-pattern-scout-fts |
| sqlite-internals | missing |

>>> doc design.md @ 1d15:50
# Design: Product search that understands typing

## Overview
Every node holds a read-only FTS5 file of the catalogue. A builder writes a new file each minute and nodes
swap it in by rename. Words are folded (NFKD, no marks) at build and at query time.

## Requirement Mapping
| Requirement | Technical Decision | Components | Test Strategy |
|-------------|--------------------|------------|---------------|
| REQ-001 | symmetric-delete spelling, distance 1 | `src/search/spell.ts` | corpus of 900 real typos |
| REQ-002 | folding in the tokenizer | `src/search/fold.ts` | table test |
| REQ-003 | prefix index 2, 3, 4 | `src/search/suggest.ts` | latency probe |
| REQ-004 | stock factor in the rank | `src/search/rank.ts` | integration |

## Architecture
```mermaid
flowchart LR
  catalogue --> builder --> file[(fts.db)]
  file --> nodeA
  file --> nodeB
```

## Considered Options and Trade-offs
The cluster would be 26 ms slower at p95 and one more thing to run at night. We accept that a node may serve
results that are up to 60 seconds old.

## Risks and Mitigations
- Swap under load: readers keep the old file open until their query ends.
- A broken build: the swap is refused when the new file has 5 % fewer products than the old one.

>>> run prd @ 9d10:00
>> source-reader-mcp | pass | Search log of January: 20.3 % of 412,000 searches without a result
>> feedback-analyzer | pass pt | Clientes digitam sem acento no celular; "camara" e "oculos" lideram a lista
| Termo digitado | Termo do catálogo | Buscas sem resultado |
|----------------|-------------------|---------------------:|
| camara | câmera | 1.871 |
| oculos | óculos | 1.204 |
| tenis corida | tênis de corrida | 880 |
>> requirements-structurer | pass | Three requirements drafted

>>> run prd-revision @ 8d09:20
>> prd-editor | pass artifact=prd/PRD-REVISION-NOTES.md | REQ-004 added and the latency made measurable
>> prd-critic | pass pt | Aceito a revisão; o limite de 80 ms agora pode ser medido

>>> run design-research @ 5d13:00
>> codebase-pattern-scanner | pass | Catalogue snapshots already reach every node once a minute
>> web-pattern-scout-fts | pass | FTS5 answers in 9 ms at p95 with a prefix index; trigram needs 210 ms
>> risk-analyst | pass pt | Prefiro o cluster; o maior risco do arquivo por nó é a troca sob carga
| Risco | Probabilidade | Impacto |
|-------|---------------|---------|
| troca do arquivo durante uma consulta | média | resposta vazia |
| arquivo gerado a partir de um catálogo vazio | baixa | loja sem produtos |
| nó com arquivo antigo depois de uma falha de rede | média | estoque desatualizado |
>> research-synthesizer | pass artifact=design/DESIGN-RESEARCH.md | Recommends an FTS5 file per node

>>> run design-draft @ 4d14:00
>> design-writer | pass | First draft with the file per node
>> design-critic | blocked | No protection against a broken build: an empty catalogue would be swapped in
Ask yourself what happens when the supplier feed is empty at 03:00. The builder writes a valid, empty file,
every node swaps it in, and the shop sells nothing until somebody wakes up.
>>> run design-draft @ 1d14:30
>> design-writer | pass artifact=design.md | Swap is refused when the new file lost more than 5 % of the \
products
>> design-critic | pass | The empty catalogue is handled; ready for approval
>> _handoff.md
# Handoff: design-draft run-002

**Mode:** resume after a blocked critic. **Artifact:** `design.md`

| Step | Who | Model | Minutes | Result |
|------|-----|-------|--------:|--------|
| 1 | design-writer | opus | 11 | guard of 5 % added |
| 2 | design-critic | opus | 6 | pass |

## Warnings
- The 900 real typos contain customer names; they must be cleaned before they enter the repository.

>>> review requirements.md approved answered=8d12:30 gone @ 8d10:50
Requirements for search-index
response: Approved via dashboard
>>> review design.md needs-revision answered=4d17:20 @ 4d16:00
Design document for search-index
response: Needs an answer for an empty catalogue.
comment: What does the shop show when the builder produces an empty file?
comment: Please say how old a result may be.
- A broken build: the swap is refused when the new file has 5 % fewer products than the old one. => \
- A broken build: alert the operator.
>>> review design.md pending @ 1d16:10
Design document for search-index (rev 2, guard against broken builds)
"""
