// Every code of the mapping room, with its sentence and its cure. Codes are permanent; a retired one is never used again.

interface Entry {
  /** What it means, as documentation says it. */
  means: string
  /** What to do about it. */
  cure: string
}

/** What can be wrong with a record while it is mapped. Such a record is parked with the code. */
export const recordErrors = {
  HUB_MAP_REQUIRED: {
    means: 'A required value is missing.',
    cure: 'Fill it in at the source, or give the rule a `default`.',
  },
  HUB_MAP_UNKNOWN_VALUE: {
    means: 'A `map` or a `lookup` does not know this value.',
    cure: 'Add the value to the table, or say `unmapped:` in the rule.',
  },
  HUB_MAP_WRONG_TYPE: {
    means: 'A value is of another kind than the rule or the target expects.',
    cure: 'Convert it with `as:`, or mend the path.',
  },
  HUB_MAP_BAD_VALUE: {
    means: 'A conversion cannot read this value.',
    cure: 'Correct it at the source, or say its form with `format:`.',
  },
  HUB_MAP_LOSSY: {
    means: 'A conversion would lose digits.',
    cure: 'Say how to round: `round: half-up` (and `scale:` where decimals are kept).',
  },
  HUB_MAP_AMBIGUOUS_TIME: {
    means: 'A local time happens twice, on the night the clocks go back.',
    cure: 'Say which is meant: `ambiguous: earlier` or `later`.',
  },
  HUB_MAP_NO_SUCH_TIME: {
    means: 'A local time never happens, on the night the clocks go forward.',
    cure: 'Correct it at the source, or mend `zone:`.',
  },
  HUB_MAP_CURRENCY: {
    means: 'An amount has another currency than the rule writes.',
    cure: 'Mend `currency:`, or convert before.',
  },
  HUB_MAP_LINK_MISSING: {
    means: 'No record is known for this value yet.',
    cure: 'Bring the other record in first, or say `missing: wait`.',
  },
  HUB_MAP_NOT_FOUND: {
    means: '`with` finds no item that belongs to this one.',
    cure: 'Mend `by:`, or say `missing: absent`.',
  },
  HUB_MAP_SEVERAL: {
    means: '`with` finds several items that belong to this one.',
    cure: 'Make `by:` more exact, or say `several: first`.',
  },
  HUB_MAP_TOO_MANY: {
    means: 'A list has more items than the target has room for.',
    cure: 'Join the rest, or write it with a rule of its own.',
  },
  HUB_MAP_FUNCTION: {
    means: 'A named function refused this value.',
    cure: 'Correct the value, or mend the function in mappings/functions/.',
  },
  HUB_MAP_EXPR: {
    means: 'An expression failed, or took too long.',
    cure: 'Mend the expression, or say it with rules.',
  },
  HUB_MAP_INVALID: {
    means: 'The finished record does not fit its schema.',
    cure: 'Mend the rule that writes this field.',
  },
  HUB_MAP_TEXT: {
    means: 'A text holds a NUL or half a character, which no database keeps.',
    cure: 'Correct the text at the source.',
  },
  HUB_MAP_MORE: {
    means: 'There are more errors in this record than are shown.',
    cure: 'Mend those that are shown first.',
  },
} as const satisfies Record<string, Entry>

/** What can be wrong with a mapping file. Errors keep it from running; warnings do not. */
export const fileErrors = {
  HUB_MAP_RULE: { means: 'A rule is not well formed.', cure: 'See docs/reference/mapping.md for the form of a rule.' },
  HUB_MAP_UNKNOWN_PATH: {
    means: 'The source has no such field.',
    cure: 'Mend the path, or the schema of the source when the field is new.',
  },
  HUB_MAP_UNKNOWN_TARGET: { means: 'The target has no such field.', cure: 'Mend the left side.' },
  HUB_MAP_UNKNOWN_NAME: {
    means: 'A block, table, column, function or `$name` does not exist.',
    cure: 'Mend the name, or write what it should name.',
  },
  HUB_MAP_TYPE: {
    means: 'The rule gives another kind of value than the target takes.',
    cure: 'Convert it with `as:`.',
  },
  HUB_MAP_VALUE: {
    means: 'A value is none of those the source or the target knows.',
    cure: 'Use one of the values of the schema.',
  },
  HUB_MAP_TWICE: { means: 'Two rules write the same field.', cure: 'Keep one; use `first:` for alternatives.' },
  HUB_MAP_UNCOVERED: {
    means: 'A required field of the target has no rule.',
    cure: 'Write a rule for it, or say `partial: true` for an answer that is merged.',
  },
  HUB_MAP_NOT_REVERSIBLE: {
    means: 'A rule of `direction: both` cannot run backwards.',
    cure: 'Say `only: in`, or `back:`, or write the way out in a file of its own (`<name>.out.yaml`).',
  },
  HUB_MAP_DEAD: {
    means: 'A rule, or a part of one, can never take effect.',
    cure: 'Delete it, or mend what it depends on.',
  },
  HUB_MAP_UNMAPPED_SOURCE: {
    means: 'Fields of the source are neither mapped nor under `ignore`.',
    cure: 'Map them, or list them under `ignore:`.',
  },
  HUB_MAP_TABLE: {
    means: 'A table is not well formed.',
    cure: 'A table is `key: value`, or `key: { column: value }`.',
  },
  HUB_MAP_FUNCTION_FILE: {
    means: 'A function file cannot be used.',
    cure: 'It must export `{ title, run, examples }`; see docs/reference/mapping.md.',
  },
  HUB_MAP_UNKNOWN_KEY: {
    means: 'A key of the file is not known.',
    cure: 'Mend the key; editors complete it from schemas/mapping.json.',
  },
  HUB_MAP_MISSING_KEY: { means: 'A key of the file is missing.', cure: 'Write it.' },
  HUB_MAP_WRONG_VALUE: {
    means: 'A key of the file has a value it cannot have.',
    cure: 'Use one of the values of schemas/mapping.json.',
  },
} as const satisfies Record<string, Entry>

export type RecordErrorCode = keyof typeof recordErrors
