// Runs a connector's own code. What it throws by mistake becomes a ConnectorError that names the place.
import { type HttpApi, stoppedByGate } from './api.ts'
import { ConnectorError, type ConnectorErrorKind } from './errors.ts'

export type Guarded = <T>(where: string, api: HttpApi, run: () => Promise<T>) => Promise<T>

export function guard(title: string, mask: (text: string) => string): Guarded {
  return async (where, api, run) => {
    try {
      return await run()
    } catch (error) {
      const written = api.written() > 0
      if (error instanceof ConnectorError) {
        // A later request of the same write failed after an earlier one had gone through: look before anything is repeated.
        if (written && (error.kind === 'retryable' || error.kind === 'rate_limited'))
          throw new ConnectorError('uncertain', error.code, error.message, error.detail)
        throw error
      }
      const why = mask(error instanceof Error ? error.message : String(error))
      // The hub's own stop (a lost lease) is no fault of anybody; between two writes it leaves the first one behind.
      if (stoppedByGate(error)) {
        if (!written) throw error
        throw new ConnectorError('uncertain', 'HUB_HTTP_ABORTED', `${title}, ${where}, was stopped half-way: ${why}`, {
          cause: error,
        })
      }
      const kind = written ? 'uncertain' : 'permanent'
      throw new ConnectorError(kind, 'HUB_CONNECTOR_FAULT', `${title}, ${where}: ${why}`, { cause: error })
    }
  }
}

export function fail(kind: ConnectorErrorKind, code: string, message: string): never {
  throw new ConnectorError(kind, code, message)
}
