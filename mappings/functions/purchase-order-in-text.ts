/** Buyers without a field for it write their order number into the note: `PO 4500012345`, `PO# A-17`. */
export default {
  title: 'Purchase order number in a text',
  run: (text: string) => /\bP\.?O\.?\s*(?:no\.?|number|#|:)?\s*([A-Z0-9][A-Z0-9/-]*\d[A-Z0-9/-]*)/i.exec(text)?.[1],
  examples: [
    { value: 'PO 4500012345', result: '4500012345' },
    { value: 'Our PO# A-17, please ring', result: 'A-17' },
    { value: 'Please leave it with the neighbour.' },
    { value: 'To the post office' },
  ],
}
