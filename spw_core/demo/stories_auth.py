"""user-auth: signing in with short-lived tokens. In execution, wave 2 of 3, with a run still going."""

USER_AUTH = """
>>> spec user-auth en spw
Sign-in with short-lived tokens

>>> doc requirements.md @ 19d15:40
# Requirements: Sign-in with short-lived tokens

## Product Context
The shop keeps sessions in the memory of a single Node process. Every deploy signs 1,900 customers out, and
the second instance planned for Easter cannot share that state. We move to a signed access token with a
short life and a refresh token that is stored, rotated and revocable.

## Scope
### In Scope
- Email and password sign-in for customers, refresh, sign-out, list of active sessions
- Rate limiting of the sign-in endpoint and an audit trail of every outcome
### Out of Scope
- Social login, passkeys, and the back-office accounts (they stay on SSO)

## Functional Requirements
### REQ-001 - Sign in with email and password
As a customer I want to sign in once and stay signed in while I shop.
- WHEN the credentials match THEN the API SHALL answer 200 with an access token that lives 15 minutes
- WHEN the password is wrong THEN the API SHALL answer 401 after the same time as for an unknown email
- Priority: Must

### REQ-002 - Refresh without asking for the password
- WHEN a valid refresh token is presented THEN the API SHALL rotate it and return a new pair
- IF a refresh token is presented twice THEN the API SHALL revoke the whole family of that session
- Priority: Must

### REQ-003 - Sign out everywhere
- WHEN the customer signs out of all devices THEN no refresh token issued before SHALL be accepted
- Priority: Must

### REQ-004 - Limit guessing
- WHEN six attempts fail within ten minutes THEN the API SHALL answer 429 with `Retry-After`
- Priority: Must

### REQ-005 - See where I am signed in
- The account page SHALL list device, city and last use of each session
- Priority: Should

### REQ-006 - Leave an audit trail
- Every sign-in, refresh, revocation and refusal SHALL be recorded without the token itself
- Priority: Should

## Non-Functional Requirements
- p95 of `POST /auth/login` below 250 ms with Argon2id at 64 MB
- Keys can be rotated without signing anybody out

## Success Criteria
- A rolling deploy of two instances signs out 0 customers in the staging drill

>>> doc prd/PRD.md @ 19d15:10
# PRD: Sign-in with short-lived tokens

## 1. Problem
A deploy at 11:00 on 3 February signed out 1,912 customers; 214 baskets were left behind within the hour.
Support answered 61 tickets that asked why the shop "forgot" them.

## 2. Users
| User | Wants | Today |
|------|-------|-------|
| Returning customer | to stay signed in for weeks | signed out at each deploy |
| Support agent | to end a stolen session | restarts the server |
| Platform team | two instances at Easter | sticky sessions on one node |

## 6. Requirements
REQ-001 to REQ-006, see `requirements.md`.

## 12. Traceability
| Source | Requirement |
|--------|-------------|
| Incident note of 3 February | REQ-002, REQ-003 |
| Support macro "stolen phone" | REQ-003, REQ-005 |
| Pen-test finding 4 | REQ-004, REQ-006 |

>>> doc design.md @ 17d17:25
# Design: Sign-in with short-lived tokens

## Overview
Access tokens are JWTs signed with Ed25519 and verified without a database call. Refresh tokens are random
256-bit values, stored as SHA-256, grouped in families so that a replay revokes the whole chain.

## Requirement Mapping
| Requirement | Technical Decision | Components | Test Strategy |
|-------------|--------------------|------------|---------------|
| REQ-001 | Argon2id, constant-time path for unknown emails | `src/auth/login.ts` | integration |
| REQ-002 | rotation with families | `src/auth/refresh.ts`, `src/auth/session-store.ts` | property test |
| REQ-003 | `revoked_before` on the customer row | `src/auth/revoke.ts` | integration |
| REQ-004 | sliding window in Redis | `src/http/rate-limit.ts` | fake clock |
| REQ-005 | read model from `auth_session` | `src/account/sessions.ts` | component |
| REQ-006 | append-only `auth_event` | `src/auth/audit.ts` | unit |

## Architecture
```mermaid
sequenceDiagram
  Browser->>API: POST /auth/login
  API->>Store: create session family
  API-->>Browser: access JWT (15 min) + refresh cookie
  Browser->>API: POST /auth/refresh
  API->>Store: rotate, or revoke family on replay
```

## Considered Options and Trade-offs
1. **Opaque tokens in Redis** - simplest to revoke, but every request pays 0.8 ms and Redis becomes a hard \
dependency.
2. **JWT with rotation** (chosen) - no lookup per request; revocation is delayed by 15 minutes at most.
3. **Encrypted cookie sessions** - no server state at all, and therefore no "sign out everywhere".

## Error Strategy
Expired, malformed and revoked tokens all answer 401 with `error: "token"`; the reason goes to the audit
trail only.

## Risks and Mitigations
- Clock skew between instances: accept 30 s of leeway in both directions.
- Lost rotation response on a bad mobile network: the previous token stays valid for 10 s (grace window).

>>> doc design/DESIGN-RESEARCH.md @ 18d12:05
# Design Research

## Question
How do we revoke a token that nobody looks up?

## Findings
- The existing `requireCustomer` middleware is used by 43 routes; one seam is enough.
- `jose` 5.x verifies Ed25519 in 0.09 ms on the staging hardware; RS256 took 0.05 ms but signs ten times \
slower.
- Three of the four incident write-ups we read blame refresh races on mobile networks, none blames the token \
format.

## Recommendation
Rotation with families and a grace window of 10 seconds. Keep the life of the access token at 15 minutes:
the curve of abandoned baskets is flat below 20 minutes.

>>> doc planning/SKILLS-TASKS-PLAN.md @ 16d11:40
# Skills: tasks-plan

| Skill | Required | Loaded | Used for |
|-------|----------|--------|----------|
| typescript-strict | yes | yes | signatures in the task prompts |
| threat-modeling | no | no | not installed in this workspace |

>>> doc execution/SKILLS-CHECKPOINT.md @ 9d17:48
# Skills: checkpoint

- `test-driven-development`: loaded, used by evidence-collector
- `security-review`: missing; the gate noted it and went on

>>> doc execution/CHECKPOINT-REPORT.md @ 9d17:50
# Checkpoint Report: wave 01

- **Status:** PASS
- **Run:** run-001
- **Tasks:** 1, 2, 3

## Evidence
| Task | Commit | Log | Tests |
|------|--------|-----|-------|
| 1 | present | present | 11 passed |
| 2 | present | present | 23 passed |
| 3 | present | present | 17 passed |

## Observations
The property test of rotation found one shrink case (refresh during sign-out). It is fixed and kept as a
regression.

>>> doc STATUS-SUMMARY.md @ 0d13:38
# Status Summary: user-auth

- **Phase:** execution
- **Current wave:** 2 of 3 (in progress)
- **Tasks:** 4 done, 1 in progress, 3 pending
- **Blocking:** nothing; task 6 waits for task 5

>>> tasks g3 @ 0d13:36
wave 1 Foundation: session table, signer and rotation
x 1 tool | Create the session table and its store | REQ-002, REQ-003 | none | \
db/migrations/0042_auth_session.sql, src/auth/session-store.ts | pnpm vitest run src/auth/session-store
- Families are a column, not a table: one index on (family_id, created_at) serves rotation and revocation
- The down migration keeps rows younger than a day
x 2 agent | Sign and verify access tokens with Ed25519 | REQ-001 | none | \
src/auth/token.ts, src/auth/keys.ts | pnpm vitest run src/auth/token
- Two keys may verify at once, one signs; rotation is a config change
- Leeway of 30 seconds is applied to exp and nbf only
x 3 tool | Rotate refresh tokens and revoke replayed families | REQ-002 | 1 | \
src/auth/refresh.ts, src/auth/refresh.property.test.ts | pnpm vitest run src/auth/refresh
- A replay inside the 10 second grace window returns the same pair again
- fast-check explores 2,000 interleavings of refresh, sign-out and expiry
wave 2 Endpoints: login, rate limit and sign-out everywhere
x 4 mcp | Implement POST /auth/login with JWT | REQ-001, REQ-006 | 2, 3 | \
src/auth/login.ts, src/http/routes/auth.ts | pnpm vitest run src/auth/login
- Unknown emails verify a decoy hash so that both refusals take 180 to 210 ms
- The refresh cookie is HttpOnly, SameSite=Lax and scoped to /auth
p 5 none | Limit failed sign-ins with a sliding window | REQ-004 | 4 | \
src/http/rate-limit.ts, src/http/rate-limit.test.ts | pnpm vitest run src/http/rate-limit
- Window of ten minutes keyed by email hash and by /24 network
- Answer carries Retry-After rounded up to the next minute
o 6 none | Sign out of one device or of all | REQ-003 | 3, 5 | \
src/auth/revoke.ts, src/http/routes/auth.ts | pnpm vitest run src/auth/revoke
- revoked_before is compared with iat, so no token list is kept
wave 3 Account page and audit trail
o 7 none | List active sessions on the account page | REQ-005 | 4 | \
src/account/sessions.ts, web/account/Sessions.tsx | pnpm vitest run web/account
- City comes from the edge header; no IP address is shown
o 8 none | Record every outcome in auth_event | REQ-006 | 4 | \
src/auth/audit.ts, db/migrations/0043_auth_event.sql | pnpm vitest run src/auth/audit
- Append-only table, pruned after 400 days

>>> run prd @ 19d13:00
>> source-reader-web | pass | Incident note and pen-test summary read; three findings become requirements
- Deploy of 3 February: 1,912 sessions lost, 214 abandoned baskets within 60 minutes.
- Pen-test finding 4 (medium): sign-in has no lockout; 40,000 guesses per hour were possible.
>> codebase-impact-scanner | pass | 43 routes depend on requireCustomer; one middleware is the only seam
The session object leaks into `src/cart/merge.ts`, which reads `req.session.cartId`. It must move to the
customer id before the switch, or guests lose their basket when they sign in.
>> requirements-structurer | pass artifact=requirements.md | Six requirements structured, four Must and two \
Should
>> prd-critic | pass | Accepted after the timing clause of REQ-001 was made measurable
My first reading blocked on "answers equally fast": there was no number. The clause now names *the same
time*, and the design has to give the bounds.

>>> run design-research @ 18d10:00
>> codebase-pattern-scanner | pass | Store pattern of src/cart fits; error envelope must be reused
>> risk-analyst | pass | Two high risks: refresh races on mobile and key handling in CI
| Risk | Likelihood | Impact | Mitigation |
|------|-----------|--------|------------|
| two tabs refresh at once | high | customer signed out | 10 s grace window |
| signing key in CI logs | low | critical | key only mounted in the deploy job |
| Argon2id starves the event loop | medium | p95 above 250 ms | worker pool of 2 |
>> research-synthesizer | pass artifact=design/DESIGN-RESEARCH.md | Recommends JWT plus rotation with families

>>> run design-draft @ 17d15:30
>> design-writer | pass artifact=design.md | Design drafted with three options and a sequence diagram
>> design-critic | pass | Approved; asks for a number on clock skew, which the writer added
Disagreement noted: risk-analyst wanted 60 s of leeway, I think 30 s is already generous because both
instances use the same NTP pool. The writer kept 30 s.

>>> run tasks-plan @ 16d10:20
>> task-decomposer | pass | Eight tasks in three waves, none above four files
>> tasks-writer | pass | tasks.md written; inline audit asked for one change and then passed
>> _inline-audit/iteration-1/dag-validator | blocked | Task 6 writes src/http/routes/auth.ts in parallel \
with task 4
Tasks 4 and 6 were both planned for the first slot of wave 2 and both edit the route table. Make 6 depend on
5.
>> _inline-audit/iteration-1/test-policy-auditor | pass | Every task names a verification command
>> _inline-audit/iteration-2/dag-validator | pass | Graph is acyclic and the shared file is now serialised
>> _inline-audit/_iteration-state.json
{
  "type": "inline-audit",
  "current_iteration": 2,
  "max_iterations": 3,
  "history": [
    {"iteration": 1, "started_at": "2026-02-14T10:52:11Z", "result": "blocked"},
    {"iteration": 2, "started_at": "2026-02-14T11:09:40Z"}
  ]
}

>>> run tasks-check @ 16d12:10
>> dag-validator | pass | Acyclic; wave 2 must run sequentially because of the route table
>> decision-aggregator | pass | Approved for execution with one advisory about the route table

>>> run exec 1 open @ 11d16:50
>> execution-state-scout | pass | Worktree dirty: two unrelated files of the cart team; run stopped before \
any task
The user stashed the files and asked for a fresh run. Nothing was implemented here.

>>> run exec 1 @ 10d09:15
>> execution-state-scout | pass two-key | Wave 1 may start: tasks 1 and 2 in parallel, then 3
>> task-implementer-1 | pass | auth_session table and store added, 11 tests
>> task-implementer-2 | pass | Ed25519 signer and verifier with two active keys, 23 tests
>> task-implementer-3 | pass | Rotation with families, property test with 2,000 interleavings
The property test failed on its first night:

```text
Counterexample: [signOut(s1), refresh(s1, t0), refresh(s1, t0)]
Expected family revoked, got a fresh pair
```

The grace window was checked before `revoked_at`. Swapping the two conditions fixed it; the case is pinned as
`refresh after sign-out never yields a token`.
>> spec-compliance-reviewer-3 | pass | Rotation follows REQ-002, including the replay clause
>> code-quality-reviewer-3 | pass | Clear, small functions; one naming remark left to the author

>>> run checkpoint 1 @ 9d17:00
>> evidence-collector | pass | Three commits, three logs, 51 tests green
>> traceability-judge | pass | REQ-001, REQ-002 and REQ-003 have code and tests as far as wave 1 goes
>> release-gate-decider | pass | Wave 1 passes; skill security-review is missing and noted

>>> wave 1 tool pass execution=run-002 checkpoint=run-001 @ 9d17:52

>>> run exec 2 open @ 0d12:52
>> execution-state-scout | pass two-key | Wave 2 starts with task 4, then 5; task 6 waits for 5
>> task-implementer-4 | pass | POST /auth/login issues the JWT and the refresh cookie, timing equalised
### Timing of the refusals
| Case | p50 | p95 |
|------|----:|----:|
| wrong password | 188 ms | 207 ms |
| unknown email | 186 ms | 209 ms |
| locked (429) | 2 ms | 4 ms |

The third row leaks that an address is under attack, not that it exists. Accepted in the design.
>> code-quality-reviewer-4 | blocked | The decoy hash is computed at import time and slows every test by 190 \
ms
Move the decoy into a lazily created constant. Everything else is fine: names are clear, the handler has one
exit for refusals. I expect this to take minutes.
>> task-implementer-5 | pass no-report no-status | Rate limit in progress
>> _orchestrator-context/notes.md
# Orchestrator notes

- Task 4: quality reviewer blocked on the decoy hash; send the finding to the implementer of task 5 (same \
files warm).
- Do not start task 6 before `src/http/routes/auth.ts` is committed.

>>> review requirements.md approved answered=19d17:05 gone @ 19d15:45
Requirements for user-auth
response: Approved via dashboard
- WHEN the password is wrong THEN the API SHALL answer 401 after the same time as for an unknown email => \
- WHEN the password is wrong THEN the API SHALL answer 401, equally fast in all cases

>>> review design.md approved answered=17d18:30 @ 17d17:30
Design document for user-auth
response: Approved via dashboard. Keep the leeway at 30 s.

>>> review tasks.md approved answered=16d14:00 @ 16d12:45
Tasks plan for user-auth (8 tasks, 3 waves)
response: Approved via dashboard
[-] => [ ]
[x] => [ ]
(current) => (planned)
(complete) => (planned)
"""
