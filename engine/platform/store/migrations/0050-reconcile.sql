-- Comparing what two systems hold. What was read of both sides stands here while they are compared, not in memory; it is read again
-- at the next run, so nothing is lost with it (unlogged).
create table reconcile_run (
  id bigint generated always as identity primary key,
  name text,                                     -- in `reconcile:`; null of one that was asked for by hand
  record text not null,
  side_a text not null,
  side_b text not null,
  since timestamptz not null,
  worker int not null default 0,
  started_at timestamptz not null,
  ended_at timestamptz,
  gaps int,
  report jsonb,
  message text                                   -- why it could not be carried through
);
create index reconcile_run_name on reconcile_run (name, id) where name is not null;
create unlogged table reconcile_item (
  run bigint not null,
  side smallint not null,
  key text not null,                             -- the same on both sides
  name text not null,
  ids text[] not null,                           -- several: the system has the same thing twice
  record_id bigint,
  fresh boolean not null,                        -- changed after the hub read the source last
  hash text,                                     -- of the compared fields; null: it is there, and cannot be read
  data jsonb,
  item jsonb,
  primary key (run, side, key)
);
