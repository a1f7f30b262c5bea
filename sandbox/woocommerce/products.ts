// https://woocommerce.github.io/woocommerce-rest-api-docs/#products
import type { Call, Routes } from '../core/router.ts'
import { guarded } from '../core/router.ts'
import { withoutZone } from '../core/time.ts'
import type { Json } from '../core/types.ts'
import { check, type Kind, refuse, truthy } from './check.ts'
import { list, many } from './list.ts'
import { linked, mergedMeta, type Shop } from './shop.ts'

const path = '/wp-json/wc/v3/products'
const kinds: Record<string, Kind> = {
  name: 'string',
  type: ['simple', 'grouped', 'external', 'variable'],
  status: ['draft', 'pending', 'private', 'publish', 'future', 'auto-draft', 'trash'],
  sku: 'string',
  regular_price: 'string',
  sale_price: 'string',
  manage_stock: 'boolean',
  stock_quantity: 'integer',
  stock_status: ['instock', 'outofstock', 'onbackorder'],
  backorders: ['no', 'notify', 'yes'],
  weight: 'string',
  dimensions: 'object',
  meta_data: 'array',
}
const settable = [
  'name',
  'type',
  'status',
  'sku',
  'regular_price',
  'sale_price',
  'description',
  'short_description',
  'weight',
  'dimensions',
  'backorders',
  'tax_class',
]

export function productRoutes(shop: Shop): Routes {
  const show = (product: Json, call: Call) => linked(product, call.request.origin, 'products')
  const find = (id: string | number) =>
    shop.products.get(id) ?? refuse(404, 'woocommerce_rest_product_invalid_id', 'Invalid ID.')
  const save = (call: Call, id: number | undefined, body: Json) =>
    show(id === undefined ? create(shop, body) : change(shop, find(id), body, 'updated'), call)

  return {
    [`GET ${path}`]: (call) => {
      const skus = many(call.query, 'sku')?.map((sku) => sku.toLowerCase())
      const search = call.query.get('search')?.toLowerCase()
      const status = call.query.get('status') ?? 'any'
      const items = skus ? skus.flatMap((sku) => shop.products.by('sku', sku)) : shop.products.all()
      const keep = (product: Json) =>
        (status === 'any' ? product.status !== 'trash' : product.status === status) &&
        (!search || `${product.name} ${product.sku}`.toLowerCase().includes(search))
      const orderings = [
        'date',
        'modified',
        'id',
        'include',
        'title',
        'slug',
        'price',
        'popularity',
        'rating',
        'menu_order',
      ]
      return list(call, path, items, orderings, keep, (product) => show(product, call))
    },
    [`POST ${path}`]: (call) => ({ status: 201, body: save(call, undefined, call.body ?? {}) }),
    [`POST ${path}/batch`]: (call) => batch(call, shop, save, find),
    [`GET ${path}/:id`]: (call) => ({ status: 200, body: show(find(call.params.id!), call) }),
    [`PUT ${path}/:id`]: (call) => ({ status: 200, body: save(call, Number(call.params.id), call.body ?? {}) }),
    [`POST ${path}/:id`]: (call) => ({ status: 200, body: save(call, Number(call.params.id), call.body ?? {}) }),
  }
}

/** https://woocommerce.github.io/woocommerce-rest-api-docs/#batch-update-products: each item succeeds or fails by itself. */
function batch(
  call: Call,
  shop: Shop,
  save: (call: Call, id: number | undefined, body: Json) => Json,
  find: (id: string) => Json,
): { status: number; body: Json } {
  const { create: created = [], update = [], delete: deleted = [] } = call.body ?? {}
  if (created.length + update.length + deleted.length > 100) {
    refuse(413, 'woocommerce_rest_request_entity_too_large', 'Unable to accept more than 100 items for this request.')
  }
  const each = (items: Json[], id: (item: Json) => number, run: (item: Json) => Json) =>
    items.map((item) => {
      const reply = guarded(() => ({ status: 200, body: run(item) }))
      return reply.status === 200 ? reply.body : { id: id(item), error: reply.body }
    })
  return {
    status: 200,
    body: {
      ...(call.body?.create && {
        create: each(
          created,
          () => 0,
          (item) => save(call, undefined, item),
        ),
      }),
      ...(call.body?.update && {
        update: each(
          update,
          (item) => item.id,
          (item) => save(call, Number(item.id), item),
        ),
      }),
      ...(call.body?.delete && {
        delete: each(
          deleted,
          (id) => id,
          (id) => {
            const product = find(String(id))
            shop.products.remove(id)
            shop.emit('product.deleted', Number(id))
            return product
          },
        ),
      }),
    },
  }
}

