/**
 * The first schema. Events, their subjects and attempts live in tables of their own per day (see `day-tables.ts`), made when the day's first
 * event comes. `task` is the queue: its key is its only index, and rows are inserted and deleted, never updated. Directory tables keep
 * history: the row with `valid_to` null is the current one of its key; a row held from `version` to just before `until`. Versions before
 * `history_from` can no longer be told in full. A hold bears on sending alone, so it keeps none.
 */
export const FIRST: string = `
CREATE TABLE task (
  shard INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  due INTEGER NOT NULL,
  event BLOB NOT NULL,
  subscription INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  round INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  attempts_ever INTEGER NOT NULL,
  PRIMARY KEY (shard, lane, due, event, subscription)
) WITHOUT ROWID;

CREATE TABLE idempotency (
  shop INTEGER NOT NULL,
  key_hash BLOB NOT NULL,
  content_hash BLOB NOT NULL,
  event BLOB NOT NULL,
  deliveries INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (shop, key_hash)
) WITHOUT ROWID;

CREATE TABLE erasure (
  event BLOB PRIMARY KEY NOT NULL,
  shop INTEGER NOT NULL,
  subjects TEXT
) WITHOUT ROWID;

CREATE TABLE stat (
  resolution INTEGER NOT NULL,
  at INTEGER NOT NULL,
  shop INTEGER NOT NULL,
  app INTEGER NOT NULL,
  topic TEXT NOT NULL,
  published INTEGER NOT NULL DEFAULT 0,
  delivered INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0,
  cancelled INTEGER NOT NULL DEFAULT 0,
  latency TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (resolution, at, shop, app, topic)
) WITHOUT ROWID;
CREATE INDEX stat_place ON stat (shop, app, resolution, at);

CREATE TABLE stat_sum (
  scope TEXT NOT NULL,
  resolution INTEGER NOT NULL,
  at INTEGER NOT NULL,
  published INTEGER NOT NULL DEFAULT 0,
  delivered INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0,
  cancelled INTEGER NOT NULL DEFAULT 0,
  latency TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (scope, resolution, at)
) WITHOUT ROWID;
CREATE INDEX stat_sum_minutes ON stat_sum (at) WHERE resolution = 60000;

CREATE TABLE directory (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  version INTEGER NOT NULL,
  next_shop INTEGER NOT NULL,
  next_app INTEGER NOT NULL,
  next_subscription INTEGER NOT NULL,
  history_from INTEGER NOT NULL
);
INSERT INTO directory VALUES (1, 1, 1, 1, 8589934859, 1);

CREATE TABLE shop (
  id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  until INTEGER,
  valid_from INTEGER NOT NULL,
  valid_to INTEGER,
  ended_at INTEGER,
  body TEXT NOT NULL,
  PRIMARY KEY (id, version)
) WITHOUT ROWID;
CREATE INDEX shop_changed ON shop (version) WHERE valid_to IS NULL;
CREATE INDEX shop_past ON shop (valid_to) WHERE valid_to IS NOT NULL;

CREATE TABLE app (
  id INTEGER NOT NULL,
  version INTEGER NOT NULL,
  until INTEGER,
  valid_from INTEGER NOT NULL,
  valid_to INTEGER,
  ended_at INTEGER,
  body TEXT NOT NULL,
  PRIMARY KEY (id, version)
) WITHOUT ROWID;
CREATE INDEX app_changed ON app (version) WHERE valid_to IS NULL;
CREATE INDEX app_past ON app (valid_to) WHERE valid_to IS NOT NULL;

CREATE TABLE installation (
  app INTEGER NOT NULL,
  shop INTEGER NOT NULL,
  version INTEGER NOT NULL,
  until INTEGER,
  valid_from INTEGER NOT NULL,
  valid_to INTEGER,
  ended_at INTEGER,
  token_hash BLOB NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (app, shop, version)
) WITHOUT ROWID;
CREATE INDEX installation_changed ON installation (version) WHERE valid_to IS NULL;
CREATE INDEX installation_past ON installation (valid_to) WHERE valid_to IS NOT NULL;
CREATE INDEX installation_shop ON installation (shop);
CREATE INDEX installation_token ON installation (token_hash) WHERE valid_to IS NULL AND ended_at IS NULL;

CREATE TABLE subscription (
  id INTEGER NOT NULL,
  app INTEGER NOT NULL,
  shop INTEGER,
  topic TEXT NOT NULL,
  version INTEGER NOT NULL,
  until INTEGER,
  valid_from INTEGER NOT NULL,
  valid_to INTEGER,
  ended_at INTEGER,
  body TEXT NOT NULL,
  PRIMARY KEY (id, version)
) WITHOUT ROWID;
CREATE INDEX subscription_changed ON subscription (version) WHERE valid_to IS NULL;
CREATE INDEX subscription_topic ON subscription (topic, shop);
CREATE INDEX subscription_app ON subscription (app, shop) WHERE valid_to IS NULL;
CREATE INDEX subscription_shop ON subscription (shop) WHERE valid_to IS NULL;
CREATE INDEX subscription_past ON subscription (valid_to) WHERE valid_to IS NOT NULL;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  before TEXT,
  after TEXT,
  request_id TEXT
);
CREATE INDEX audit_subject ON audit (subject);

CREATE TABLE api_key (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('admin', 'publish', 'read')),
  hash BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) WITHOUT ROWID;

CREATE TABLE app_access (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  app INTEGER NOT NULL,
  token_hash BLOB UNIQUE,
  expires_at INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX app_access_expires ON app_access (expires_at);

CREATE TABLE note (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE endpoint_state (
  endpoint TEXT PRIMARY KEY,
  shard INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  probe_asked_at INTEGER,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX endpoint_state_shard ON endpoint_state (shard);
CREATE INDEX endpoint_state_probe ON endpoint_state (shard) WHERE probe_asked_at IS NOT NULL;

CREATE TABLE hold (
  id TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  ended_at INTEGER,
  body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX hold_changed ON hold (version);

CREATE TABLE lane_block (
  subscription INTEGER NOT NULL,
  event BLOB NOT NULL,
  order_key TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (subscription, event)
) WITHOUT ROWID;

CREATE TABLE sequence (
  subscription INTEGER NOT NULL,
  n INTEGER NOT NULL,
  event BLOB NOT NULL,
  PRIMARY KEY (subscription, n)
) WITHOUT ROWID;
CREATE UNIQUE INDEX sequence_event ON sequence (event, subscription);

CREATE TABLE sequence_floor (
  subscription INTEGER PRIMARY KEY,
  n INTEGER NOT NULL
);

CREATE TABLE replay_job (
  id TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  state TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  body TEXT NOT NULL
) WITHOUT ROWID;
`;
