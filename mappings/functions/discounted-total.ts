/** What so many pieces cost after a discount that is a share of the price, to the cent. */
export default {
  title: 'Price times quantity, less a discount',
  args: { quantity: 'how many pieces', discount: 'a share: `0.15` is 15 %', currency: 'ISO 4217 code' },
  run(
    price: string,
    { quantity, discount = '0', currency }: { quantity: string | number; discount?: string; currency: string },
    {
      decimal,
    }: {
      decimal: {
        multiply(a: string, b: string): string
        subtract(a: string, b: string): string
        round(a: string, scale: number): string
      }
    },
  ) {
    const kept = decimal.subtract('1', discount)
    return { amount: decimal.round(decimal.multiply(decimal.multiply(price, String(quantity)), kept), 2), currency }
  },
  examples: [
    {
      value: '14',
      args: { quantity: '12', discount: '0', currency: 'USD' },
      result: { amount: '168.00', currency: 'USD' },
    },
    {
      value: '16.8',
      args: { quantity: '15', discount: '0.15', currency: 'USD' },
      result: { amount: '214.20', currency: 'USD' },
    },
    {
      value: '9.65',
      args: { quantity: 1, discount: '0.05', currency: 'USD' },
      result: { amount: '9.17', currency: 'USD' },
    },
  ],
}
