-- What the items of each source have looked like so far, and how that changed.

create table shape (
  connection text not null,
  resource text not null,
  items bigint not null,                         -- that were looked at
  revision int not null default 0,               -- raised when a person accepts a change: processes read anew
  primary key (connection, resource)
);

-- A field of such items: lists are passed through (`line_items[].sku`).
create table shape_field (
  connection text not null,
  resource text not null,
  path text not null,
  types text[] not null,
  after bigint not null,                         -- items before the first that had it
  seen bigint not null,                          -- items that had it
  missed bigint not null,                        -- items since the last that had it
  primary key (connection, resource, path)
) with (fillfactor = 60);

-- A change that nobody has accepted yet.
create table drift (
  connection text not null,
  resource text not null,
  path text not null,
  change text not null check (change in ('new', 'vanished', 'retyped')),
  old_type text,
  new_type text not null default '',
  mappings text[] not null,                      -- that it touches
  at timestamptz not null,
  primary key (connection, resource, path, change, new_type)
);
