import { type CsvFolder, checkFolder, csvPull, defineConnector, field, type Json } from '#connector'

const resource = {
  type: 'object',
  properties: {
    files: {
      type: 'string',
      title: 'Files',
      description: 'Which files of the folder; * stands for any text.',
      examples: ['orders-*.csv'],
    },
    delimiter: {
      type: 'string',
      title: 'Delimiter',
      description: 'What stands between the cells: one character, or "tab".',
      pattern: '^(.|tab)$',
      default: ',',
    },
    quote: {
      type: 'string',
      title: 'Quote',
      description: 'What stands around cells that hold delimiters or line ends.',
      minLength: 1,
      maxLength: 1,
      default: '"',
    },
    encoding: {
      type: 'string',
      title: 'Encoding',
      description: 'utf-8, windows-1252, iso-8859-1, utf-16 …',
      default: 'utf-8',
    },
    header: {
      type: 'array',
      items: { type: 'string' },
      title: 'Header',
      description: 'The column names, where the files have no header row.',
    },
    groupBy: {
      type: 'string',
      title: 'Group by',
      description: 'Rows with the same value in this column are one item.',
      examples: ['InvoiceNo'],
    },
    id: { type: 'string', title: 'Id', description: 'The column that identifies a row, where each row is an item.' },
  },
  required: ['files'],
  additionalProperties: false,
}

const rowsOf = (item: Json): Json[] => item.rows ?? []

export default defineConnector({
  name: 'csv',
  title: 'CSV files',
  kind: 'file',
  docs: 'https://www.rfc-editor.org/rfc/rfc4180',

  settings: {
    folder: field.text('Folder', {
      hint: 'Where the files are put. Write a file under another name first and rename it when it is whole.',
      example: '/srv/exchange/orders',
    }),
    resources: field.object<Record<string, CsvFolder>>(
      'Resources',
      { minProperties: 1, additionalProperties: resource },
      {
        hint: 'What the files hold: a name for each kind of thing, and how its files are written.',
        example: { orders: { files: 'orders-*.csv', groupBy: 'InvoiceNo' } },
      },
    ),
  },

  check: (_api, settings) => checkFolder(settings.folder),

  resources: (settings) =>
    Object.fromEntries(
      Object.entries(settings.resources).map(([name, facts]) => [
        name,
        {
          schema: 'rows.json',
          id: (item: Json) => item.key ?? rowsOf(item)[0]?.line,
          pull: csvPull(settings.folder, facts),
        },
      ]),
    ),
})
