/** The value at a path of field names; undefined when any step is missing. Inherited properties are not fields. */
export function valueAt(data: any, path: string[]): any {
  let value = data
  for (const step of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step))
      return undefined
    value = value[step]
  }
  return value
}
