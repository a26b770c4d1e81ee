-- What tells the contents of a batch from others that come with its token; NULL where the batch gave nothing.
ALTER TABLE dedup_token ADD COLUMN digest BLOB;
