-- Subscriptions are watched: for whom, signed with what, and since when one cannot be made. `secrets`: those that the vendor made, the
-- newest first; what was under way when one was renewed is still signed with the one before.
alter table subscription add column source text, add column secrets text[] not null default '{}', add column signed_with text,
  add column problem text, add column problem_since timestamptz;

alter table chore add column busy_until timestamptz;
