-- What is read again on request, beside the source's own runs: how far it is, so that one that was killed goes on.
create table backfill (
  id bigint generated always as identity primary key,
  source text not null,
  asked jsonb not null,                          -- { from, to } or { ids }
  position jsonb,
  running_by int,
  pages int not null default 0,
  items int not null default 0,
  changed int not null default 0,
  missing text[] not null default '{}',          -- ids that the source does not have
  started_at timestamptz not null,
  updated_at timestamptz not null,
  ended_at timestamptz
);
create unique index backfill_open on backfill (source, md5(asked::text)) where ended_at is null;
