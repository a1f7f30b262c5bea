// https://developers.hubspot.com/docs/api-reference/crm-objects/guide: contacts, deals and companies, one by one and in batches.
// A contact's e-mail is unique: creating a second one answers 409 and names the first. A batch that holds one such input fails
// whole. A property that does not exist is refused with 400, and nothing of the request is stored.
import type { Call, Routes } from '../core/router.ts'
import { precise } from '../core/time.ts'
import type { Json, Reply } from '../core/types.ts'
import { associate, linksOf } from './associations.ts'
import { invalid, objectNotFound } from './errors.ts'
import { type Crm, type CrmObject, modifiedName, type ObjectType, objectType, shownAtFirst } from './state.ts'
import { checked } from './values.ts'

const path = '/crm/v3/objects/:type'

export function typeOf({ params }: Call): ObjectType {
  return objectType(params.type!) ?? invalid(`Unable to infer object type from: ${params.type}`)
}

export function objectRoutes(crm: Crm): Routes {
  const found = (type: ObjectType, id: string, idProperty: string | null | undefined) =>
    find(crm, type, id, idProperty) ?? objectNotFound()
  const list = (query: URLSearchParams, name: string) =>
    query
      .getAll(name)
      .flatMap((value) => value.split(','))
      .filter(Boolean)

  return {
    [`POST ${path}/batch/create`]: (call) => {
      const type = typeOf(call)
      const ready = inputs(call).map((input: Json) => prepare(crm, type, input))
      unrepeated(type, ready)
      return batch(
        201,
        ready.map((made: Json) => show(type, create(crm, type, made))),
      )
    },
    [`POST ${path}/batch/read`]: (call) => {
      const type = typeOf(call)
      const { idProperty, properties } = call.body ?? {}
      const given: Json[] = inputs(call)
      const objects = given.map(({ id }) => find(crm, type, String(id), idProperty))
      const missing = given.filter((_, i) => !objects[i]).map(({ id }) => String(id))
      return batch(
        200,
        objects.filter((object) => object !== undefined).map((object) => show(type, object, properties)),
        missing,
      )
    },
    [`POST ${path}/batch/update`]: (call) => {
      const type = typeOf(call)
      const given: Json[] = inputs(call)
      const objects = given.map(({ id, idProperty }) => find(crm, type, String(id), idProperty))
      const missing = given.filter((_, i) => !objects[i]).map(({ id }) => String(id))
      const ready = given.map(({ properties }, i) =>
        objects[i] ? checked(crm, type, properties, objects[i].id) : undefined,
      )
      return batch(
        200,
        objects.flatMap((object, i) => (object ? [show(type, update(crm, type, object.id, ready[i]!))] : [])),
        missing,
      )
    },
    [`POST ${path}/batch/upsert`]: (call) => {
      const type = typeOf(call)
      const ready = inputs(call).map(({ id, idProperty, properties, ...rest }: Json) => {
        if (id === undefined) invalid('Some required fields were not set: [id]')
        const existing = find(crm, type, String(id), idProperty)
        const named = idProperty && idProperty !== 'hs_object_id' ? { [idProperty]: id, ...properties } : properties
        if (!existing && (!idProperty || idProperty === 'hs_object_id')) objectNotFound()
        return { existing, properties: checked(crm, type, named, existing?.id), ...rest }
      })
      unrepeated(type, ready)
      const results = ready.map(({ existing, properties }: Json) => {
        const object = existing
          ? update(crm, type, existing.id, properties)
          : create(crm, type, { properties, associations: [] })
        return { ...show(type, object), new: existing === undefined }
      })
      return batch(200, results)
    },
    [`GET ${path}`]: (call) => {
      const type = typeOf(call)
      const limit = Number(call.query.get('limit') ?? 10)
      if (!Number.isInteger(limit) || limit < 1 || limit > 100) invalid('limit must be between 1 and 100')
      const after = Number(call.query.get('after') ?? 0)
      const rest = crm.objects[type]
        .all()
        .filter((object) => !object.archived && Number(object.id) > after - (after > 0 ? 1 : 0))
      const next = rest[limit]
      const results = rest.slice(0, limit).map((object) => show(type, object, list(call.query, 'properties')))
      const link = `${call.request.origin}/crm/v3/objects/${type}?limit=${limit}&after=${next?.id}`
      return { status: 200, body: { results, ...(next && { paging: { next: { after: next.id, link } } }) } }
    },
    [`POST ${path}`]: (call) => {
      const type = typeOf(call)
      return { status: 201, body: show(type, create(crm, type, prepare(crm, type, call.body ?? {}))) }
    },
    [`GET ${path}/:id`]: (call) => {
      const type = typeOf(call)
      const object = found(type, call.params.id!, call.query.get('idProperty'))
      const body = show(type, object, list(call.query, 'properties'))
      const to = list(call.query, 'associations')
      return { status: 200, body: to.length > 0 ? { ...body, associations: linksOf(crm, type, object.id, to) } : body }
    },
    [`PATCH ${path}/:id`]: (call) => {
      const type = typeOf(call)
      const object = found(type, call.params.id!, call.query.get('idProperty'))
      if (!call.body?.properties) invalid('Some required fields were not set: [properties]')
      return {
        status: 200,
        body: show(type, update(crm, type, object.id, checked(crm, type, call.body.properties, object.id))),
      }
    },
    [`DELETE ${path}/:id`]: (call) => {
      const type = typeOf(call)
      const object = crm.objects[type].get(call.params.id!)
      if (object) crm.objects[type].put(object.id, { ...object, archived: true, updated: Date.now() })
      return { status: 204 }
    },
  }
}

