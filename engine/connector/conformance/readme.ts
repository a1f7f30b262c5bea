import type { Connector, Field } from '../contract.ts'

/** The settings of a connector as a Markdown table, in the form the formatter leaves; a connector's README must hold it. */
export function settingsTable(connector: Connector<any>): string {
  const rows = Object.entries(connector.settings as Record<string, Field>).map(([name, field]) => {
    const fallback = field.schema['default']
    const need = field.required ? 'yes' : fallback === undefined ? 'no' : `\`${String(fallback)}\``
    return [`\`${name}\``, `${field.title}${field.secret ? ' (secret)' : ''}`, need, field.hint ?? '']
  })
  const head = ['setting', 'what', 'required, or default', 'where from']
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]!.length), title.length),
  )
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
