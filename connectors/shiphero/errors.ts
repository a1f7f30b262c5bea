import type { ErrorFacts, Json } from '#connector'

/** "In 9 seconds you will have enough credits": `time_remaining` says it in words. */
const waitMs = (body: Json) => {
  const seconds = Number.parseFloat(body?.errors?.[0]?.time_remaining)
  return Number.isFinite(seconds) ? seconds * 1000 : undefined
}

// Failures come with status 200 and a list `errors`, never with a usable half of `data`.
export const errors: ErrorFacts = {
  failed: (body) => Array.isArray(body?.errors) && body.errors.length > 0,
  code: (body) => body?.errors?.[0]?.code ?? body?.code,
  absent: (body) => body?.errors?.[0]?.code === 5,
  message: (body) => body?.errors?.[0]?.message ?? body?.description ?? body?.message,
  rules: [
    {
      code: '30',
      kind: 'rate_limited',
      say: 'the account has too few credits left for this question; they grow back by themselves.',
      retryAfter: waitMs,
    },
    {
      message: /not enough credits|too many requests/i,
      kind: 'rate_limited',
      say: 'the account asks too much; it is let in again by itself.',
      retryAfter: waitMs,
    },
    {
      status: 401,
      kind: 'auth',
      say: 'the access token is not valid (any more): they last 28 days. Make a new one with the refresh token.',
    },
    {
      message: /token.*(expired|invalid)|unauthori[sz]ed|not authenticated|signature verification failed/i,
      kind: 'auth',
      say: 'the access token is not valid (any more): they last 28 days. Make a new one with the refresh token.',
    },
    {
      message: /already exists|already been (created|taken)|duplicate/i,
      kind: 'conflict',
      say: 'the warehouse already has it.',
    },
    {
      message: /internal (server )?error|unexpected error|try again|timed? ?out/i,
      kind: 'uncertain',
      say: 'a fault on their side.',
    },
  ],
}
