import type { Connector, Field } from '../contract.ts'

/** The settings of a connector as a Markdown table; a connector's README must hold it as it is. */
export function settingsTable(connector: Connector<any>): string {
  const rows = Object.entries(connector.settings as Record<string, Field>).map(([name, field]) => {
    const fallback = field.schema['default']
    const need = field.required ? 'yes' : fallback === undefined ? 'no' : `\`${String(fallback)}\``
    return `| \`${name}\` | ${field.title}${field.secret ? ' (secret)' : ''} | ${need} | ${field.hint ?? ''} |`
  })
  return ['| setting | what | required, or default | where from |', '|---|---|---|---|', ...rows].join('\n')
}
