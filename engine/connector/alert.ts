// What every connector of the kind `alert` sends by its action `send`: one message to people, in words that need no mapping.

export interface AlertFact {
  name: string
  value: string
}
/** The shape of schemas/message.json in each of these connectors. */
export interface AlertMessage {
  /** The same for everything that is said about one trouble, from the first message to the recovery. */
  key: string
  state: 'open' | 'still' | 'recovered' | 'test'
  severity: 'critical' | 'error' | 'warning' | 'info'
  /** One line. */
  title: string
  /** Everything, as plain text. */
  text: string
  /** The same in parts, for systems that show them side by side. */
  facts?: AlertFact[]
  /** RFC 3339: when the trouble began. */
  since?: string
  /** How many are concerned. */
  count?: number
}
