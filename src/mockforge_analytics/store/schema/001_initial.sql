-- Dictionaries: every name once. Texts that are absent are '', an absent status is 0.
CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value NOT NULL
) WITHOUT ROWID;

CREATE TABLE scope (
  id INTEGER PRIMARY KEY,
  slot INTEGER NOT NULL,            -- 0..63, from the workspace: keeps a workspace's cells together within a bucket
  protocol TEXT NOT NULL,
  workspace_id TEXT NOT NULL,
  environment TEXT NOT NULL,
  UNIQUE (protocol, workspace_id, environment)
);

CREATE TABLE series (
  id INTEGER PRIMARY KEY AUTOINCREMENT,   -- never reused
  scope_id INTEGER NOT NULL REFERENCES scope (id),
  method TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  status_code INTEGER NOT NULL,
  UNIQUE (scope_id, endpoint, method, status_code)
);

CREATE TABLE error_series (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  series_id INTEGER NOT NULL REFERENCES series (id),
  error_type TEXT NOT NULL,
  error_category TEXT NOT NULL,
  UNIQUE (series_id, error_type, error_category)
);

CREATE TABLE gauge_series (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  scope_id INTEGER NOT NULL REFERENCES scope (id),
  source TEXT NOT NULL,
  UNIQUE (scope_id, source)
);

CREATE TABLE agent (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_agent TEXT NOT NULL UNIQUE,
  family TEXT NOT NULL,
  version TEXT NOT NULL
);

-- What is committed and not folded yet; the id is the commit number. Every read sums these rows and the tiers.
CREATE TABLE pending (
  id INTEGER PRIMARY KEY,
  requests INTEGER NOT NULL,
  first_seen INTEGER,               -- microseconds
  last_seen INTEGER,                -- microseconds
  payload BLOB NOT NULL
);

-- Where a tier is complete. Below `floor` it is complete only inside an island, which a held import made.
CREATE TABLE tier_floor (
  tier TEXT PRIMARY KEY,
  floor INTEGER NOT NULL            -- seconds
) WITHOUT ROWID;

CREATE TABLE hold (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  start INTEGER NOT NULL,           -- seconds, a UTC midnight
  end INTEGER NOT NULL,
  reason TEXT NOT NULL,
  created_at INTEGER NOT NULL       -- seconds
);

CREATE TABLE island (
  tier TEXT NOT NULL,
  start INTEGER NOT NULL,           -- seconds, a UTC midnight
  end INTEGER NOT NULL,
  PRIMARY KEY (tier, start)
) WITHOUT ROWID;

-- All-time totals of an endpoint.
CREATE TABLE endpoint_total (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  scope_id INTEGER NOT NULL REFERENCES scope (id),
  endpoint TEXT NOT NULL,
  method TEXT NOT NULL,
  request_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum INTEGER NOT NULL,
  latency_min INTEGER NOT NULL,
  latency_max INTEGER NOT NULL,
  bytes_sent INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  latency_p50 INTEGER NOT NULL,
  latency_p95 INTEGER NOT NULL,
  latency_p99 INTEGER NOT NULL,
  histogram BLOB NOT NULL,
  status_codes TEXT NOT NULL,       -- JSON object, code -> count
  first_seen INTEGER NOT NULL,      -- microseconds
  last_seen INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,      -- seconds
  UNIQUE (scope_id, endpoint, method)
);

CREATE TABLE error_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  timestamp INTEGER NOT NULL,       -- seconds
  protocol TEXT NOT NULL,
  method TEXT,
  endpoint TEXT,
  status_code INTEGER,
  error_type TEXT,
  error_message TEXT,
  error_category TEXT,
  request_id TEXT,
  trace_id TEXT,
  span_id TEXT,
  client_ip TEXT,
  user_agent TEXT,
  workspace_id TEXT,
  environment TEXT,
  metadata TEXT,
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  timestamp_us INTEGER NOT NULL
);
CREATE INDEX idx_error_timestamp ON error_events (timestamp_us);

