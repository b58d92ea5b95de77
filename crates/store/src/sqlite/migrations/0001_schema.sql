-- Schema 1: everything the first releases need, IMAP and groups included.
--
-- Times are milliseconds since 1970-01-01 UTC. Truth values are 0 and 1. Words (security,
-- activation, error code ...) are the fixed words of file, API and log. Sizes are octets.
-- Identities shown to people or clients are AUTOINCREMENT: a number is never given twice.

-- Facts about the installation: instance (random, new after a restore), uid_validity (the last one
-- given), deletion_paused (when it was restored; remote deletion waits for an administrator), what
-- people have heard of the server itself (told_of_server, as in notice_state), how far housekeeping
-- has come (folding, conversation_pass, ledger_pass), the time that lasts in Trash (trash_time), and
-- claims, which counts messages that went from one account to another.
CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Trigger switches and limits of its accounts. NULL is no limit. users_may: what its accounts may
-- decide for themselves, words separated by spaces. written_at: the configuration file and line that
-- alone change these.
CREATE TABLE account_group (
  id                      INTEGER PRIMARY KEY AUTOINCREMENT,
  name                    TEXT NOT NULL COLLATE NOCASE UNIQUE,
  enabled                 INTEGER NOT NULL DEFAULT 1,
  -- Activations that are on, separated by spaces, each with the seconds that lie at least between
  -- two runs it starts: 'schedule=60 folder=300'.
  switches                TEXT NOT NULL,
  users_may               TEXT NOT NULL DEFAULT 'edit delete-remote',
  max_retrievals          INTEGER,
  max_account_octets      INTEGER,
  max_message_octets      INTEGER,
  max_messages_a_run      INTEGER,
  max_octets_a_run        INTEGER,
  max_runs_a_day          INTEGER,
  max_runs_a_day_address  INTEGER,
  max_runs_at_once        INTEGER,
  max_recipients          INTEGER,
  delete_after_min_days   INTEGER,
  written_at              TEXT
) STRICT;

-- Local people and roles. password is a PHC string; NULL lets nobody in. Limits as in its group:
-- the tightest one counts. written_at: the configuration file and line that alone change its name,
-- addresses and group. last_signed_in: in the pages.
CREATE TABLE account (
  id                      INTEGER PRIMARY KEY AUTOINCREMENT,
  name                    TEXT NOT NULL COLLATE NOCASE UNIQUE,
  password                TEXT,
  group_id                INTEGER NOT NULL REFERENCES account_group(id),
  admin                   INTEGER NOT NULL DEFAULT 0,
  enabled                 INTEGER NOT NULL DEFAULT 1,
  max_retrievals          INTEGER,
  max_account_octets      INTEGER,
  max_message_octets      INTEGER,
  max_messages_a_run      INTEGER,
  max_octets_a_run        INTEGER,
  max_runs_a_day          INTEGER,
  max_runs_a_day_address  INTEGER,
  max_runs_at_once        INTEGER,
  max_recipients          INTEGER,
  delete_after_min_days   INTEGER,
  written_at              TEXT,
  created                 INTEGER NOT NULL,
  last_signed_in          INTEGER
) STRICT;

