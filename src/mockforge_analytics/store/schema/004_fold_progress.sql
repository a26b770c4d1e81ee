-- How far the fold of the pending rows up to `last` has come. What is in the tiers of them: everything that is small;
-- requests and errors of series below `series`; clients with keys below `clients`. One row while a fold goes on in
-- parts, none otherwise.
CREATE TABLE fold_progress (
  last INTEGER PRIMARY KEY,         -- of pending
  series INTEGER NOT NULL,
  clients INTEGER NOT NULL,         -- an id of client_hour
  requests INTEGER NOT NULL         -- of those rows, that are in no tier yet
);
