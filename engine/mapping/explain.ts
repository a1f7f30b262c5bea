import type { Json, Mapper, TraceStep } from './types.ts'

/**
 * What every rule did, as a person reads it: the target field with its value, the rule's place, the source value and each
 * step that changed it. `steps` come from `Mapper.explain`.
 */
export function explanation(mapper: Mapper, steps: readonly TraceStep[]): string[] {
  const groups = new Map<string, TraceStep[]>()
  for (const step of steps) {
    const key = `${step.rule} ${step.at}`
    groups.set(key, [...(groups.get(key) ?? []), step])
  }
  const told = [...groups.values()].map((group) => ({
    at: group[0]!.at,
    value: brief(group.at(-1)!.value),
    line: lineOf(mapper, group),
  }))
  // Rules inside `first` and `join` write the same field, and come before the rule they are part of.
  return told.flatMap(({ at, value, line }, i) => {
    if (told.slice(i + 1).some((later) => later.at === at)) return []
    const parts = told.slice(0, i).filter((earlier) => earlier.at === at)
    return [`${at || '(item)'} = ${value}`, `    ${line}`, ...parts.map((part) => `        ${part.line}`)]
  })
}

function lineOf(mapper: Mapper, group: readonly TraceStep[]): string {
  const rule = mapper.rules[group[0]!.rule]!
  const changes: string[] = []
  let last: Json
  for (const { step, value } of group) {
    const changed = JSON.stringify(value) !== JSON.stringify(last)
    if (step === 'value') changes.push(`${rule.from ? `${rule.from}: ` : ''}${brief(value)}`)
    else if (changed || step === 'required') changes.push(changed ? `${NAMES[step]} → ${brief(value)}` : NAMES[step])
    last = value
  }
  return `${rule.file}:${rule.line}  ${changes.join('  ')}`
}

const NAMES: Record<TraceStep['step'], string> = {
  value: 'value',
  default: 'default',
  required: 'required',
  map: 'map',
  lookup: 'lookup',
  link: 'link',
  convert: 'as',
  room: 'room',
}

function brief(value: Json): string {
  if (value === undefined) return 'absent'
  const text = Array.isArray(value) && value.length > 3 ? `a list of ${value.length}` : JSON.stringify(value)
  return text.length > 100 ? `${text.slice(0, 97)}…` : text
}
