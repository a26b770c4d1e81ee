-- What targets said of themselves, by the hour: the first four names are what snapshots show of memory, processor,
-- threads and uptime. Kept as long as snapshots are.
CREATE TABLE vital_hour (
  hour INTEGER NOT NULL,            -- start, seconds
  name TEXT NOT NULL,               -- memory, cpu, threads, uptime, sessions, sessions_ended, session_seconds
  workspace_id TEXT NOT NULL,
  environment TEXT NOT NULL,
  protocol TEXT NOT NULL,           -- '' for the first four names
  source TEXT NOT NULL,             -- the target that said it
  total REAL NOT NULL,              -- of all samples
  samples INTEGER NOT NULL,
  maximum REAL NOT NULL,
  last REAL NOT NULL,
  last_seen INTEGER NOT NULL,       -- microseconds
  PRIMARY KEY (hour, name, workspace_id, environment, protocol, source)
) WITHOUT ROWID;
