// What connectors and the hub import as #connector.

export type { CallOptions, Exchange, GateRequest } from './api.ts'
export { apiKey, basicAuth, bearer } from './auth.ts'
export {
  type ActionClient,
  type ConnectionClient,
  type ConnectionOptions,
  itemJson,
  openConnection,
  type PushClient,
  type WriteOptions,
} from './client.ts'
export * from './contract.ts'
export { type Capabilities, describe } from './describe.ts'
export { instant, milliseconds, moment } from './duration.ts'
export { CONNECTOR_ERROR_KINDS, ConnectorError, type ConnectorErrorDetail, type ConnectorErrorKind } from './errors.ts'
export { field, secretValues, settingsSchema, withDefaults } from './fields.ts'
export type { CsvOptions } from './files/csv-file.ts'
export { type CsvFolder, checkFolder, csvPull } from './files/folder.ts'
export { parseJson, sliceArray, sliceValue, valueAt } from './json.ts'
export { byCursor, type CursorFacts } from './pages/by-cursor.ts'
export { byOffset, type OffsetFacts } from './pages/by-offset.ts'
export { byLink, byRelay, byToken, type TokenFacts } from './pages/by-token.ts'
export { path } from './path.ts'
export { type HmacScheme, hmac } from './signatures.ts'
export type { Subscription, WebhookClient, WebhookDelivery } from './webhook.ts'
