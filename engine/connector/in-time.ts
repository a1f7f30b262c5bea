// A request may wait inside the HTTP engine for a free or a new connection. This is the last look at the clock before its first byte
// leaves: a process that was stopped for minutes and goes on must not send then what it wanted to send before.
import type { Dispatcher } from 'undici'

type Handler = Dispatcher.DispatchHandler

/** Requests of which nothing has left when `performance.now()` has passed `until` are given up with what `late` makes. */
export function inTime(until: number, late: () => Error): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) => dispatch(options, guarded(handler, until, late))
}

function guarded(handler: Handler, until: number, late: () => Error): Handler {
  return {
    onRequestStart: (controller, context) =>
      performance.now() > until ? controller.abort(late()) : handler.onRequestStart?.(controller, context),
    onRequestUpgrade: (...given) => handler.onRequestUpgrade?.(...given),
    onResponseStart: (...given) => handler.onResponseStart?.(...given),
    onResponseData: (...given) => handler.onResponseData?.(...given),
    onResponseEnd: (...given) => handler.onResponseEnd?.(...given),
    onResponseError: (...given) => handler.onResponseError?.(...given),
  }
}
