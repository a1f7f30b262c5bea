// The part of Odoo's ORM that the external API shows: create, write, read, search and their kin, for the models of models.ts.
// https://www.odoo.com/documentation/17.0/developer/reference/external_api.html
import type { Collection, Store } from '../core/store.ts'
import { spaced } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import { compile, type Reader } from './domain.ts'
import { Exception, missingError, userError, validationError, valueError } from './errors.ts'
import { type FieldFact, models } from './models.ts'
import { mentions, sort } from './sort.ts'

export type Values = Record<string, Json>

/** Fields that integrations look records up by. */
const indexed: Record<string, string[]> = {
  'res.partner': ['ref', 'email'],
  'product.product': ['default_code'],
  'account.move': ['ref', 'invoice_origin', 'name'],
}

export class Orm implements Reader {
  readonly #store: Store
  /** Runs after a record was changed: totals of an invoice, say. */
  after: (model: string, id: number) => void = () => {}
  /** While lines are written on behalf of their parent, only the parent is summed, once. */
  #nested = 0

  constructor(store: Store) {
    this.#store = store
    for (const [model, fields] of Object.entries(indexed)) {
      for (const field of fields)
        this.#store.collection<Values>(model).index(field, (record) => record[field] || undefined)
    }
  }

  collection(model: string): Collection<Values> {
    if (!models[model]) throw new Exception('builtins.KeyError', model)
    return this.#store.collection(model)
  }

  fact(model: string, field: string): FieldFact | undefined {
    return models[model]?.fields[field]
  }

  record(model: string, id: number): Values {
    const record = this.collection(model).get(id)
    if (!record) throw missingError(model, [id])
    return record
  }

  display(model: string, id: number): string {
    if (!models[model])
      return model === 'res.company' ? 'Northlight Goods' : model === 'res.users' ? 'Handoff' : 'Customer Invoices'
    return models[model].nameOf(this.record(model, id))
  }

  many(model: string, record: Values, field: string): number[] {
    const fact = models[model]!.fields[field]!
    if (fact.type === 'many2many') return record[field] || []
    const lines = this.#store.collection<Values>(fact.relation!)
    return (lines.by(fact.inverse!, String(record.id)) as Values[]).map(({ id }) => id)
  }