export function show(type: ObjectType, object: CrmObject, names?: string[]): Json {
  const wanted =
    names && names.length > 0
      ? [...new Set([...names, 'hs_object_id', 'createdate', modifiedName(type)])]
      : shownAtFirst[type]
  const stamps = {
    hs_object_id: object.id,
    createdate: precise(object.created),
    [modifiedName(type)]: precise(object.updated),
  }
  const properties = Object.fromEntries(wanted.map((name) => [name, object.properties[name] ?? stamps[name] ?? null]))
  return {
    id: object.id,
    properties,
    createdAt: precise(object.created),
    updatedAt: precise(object.updated),
    archived: object.archived,
  }
}

function find(crm: Crm, type: ObjectType, id: string, idProperty: string | null | undefined): CrmObject | undefined {
  if (!idProperty || idProperty === 'hs_object_id') {
    const object = crm.objects[type].get(id)
    return object?.archived ? undefined : object
  }
  const property = crm.properties[type].get(idProperty)
  if (!property?.hasUniqueValue) invalid(`Property '${idProperty}' is not a unique identifier property`)
  return crm.holder(type, idProperty, id)
}

function inputs({ body }: Call): Json[] {
  if (!Array.isArray(body?.inputs)) invalid('Invalid input JSON: inputs must be a list')
  if (body.inputs.length > 100)
    invalid(`The maximum number of inputs supported in a batch request is 100; was ${body.inputs.length}`)
  return body.inputs
}

function batch(status: number, results: Json[], missing: string[] = []): Reply {
  const now = precise(Date.now())
  const body: Json = { status: 'COMPLETE', results, startedAt: now, completedAt: now }
  if (missing.length === 0) return { status, body }
  const message = `Could not get some objects, they may be deleted or not exist. Check that ids are valid.`
  const errors = [{ status: 'error', category: 'OBJECT_NOT_FOUND', message, context: { ids: missing } }]
  return { status: 207, body: { ...body, numErrors: missing.length, errors } }
}

function prepare(crm: Crm, type: ObjectType, { properties, associations = [] }: Json): Json {
  if (!properties || typeof properties !== 'object') invalid('Some required fields were not set: [properties]')
  for (const link of associations) associate(crm, type, undefined, link)
  return { properties: checked(crm, type, properties, undefined), associations }
}

/** Two inputs of one batch with the same unique value. */
function unrepeated(type: ObjectType, ready: { properties: Json }[]): void {
  if (type !== 'contacts') return
  const seen = new Set<string>()
  for (const { properties } of ready) {
    const email = properties.email?.toLowerCase()
    if (email && seen.has(email)) invalid(`Duplicate values for unique property email in batch: ${email}`)
    if (email) seen.add(email)
  }
}

function create(crm: Crm, type: ObjectType, { properties, associations }: Json): CrmObject {
  const now = Date.now()
  const id = String(crm.objects[type].next(type === 'contacts' ? 501 : type === 'deals' ? 9001 : 7001))
  const object = { id, properties, created: now, updated: now, archived: false }
  crm.objects[type].put(id, object)
  for (const link of associations) associate(crm, type, id, link)
  return object
}

function update(crm: Crm, type: ObjectType, id: string, properties: Record<string, string | null>): CrmObject {
  const before = crm.objects[type].get(id)!
  // HubSpot keeps the date when nothing is different.
  if (Object.entries(properties).every(([name, value]) => (before.properties[name] ?? null) === value)) return before
  return crm.objects[type].put(id, {
    ...before,
    properties: { ...before.properties, ...properties },
    updated: Date.now(),
  })
}
