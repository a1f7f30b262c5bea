// What a comparison of two systems found.
import type { SourceItem } from '#connector'
import type { Difference } from '../platform/edits.ts'

/** What is compared. */
export interface Comparison {
  record: string
  /** What the first one holds should be at the second one. */
  between: [string, string]
  /** What changed since this moment (RFC 3339 UTC). */
  since: string
}
/** `unmapped`: what the first one holds does not map, so it cannot come to the second one. */
export type GapKind = 'missing' | 'extra' | 'different' | 'doubled' | 'unmapped'
export interface Gap {
  what: GapKind
  /** `order shop:1001` */
  record: string
  /** What it is called there, by connection. */
  ids: Record<string, string[]>
  why?: string
  /** Of `different`: what the second one says, and what the first one says. */
  changes: Difference[]
  recordId?: number
}
export interface Reconciled extends Comparison {
  /** Whether both were listed, or what the first one holds was looked up at the second one, where nothing extra can be seen. */
  how: 'listed' | 'looked up'
  same: number
  missing: number
  extra: number
  different: number
  doubled: number
  unmapped: number
  /** Owed, being sent, or changed since the hub read the source last. */
  onItsWay: number
  /** There on both sides, but one of them does not let it be read. */
  unread: number
  /** Could not be asked for now. */
  unasked: number
  /** No route wants them there. */
  aside: number
  /** How many were sent through again. */
  redriven?: number
  gaps: number
  samples: Gap[]
}
/** A gap with what sending it again needs. */
export type OpenGap = Gap & { item?: SourceItem }

export function openReport(comparison: Comparison, how: Reconciled['how'], limit: number) {
  const report: Reconciled = {
    ...comparison,
    how,
    same: 0,
    missing: 0,
    extra: 0,
    different: 0,
    doubled: 0,
    unmapped: 0,
    onItsWay: 0,
    unread: 0,
    unasked: 0,
    aside: 0,
    gaps: 0,
    samples: [],
  }
  const add = ({ item: _, ...gap }: OpenGap) => {
    report[gap.what]++
    report.gaps++
    if (report.samples.filter((one) => one.what === gap.what).length < limit) report.samples.push(gap)
  }
  return { report, add }
}