-- One row an (hour, scope, address, user agent). The id is hour number << 43 | a hash of the other three,
-- or the next free number after it.
CREATE TABLE client_hour (
  id INTEGER PRIMARY KEY,
  scope_id INTEGER NOT NULL REFERENCES scope (id),
  agent_id INTEGER NOT NULL REFERENCES agent (id),
  client_ip TEXT NOT NULL,
  request_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum INTEGER NOT NULL,     -- microseconds
  bytes_sent INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  endpoints TEXT NOT NULL           -- JSON object, endpoint -> requests
);

-- HyperLogLog of all addresses of an (hour, scope) whose client rows reached the cap.
CREATE TABLE client_sketch (
  hour INTEGER NOT NULL,            -- seconds
  scope_id INTEGER NOT NULL REFERENCES scope (id),
  sketch BLOB NOT NULL,
  PRIMARY KEY (hour, scope_id)
) WITHOUT ROWID;

CREATE TABLE analytics_snapshots (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  timestamp INTEGER NOT NULL,
  snapshot_type TEXT NOT NULL CHECK (snapshot_type IN ('hourly', 'daily', 'weekly')),
  total_requests INTEGER NOT NULL DEFAULT 0,
  total_errors INTEGER NOT NULL DEFAULT 0,
  avg_latency_ms REAL,
  active_connections INTEGER DEFAULT 0,
  protocol_stats TEXT,
  top_endpoints TEXT,
  memory_usage_bytes INTEGER,
  cpu_usage_percent REAL,
  thread_count INTEGER,
  uptime_seconds INTEGER,
  workspace_id TEXT,
  environment TEXT,
  created_at INTEGER NOT NULL DEFAULT (unixepoch())
);
CREATE INDEX idx_snapshot_timestamp ON analytics_snapshots (timestamp);

-- received = stored + deduplicated + rejected, a source and minute of arrival; overflowed is a part of stored.
CREATE TABLE ledger (
  source TEXT NOT NULL,
  minute INTEGER NOT NULL,          -- seconds
  received INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  deduplicated INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  overflowed INTEGER NOT NULL,
  reasons TEXT NOT NULL,            -- JSON object, reason -> rejected
  PRIMARY KEY (source, minute)
) WITHOUT ROWID;

CREATE TABLE rejected_sample (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  received_at INTEGER NOT NULL,     -- microseconds
  reason TEXT NOT NULL,
  place TEXT NOT NULL,
  sample TEXT NOT NULL
);

CREATE TABLE dedup_token (
  token TEXT PRIMARY KEY,
  received_at INTEGER NOT NULL      -- microseconds
) WITHOUT ROWID;

CREATE TABLE source_position (
  key TEXT PRIMARY KEY,
  payload TEXT NOT NULL,
  updated_at INTEGER NOT NULL       -- microseconds
) WITHOUT ROWID;

