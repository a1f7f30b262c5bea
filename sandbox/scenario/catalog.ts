// What the demo shop sells: 60 articles, made of a few words, with prices in euro cents and weights in grams.

export interface Article {
  id: number
  sku: string
  name: string
  cents: number
  grams: number
}

const ranges: { code: string; names: string[]; cents: number; grams: number }[] = [
  {
    code: 'TENT',
    names: ['Dome Tent 2P', 'Dome Tent 3P', 'Tunnel Tent 4P', 'Trail Tarp', 'Footprint 2P', 'Footprint 3P'],
    cents: 14_900,
    grams: 2600,
  },
  {
    code: 'BAG',
    names: ['Down Bag Summer', 'Down Bag Winter', 'Fleece Liner', 'Silk Liner', 'Kids Bag', 'Double Bag'],
    cents: 8990,
    grams: 1200,
  },
  {
    code: 'MAT',
    names: ['Air Mat Slim', 'Air Mat Wide', 'Foam Mat', 'Seat Pad', 'Pillow', 'Repair Kit'],
    cents: 4990,
    grams: 480,
  },
  {
    code: 'COOK',
    names: ['Gas Stove', 'Pot 1.2 l', 'Pot 2 l', 'Mug &amp; Spork Set', 'Wind Screen', 'Fire Steel'],
    cents: 2490,
    grams: 310,
  },
  {
    code: 'PACK',
    names: ['Day Pack 20', 'Day Pack 30', 'Trek Pack 50', 'Trek Pack 65', 'Hip Pack', 'Rain Cover'],
    cents: 7990,
    grams: 950,
  },
  {
    code: 'LIGHT',
    names: ['Head Lamp', 'Lantern', 'Bike Light Front', 'Bike Light Rear', 'Glow Sticks (10)', 'Battery 3000'],
    cents: 3450,
    grams: 140,
  },
  {
    code: 'WEAR',
    names: ['Rain Jacket', 'Wind Shirt', 'Merino Tee', 'Trek Socks', 'Beanie', 'Gloves'],
    cents: 5995,
    grams: 260,
  },
  {
    code: 'BOTL',
    names: ['Bottle 0.5 l', 'Bottle 1 l', 'Bladder 2 l', 'Filter Straw', 'Thermos 0.75 l', 'Cup, folding'],
    cents: 1995,
    grams: 220,
  },
  {
    code: 'NAV',
    names: ['Compass', 'Map Case', 'Whistle', 'Trail Book Alps', 'Trail Book Pyrenees', 'Altimeter'],
    cents: 1690,
    grams: 180,
  },
  {
    code: 'CARE',
    names: ['First-Aid Kit', 'Sun Cream 50', 'Insect Net', 'Towel, quick-dry', 'Soap Leaves', 'Storage Crate 45 l'],
    cents: 1290,
    grams: 200,
  },
]

/** Only one order asks for this article: 100 of it, and the warehouse has 95. */
export const shortSku = 'CARE-106'

export const catalog: Article[] = ranges.flatMap(({ code, names, cents, grams }, range) =>
  names.map((name, i) => ({
    id: 101 + range * 6 + i,
    sku: `${code}-${101 + i}`,
    name,
    cents: cents + (i - 2) * Math.round(cents / 9),
    grams: grams + (i - 2) * Math.round(grams / 12),
  })),
)
