// https://docs.easypost.com/docs/shipments. A reference is not unique ("uniqueness on reference is not enforced"), yet a shipment
// can be fetched by it: GET /v2/shipments/REFERENCE answers the newest one. Lists leave out what is not bought unless
// `purchased=false`, and go from new to old. A second purchase is refused with SHIPMENT.POSTAGE.EXISTS.
import type { Call, Routes } from '../core/router.ts'
import { seconds } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import { made } from './addresses.ts'
import { invalid, notFound, number, object, refuse, required, text } from './check.ts'
import { customs } from './customs.ts'
import { page } from './page.ts'
import { rates, trackingCode } from './rates.ts'
import type { Carrier } from './state.ts'

export function shipmentRoutes(carrier: Carrier, track: (shipment: Json) => Json): Routes {
  const find = (call: Call) => {
    const { id } = call.params
    const shipment = carrier.shipments.get(id!) ?? carrier.shipments.by('reference', id!).at(-1)
    return shipment ? fresh(carrier, shipment) : notFound()
  }
  const buy = (shipment: Json, rate: Json, insurance: Json): Json => {
    if (shipment.postage_label) refuse(422, 'SHIPMENT.POSTAGE.EXISTS', 'Postage already exists for this shipment.')
    const now = seconds(Date.now())
    const code = trackingCode(rate.carrier, carrier.count('pl'))
    const label = carrier.id('pl')
    const bought: Json = {
      ...shipment,
      updated_at: now,
      tracking_code: code,
      insurance: insurance ?? shipment.insurance,
      selected_rate: { ...rate, created_at: now, updated_at: now },
      postage_label: {
        object: 'PostageLabel',
        id: label,
        created_at: now,
        updated_at: now,
        date_advance: 0,
        integrated_form: 'none',
        label_date: now,
        label_resolution: 300,
        label_size: '4x6',
        label_type: 'default',
        label_file_type: shipment.options.label_format === 'PDF' ? 'application/pdf' : 'image/png',
        label_url: `https://easypost-files.example.com/files/postage_label/${now.slice(0, 10).replaceAll('-', '')}/${label}.png`,
        label_pdf_url: null,
        label_zpl_url: null,
        label_epl2_url: null,
        label_file: null,
      },
      fees: [
        { object: 'Fee', type: 'LabelFee', amount: '0.00000', charged: true, refunded: false },
        { object: 'Fee', type: 'PostageFee', amount: `${rate.rate}000`, charged: true, refunded: false },
      ],
    }
    bought.tracker = track(bought)
    return carrier.shipments.put(bought.id, bought)
  }

  return {
    'POST /v2/shipments': (call) => {
      const given = object(call.body?.shipment, 'shipment')
      const shipment = create(carrier, given)
      // "One-call buy": a service and carrier accounts in the request buy at once.
      if (given.service && given.carrier_accounts) {
        const rate = shipment.rates.find(
          (rate: Json) => rate.service === given.service && (!given.carrier || rate.carrier === given.carrier),
        )
        if (!rate) refuse(422, 'SHIPMENT.POSTAGE.FAILURE', 'Unable to buy postage: the service is not available.')
        return created(buy(shipment, rate, undefined))
      }
      return created(shipment)
    },
    'GET /v2/shipments': (call) => {
      const all =
        call.query.get('purchased') !== 'false'
          ? carrier.shipments.all().filter(({ postage_label }) => postage_label)
          : carrier.shipments.all()
      return page(call, 'shipments', all, (shipment) => fresh(carrier, shipment))
    },
    'GET /v2/shipments/:id': (call) => ({ status: 200, body: find(call) }),
    'POST /v2/shipments/:id/buy': (call) => {
      const shipment = find(call)
      const wanted = object(call.body?.rate, 'rate')
      if (!wanted.id) required('rate.id')
      const rate = shipment.rates.find(({ id }: Json) => id === wanted.id)
      if (shipment.postage_label) refuse(422, 'SHIPMENT.POSTAGE.EXISTS', 'Postage already exists for this shipment.')
      if (!rate) refuse(422, 'SHIPMENT.RATE.INVALID', 'The rate does not belong to this shipment.')
      return { status: 200, body: buy(shipment, rate, text(call.body.insurance, 'insurance') ?? undefined) }
    },
    'POST /v2/shipments/:id/refund': (call) => {
      const shipment = find(call)
      if (!shipment.postage_label)
        refuse(422, 'SHIPMENT.REFUND.UNAVAILABLE', 'Refund is not available. The shipment has no postage.')
      if (shipment.refund_status) refuse(422, 'SHIPMENT.REFUND.UNAVAILABLE', 'Refund already requested.')
      const refunded = { ...shipment, refund_status: 'submitted', updated_at: seconds(Date.now()) }
      return { status: 200, body: carrier.shipments.put(shipment.id, refunded) }
    },
  }
}

function created(shipment: Json) {
  return { status: 201, body: shipment, headers: { location: `/api/v2/shipments/${shipment.id}` } }
}

/** A shipment with its tracker and status of this moment. */
function fresh(carrier: Carrier, shipment: Json): Json {
  const tracker = shipment.tracker ? carrier.trackers.get(shipment.tracker.id) : undefined
  return tracker ? { ...shipment, tracker, status: tracker.status } : shipment
}

function create(carrier: Carrier, given: Json): Json {
  const toAddress = made(carrier, given.to_address, 'to_address')
  const fromAddress = made(carrier, given.from_address, 'from_address')
  const parcel = object(given.parcel, 'parcel')
  const now = seconds(Date.now())
  const weight = number(parcel.weight, 'parcel.weight') ?? required('parcel.weight')
  const reference = text(given.reference, 'reference')
  const options = given.options ?? {}
  if (typeof options !== 'object' || Array.isArray(options)) invalid('options', 'must be an object')
  const shipment: Json = {
    created_at: now,
    is_return: given.is_return === true,
    messages: [],
    mode: 'test',
    options: { ...options, currency: options.currency ?? 'USD', payment: { type: 'SENDER' }, date_advance: 0 },
    reference,
    status: 'unknown',
    tracking_code: null,
    updated_at: now,
    batch_id: null,
    batch_status: null,
    batch_message: null,
    customs_info: customs(carrier, given.customs_info, now),
    from_address: fromAddress,
    insurance: text(given.insurance, 'insurance'),
    order_id: null,
    parcel: {
      id: carrier.id('prcl'),
      object: 'Parcel',
      created_at: now,
      updated_at: now,
      length: number(parcel.length, 'parcel.length'),
      width: number(parcel.width, 'parcel.width'),
      height: number(parcel.height, 'parcel.height'),
      predefined_package: text(parcel.predefined_package, 'parcel.predefined_package'),
      weight,
      mode: 'test',
    },
    postage_label: null,
    rates: [],
    refund_status: null,
    scan_form: null,
    selected_rate: null,
    tracker: null,
    to_address: toAddress,
    usps_zone: 4,
    return_address: fromAddress,
    buyer_address: toAddress,
    forms: [],
    fees: [],
    id: carrier.id('shp'),
    object: 'Shipment',
  }
  shipment.rates = rates(shipment, now, () => carrier.id('rate'))
  return carrier.shipments.put(shipment.id, shipment)
}
