// Paths with values in them, each value encoded, so that no id can climb out of its place.

/** path`/orders/${id}` */
export function path(parts: TemplateStringsArray, ...values: (string | number)[]): string {
  return parts.reduce((whole, part, index) => whole + encodeURIComponent(String(values[index - 1])) + part)
}
