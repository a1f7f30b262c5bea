// Sends webhooks: a few at a time, each on a kept-alive connection, in the order they were asked for.
import { Agent, request } from 'node:http'

export interface Delivery {
  url: string
  headers: Record<string, string>
  body: string
  /** Milliseconds until a delivery without an answer counts as failed. */
  timeout: number
}

export class Deliveries {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 })
  readonly #queue: (() => Promise<void>)[] = []
  #running = 0
  #closed = false

  /**
   * Queues a delivery. `make` is called when its turn comes, so that it can carry the state of that moment; undefined skips
   * it. `done` gets the status and the body of the answer; status 0 is no answer.
   */
  queue(make: () => Delivery | undefined, done: (status: number, body: string) => void): void {
    if (this.#closed) return
    this.#queue.push(async () => {
      const delivery = make()
      if (!delivery) return
      const { status, body } = await this.#post(delivery)
      if (!this.#closed) done(status, body)
    })
    this.#pump()
  }

  /** How many are queued or on their way. */
  get unanswered(): number {
    return this.#queue.length + this.#running
  }

  close(): void {
    this.#closed = true
    this.#queue.length = 0
    this.#agent.destroy()
  }

  #pump(): void {
    while (this.#running < 8 && this.#queue.length > 0) {
      const next = this.#queue.shift()!
      this.#running += 1
      next().finally(() => {
        this.#running -= 1
        this.#pump()
      })
    }
  }

  #post({ url, headers, body, timeout }: Delivery): Promise<{ status: number; body: string }> {
    return new Promise((resolve) => {
      const none = () => resolve({ status: 0, body: '' })
      if (!URL.canParse(url) || !url.startsWith('http://')) return none()
      const length = String(Buffer.byteLength(body))
      const post = request(url, {
        method: 'POST',
        agent: this.#agent,
        headers: { ...headers, 'content-length': length },
        timeout,
      })
      post.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
        response.on('error', none)
      })
      post.on('timeout', () => post.destroy())
      post.on('error', none)
      post.end(body)
    })
  }
}
