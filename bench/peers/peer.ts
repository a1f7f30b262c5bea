/** Another system that runs and takes work: one order by POST to `single`, and the order to work through a batch to `batch`. */
export interface Peer extends AsyncDisposable {
  pid: number
  single: string
  batch: string
}
/** What one system did. */
export interface PeerRun {
  orders: number
  perSecond: number
  cpuMs: number
  memoryMb: number
  failures: number
}
export interface PeerFigures {
  [system: string]: { single: PeerRun; batch: PeerRun }
}
