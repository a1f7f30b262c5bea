// https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide
import type { Call, Routes } from '../core/router.ts'
import type { Json } from '../core/types.ts'
import { error, invalid, refuse } from './errors.ts'
import { typeOf } from './objects.ts'
import type { Crm, ObjectType, Property } from './state.ts'

const path = '/crm/v3/properties/:type'
const types = ['string', 'number', 'date', 'datetime', 'enumeration', 'bool', 'phone_number']

export function propertyRoutes(crm: Crm): Routes {
  const show = ({ readOnly, ...property }: Property): Json => ({
    ...property,
    description: '',
    displayOrder: -1,
    calculated: false,
    externalOptions: false,
    archived: false,
    hidden: false,
    formField: false,
    modificationMetadata: {
      archivable: !property.hubspotDefined,
      readOnlyDefinition: property.hubspotDefined,
      readOnlyValue: readOnly === true,
    },
  })
  const create = (type: ObjectType, body: Json): Property => {
    const { name, label, type: kind, fieldType, groupName } = body ?? {}
    const missing = Object.entries({ name, label, type: kind, fieldType, groupName })
      .filter(([, value]) => !value)
      .map(([key]) => key)
    if (missing.length > 0) invalid(`Some required fields were not set: [${missing.join(', ')}]`)
    if (!/^[a-z][a-z0-9_]*$/.test(name))
      invalid(`Property name ${name} is invalid: use lower case letters, digits and underscores`)
    if (!types.includes(kind)) invalid(`Invalid input JSON: ${kind} is no property type`)
    if (crm.properties[type].get(name))
      refuse(409, 'OBJECT_ALREADY_EXISTS', `A property named '${name}' already exists.`)
    return crm.define(type, {
      name,
      label,
      type: kind,
      fieldType,
      groupName,
      hasUniqueValue: body.hasUniqueValue === true,
      options: body.options ?? [],
      hubspotDefined: false,
    })
  }
  const stages = (call: Call) => {
    const { options } = crm.properties[typeOf(call)].get('dealstage') ?? { options: [] }
    return options.map(({ label, value }, displayOrder) => ({
      id: value,
      label,
      displayOrder,
      metadata: { isClosed: String(value.startsWith('closed')), probability: '0.5' },
      archived: false,
    }))
  }
  return {
    [`GET ${path}`]: (call) => ({ status: 200, body: { results: crm.properties[typeOf(call)].all().map(show) } }),
    [`POST ${path}`]: (call) => ({ status: 201, body: show(create(typeOf(call), call.body)) }),
    [`POST ${path}/batch/create`]: (call) => {
      const type = typeOf(call)
      const now = new Date().toISOString()
      const results = (call.body?.inputs ?? []).map((input: Json) => show(create(type, input)))
      return { status: 201, body: { status: 'COMPLETE', results, startedAt: now, completedAt: now } }
    },
    [`GET ${path}/:name`]: (call) => {
      const property = crm.properties[typeOf(call)].get(call.params.name!)
      if (property) return { status: 200, body: show(property) }
      return error(404, 'OBJECT_NOT_FOUND', `Property ${call.params.name} does not exist`, {
        subCategory: 'PropertyValidationError.PROPERTY_NOT_FOUND',
      })
    },
    'GET /crm/v3/pipelines/:type': (call) => ({
      status: 200,
      body: {
        results: [{ id: 'default', label: 'Sales Pipeline', displayOrder: 0, stages: stages(call), archived: false }],
      },
    }),
  }
}
