import type { Diagnostic } from '../platform/config/diagnostic.ts'
import type { RecordErrorCode } from './errors.ts'

export type Json = any
export type Direction = 'in' | 'out'

/** A link that a mapping needs: from an external id to a record's key (in), or from a record's key to its external id (out). */
export interface LinkWanted {
  /** The resource at the mapping's own connection. */
  resource: string
  /** In: the external id. Out: the key text of the record. */
  value: string
  /** Out only: the type of the record that `value` names. */
  record?: string
  /** What the rule says when the link is not there. */
  missing: 'park' | 'wait' | 'absent'
}

/** What a mapping may ask about beside the item itself. */
export interface MapContext {
  /** The connection's name: `$connection`. */
  connection: string
  /** Out: key text and hub id of the record: `$key`, `$id`. */
  key?: string
  id?: string
  /** Linked records by relation, each with `key` and `id` beside its fields: `$order`, `$customer`. */
  related?: Record<string, Json>
  /** A synchronous look-up in what was loaded before, usually a Map filled from `Mapper.links`. */
  link?: (resource: string, value: string, record?: string) => string | undefined
}

export interface MapError {
  code: RecordErrorCode
  /** The target field: `lines[1].sku`. */
  at: string
  /** The source path, where there is one. */
  from?: string
  /** The offending value, cut when it is long. */
  value?: Json
  message: string
  cure: string
  /** The table that does not know the value. */
  table?: string
  /** What the record waits for (`missing: wait`). */
  wait?: { link: LinkWanted & { connection: string } }
  /** The rule's place: `mappings/woocommerce/orders.yaml:12`. */
  rule?: string
}

/** Exactly one of the three: the target record, the reason of a `skip` rule, or everything that is wrong. */
export type MapResult =
  | { record: Json; skipped?: undefined; errors?: undefined }
  | { skipped: string; record?: undefined; errors?: undefined }
  | { errors: MapError[]; record?: undefined; skipped?: undefined }

/** What one rule did to one record, for `explain` and for coverage. */
export interface TraceStep {
  /** Number of the rule in `Mapper.rules`. */
  rule: number
  /** `value` is what the source gave; then each step that ran. */
  step: 'value' | 'default' | 'required' | 'map' | 'lookup' | 'link' | 'convert' | 'room'
  at: string
  value: Json
}

/** A rule as it stands in its file. */
export interface RuleInfo {
  /** The target as written, with `[]` for items: `lines[].sku`. */
  target: string
  /** Where it reads, as written; undefined for constants. */
  from?: string
  file: string
  line: number
  col: number
  /** In a mapping for both: the direction it is for, when for one only. */
  only?: Direction
}

/** One direction of a mapping, compiled. */
export interface Mapper {
  direction: Direction
  /** Maps one item. Never throws, whatever the item is; a mapper with expressions needs `runAsync`. */
  run(source: Json, context: MapContext): MapResult
  /** The same, also for a mapper with `expr:` (JSONata is asynchronous). */
  runAsync(source: Json, context: MapContext): Promise<MapResult>
  /** The links that `run` will ask for, so that a batch can load them in one statement. */
  links(source: Json, context: MapContext): LinkWanted[]
  /** Maps one item and tells every step of every rule. */
  explain(source: Json, context: MapContext): Promise<{ result: MapResult; steps: TraceStep[] }>
  rules: RuleInfo[]
  /** Whether any rule has a link: else `links` need not be called. */
  hasLinks: boolean
  /** How many `expr:` it has; above 0, `run` answers HUB_MAP_EXPR. */
  expressions: number
}

export interface Mapping {
  /** `woocommerce/orders` */
  name: string
  file: string
  from: string
  to: string
  direction: 'in' | 'out' | 'both'
  partial: boolean
  /** Changes with the file, and with the tables, blocks and functions that it uses. */
  revision: string
  in?: Mapper
  out?: Mapper
  /** Names of the tables it uses. */
  tables: string[]
  /** When reading: whether it reads this field of the source, or has it under `ignore`. Lists as `[]`: `line_items[].sku`. */
  concern(field: string): 'reads' | 'ignores' | undefined
}

export interface MappingSet {
  /** Everything wrong in any file. A mapping with an error is not in the set. */
  diagnostics: Diagnostic[]
  names(): string[]
  get(name: string): Mapping | undefined
  /**
   * The mapping of a source, a route or a call that names none: `<connector>/<resource>` and its variants
   * (`.<record>`, `.out`), whichever has this direction and this record type.
   */
  find(wanted: { connector: string; resource: string; record: string; direction: Direction }): Mapping | undefined
}
