// https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide. Type 3 is deal to contact, 4 contact to deal,
// 5 deal to company, 6 company to deal, 1 and 279 contact to company, 2 and 280 the way back.
import type { Call, Routes } from '../core/router.ts'
import type { Json } from '../core/types.ts'
import { invalid, objectNotFound } from './errors.ts'
import { type Crm, type ObjectType, objectType } from './state.ts'

const standard: Record<string, number> = {
  'deals/contacts': 3,
  'contacts/deals': 4,
  'deals/companies': 5,
  'companies/deals': 6,
  'contacts/companies': 279,
  'companies/contacts': 280,
}
const known: Record<string, number[]> = { 'contacts/companies': [1, 279], 'companies/contacts': [2, 280] }

/** Links an object as `associations` of a create does. Without an id it is only checked. */
export function associate(crm: Crm, from: ObjectType, id: string | undefined, { to, types }: Json): void {
  if (!to?.id || !Array.isArray(types) || types.length === 0)
    invalid('Invalid input JSON: associations need to.id and types')
  for (const { associationTypeId } of types) {
    const direction = Object.entries(standard).find(([name, typeId]) => {
      return name.startsWith(`${from}/`) && (typeId === associationTypeId || known[name]?.includes(associationTypeId))
    })
    if (!direction) invalid(`Association type id ${associationTypeId} doesn't exist between these objects`)
    const target = objectType(direction[0].split('/')[1]!)!
    if (!crm.objects[target].get(String(to.id)))
      invalid(`One or more associations are invalid: ${to.id} does not exist`)
    if (id !== undefined) link(crm, from, id, target, String(to.id), associationTypeId)
  }
}

function link(crm: Crm, from: ObjectType, id: string, to: ObjectType, toId: string, typeId: number): void {
  const back = standard[`${to}/${from}`]!
  crm.links.put(`${from}/${id}/${to}/${toId}`, { from: `${from}/${id}/${to}`, to: toId, typeId })
  crm.links.put(`${to}/${toId}/${from}/${id}`, { from: `${to}/${toId}/${from}`, to: id, typeId: back })
}

/** What `?associations=` adds to an object. */
export function linksOf(crm: Crm, type: ObjectType, id: string, to: string[]): Json {
  const entries = to.flatMap((name) => {
    const target = objectType(name)
    const found = target ? crm.links.by('from', `${type}/${id}/${target}`) : []
    const results = found.map((one) => ({ id: one.to, type: `${type.slice(0, -1)}_to_${target!.slice(0, -1)}` }))
    return results.length > 0 ? [[target, { results }]] : []
  })
  return Object.fromEntries(entries)
}

export function associationRoutes(crm: Crm): Routes {
  const ends = ({ params }: Call) => {
    const [from, to] = [objectType(params.type!), objectType(params.to!)]
    if (!from || !to || !standard[`${from}/${to}`])
      invalid(`Unable to infer object type from: ${params.type} and ${params.to}`)
    return { from, to }
  }
  const put = (call: Call, typeId?: number) => {
    const { from, to } = ends(call)
    const { id, toId } = call.params
    if (!crm.objects[from].get(id!) || !crm.objects[to].get(toId!)) objectNotFound()
    link(crm, from, id!, to, toId!, typeId ?? standard[`${from}/${to}`]!)
    return { from, to, id: id!, toId: toId! }
  }
  return {
    'PUT /crm/v4/objects/:type/:id/associations/default/:to/:toId': (call) => {
      const { from, to, id, toId } = put(call)
      const way = (a: string, aId: string, b: string, bId: string) => ({
        from: { id: aId },
        to: { id: bId },
        associationSpec: { associationCategory: 'HUBSPOT_DEFINED', associationTypeId: standard[`${a}/${b}`] },
      })
      return {
        status: 200,
        body: {
          status: 'COMPLETE',
          results: [way(from, id, to, toId), way(to, toId, from, id)],
          startedAt: new Date().toISOString(),
          completedAt: new Date().toISOString(),
        },
      }
    },
    'PUT /crm/v4/objects/:type/:id/associations/:to/:toId': (call) => {
      const [spec] = Array.isArray(call.body) ? call.body : []
      const { from, to, id, toId } = put(call, spec?.associationTypeId)
      return {
        status: 201,
        body: {
          fromObjectTypeId: from,
          fromObjectId: Number(id),
          toObjectTypeId: to,
          toObjectId: Number(toId),
          labels: [],
        },
      }
    },
    'GET /crm/v4/objects/:type/:id/associations/:to': (call) => {
      const { from, to } = ends(call)
      const results = crm.links.by('from', `${from}/${call.params.id}/${to}`).map(({ to: toId, typeId }) => ({
        toObjectId: Number(toId),
        associationTypes: [{ category: 'HUBSPOT_DEFINED', typeId, label: null }],
      }))
      return { status: 200, body: { results } }
    },
    'POST /crm/v4/associations/:type/:to/batch/associate/default': (call) => batchLink(crm, call, ends(call)),
    'POST /crm/v4/associations/:type/:to/batch/create': (call) => batchLink(crm, call, ends(call)),
    // The older form: the type is named in the path (`deal_to_contact`, or its number).
    'PUT /crm/v3/objects/:type/:id/associations/:to/:toId/:kind': (call) => {
      const { from, id } = put(call)
      return { status: 200, body: { id, type: from } }
    },
    'GET /crm/v3/objects/:type/:id/associations/:to': (call) => {
      const { from, to } = ends(call)
      return { status: 200, body: { results: linksOf(crm, from, call.params.id!, [to])[to]?.results ?? [] } }
    },
  }
}

function batchLink(crm: Crm, { body }: Call, { from, to }: { from: ObjectType; to: ObjectType }) {
  if (!Array.isArray(body?.inputs)) invalid('Invalid input JSON: inputs must be a list')
  for (const { from: a, to: b } of body.inputs)
    if (!crm.objects[from].get(String(a?.id)) || !crm.objects[to].get(String(b?.id))) objectNotFound()
  const results = body.inputs.map(({ from: a, to: b, types }: Json) => {
    link(crm, from, String(a.id), to, String(b.id), types?.[0]?.associationTypeId ?? standard[`${from}/${to}`]!)
    return {
      fromObjectTypeId: from,
      fromObjectId: Number(a.id),
      toObjectTypeId: to,
      toObjectId: Number(b.id),
      labels: [],
    }
  })
  const now = new Date().toISOString()
  return { status: 201, body: { status: 'COMPLETE', results, startedAt: now, completedAt: now } }
}
