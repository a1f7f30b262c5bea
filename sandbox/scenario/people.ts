// Customers by country: fictional names, streets and towns; every e-mail address is under example.com, .org or .net.
import type { Random } from '../core/random.ts'

export interface Customer {
  /** The shop's user id; 0 is a guest. */
  id: number
  first: string
  last: string
  company: string
  vat: string
  email: string
  phone: string
  street: string
  street2: string
  city: string
  state: string
  postcode: string
  country: string
  currency: string
}

interface Place {
  country: string
  currency: string
  first: string[]
  last: string[]
  streets: string[]
  /** Town, state and the fixed part of the postcode. */
  towns: [town: string, state: string, code: string][]
  phone: string
}

const places: Place[] = [
  {
    country: 'DE',
    currency: 'EUR',
    first: ['Anna', 'Jörg', 'Lena', 'Tobias', 'Mia', 'Käthe'],
    last: ['Schäfer', 'Voß', 'Müller', 'Brandt', 'Özdemir', 'Krüger'],
    streets: ['Lindenstraße', 'Am Mühlbach', 'Gartenweg'],
    towns: [
      ['Lübeck', '', '235'],
      ['Bremen', '', '281'],
      ['Göttingen', '', '370'],
    ],
    phone: '+49',
  },
  {
    country: 'NL',
    currency: 'EUR',
    first: ['Sanne', 'Daan', 'Femke', 'Bram'],
    last: ['de Vries', 'van den Berg', 'Bakker', 'Visser'],
    streets: ['Kerkstraat', 'Havenkade', 'Molenweg'],
    towns: [
      ['Utrecht', '', '35'],
      ['Leiden', '', '23'],
    ],
    phone: '+31',
  },
  {
    country: 'FR',
    currency: 'EUR',
    first: ['Éloïse', 'Théo', 'Inès', 'Gaël'],
    last: ['Lefèvre', 'Garçon', 'Dubois', 'Noël'],
    streets: ['rue de l’Église', 'avenue du Château', 'impasse des Lilas'],
    towns: [
      ['Besançon', '', '250'],
      ['Nîmes', '', '300'],
    ],
    phone: '+33',
  },
  {
    country: 'GB',
    currency: 'GBP',
    first: ['Olivia', 'Harry', 'Siân', 'Callum'],
    last: ["O'Connor", 'Whitfield', 'Ashworth', 'Llewellyn'],
    streets: ['Church Lane', 'Station Road', 'Mill Street'],
    towns: [
      ['Leeds', '', 'LS1 '],
      ['Exeter', '', 'EX4 '],
    ],
    phone: '+44',
  },
  {
    country: 'US',
    currency: 'USD',
    first: ['Madison', 'Tyrell', 'Guadalupe', 'Wyatt'],
    last: ['Hernández', 'Okafor', 'Lindqvist', 'Baker-Hughes'],
    streets: ['Maple Ave', 'W 5th St Apt 4', 'County Road 12'],
    towns: [
      ['Portland', 'OR', '972'],
      ['Austin', 'TX', '787'],
      ['Madison', 'WI', '537'],
    ],
    phone: '+1',
  },
  {
    country: 'JP',
    currency: 'JPY',
    first: ['さくら', '健太', 'Yuki', '美咲'],
    last: ['佐藤', '鈴木', 'Takahashi', '田中'],
    streets: ['神南1丁目', '本町3-2', 'Chuo 4'],
    towns: [
      ['渋谷区', 'JP13', '150-'],
      ['Sapporo', 'JP01', '060-'],
    ],
    phone: '+81',
  },
  {
    country: 'AT',
    currency: 'EUR',
    first: ['Johanna', 'Matthäus'],
    last: ['Gruber', 'Hölzl'],
    streets: ['Hauptplatz', 'Ringstraße'],
    towns: [
      ['Graz', '', '80'],
      ['Wels', '', '46'],
    ],
    phone: '+43',
  },
  {
    country: 'SE',
    currency: 'EUR',
    first: ['Åsa', 'Björn'],
    last: ['Sjöström', 'Lindgren'],
    streets: ['Storgatan', 'Skogsvägen'],
    towns: [
      ['Umeå', '', '903 '],
      ['Växjö', '', '352 '],
    ],
    phone: '+46',
  },
  {
    country: 'PL',
    currency: 'EUR',
    first: ['Łucja', 'Zbigniew'],
    last: ['Wiśniewska', 'Żak'],
    streets: ['ulica Długa', 'Rynek'],
    towns: [
      ['Łódź', '', '90-'],
      ['Kraków', '', '31-'],
    ],
    phone: '+48',
  },
]
const weights = [5, 3, 3, 4, 4, 2, 1, 1, 1]
const firms = [
  'Alpin Verleih',
  'Bergsport Lager',
  'Camp & Co',
  'Outdoor Depot',
  'Trailhouse',
  'Ferienpark See',
  'Scout Supply',
  'Wander Reisen',
]
const forms: Record<string, string> = {
  DE: 'GmbH',
  AT: 'GmbH',
  NL: 'B.V.',
  FR: 'SARL',
  GB: 'Ltd',
  US: 'Inc.',
  JP: 'K.K.',
  SE: 'AB',
  PL: 'Sp. z o.o.',
}

/** Invents the n-th customer. About one in six is a company. */
export function customer(r: Random, n: number): Customer {
  const place = weighted(r)
  const [city, state, code] = r.pick(place.towns)
  const [first, last] = [r.pick(place.first), r.pick(place.last)]
  const isCompany = r.chance(0.16)
  const company = isCompany ? `${r.pick(firms)} ${forms[place.country]}` : ''
  const digits = (count: number) => String(r.int(0, 10 ** count - 1)).padStart(count, '0')
  const tail: Record<string, string> = {
    NL: `${digits(2)} AB`,
    GB: `${r.int(1, 9)}QT`,
    JP: digits(4),
    PL: digits(3),
    AT: digits(2),
  }
  return {
    id: r.chance(0.6) ? 2 + n : 0,
    first,
    last,
    company,
    vat: isCompany && place.country !== 'US' ? `${place.country}${digits(9)}` : '',
    email: `${plain(first)}.${plain(last)}${n}@example.${r.pick(['com', 'org', 'net'])}`,
    phone: r.chance(0.8) ? `${place.phone}${digits(9)}` : '',
    street:
      place.country === 'US' || place.country === 'GB'
        ? `${r.int(1, 220)} ${r.pick(place.streets)}`
        : `${r.pick(place.streets)} ${r.int(1, 220)}`,
    street2: r.chance(0.12) ? `Floor ${r.int(1, 9)}` : '',
    city,
    state,
    postcode: `${code}${tail[place.country] ?? digits(5 - code.replace(' ', '').length)}`,
    country: place.country,
    currency: place.currency,
  }
}

function weighted(r: Random): Place {
  let at = r.int(
    1,
    weights.reduce((sum, weight) => sum + weight, 0),
  )
  return places.find((_, i) => {
    at -= weights[i]!
    return at <= 0
  })!
}

function plain(text: string): string {
  const ascii = text
    .normalize('NFKD')
    .replace(/[^a-zA-Z]/g, '')
    .toLowerCase()
  return ascii === '' ? 'guest' : ascii
}
