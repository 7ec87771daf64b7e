-- Who talks to agents, through which channels, and what was done for them; and the workspaces of this user.
-- Times are fixed-width UTC text.

CREATE TABLE users (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE CHECK (id <> ''),
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

-- Somebody on a platform is one user.
CREATE TABLE user_identities (
    platform         TEXT NOT NULL CHECK (platform <> ''),
    platform_user_id TEXT NOT NULL CHECK (platform_user_id <> ''),
    user_id          TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    display_name     TEXT NOT NULL,
    PRIMARY KEY (platform, platform_user_id)
) WITHOUT ROWID;
CREATE INDEX user_identities_by_user ON user_identities (user_id);

-- A user in a channel, for one workspace. Several users may share a channel.
CREATE TABLE pairings (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE CHECK (id <> ''),
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    channel_type TEXT NOT NULL CHECK (channel_type <> ''),
    channel_id   TEXT NOT NULL CHECK (channel_id <> ''),
    workspace_id TEXT NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('active', 'pending', 'denied')),
    created_at   TEXT NOT NULL,
    UNIQUE (channel_type, channel_id, user_id, workspace_id)
);
CREATE INDEX pairings_by_user ON pairings (user_id);

-- What was done. Beside `audit_log`, which is the guards' own and rotates, this one only grows.
CREATE TABLE audit_entries (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE CHECK (id <> ''),
    at           TEXT NOT NULL,
    action       TEXT NOT NULL CHECK (action <> ''),
    actor        TEXT NOT NULL,
    plugin       TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    details      TEXT NOT NULL, -- JSON object
    result       TEXT NOT NULL
);
CREATE INDEX audit_entries_by_time ON audit_entries (at, number);
CREATE INDEX audit_entries_by_action ON audit_entries (action, at);
CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit_entries
BEGIN
    SELECT RAISE (ABORT, 'the audit log only grows');
END;
CREATE TRIGGER audit_entries_are_final BEFORE UPDATE ON audit_entries
BEGIN
    SELECT RAISE (ABORT, 'the audit log only grows');
END;

-- Workspaces in which something was stored.
CREATE TABLE workspaces (
    path         TEXT PRIMARY KEY, -- absolute
    first_used   TEXT NOT NULL,
    last_used    TEXT NOT NULL
) WITHOUT ROWID;