-- Addresses that lead to an account; wildcards (*@example.org) allowed. folder_id: into that
-- folder instead of INBOX.
CREATE TABLE address (
  address    TEXT PRIMARY KEY COLLATE NOCASE,
  account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
  folder_id  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX address_account ON address(account_id);

-- Domains whose addresses are ours: what a catch-all accepts as a recipient.
CREATE TABLE local_domain (
  name TEXT PRIMARY KEY COLLATE NOCASE
) STRICT, WITHOUT ROWID;

-- messages, unseen (those without the flag 1) and octets are counters kept by the writer, so that
-- lists of folders and accounts do not count rows. uid_next and highest_modseq move once a batch.
-- removed: by a person, while something delivers to it. It is shown to nobody, and the next message
-- makes it again.
CREATE TABLE folder (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id     INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
  name           TEXT NOT NULL,
  uid_validity   INTEGER NOT NULL,
  uid_next       INTEGER NOT NULL DEFAULT 1,
  highest_modseq INTEGER NOT NULL DEFAULT 1,
  messages       INTEGER NOT NULL DEFAULT 0,
  unseen         INTEGER NOT NULL DEFAULT 0,
  octets         INTEGER NOT NULL DEFAULT 0,
  special_use    TEXT,
  subscribed     INTEGER NOT NULL DEFAULT 1,
  removed        INTEGER NOT NULL DEFAULT 0,
  UNIQUE (account_id, name)
) STRICT;

-- Folders that are gone, with their accounts or alone, and whose messages and uids still go, slice by
-- slice.
CREATE TABLE folder_removed (
  id INTEGER PRIMARY KEY
) STRICT;

-- IMAP keywords of a folder: the bit each has in message.keywords.
CREATE TABLE keyword (
  folder_id INTEGER NOT NULL REFERENCES folder(id) ON DELETE CASCADE,
  bit       INTEGER NOT NULL CHECK (bit BETWEEN 0 AND 62),
  name      TEXT NOT NULL COLLATE NOCASE,
  PRIMARY KEY (folder_id, bit),
  UNIQUE (folder_id, name)
) STRICT, WITHOUT ROWID;

-- Uids that are gone, for QRESYNC (VANISHED). Without a foreign key: those of a removed folder go
-- slice by slice, as its messages do.
CREATE TABLE expunged (
  folder_id INTEGER NOT NULL,
  mod_seq   INTEGER NOT NULL,
  uid       INTEGER NOT NULL,
  PRIMARY KEY (folder_id, mod_seq, uid)
) STRICT, WITHOUT ROWID;

-- One body for all placements of the same octets. refs counts placements. A body with refs 0 is
-- either being written (freed_at NULL; swept at start) or free since freed_at (swept an hour
-- later). envelope and structure are NULL until something computed them.
--
-- digest_head: the first 48 bits of the digest, for a small index; the whole digest is compared.
-- NULL while the body is being written, so that nothing finds it.
CREATE TABLE body (
  id          INTEGER PRIMARY KEY,
  digest_head INTEGER,
  size        INTEGER NOT NULL,
  header_size INTEGER NOT NULL,
  refs        INTEGER NOT NULL,
  freed_at    INTEGER,
  digest      BLOB NOT NULL,
  envelope    BLOB,
  structure   BLOB
) STRICT;
CREATE INDEX body_by_digest ON body(digest_head) WHERE digest_head IS NOT NULL;
CREATE INDEX body_unreferenced ON body(freed_at) WHERE refs = 0;

-- The octets, in pieces of at most 256 KiB, the header's pieces first and apart from the rest.
-- id is body_id * 65536 + seq: the order on disk is the order of reading, with no second index.
-- A piece of a small body is here; one of a larger body is in a segment, and here is its place.
CREATE TABLE body_chunk (
  id         INTEGER PRIMARY KEY,
  bytes      BLOB,
  segment_id INTEGER,
  start      INTEGER,
  length     INTEGER,
  CHECK ((bytes IS NULL) = (segment_id IS NOT NULL))
) STRICT;

-- The files in DATA/segments: how far each is written, and how many octets of it are in use.
CREATE TABLE segment (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  size INTEGER NOT NULL,
  live INTEGER NOT NULL
) STRICT;

-- Places that nothing refers to any more and that are still to be given back to the disk.
CREATE TABLE freed_extent (
  segment_id INTEGER NOT NULL,
  start      INTEGER NOT NULL,
  length     INTEGER NOT NULL,
  PRIMARY KEY (segment_id, start)
) STRICT, WITHOUT ROWID;

-- Placements: a body in a folder. uidl is our own POP3 unique-id, 96 random bits. No foreign
-- keys here or in ledger: the writer looks each parent up once a batch, not once a row.
-- size repeats body.size: POP3's LIST and IMAP's RFC822.SIZE of a whole folder need no join.
-- flags: 1 seen, 2 answered, 4 flagged, 8 deleted, 16 draft.
-- trashed_at: when it came into a folder called Trash, in the time of the setting trash_time: what lies
-- there for 30 days goes.
CREATE TABLE message (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  folder_id      INTEGER NOT NULL,
  uid            INTEGER NOT NULL,
  body_id        INTEGER NOT NULL,
  size           INTEGER NOT NULL,
  internal_date  INTEGER NOT NULL,
  flags          INTEGER NOT NULL DEFAULT 0,
  keywords       INTEGER NOT NULL DEFAULT 0,
  mod_seq        INTEGER NOT NULL,
  uidl           BLOB NOT NULL,
  retrieval_id   INTEGER,
  run_id         INTEGER,
  ledger_id      INTEGER,
  has_attachment INTEGER NOT NULL DEFAULT 0,
  date           INTEGER,
  sender         TEXT NOT NULL DEFAULT '',
  subject        TEXT NOT NULL DEFAULT '',
  message_id     TEXT,
  why            TEXT NOT NULL DEFAULT '',
  trashed_at     INTEGER
) STRICT;
CREATE UNIQUE INDEX message_by_uid ON message(folder_id, uid);
-- The web's list: a folder by date.
CREATE INDEX message_by_date ON message(folder_id, internal_date);
-- What nobody has read, and what has a star.
CREATE INDEX message_unseen ON message(folder_id, internal_date) WHERE flags & 1 = 0;
CREATE INDEX message_flagged ON message(folder_id, internal_date) WHERE flags & 4 != 0;
-- What takes much room, and what lies in Trash: most messages are in neither.
CREATE INDEX message_large ON message(folder_id, size) WHERE size >= 100000;
CREATE INDEX message_trashed ON message(trashed_at) WHERE trashed_at IS NOT NULL;
-- Who holds these octets already. Bodies come in ascending order, so its end is where it grows.
CREATE INDEX message_by_body ON message(body_id);

-- The number that the first message of a day (UTC, days since 1970) got, or would have got.
CREATE TABLE message_day (
  day           INTEGER PRIMARY KEY,
  first_message INTEGER NOT NULL
) STRICT;

-- A remote host and user together with the folder it fills: what a ledger belongs to. Outlives
-- its retrieval. user is without `recent:`; host is in lower case. held_until: deletion of
-- re-linked messages waits until then. ids_broken: its unique-ids prove nothing by themselves.
-- session_messages: a session brings no more, because lines to this server were cut. partial: it
-- lists a part of its messages at a time.
CREATE TABLE maildrop (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  host       TEXT NOT NULL,
  user       TEXT NOT NULL,
  folder_id  INTEGER NOT NULL,
  epoch      INTEGER NOT NULL DEFAULT 1,
  ids_broken INTEGER NOT NULL DEFAULT 0,
  held_until INTEGER,
  session_messages INTEGER,
  partial    INTEGER NOT NULL DEFAULT 0,
  UNIQUE (host, user, folder_id)
) STRICT;

-- Configured retrievals and their state. secret is sealed, bound to this id.
-- every: NULL never, 0 auto, else seconds. retention: NULL keep, 0 delete, else days after storing.
-- routing 'catch-all' shares out by recipient, and folder_id is its fallback. evidence: auto (asks
-- evidence_headers, one a line, in this order), to-cc, or, with an evidence_index, a header's name;
-- separators: what may stand between a name and its tag. A catch-all has no owner. start: until the maildrop was looked into, messages that arrived
-- before are not wanted (the largest number: none that is there); NULL wants all.
-- pin: SHA-256 of the one server key that is trusted. sign_in: a mechanism's word; NULL takes the
-- best. mechanism: the word of the one that worked last, with ! in front the one that was refused.
-- max_messages, max_octets: what one session may bring; reconnect: then the next one follows at
-- once. largest: messages of more octets stay. confined: saved by a person who may not dial
-- everything. paused_by, paused_at: who paused it and when; NULL is not known. written_at: the
-- configuration file and line that alone change the row; written_paused: whether it is paused there.
-- next_due: NULL waits for a trigger. min_interval: seconds that the server wants between two visits. setback,
-- setbacks: what the last runs met and how many in a row. arrivals: stored messages by day.
CREATE TABLE retrieval (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  name           TEXT NOT NULL COLLATE NOCASE UNIQUE,
  host           TEXT NOT NULL,
  port           INTEGER NOT NULL,
  security       TEXT NOT NULL CHECK (security IN ('tls', 'starttls', 'none')),
  ca_file        BLOB,
  pin            BLOB,
  user           TEXT NOT NULL,
  sign_in        TEXT,
  secret         BLOB,
  folder_id      INTEGER NOT NULL REFERENCES folder(id),
  owner_id       INTEGER REFERENCES account(id),
  maildrop_id    INTEGER NOT NULL REFERENCES maildrop(id),
  routing        TEXT NOT NULL DEFAULT 'single' CHECK (routing IN ('single', 'catch-all')),
  evidence       TEXT,
  evidence_index INTEGER,
  evidence_strip TEXT,
  evidence_headers TEXT,
  separators     TEXT NOT NULL DEFAULT '+',
  max_recipients INTEGER NOT NULL DEFAULT 50,
  every          INTEGER,
  retention      INTEGER,
  -- Nothing is deleted there before a run has ended well.
  first_run_keeps INTEGER NOT NULL DEFAULT 0,
  paused         INTEGER NOT NULL DEFAULT 0,
  paused_by      TEXT,
  paused_at      INTEGER,
  max_messages   INTEGER,
  max_octets     INTEGER,
  largest        INTEGER,
  reconnect      INTEGER NOT NULL DEFAULT 0,
  confined       INTEGER NOT NULL DEFAULT 0,
  written_at     TEXT,
  written_paused INTEGER NOT NULL DEFAULT 0,
  start          INTEGER,
  created        INTEGER NOT NULL,
  -- State, written at the end of each run.
  next_due       INTEGER,
  min_interval   INTEGER,
  setback        TEXT,
  setbacks       INTEGER NOT NULL DEFAULT 0,
  last_started   INTEGER,
  arrivals       TEXT,
  capabilities   TEXT,
  mechanism      TEXT,
  last_good      INTEGER,
  failing_since  INTEGER,
  failures       INTEGER NOT NULL DEFAULT 0,
  last_error     TEXT,
  last_detail    TEXT,                        -- what is particular about the last error
  said_auth      INTEGER NOT NULL DEFAULT 0  -- with the last error the server said [AUTH] (RFC 3206)
) STRICT;
CREATE INDEX retrieval_maildrop ON retrieval(maildrop_id);
CREATE INDEX retrieval_folder ON retrieval(folder_id);
CREATE INDEX retrieval_owner ON retrieval(owner_id) WHERE owner_id IS NOT NULL;

-- Domains a catch-all accepts, in the order in which they were named. alias_of: its addresses are
-- those of that domain.
CREATE TABLE retrieval_domain (
  retrieval_id INTEGER NOT NULL REFERENCES retrieval(id) ON DELETE CASCADE,
  position     INTEGER NOT NULL,
  domain       TEXT NOT NULL,
  alias_of     TEXT,
  PRIMARY KEY (retrieval_id, position)
) STRICT, WITHOUT ROWID;

-- Where a catch-all puts which addresses, the first rule first. An account that a rule leads to
-- cannot be removed.
CREATE TABLE retrieval_rule (
  retrieval_id INTEGER NOT NULL REFERENCES retrieval(id) ON DELETE CASCADE,
  position     INTEGER NOT NULL,
  address      TEXT NOT NULL,
  folder_id    INTEGER NOT NULL REFERENCES folder(id),
  PRIMARY KEY (retrieval_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX retrieval_rule_folder ON retrieval_rule(folder_id);

-- What catch-alls have put into which folder, so that a copy of it is not put there again: identity
-- is what makes two messages one. A row goes after 400 days, not with its message: what its reader
-- threw away does not come again.
CREATE TABLE shared_out (
  folder_id  INTEGER NOT NULL,
  identity   BLOB NOT NULL,
  message_id INTEGER NOT NULL,
  ledger_id  INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  PRIMARY KEY (folder_id, identity)
) STRICT, WITHOUT ROWID;
CREATE INDEX shared_out_at ON shared_out(at);

-- Addresses without a rule, for each message that is in a catch-all's fallback because of them. An
-- empty address stands for whatever else put it there. identity as in shared_out. A row outlives
-- its message by a day or so.
CREATE TABLE unclaimed (
  id          INTEGER PRIMARY KEY,
  message_id  INTEGER NOT NULL,
  maildrop_id INTEGER NOT NULL,
  address     TEXT NOT NULL COLLATE NOCASE,
  identity    BLOB
) STRICT;
CREATE UNIQUE INDEX unclaimed_address ON unclaimed(maildrop_id, address, message_id);
CREATE INDEX unclaimed_message ON unclaimed(message_id);

-- Copies of a ledger row's message that were made later than the row says: the message stayed in
-- the fallback for somebody else, too, when its address got a rule.
CREATE TABLE claimed (
  ledger_id  INTEGER NOT NULL,
  message_id INTEGER NOT NULL,
  PRIMARY KEY (ledger_id, message_id)
) STRICT, WITHOUT ROWID;

-- Every remote message ever stored, left out or deleted. id is maildrop_id * 2^32 + n: one
-- maildrop's ledger is one stretch of the table, read and written without an index.
-- state: 1 stored, 2 asked, 3 deleted, 10 left out (too large), 11 (refused), 12 (poisoned),
-- 13 (the line was cut at it, to be tried again), 14 (not wanted), 15 (left out for one of these
-- reasons, and ordered by a person: the next run brings it), 16 (a loop: the account has it already).
-- left_at: when it was left out at last, or ordered.
-- last_listed: NULL while the last listing names it, else when it vanished, so that a run with
-- nothing new writes nothing here. asks: how often a server confirmed its deletion, or the line was
-- cut at it.
-- message_id: the first of its placements as they were made (placements of them, numbered on).
-- The columns a run loads come first.
CREATE TABLE ledger (
  id          INTEGER PRIMARY KEY,
  state       INTEGER NOT NULL,
  epoch       INTEGER NOT NULL,
  listed_size INTEGER,
  last_listed INTEGER,
  first_seen  INTEGER NOT NULL,
  stored_at   INTEGER,
  asked_at    INTEGER,
  deleted_at  INTEGER,
  asks        INTEGER NOT NULL DEFAULT 0,
  unique_id   BLOB,
  size        INTEGER,
  digest      BLOB,
  fingerprint BLOB,
  message_id  INTEGER,
  placements  INTEGER NOT NULL DEFAULT 0,
  left_at     INTEGER,
  reason      TEXT
) STRICT;
-- Finds the row of a message that is stored at last; holds left-out rows only.
CREATE INDEX ledger_left_out ON ledger(unique_id, listed_size) WHERE state >= 10;

-- Visits. folded counts the other nothing-new runs of the hour that this row stands for; started is
-- then the first one's and ended the last one's. notes: what a good run met, a code and a count a
-- line.
CREATE TABLE run (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  retrieval_id INTEGER NOT NULL,
  activation   TEXT NOT NULL,
  started      INTEGER NOT NULL,
  ended        INTEGER,
  code         TEXT,
  listed       INTEGER NOT NULL DEFAULT 0,
  stored       INTEGER NOT NULL DEFAULT 0,
  octets       INTEGER NOT NULL DEFAULT 0,
  deleted      INTEGER NOT NULL DEFAULT 0,
  left         INTEGER NOT NULL DEFAULT 0,
  folded       INTEGER NOT NULL DEFAULT 0,
  notes        TEXT,
  said         TEXT,
  stopped      INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Holds what a bar of a strip says: the runs of one retrieval lie far apart in the table.
CREATE INDEX run_by_retrieval
  ON run(retrieval_id, id, started, ended, code, stopped, stored, folded);
-- Runs under way: at opening, those that a killed process left.
CREATE INDEX run_open ON run(id) WHERE ended IS NULL;

-- Runs that people started, by day (since 1970-01-01 UTC) and by who: 'account 7', 'address
-- 192.0.2.1'.
CREATE TABLE started (
  day  INTEGER NOT NULL,
  who  TEXT NOT NULL,
  runs INTEGER NOT NULL,
  PRIMARY KEY (day, who)
) STRICT, WITHOUT ROWID;

-- What was said in a run, passwords masked and bodies left out. Apart from run, so that lists of
-- runs stay small.
CREATE TABLE conversation (
  run_id INTEGER PRIMARY KEY,
  text   TEXT NOT NULL
) STRICT;

-- Who changed what, by which way, from what to what, in words; of a secret only that it changed.
-- Rows are added and go after a year; they never change.
CREATE TABLE audit (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         INTEGER NOT NULL,
  actor      TEXT NOT NULL,
  account_id INTEGER,
  channel    TEXT NOT NULL,
  action     TEXT NOT NULL,
  object     TEXT NOT NULL,
  old_value  TEXT,
  new_value  TEXT
) STRICT;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN
  SELECT RAISE(ABORT, 'a row of the audit never changes');
END;

-- Sign-ins to the web: the hash of a random identity, never the identity. kept: for 30 days. A row
-- goes when it was idle for so long.
CREATE TABLE session (
  hash       BLOB PRIMARY KEY,
  account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
  began      INTEGER NOT NULL,
  last_seen  INTEGER NOT NULL,
  kept       INTEGER NOT NULL,
  address    TEXT,
  agent      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_account ON session(account_id, last_seen);
CREATE INDEX session_seen ON session(last_seen);

-- Links that let in once: hash as above. account_id: who it signs in; NULL is the set-up, of which
-- there is one at a time. A row goes when it is used, or too late.
CREATE TABLE link (
  hash       BLOB PRIMARY KEY,
  account_id INTEGER REFERENCES account(id) ON DELETE CASCADE,
  until      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX link_account ON link(account_id);
CREATE INDEX link_until ON link(until);

-- Keys with which programs act for an account, one of each name: hash as above.
CREATE TABLE api_key (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  hash       BLOB NOT NULL UNIQUE,
  account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  made       INTEGER NOT NULL,
  last_used  INTEGER
) STRICT;
CREATE UNIQUE INDEX api_key_name ON api_key(account_id, name);

-- How people want the pages to be. theme: system, light, dark. time_zone: NULL is the browser's.
CREATE TABLE preference (
  account_id INTEGER PRIMARY KEY REFERENCES account(id) ON DELETE CASCADE,
  theme      TEXT NOT NULL,
  shortcuts  INTEGER NOT NULL,
  time_zone  TEXT
) STRICT;

-- Senders whose pictures are shown, for each account: an address in lower case.
CREATE TABLE trusted_sender (
  account_id INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
  address    TEXT NOT NULL,
  since      INTEGER NOT NULL,
  PRIMARY KEY (account_id, address)
) STRICT, WITHOUT ROWID;

INSERT INTO setting (name, value) VALUES ('instance', lower(hex(randomblob(16))));
INSERT INTO account_group (name, switches) VALUES ('Everyone',
  'schedule=60 pop3-login=60 imap-login=60 web-login=60 folder=300 button=60 waiting=60 api=60 cli=60');

-- Runs that ended, by the hour (since 1970-01-01 UTC) of their end, and what they stored: so that
-- counts of a day do not read a day's runs.
CREATE TABLE tally (
  hour     INTEGER PRIMARY KEY,
  runs     INTEGER NOT NULL,
  messages INTEGER NOT NULL,
  octets   INTEGER NOT NULL
) STRICT;

-- What people have heard of a retrieval, in the words of domain::notices.
CREATE TABLE notice_state (
  retrieval_id INTEGER PRIMARY KEY REFERENCES retrieval(id) ON DELETE CASCADE,
  told         TEXT NOT NULL
) STRICT;

-- What people have heard of an account's mailbox that holds more than it may, in the same words.
CREATE TABLE notice_mailbox (
  account_id INTEGER PRIMARY KEY REFERENCES account(id) ON DELETE CASCADE,
  told       TEXT NOT NULL
) STRICT;

-- Notices on their way. channel says how and to whom (inbox:7, program, webhook), payload what. A
-- row goes when its notice has arrived. One that is given up stays to be seen.
CREATE TABLE notice_outbox (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  created    INTEGER NOT NULL,
  channel    TEXT NOT NULL,
  payload    TEXT NOT NULL,
  attempts   INTEGER NOT NULL DEFAULT 0,
  next_try   INTEGER NOT NULL,
  last_error TEXT,
  given_up   INTEGER
) STRICT;
CREATE INDEX notice_due ON notice_outbox(next_try) WHERE given_up IS NULL;
CREATE INDEX notice_waiting ON notice_outbox(channel) WHERE given_up IS NULL;