-- Cells. The id is bucket number << 34 | workspace slot << 28 | id in the dictionary of the fact.
CREATE TABLE series_10s (
  id INTEGER PRIMARY KEY,
  request_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum INTEGER NOT NULL,
  latency_min INTEGER NOT NULL,
  latency_max INTEGER NOT NULL,
  bytes_sent INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  latency_p50 INTEGER NOT NULL,
  latency_p95 INTEGER NOT NULL,
  latency_p99 INTEGER NOT NULL,
  histogram BLOB NOT NULL
);
CREATE TABLE series_minute (
  id INTEGER PRIMARY KEY,
  request_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum INTEGER NOT NULL,
  latency_min INTEGER NOT NULL,
  latency_max INTEGER NOT NULL,
  bytes_sent INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  latency_p50 INTEGER NOT NULL,
  latency_p95 INTEGER NOT NULL,
  latency_p99 INTEGER NOT NULL,
  histogram BLOB NOT NULL
);
CREATE TABLE series_hour (
  id INTEGER PRIMARY KEY,
  request_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum INTEGER NOT NULL,
  latency_min INTEGER NOT NULL,
  latency_max INTEGER NOT NULL,
  bytes_sent INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  latency_p50 INTEGER NOT NULL,
  latency_p95 INTEGER NOT NULL,
  latency_p99 INTEGER NOT NULL,
  histogram BLOB NOT NULL
);
CREATE TABLE series_6h (
  id INTEGER PRIMARY KEY,
  request_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum INTEGER NOT NULL,
  latency_min INTEGER NOT NULL,
  latency_max INTEGER NOT NULL,
  bytes_sent INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  latency_p50 INTEGER NOT NULL,
  latency_p95 INTEGER NOT NULL,
  latency_p99 INTEGER NOT NULL,
  histogram BLOB NOT NULL
);
CREATE TABLE series_day (
  id INTEGER PRIMARY KEY,
  request_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum INTEGER NOT NULL,
  latency_min INTEGER NOT NULL,
  latency_max INTEGER NOT NULL,
  bytes_sent INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  latency_p50 INTEGER NOT NULL,
  latency_p95 INTEGER NOT NULL,
  latency_p99 INTEGER NOT NULL,
  histogram BLOB NOT NULL
);
CREATE TABLE scope_10s (
  id INTEGER PRIMARY KEY,
  request_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum INTEGER NOT NULL,
  latency_min INTEGER NOT NULL,
  latency_max INTEGER NOT NULL,
  bytes_sent INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  latency_p50 INTEGER NOT NULL,
  latency_p95 INTEGER NOT NULL,
  latency_p99 INTEGER NOT NULL,
  histogram BLOB NOT NULL
);
CREATE TABLE scope_minute (
  id INTEGER PRIMARY KEY,
  request_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum INTEGER NOT NULL,
  latency_min INTEGER NOT NULL,
  latency_max INTEGER NOT NULL,
  bytes_sent INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  latency_p50 INTEGER NOT NULL,
  latency_p95 INTEGER NOT NULL,
  latency_p99 INTEGER NOT NULL,
  histogram BLOB NOT NULL
);
CREATE TABLE scope_15m (
  id INTEGER PRIMARY KEY,
  request_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum INTEGER NOT NULL,
  latency_min INTEGER NOT NULL,
  latency_max INTEGER NOT NULL,
  bytes_sent INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  latency_p50 INTEGER NOT NULL,
  latency_p95 INTEGER NOT NULL,
  latency_p99 INTEGER NOT NULL,
  histogram BLOB NOT NULL
);
CREATE TABLE scope_day (
  id INTEGER PRIMARY KEY,
  request_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  latency_count INTEGER NOT NULL,
  latency_sum INTEGER NOT NULL,
  latency_min INTEGER NOT NULL,
  latency_max INTEGER NOT NULL,
  bytes_sent INTEGER NOT NULL,
  bytes_received INTEGER NOT NULL,
  latency_p50 INTEGER NOT NULL,
  latency_p95 INTEGER NOT NULL,
  latency_p99 INTEGER NOT NULL,
  histogram BLOB NOT NULL
);
CREATE TABLE error_minute (
  id INTEGER PRIMARY KEY,
  error_count INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
);
CREATE TABLE error_hour (
  id INTEGER PRIMARY KEY,
  error_count INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
);
CREATE TABLE error_day (
  id INTEGER PRIMARY KEY,
  error_count INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
);
CREATE TABLE gauge_10s (
  id INTEGER PRIMARY KEY,
  total INTEGER NOT NULL,
  samples INTEGER NOT NULL,
  maximum INTEGER NOT NULL,
  last INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
);
CREATE TABLE gauge_minute (
  id INTEGER PRIMARY KEY,
  total INTEGER NOT NULL,
  samples INTEGER NOT NULL,
  maximum INTEGER NOT NULL,
  last INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
);
CREATE TABLE gauge_hour (
  id INTEGER PRIMARY KEY,
  total INTEGER NOT NULL,
  samples INTEGER NOT NULL,
  maximum INTEGER NOT NULL,
  last INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
);
CREATE TABLE gauge_day (
  id INTEGER PRIMARY KEY,
  total INTEGER NOT NULL,
  samples INTEGER NOT NULL,
  maximum INTEGER NOT NULL,
  last INTEGER NOT NULL,
  last_seen INTEGER NOT NULL
);