  create(model: string, given: Json): Json {
    const list: Values[] = Array.isArray(given) ? given : [given]
    const ready = list.map((values) => this.#prepared(model, values, true))
    const ids = ready.map(({ values, commands }) => this.#insert(model, values, commands))
    return Array.isArray(given) ? ids : ids[0]
  }

  write(model: string, ids: number[], given: Values): boolean {
    const { values, commands } = this.#prepared(model, given, false)
    for (const id of ids) this.record(model, id)
    for (const id of ids) {
      const collection = this.collection(model)
      collection.put(id, { ...collection.get(id)!, ...values, write_date: spaced(Date.now()) })
      this.#command(model, id, commands)
      if (this.#nested === 0) this.after(model, id)
    }
    return true
  }

  unlink(model: string, ids: number[]): boolean {
    for (const id of ids) {
      if (model === 'account.move' && this.record(model, id).state === 'posted') {
        throw userError('You cannot delete a posted entry.')
      }
      this.collection(model).remove(id)
    }
    return true
  }

  search(model: string, domain: Json, { offset = 0, limit, order, context }: Json = {}): number[] {
    const test = compile(this, model, domain)
    const hidden = models[model]!.fields.active && context?.active_test !== false && !mentions(domain, 'active')
    const kept = this.#candidates(model, domain).filter(
      (record) => (!hidden || record.active !== false) && test(record),
    )
    sort(kept, order || models[model]!.order, model)
    return kept.slice(offset || 0, limit ? (offset || 0) + limit : undefined).map(({ id }) => id)
  }

  read(model: string, ids: number[], fields?: string[]): Json[] {
    const facts = models[model]!.fields
    const names = fields && fields.length > 0 ? fields : Object.keys(facts)
    for (const name of names) if (!facts[name]) throw valueError(`Invalid field '${name}' on model '${model}'`)
    return ids.map((id) => {
      const record = this.record(model, id)
      return Object.fromEntries([['id', id], ...names.map((name) => [name, this.#shown(model, record, name)])])
    })
  }

  #shown(model: string, record: Values, name: string): Json {
    const fact = models[model]!.fields[name]!
    if (name === 'display_name') return this.display(model, record.id)
    if (fact.type === 'one2many' || fact.type === 'many2many') return this.many(model, record, name)
    const value = record[name]
    if (fact.type === 'many2one') return value ? [value, this.display(fact.relation!, value)] : false
    if (fact.type === 'boolean') return value === true
    if (['integer', 'float', 'monetary'].includes(fact.type)) return value ?? 0
    return value === undefined || value === '' ? false : value
  }

  #insert(model: string, values: Values, commands: [string, Json][]): number {
    const collection = this.collection(model)
    const id = collection.next()
    const now = spaced(Date.now())
    const defaults = Object.fromEntries(
      Object.entries(models[model]!.fields)
        .filter(([name, fact]) => fact.default !== undefined && values[name] === undefined)
        .map(([name, fact]) => [name, fact.default]),
    )
    collection.put(id, { id, ...defaults, ...values, create_date: now, write_date: now, create_uid: 2, write_uid: 2 })
    this.#command(model, id, commands)
    if (this.#nested === 0) this.after(model, id)
    return id
  }

  /** Checked values, and the commands for lines apart. Nothing is stored when something is wrong. */
  #prepared(model: string, given: Values, creating: boolean): { values: Values; commands: [string, Json][] } {
    this.collection(model)
    const facts = models[model]!.fields
    const values: Values = {}
    const commands: [string, Json][] = []
    if (given === null || typeof given !== 'object') throw valueError(`Expected a dictionary of values for ${model}`)
    for (const [name, value] of Object.entries(given)) {
      const fact = facts[name]
      if (!fact) throw valueError(`Invalid field '${name}' on model '${model}'`)
      if (fact.type === 'one2many') {
        for (const command of lineCommands(value)) {
          if (command[0] === 0) this.#prepared(fact.relation!, command[2], true)
          commands.push([name, command])
        }
      } else if (fact.type === 'many2many') values[name] = this.#links(model, name, fact, value)
      else if (!fact.readonly) values[name] = this.#checked(model, name, fact, value)
    }
    if (creating) {
      const missing = Object.entries(facts).find(
        ([name, fact]) => fact.required && fact.default === undefined && !values[name],
      )
      if (missing)
        throw validationError(
          `The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n\nModel: ${model}, Field: ${missing[1].string} (${missing[0]})`,
        )
      if (model === 'res.partner' && !values.name)
        throw validationError('The operation cannot be completed: Contacts require a name')
    }
    return { values, commands }
  }

  #checked(model: string, name: string, fact: FieldFact, value: Json): Json {
    if (value === false || value === null || value === undefined) return false
    const wrong = () => valueError(`Wrong value for ${model}.${name}: ${JSON.stringify(value)}`)
    switch (fact.type) {
      case 'many2one':
        if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong()
        if (models[fact.relation!]) this.record(fact.relation!, value)
        return value
      case 'selection':
        if (!fact.selection!.some(([key]) => key === value)) throw wrong()
        return value
      case 'boolean':
        return Boolean(value)
      case 'integer':
      case 'float':
      case 'monetary':
        if (value === '' || !Number.isFinite(Number(value)))
          throw valueError(`could not convert string to float: '${value}'`)
        return fact.type === 'integer' ? Math.trunc(Number(value)) : Number(value)
      case 'date':
        if (!/^\d{4}-\d\d-\d\d/.test(value)) throw valueError(`time data '${value}' does not match format '%Y-%m-%d'`)
        return value.slice(0, 10)
      case 'datetime':
        if (!/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value))
          throw valueError(`time data '${value}' does not match format '%Y-%m-%d %H:%M:%S'`)
        return value
      default:
        if (typeof value === 'object') throw wrong()
        return String(value)
    }
  }

  #links(model: string, name: string, fact: FieldFact, value: Json): number[] {
    let ids: number[] = []
    for (const command of Array.isArray(value) ? value : []) {
      if (typeof command === 'number') ids.push(command)
      else if (command[0] === 6) ids = [...command[2]]
      else if (command[0] === 4) ids.push(command[1])
      else if (command[0] === 5) ids = []
      else throw valueError(`Wrong value for ${model}.${name}: ${JSON.stringify(value)}`)
    }
    for (const id of ids) this.record(fact.relation!, id)
    return ids
  }

  #command(model: string, id: number, commands: [string, Json][]): void {
    this.#nested += 1
    for (const [name, [kind, other, values]] of commands) {
      const fact = models[model]!.fields[name]!
      if (kind === 0) {
        const ready = this.#prepared(fact.relation!, { ...values, [fact.inverse!]: id }, true)
        this.#insert(fact.relation!, ready.values, ready.commands)
      } else if (kind === 1) this.write(fact.relation!, [other], values)
      else if (kind === 2 || kind === 3) this.unlink(fact.relation!, [other])
      else if (kind === 5) this.unlink(fact.relation!, this.many(model, this.record(model, id), name))
    }
    this.#nested -= 1
  }

  /** All records, or those that an indexed leaf of an all-and domain names. */
  #candidates(model: string, domain: Json): Values[] {
    const collection = this.collection(model)
    const plain = domain.every((token: Json) => Array.isArray(token) || token === '&')
    const leaf =
      plain &&
      domain.find(
        (token: Json) =>
          token[1] === '=' && indexed[model]?.includes(token[0]) && typeof token[2] === 'string' && token[2] !== '',
      )
    return leaf ? collection.by(leaf[0], leaf[2]) : collection.all()
  }
}

function lineCommands(value: Json): Json[] {
  if (!Array.isArray(value)) throw valueError(`Wrong value for a list of lines: ${JSON.stringify(value)}`)
  for (const command of value) {
    if (!Array.isArray(command) || ![0, 1, 2, 3, 4, 5, 6].includes(command[0]))
      throw valueError(`Unknown command ${JSON.stringify(command)}`)
  }
  return value
}