function create(shop: Shop, body: Json): Json {
  const id = shop.products.next(101)
  return change(shop, blank(id), body, 'created')
}

function change(shop: Shop, product: Json, body: Json, event: 'created' | 'updated'): Json {
  check(body, kinds)
  const other = body.sku ? shop.products.by('sku', String(body.sku).toLowerCase())[0] : undefined
  if (other && other.id !== product.id) {
    refuse(400, 'product_invalid_sku', 'Invalid or duplicated SKU.', {
      resource_id: other.id,
      unique_sku: `${body.sku}-1`,
    })
  }
  const next: Json = { ...product }
  for (const name of settable) if (body[name] !== undefined) next[name] = body[name]
  next.price = next.sale_price || next.regular_price
  if (body.manage_stock !== undefined) next.manage_stock = truthy(body.manage_stock)
  // Without manage_stock a quantity is ignored, not refused.
  if (!next.manage_stock) next.stock_quantity = null
  else if (body.stock_quantity !== undefined) next.stock_quantity = Number(body.stock_quantity)
  else next.stock_quantity ??= 0
  if (next.manage_stock) {
    next.stock_status = next.stock_quantity > 0 ? 'instock' : next.backorders === 'no' ? 'outofstock' : 'onbackorder'
  } else if (body.stock_status !== undefined) next.stock_status = body.stock_status
  if (body.meta_data) next.meta_data = mergedMeta(product.meta_data, body.meta_data, product.id)
  return shop.save('product', next, event)
}

/** A product as WooCommerce makes it when nothing is said. */
export function blank(id: number, at = Date.now()): Json {
  const now = withoutZone(at)
  return {
    id,
    name: 'Product',
    slug: `product-${id}`,
    permalink: `https://shop.example.com/product/product-${id}/`,
    date_created: now,
    date_created_gmt: now,
    date_modified: now,
    date_modified_gmt: now,
    type: 'simple',
    status: 'publish',
    featured: false,
    catalog_visibility: 'visible',
    description: '',
    short_description: '',
    sku: '',
    price: '',
    regular_price: '',
    sale_price: '',
    date_on_sale_from: null,
    date_on_sale_from_gmt: null,
    date_on_sale_to: null,
    date_on_sale_to_gmt: null,
    on_sale: false,
    purchasable: true,
    total_sales: 0,
    virtual: false,
    downloadable: false,
    downloads: [],
    download_limit: -1,
    download_expiry: -1,
    external_url: '',
    button_text: '',
    tax_status: 'taxable',
    tax_class: '',
    manage_stock: false,
    stock_quantity: null,
    stock_status: 'instock',
    backorders: 'no',
    backorders_allowed: false,
    backordered: false,
    low_stock_amount: null,
    sold_individually: false,
    weight: '',
    dimensions: { length: '', width: '', height: '' },
    shipping_required: true,
    shipping_taxable: true,
    shipping_class: '',
    shipping_class_id: 0,
    reviews_allowed: true,
    average_rating: '0.00',
    rating_count: 0,
    upsell_ids: [],
    cross_sell_ids: [],
    parent_id: 0,
    purchase_note: '',
    categories: [],
    tags: [],
    images: [],
    attributes: [],
    default_attributes: [],
    variations: [],
    grouped_products: [],
    menu_order: 0,
    related_ids: [],
    meta_data: [],
  }
}