-- The tables of the upstream contract, by their own names. Latencies are milliseconds, unknown ones are null.
CREATE VIEW metrics_aggregates_minute AS
SELECT
  c.id AS id,
  (c.id >> 34) * 60 AS timestamp,
  p.protocol AS protocol,
  nullif(s.method, '') AS method,
  nullif(s.endpoint, '') AS endpoint,
  nullif(s.status_code, 0) AS status_code,
  nullif(p.workspace_id, '') AS workspace_id,
  nullif(p.environment, '') AS environment,
  c.request_count AS request_count,
  c.error_count AS error_count,
  c.latency_sum / 1000.0 AS latency_sum,
  CASE WHEN c.latency_count > 0 THEN c.latency_min / 1000.0 END AS latency_min,
  CASE WHEN c.latency_count > 0 THEN c.latency_max / 1000.0 END AS latency_max,
  CASE WHEN c.latency_count > 0 THEN c.latency_p50 / 1000.0 END AS latency_p50,
  CASE WHEN c.latency_count > 0 THEN c.latency_p95 / 1000.0 END AS latency_p95,
  CASE WHEN c.latency_count > 0 THEN c.latency_p99 / 1000.0 END AS latency_p99,
  c.bytes_sent AS bytes_sent,
  c.bytes_received AS bytes_received,
  coalesce((SELECT sum(g.maximum) FROM gauge_series q JOIN gauge_minute g
    ON g.id = ((c.id >> 34) << 34) + (p.slot << 28) + q.id WHERE q.scope_id = p.id), 0) AS active_connections,
  (c.id >> 34) * 60 AS created_at,
  c.latency_count AS latency_count
FROM series_minute c
JOIN series s ON s.id = (c.id & 268435455)
JOIN scope p ON p.id = s.scope_id;
CREATE VIEW metrics_aggregates_hour AS
SELECT
  c.id AS id,
  (c.id >> 34) * 3600 AS timestamp,
  p.protocol AS protocol,
  nullif(s.method, '') AS method,
  nullif(s.endpoint, '') AS endpoint,
  nullif(s.status_code, 0) AS status_code,
  nullif(p.workspace_id, '') AS workspace_id,
  nullif(p.environment, '') AS environment,
  c.request_count AS request_count,
  c.error_count AS error_count,
  c.latency_sum / 1000.0 AS latency_sum,
  CASE WHEN c.latency_count > 0 THEN c.latency_min / 1000.0 END AS latency_min,
  CASE WHEN c.latency_count > 0 THEN c.latency_max / 1000.0 END AS latency_max,
  CASE WHEN c.latency_count > 0 THEN c.latency_p50 / 1000.0 END AS latency_p50,
  CASE WHEN c.latency_count > 0 THEN c.latency_p95 / 1000.0 END AS latency_p95,
  CASE WHEN c.latency_count > 0 THEN c.latency_p99 / 1000.0 END AS latency_p99,
  c.bytes_sent AS bytes_sent,
  c.bytes_received AS bytes_received,
  coalesce((SELECT sum(g.total * 1.0 / g.samples) FROM gauge_series q JOIN gauge_hour g
    ON g.id = ((c.id >> 34) << 34) + (p.slot << 28) + q.id WHERE q.scope_id = p.id), 0.0) AS active_connections_avg,
  coalesce((SELECT sum(g.maximum) FROM gauge_series q JOIN gauge_hour g
    ON g.id = ((c.id >> 34) << 34) + (p.slot << 28) + q.id WHERE q.scope_id = p.id), 0) AS active_connections_max,
  (c.id >> 34) * 3600 AS created_at,
  c.latency_count AS latency_count
