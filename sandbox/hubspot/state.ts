// What the CRM keeps: objects with properties (all of them text), their definitions, and what is linked with what.
import type { Collection, Store } from '../core/store.ts'
import type { Json } from '../core/types.ts'

export interface CrmSettings {
  /** From an object's creation until a search finds it. HubSpot says "a few moments"; reading by id is immediate. */
  searchLag: string
  /** Requests in ten seconds; searches in one second. HubSpot allows 190 and 5; here a hundredfold. */
  requestsPerTenSeconds: number
  searchesPerSecond: number
}
export const settingsAtFirst: CrmSettings = { searchLag: '0ms', requestsPerTenSeconds: 19_000, searchesPerSecond: 500 }

export interface CrmObject {
  id: string
  properties: Record<string, string | null>
  created: number
  updated: number
  archived: boolean
}
export interface Property {
  name: string
  label: string
  type: string
  fieldType: string
  groupName: string
  hasUniqueValue: boolean
  options: { label: string; value: string; displayOrder: number; hidden: boolean }[]
  hubspotDefined: boolean
  /** Set by HubSpot itself: writing it is refused. */
  readOnly?: boolean
}

const objectTypes = ['contacts', 'deals', 'companies'] as const
export type ObjectType = (typeof objectTypes)[number]
const typeIds: Record<string, ObjectType> = {
  '0-1': 'contacts',
  '0-3': 'deals',
  '0-2': 'companies',
  contact: 'contacts',
  deal: 'deals',
  company: 'companies',
}

export function objectType(name: string): ObjectType | undefined {
  return objectTypes.find((type) => type === name) ?? typeIds[name]
}

/** What an object shows when nobody says which properties. */
export const shownAtFirst: Record<ObjectType, string[]> = {
  contacts: ['createdate', 'email', 'firstname', 'hs_object_id', 'lastmodifieddate', 'lastname'],
  deals: [
    'amount',
    'closedate',
    'createdate',
    'dealname',
    'dealstage',
    'hs_lastmodifieddate',
    'hs_object_id',
    'pipeline',
  ],
  companies: ['createdate', 'domain', 'hs_lastmodifieddate', 'hs_object_id', 'name'],
}
export const modifiedName = (type: ObjectType) => (type === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate')

export class Crm {
  readonly store: Store
  readonly objects: Record<ObjectType, Collection<CrmObject>>
  readonly properties: Record<ObjectType, Collection<Property>>
  /** `deals/9001/contacts/501` → the kinds of link. */
  readonly links: Collection<Json>
  readonly #settings: Collection<CrmSettings>

  constructor(store: Store) {
    this.store = store
    const each = <T>(make: (type: ObjectType) => T) =>
      Object.fromEntries(objectTypes.map((type) => [type, make(type)])) as Record<ObjectType, T>
    this.objects = each((type) => store.collection(type))
    this.properties = each((type) => store.collection(`${type}.properties`))
    this.links = store.collection('associations')
    this.links.index('from', ({ from }) => from)
    this.#settings = store.collection('settings')
    for (const type of objectTypes) {
      for (const property of standard(type))
        if (!this.properties[type].get(property.name)) this.properties[type].put(property.name, property)
      for (const property of this.properties[type].values()) this.#unique(type, property)
    }
  }

  get settings(): CrmSettings {
    return this.#settings.get('crm') ?? settingsAtFirst
  }

  set settings(settings: CrmSettings) {
    this.#settings.put('crm', settings)
  }

  define(type: ObjectType, property: Property): Property {
    this.properties[type].put(property.name, property)
    this.#unique(type, property)
    return property
  }

  /** The object that holds a unique value. */
  holder(type: ObjectType, name: string, value: string): CrmObject | undefined {
    return this.objects[type].by(name, value.toLowerCase()).find(({ archived }) => !archived)
  }

  #unique(type: ObjectType, { name, hasUniqueValue }: Property): void {
    if (hasUniqueValue) this.objects[type].index(name, ({ properties }) => properties[name]?.toLowerCase() || undefined)
  }
}

function property(name: string, type = 'string', more: Partial<Property> = {}): Property {
  const label = name.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase())
  const fieldType =
    type === 'number' ? 'number' : type === 'datetime' ? 'date' : type === 'enumeration' ? 'select' : 'text'
  return {
    name,
    label,
    type,
    fieldType,
    groupName: 'information',
    hasUniqueValue: false,
    options: [],
    hubspotDefined: true,
    ...more,
  }
}
const options = (...values: string[]) =>
  values.map((value, displayOrder) => ({ label: value, value, displayOrder, hidden: false }))

function standard(type: ObjectType): Property[] {
  const fixed = { readOnly: true }
  const common = [
    property('hs_object_id', 'number', fixed),
    property('createdate', 'datetime'),
    property(modifiedName(type), 'datetime', fixed),
  ]
  if (type === 'deals') {
    const stages = [
      'appointmentscheduled',
      'qualifiedtobuy',
      'presentationscheduled',
      'decisionmakerboughtin',
      'contractsent',
      'closedwon',
      'closedlost',
    ]
    return [
      ...common,
      ...['dealname', 'description', 'hubspot_owner_id'].map((name) => property(name)),
      property('amount', 'number'),
      property('closedate', 'datetime'),
      property('pipeline', 'enumeration', { options: options('default') }),
      property('dealstage', 'enumeration', { options: options(...stages) }),
      property('dealtype', 'enumeration', { options: options('newbusiness', 'existingbusiness') }),
      property('deal_currency_code', 'enumeration', {
        options: options('EUR', 'GBP', 'USD', 'JPY', 'CHF', 'SEK', 'PLN'),
      }),
    ]
  }
  if (type === 'companies')
    return [...common, ...['name', 'domain', 'phone', 'city', 'country', 'zip'].map((name) => property(name))]
  const texts = [
    'firstname',
    'lastname',
    'phone',
    'mobilephone',
    'company',
    'address',
    'city',
    'state',
    'zip',
    'country',
    'website',
    'jobtitle',
    'salutation',
    'hs_language',
    'hubspot_owner_id',
  ]
  return [
    ...common,
    ...texts.map((name) => property(name)),
    property('email', 'string', { hasUniqueValue: true }),
    property('lifecyclestage', 'enumeration', {
      options: options(
        'subscriber',
        'lead',
        'marketingqualifiedlead',
        'salesqualifiedlead',
        'opportunity',
        'customer',
        'evangelist',
        'other',
      ),
    }),
    property('hs_lead_status', 'enumeration', { options: options('NEW', 'OPEN', 'IN_PROGRESS', 'CONNECTED') }),
  ]
}
