// What an operation costs and who has run out: https://developer.shiphero.com/getting-started/ (throttling and quotas).
// Estimated before it runs as 1 + first × (1 + inner) for each connection, 10 for a change; charged for what came back.
import { type DocumentNode, type FieldNode, Kind, type SelectionSetNode } from 'graphql'
import type { WarehouseSettings } from './state.ts'

type Variables = Record<string, unknown>

export function estimate(document: DocumentNode, variables: Variables): number {
  const fragments = new Map<string, SelectionSetNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition.selectionSet)
  }
  let sum = 0
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    for (const field of fields(definition.selectionSet, fragments)) {
      sum += (definition.operation === 'mutation' ? 10 : 1) + inner(field.selectionSet, variables, fragments)
    }
  }
  return sum
}

function inner(
  set: SelectionSetNode | undefined,
  variables: Variables,
  fragments: Map<string, SelectionSetNode>,
): number {
  let sum = 0
  for (const field of set ? fields(set, fragments) : []) {
    const below = inner(field.selectionSet, variables, fragments)
    const isConnection =
      field.selectionSet && fields(field.selectionSet, fragments).some(({ name }) => name.value === 'edges')
    sum += isConnection ? pageSize(field, variables) * (1 + below) : below
  }
  return sum
}

function fields(set: SelectionSetNode, fragments: Map<string, SelectionSetNode>): FieldNode[] {
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection]
    const more = selection.kind === Kind.INLINE_FRAGMENT ? selection.selectionSet : fragments.get(selection.name.value)
    return more ? fields(more, fragments) : []
  })
}

function pageSize(field: FieldNode, variables: Variables): number {
  for (const argument of field.arguments ?? []) {
    if (argument.name.value !== 'first' && argument.name.value !== 'last') continue
    if (argument.value.kind === Kind.INT) return Number(argument.value.value)
    if (argument.value.kind === Kind.VARIABLE) return Number(variables[argument.value.name.value] ?? 100)
  }
  return 100
}

/** The account's credits: full at the start, refilled steadily. */
export class Credits {
  readonly #settings: () => WarehouseSettings['credits']
  #left: number
  #at = Date.now()

  constructor(settings: () => WarehouseSettings['credits']) {
    this.#settings = settings
    this.#left = settings().max
  }

  left(): number {
    const { max, perSecond } = this.#settings()
    const now = Date.now()
    this.#left = Math.min(max, this.#left + ((now - this.#at) / 1000) * perSecond)
    this.#at = now
    return Math.floor(this.#left)
  }

  spend(credits: number): void {
    this.#left -= credits
  }

  /** The vendor's error when `required` credits are not there; undefined when they are. */
  lacking(required: number): Record<string, unknown> | undefined {
    const left = this.left()
    if (required <= left) return undefined
    const seconds = Math.max(1, Math.ceil((required - left) / this.#settings().perSecond))
    const wait = `${seconds} second${seconds === 1 ? '' : 's'}`
    return {
      code: 30,
      message: `There are not enough credits to perform the requested operation, which requires ${required} credits, but there are only ${left} left. In ${wait} you will have enough credits to perform the operation`,
      required_credits: required,
      remaining_credits: left,
      time_remaining: wait,
    }
  }
}
