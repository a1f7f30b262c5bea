/** A row with nothing or less in an invoice is a correction that somebody must look at, never a line to ship. */
export default {
  title: 'Quantity of a sale',
  run(text: string) {
    const quantity = Number(text)
    if (Number.isInteger(quantity) && quantity > 0) return quantity
    throw new Error(`The quantity ${text} cannot be shipped; a correction belongs into a credit note.`)
  },
  examples: [
    { value: '6', result: 6 },
    { value: '-1', fails: 'cannot be shipped' },
    { value: '0', fails: 'cannot be shipped' },
  ],
}
