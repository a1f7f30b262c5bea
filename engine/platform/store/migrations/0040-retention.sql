-- Work that one process at a time does for all, every now and then, and how far it has come.
create table chore (
  name text primary key,
  due_at timestamptz not null,
  claim bigint not null default 0,
  position jsonb
);