FROM series_hour c
JOIN series s ON s.id = (c.id & 268435455)
JOIN scope p ON p.id = s.scope_id;
CREATE VIEW metrics_aggregates_day AS
SELECT
  c.id AS id,
  date((c.id >> 34) * 86400, 'unixepoch') AS date,
  (c.id >> 34) * 86400 AS timestamp,
  p.protocol AS protocol,
  nullif(s.method, '') AS method,
  nullif(s.endpoint, '') AS endpoint,
  nullif(s.status_code, 0) AS status_code,
  nullif(p.workspace_id, '') AS workspace_id,
  nullif(p.environment, '') AS environment,
  c.request_count AS request_count,
  c.error_count AS error_count,
  c.latency_sum / 1000.0 AS latency_sum,
  CASE WHEN c.latency_count > 0 THEN c.latency_min / 1000.0 END AS latency_min,
  CASE WHEN c.latency_count > 0 THEN c.latency_max / 1000.0 END AS latency_max,
  CASE WHEN c.latency_count > 0 THEN c.latency_p50 / 1000.0 END AS latency_p50,
  CASE WHEN c.latency_count > 0 THEN c.latency_p95 / 1000.0 END AS latency_p95,
  CASE WHEN c.latency_count > 0 THEN c.latency_p99 / 1000.0 END AS latency_p99,
  c.bytes_sent AS bytes_sent,
  c.bytes_received AS bytes_received,
  coalesce((SELECT sum(g.total * 1.0 / g.samples) FROM gauge_series q JOIN gauge_day g
    ON g.id = ((c.id >> 34) << 34) + (p.slot << 28) + q.id WHERE q.scope_id = p.id), 0.0) AS active_connections_avg,
  coalesce((SELECT sum(g.maximum) FROM gauge_series q JOIN gauge_day g
    ON g.id = ((c.id >> 34) << 34) + (p.slot << 28) + q.id WHERE q.scope_id = p.id), 0) AS active_connections_max,
  NULL AS unique_clients,
  (SELECT (h.id >> 34) % 24 FROM series_hour h WHERE h.id IN (
    (((c.id >> 34) * 24 + 0) << 34) + (c.id & 17179869183), (((c.id >> 34) * 24 + 1) << 34) + (c.id & 17179869183),
    (((c.id >> 34) * 24 + 2) << 34) + (c.id & 17179869183), (((c.id >> 34) * 24 + 3) << 34) + (c.id & 17179869183),
    (((c.id >> 34) * 24 + 4) << 34) + (c.id & 17179869183), (((c.id >> 34) * 24 + 5) << 34) + (c.id & 17179869183),
    (((c.id >> 34) * 24 + 6) << 34) + (c.id & 17179869183), (((c.id >> 34) * 24 + 7) << 34) + (c.id & 17179869183),
    (((c.id >> 34) * 24 + 8) << 34) + (c.id & 17179869183), (((c.id >> 34) * 24 + 9) << 34) + (c.id & 17179869183),
    (((c.id >> 34) * 24 + 10) << 34) + (c.id & 17179869183), (((c.id >> 34) * 24 + 11) << 34) + (c.id & 17179869183),
    (((c.id >> 34) * 24 + 12) << 34) + (c.id & 17179869183), (((c.id >> 34) * 24 + 13) << 34) + (c.id & 17179869183),
    (((c.id >> 34) * 24 + 14) << 34) + (c.id & 17179869183), (((c.id >> 34) * 24 + 15) << 34) + (c.id & 17179869183),
    (((c.id >> 34) * 24 + 16) << 34) + (c.id & 17179869183), (((c.id >> 34) * 24 + 17) << 34) + (c.id & 17179869183),
    (((c.id >> 34) * 24 + 18) << 34) + (c.id & 17179869183), (((c.id >> 34) * 24 + 19) << 34) + (c.id & 17179869183),
    (((c.id >> 34) * 24 + 20) << 34) + (c.id & 17179869183), (((c.id >> 34) * 24 + 21) << 34) + (c.id & 17179869183),
    (((c.id >> 34) * 24 + 22) << 34) + (c.id & 17179869183), (((c.id >> 34) * 24 + 23) << 34) + (c.id & 17179869183)
  ) ORDER BY h.request_count DESC, h.id LIMIT 1) AS peak_hour,
  (c.id >> 34) * 86400 AS created_at,
  c.latency_count AS latency_count
