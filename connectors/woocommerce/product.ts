import { type Api, type Json, path } from '#connector'

export const PRODUCTS = '/wc/v3/products'

/** A SKU may belong to a product or to one of its variations; the list shows both, and each has an address of its own. */
export const productPath = (id: string) => {
  const [parent, variation] = id.split('/')
  return variation ? path`/wc/v3/products/${parent!}/variations/${variation}` : path`/wc/v3/products/${id}`
}
export async function productBySku(api: Api, sku: string) {
  const products: Json[] = (await api.get(PRODUCTS, { query: { sku, status: 'any' } })) ?? []
  const product = products.find((one) => one.sku.toLowerCase() === sku.toLowerCase())
  return (
    product && {
      id: product.type === 'variation' ? `${product.parent_id}/${product.id}` : String(product.id),
      item: product,
    }
  )
}
