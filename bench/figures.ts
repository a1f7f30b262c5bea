// What a benchmark answers, and what the report is made of.

export interface Figure {
  name: string
  unit: string
  value: number
  /** What `ratio` compares with: another figure of the same run. */
  baseline?: string
  ratio?: number
  /** What issue and design ask for, of the value or of the ratio. */
  target?: Target
  note?: string
}
export interface Target {
  least?: number
  most?: number
  of?: 'ratio'
}
export interface Section {
  title: string
  /** One sentence: what was done, so that a figure means something. */
  what: string
  figures: Figure[]
  /** What limits the figures, or what is not measured. */
  caveats: string[]
}
export interface BenchOptions {
  /** Small counts: to see that everything works, not to measure. */
  quick: boolean
  /** Orders of the walk; undefined: the bench's own number. */
  orders?: number
  /** Also the sizes that take many minutes and tens of gigabytes. */
  whole: boolean
}
export interface Bench {
  name: string
  run: (options: BenchOptions) => Promise<Section>
}

/** Whether a figure reaches its target; undefined where it has none. */
export function reached({ value, ratio, target }: Figure): boolean | undefined {
  if (!target) return undefined
  const measured = target.of === 'ratio' ? ratio : value
  if (measured === undefined) return undefined
  return measured >= (target.least ?? Number.NEGATIVE_INFINITY) && measured <= (target.most ?? Number.POSITIVE_INFINITY)
}

/** The value below which a share of the values lies: 0.95 for p95. */
export function percentile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export const median = (values: number[]): number => percentile(values, 0.5)

/** p50, p95 and p99 of latencies in milliseconds; a target stands at the percentile that has one. */
export function latencies(
  name: string,
  values: number[],
  targets: { p50?: number; p95?: number; p99?: number } = {},
): Figure[] {
  return (
    [
      ['p50', 0.5],
      ['p95', 0.95],
      ['p99', 0.99],
    ] as const
  ).map(([word, share]) => ({
    name: `${name}, ${word}`,
    unit: 'ms',
    value: percentile(values, share),
    ...(targets[word] === undefined ? {} : { target: { most: targets[word] } }),
  }))
}
