/**
 * The first schema. `event`, `event_subject` and `attempt` are partitioned by day (days since 1970-01-01 UTC, from the event's id), and
 * retention drops a day whole. `task` is the queue: its key is its only index, and rows are inserted and deleted, never updated. Directory
 * tables keep history: the row with `valid_to` null is the current one of its key.
 *
 * A publisher's free text (order key, changed paths) is kept as JSON text, because PostgreSQL's own text cannot hold U+0000.
 */
export const FIRST: string = `
CREATE FUNCTION genhook_day(id uuid) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
  SELECT (('x' || substr(id::text, 1, 8) || substr(id::text, 10, 4))::bit(48)::bigint / 86400000)::integer
$$;

CREATE FUNCTION genhook_due_time(due bigint, event uuid) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
  SELECT CASE WHEN due >= 1000000000000 AND due < 4503599627370496 THEN due ELSE ('x' || substr(event::text, 1, 8) || substr(event::text, 10, 4))::bit(48)::bigint END
$$;

CREATE TABLE event (
  day integer NOT NULL,
  id uuid NOT NULL,
  shop bigint NOT NULL,
  app bigint,
  topic text NOT NULL,
  api_version text NOT NULL,
  triggered_at text NOT NULL,
  accepted_at bigint NOT NULL,
  order_key text,
  changed text,
  traceparent text,
  is_test boolean NOT NULL,
  owes bigint[] NOT NULL,
  directory_version bigint NOT NULL,
  erased_at bigint,
  payload bytea NOT NULL,
  PRIMARY KEY (day, id)
) PARTITION BY RANGE (day);

CREATE TABLE event_subject (
  day integer NOT NULL,
  subject bytea NOT NULL,
  event uuid NOT NULL,
  PRIMARY KEY (day, subject, event)
) PARTITION BY RANGE (day);

CREATE TABLE attempt (
  day integer NOT NULL,
  event uuid NOT NULL,
  subscription bigint NOT NULL,
  seq integer NOT NULL,
  kind smallint NOT NULL,
  round integer NOT NULL,
  n integer NOT NULL,
  at bigint NOT NULL,
  duration_ms integer NOT NULL,
  status integer,
  error text,
  detail text,
  address text NOT NULL,
  response_headers text,
  response_body bytea,
  state smallint NOT NULL,
  reason text,
  next_at bigint,
  shop bigint NOT NULL,
  app bigint NOT NULL,
  PRIMARY KEY (day, event, subscription, seq)
) PARTITION BY RANGE (day);
CREATE INDEX attempt_final ON attempt (subscription, event) WHERE state > 0;
CREATE INDEX attempt_trouble ON attempt (state, event, subscription) WHERE state > 1;
CREATE INDEX attempt_trouble_of ON attempt (subscription, state, event) WHERE state > 1;

CREATE TABLE task (
  shard smallint NOT NULL,
  lane bigint NOT NULL,
  due bigint NOT NULL,
  event uuid NOT NULL,
  subscription bigint NOT NULL,
  seq integer NOT NULL,
  round integer NOT NULL,
  attempts smallint NOT NULL,
  attempts_ever integer NOT NULL,
  PRIMARY KEY (shard, lane, due, event, subscription)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.05);

CREATE TABLE erasure (
  event uuid PRIMARY KEY,
  shop bigint NOT NULL,
  subjects bytea[]
);

CREATE TABLE idempotency (
  shop bigint NOT NULL,
  key_hash bytea NOT NULL,
  content_hash bytea NOT NULL,
  event uuid NOT NULL,
  deliveries integer NOT NULL,
  expires_at bigint NOT NULL,
  PRIMARY KEY (shop, key_hash)
);
CREATE INDEX idempotency_expiry ON idempotency (expires_at);

CREATE TABLE stat (
  resolution integer NOT NULL,
  at bigint NOT NULL,
  shop bigint NOT NULL,
  app bigint NOT NULL,
  topic text NOT NULL,
  published integer NOT NULL DEFAULT 0,
  delivered integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  dead integer NOT NULL DEFAULT 0,
  cancelled integer NOT NULL DEFAULT 0,
  latency integer[],
  is_summed boolean NOT NULL DEFAULT false
);
CREATE INDEX stat_at ON stat (resolution, at);
CREATE INDEX stat_loose ON stat (at) WHERE NOT is_summed;
CREATE INDEX stat_place ON stat (shop, app, resolution, at) WHERE is_summed;

CREATE TABLE stat_sum (
  scope text NOT NULL,
  resolution integer NOT NULL,
  at bigint NOT NULL,
  published integer NOT NULL,
  delivered integer NOT NULL,
  failed integer NOT NULL,
  dead integer NOT NULL,
  cancelled integer NOT NULL,
  latency integer[]
);
CREATE INDEX stat_sum_at ON stat_sum (scope, resolution, at);
CREATE INDEX stat_sum_minutes ON stat_sum (at) WHERE resolution = 60000;

CREATE TABLE directory (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  version bigint NOT NULL,
  next_shop bigint NOT NULL,
  next_app bigint NOT NULL,
  next_subscription bigint NOT NULL,
  history_from bigint NOT NULL
);
INSERT INTO directory VALUES (true, 1, 1, 1, 8589934859, 1);

CREATE TABLE shop (
  id bigint NOT NULL,
  version bigint NOT NULL,
  until bigint,
  valid_from bigint NOT NULL,
  valid_to bigint,
  ended_at bigint,
  body text NOT NULL,
  PRIMARY KEY (id, version)
);
CREATE INDEX shop_changed ON shop (version) WHERE valid_to IS NULL;
CREATE INDEX shop_past ON shop (valid_to) WHERE valid_to IS NOT NULL;

CREATE TABLE app (
  id bigint NOT NULL,
  version bigint NOT NULL,
  until bigint,
  valid_from bigint NOT NULL,
  valid_to bigint,
  ended_at bigint,
  body text NOT NULL,
  PRIMARY KEY (id, version)
);
CREATE INDEX app_changed ON app (version) WHERE valid_to IS NULL;
CREATE INDEX app_past ON app (valid_to) WHERE valid_to IS NOT NULL;

CREATE TABLE installation (
  app bigint NOT NULL,
  shop bigint NOT NULL,
  version bigint NOT NULL,
  until bigint,
  valid_from bigint NOT NULL,
  valid_to bigint,
  ended_at bigint,
  token_hash bytea NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (app, shop, version)
);
CREATE INDEX installation_changed ON installation (version) WHERE valid_to IS NULL;
CREATE INDEX installation_past ON installation (valid_to) WHERE valid_to IS NOT NULL;
CREATE INDEX installation_shop ON installation (shop);
CREATE INDEX installation_token ON installation (token_hash) WHERE valid_to IS NULL AND ended_at IS NULL;

CREATE TABLE subscription (
  id bigint NOT NULL,
  app bigint NOT NULL,
  shop bigint,
  topic text NOT NULL,
  version bigint NOT NULL,
  until bigint,
  valid_from bigint NOT NULL,
  valid_to bigint,
  ended_at bigint,
  body text NOT NULL,
  PRIMARY KEY (id, version)
);
CREATE INDEX subscription_changed ON subscription (version) WHERE valid_to IS NULL;
CREATE INDEX subscription_past ON subscription (valid_to) WHERE valid_to IS NOT NULL;
CREATE INDEX subscription_topic ON subscription (topic, shop);
CREATE INDEX subscription_app ON subscription (app, shop) WHERE valid_to IS NULL;
CREATE INDEX subscription_shop ON subscription (shop) WHERE valid_to IS NULL;

CREATE TABLE hold (
  id text PRIMARY KEY,
  version bigint NOT NULL,
  ended_at bigint,
  body text NOT NULL
);
CREATE INDEX hold_changed ON hold (version);

CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at bigint NOT NULL,
  actor text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  before text,
  after text,
  request_id text
);
CREATE INDEX audit_subject ON audit (subject text_pattern_ops);

CREATE TABLE api_key (
  id text PRIMARY KEY,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('admin', 'publish', 'read')),
  hash bytea NOT NULL UNIQUE,
  created_at bigint NOT NULL,
  revoked_at bigint
);

CREATE TABLE app_access (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  app bigint NOT NULL,
  token_hash bytea UNIQUE,
  expires_at bigint NOT NULL,
  revision integer NOT NULL,
  body text NOT NULL
);
CREATE INDEX app_access_expires ON app_access (expires_at);

CREATE TABLE note (
  name text PRIMARY KEY,
  value text NOT NULL
);

CREATE UNLOGGED TABLE rate_bucket (
  app bigint NOT NULL,
  shop bigint NOT NULL,
  tokens double precision NOT NULL,
  at bigint NOT NULL,
  is_taken boolean NOT NULL,
  PRIMARY KEY (app, shop)
) WITH (fillfactor = 50);

CREATE TABLE endpoint_state (
  endpoint text PRIMARY KEY,
  shard smallint NOT NULL,
  updated_at bigint NOT NULL,
  probe_asked_at bigint,
  body text NOT NULL
);
CREATE INDEX endpoint_state_shard ON endpoint_state (shard);
CREATE INDEX endpoint_state_probe ON endpoint_state (shard) WHERE probe_asked_at IS NOT NULL;

CREATE TABLE sequence (
  subscription bigint NOT NULL,
  n bigint NOT NULL,
  event uuid NOT NULL,
  PRIMARY KEY (subscription, n)
);
CREATE UNIQUE INDEX sequence_event ON sequence (event, subscription);

CREATE TABLE sequence_floor (
  subscription bigint PRIMARY KEY,
  n bigint NOT NULL
);

CREATE TABLE lane_block (
  subscription bigint NOT NULL,
  event uuid NOT NULL,
  order_key text NOT NULL,
  since bigint NOT NULL,
  PRIMARY KEY (subscription, event)
);

CREATE SEQUENCE task_place;

CREATE TABLE replay_job (
  id uuid PRIMARY KEY,
  revision integer NOT NULL,
  state text NOT NULL,
  updated_at bigint NOT NULL,
  body text NOT NULL
);

CREATE TABLE node (
  name text PRIMARY KEY,
  delivers boolean NOT NULL,
  heard_at bigint NOT NULL
);

CREATE TABLE shard_lease (
  shard smallint PRIMARY KEY,
  owner text,
  epoch bigint NOT NULL DEFAULT 0,
  expires_at bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO shard_lease (shard) SELECT generate_series(0, 255);
`;