FROM series_day c
JOIN series s ON s.id = (c.id & 268435455)
JOIN scope p ON p.id = s.scope_id;
CREATE VIEW endpoint_stats AS
SELECT
  t.id AS id,
  t.endpoint AS endpoint,
  p.protocol AS protocol,
  nullif(t.method, '') AS method,
  nullif(p.workspace_id, '') AS workspace_id,
  nullif(p.environment, '') AS environment,
  t.request_count AS total_requests,
  t.error_count AS total_errors,
  CASE WHEN t.latency_count > 0 THEN t.latency_sum / 1000.0 / t.latency_count END AS avg_latency_ms,
  CASE WHEN t.latency_count > 0 THEN t.latency_min / 1000.0 END AS min_latency_ms,
  CASE WHEN t.latency_count > 0 THEN t.latency_max / 1000.0 END AS max_latency_ms,
  CASE WHEN t.latency_count > 0 THEN t.latency_p95 / 1000.0 END AS p95_latency_ms,
  t.status_codes AS status_codes,
  t.bytes_sent AS total_bytes_sent,
  t.bytes_received AS total_bytes_received,
  t.first_seen / 1000000 AS first_seen,
  t.last_seen / 1000000 AS last_seen,
  t.updated_at AS updated_at
FROM endpoint_total t
JOIN scope p ON p.id = t.scope_id;
CREATE VIEW client_analytics AS
SELECT
  c.id AS id,
  (c.id >> 43) * 3600 AS timestamp,
  c.client_ip AS client_ip,
  nullif(a.user_agent, '') AS user_agent,
  nullif(a.family, '') AS user_agent_family,
  nullif(a.version, '') AS user_agent_version,
  p.protocol AS protocol,
  nullif(p.workspace_id, '') AS workspace_id,
  nullif(p.environment, '') AS environment,
  c.request_count AS request_count,
  c.error_count AS error_count,
  CASE WHEN c.latency_count > 0 THEN c.latency_sum / 1000.0 / c.latency_count END AS avg_latency_ms,
  c.bytes_sent AS bytes_sent,
  c.bytes_received AS bytes_received,
  (SELECT json_group_array(key) FROM (SELECT key FROM json_each(c.endpoints) ORDER BY value DESC, key)) AS top_endpoints,
  (c.id >> 43) * 3600 AS created_at
FROM client_hour c
JOIN agent a ON a.id = c.agent_id
JOIN scope p ON p.id = c.scope_id;
CREATE VIEW traffic_patterns AS
SELECT
  (h.hour << 28) + p.id AS id,
  date(h.hour * 3600, 'unixepoch') AS date,
  h.hour % 24 AS hour,
  CAST(strftime('%w', h.hour * 3600, 'unixepoch') AS INTEGER) AS day_of_week,
  p.protocol AS protocol,
  nullif(p.workspace_id, '') AS workspace_id,
  nullif(p.environment, '') AS environment,
  h.request_count AS request_count,
  h.error_count AS error_count,
  CASE WHEN h.latency_count > 0 THEN h.latency_sum / 1000.0 / h.latency_count END AS avg_latency_ms,
  (SELECT count(DISTINCT k.client_ip) FROM client_hour k
    WHERE k.id >= h.hour << 43 AND k.id < (h.hour + 1) << 43 AND k.scope_id = p.id) AS unique_clients,
  h.hour * 3600 AS created_at
FROM (
  SELECT
    (id >> 34) / 4 AS hour,
    id & 268435455 AS scope_id,
    sum(request_count) AS request_count,
    sum(error_count) AS error_count,
    sum(latency_count) AS latency_count,
    sum(latency_sum) AS latency_sum
  FROM scope_15m
  GROUP BY 1, 2
) h
JOIN scope p ON p.id = h.scope_id;
