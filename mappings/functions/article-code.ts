/** Till systems have codes for what was keyed in by hand. Such a row says neither what is to be picked nor whether anything is. */
export default {
  title: 'Stock code that names an article',
  run(code: string) {
    const known = code.trim()
    if (!/^(M|MANUAL|S|PADS)$/i.test(known)) return known
    throw new Error(`"${known}" was keyed in by hand and names no article; put the article's code into this row.`)
  },
  examples: [
    { value: '85123A', result: '85123A' },
    { value: 'M', fails: 'names no article' },
    { value: 'm', fails: 'names no article' },
  ],
}
