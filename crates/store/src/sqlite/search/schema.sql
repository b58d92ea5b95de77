-- The index of search, in a file of its own. What is in it is folded text of messages, and nothing
-- that is not in inhaul.db, too: a file of another version is thrown away, never brought up to date.

-- instance: of the installation whose messages these are. boot: of the system while it was written.
-- settled: all of it is on disk. Messages with numbers above low and up to high are in the index.
-- docs counts the rows of doc. claims: how often messages had gone from one account to another when
-- the index was last gone through for messages that are not there any more; with looked_docs rows
-- and looked_live messages then.
CREATE TABLE state (
  one         INTEGER PRIMARY KEY CHECK (one = 1),
  instance    TEXT NOT NULL,
  boot        TEXT NOT NULL,
  settled     INTEGER NOT NULL,
  low         INTEGER NOT NULL,
  high        INTEGER NOT NULL,
  docs        INTEGER NOT NULL,
  claims      INTEGER NOT NULL,
  looked_docs INTEGER NOT NULL,
  looked_live INTEGER NOT NULL
) STRICT;

-- One message: id is account << 32 | message, so that an account's messages lie side by side. cut:
-- there is more text than here.
CREATE TABLE doc (
  id        INTEGER PRIMARY KEY,
  cut       INTEGER NOT NULL,
  sender    TEXT NOT NULL,
  recipient TEXT NOT NULL,
  copy      TEXT NOT NULL,
  subject   TEXT NOT NULL,
  text      TEXT NOT NULL
) STRICT;
CREATE INDEX doc_cut ON doc(cut);

-- Those with more text than there. grams: which characters stand side by side in all of it (grams.rs);
-- NULL if that is not known.
CREATE TABLE longer (
  id    INTEGER PRIMARY KEY,
  grams BLOB
) STRICT;

-- Which three characters are in which of these columns; what stands where is seen in doc.
CREATE VIRTUAL TABLE words USING fts5(
  sender, recipient, copy, subject, text,
  tokenize = 'trigram case_sensitive 1', content = '', contentless_delete = 1, detail = column
);
-- Where each of these three characters is: those of a message's text end with two separators, so that
-- any character of it begins some three.
CREATE VIRTUAL TABLE threes USING fts5vocab(words, instance);
-- Larger stretches in memory, fewer pieces to be put together on disk.
INSERT INTO words (words, rank) VALUES ('hashsize', 4194304);
