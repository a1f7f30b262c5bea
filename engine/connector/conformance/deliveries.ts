import { describe, expect, test } from 'vitest'
import type { WebhookRequest } from '../contract.ts'
import { webhookClient } from '../webhook.ts'
import type { Case } from './case.ts'
import type { WebhookFixture } from './fixtures.ts'

export function deliveryTests(one: Case): void {
  const { connector, fixtures, settings } = one
  if (!connector.webhooks) return
  const deliveries = fixtures.read<WebhookFixture[]>('webhooks.json') ?? []
  const signature = connector.webhooks.verify(settings as never, [])
  const client = () => one.open().webhook!

  describe('webhooks', () => {
    // Written with blanks, so that a body that was parsed and written again is another one.
    const bodyOf = ({ body }: WebhookFixture) => Buffer.from(JSON.stringify(body, null, 1))
    const signed = (each: WebhookFixture): WebhookRequest => {
      const body = bodyOf(each)
      return { headers: { ...each.headers, ...signature!.sign(body) }, body, query: {} }
    }

    test('has fixtures for every topic', () => {
      const topics = Object.values(one.resources).flatMap((resource) => resource.webhook?.topics ?? [])
      const shown = new Set(deliveries.map((each) => each.topic))
      expect(topics.filter((topic) => !shown.has(topic))).toEqual([])
    })

    test('without a secret nothing is taken', () => {
      const bare = Object.fromEntries(
        Object.entries(settings).filter(([name]) => !/secret/i.test(name) || name === 'secret'),
      )
      expect(connector.webhooks!.verify(bare as never, [])).toBeUndefined()
      const none = webhookClient(
        connector,
        bare,
        () => ({}) as never,
        (_where, _api, run) => run(),
      )
      expect(none.configured).toBe(false)
      expect(none.verify(signed(deliveries[0]!))).toBe(false)
    })

    test.each(deliveries.map((each) => [each.topic, each] as const))(
      '%s: a right signature is taken, every other refused',
      (_topic, each) => {
        const right = signed(each)
        expect(client().verify(right)).toBe(true)
        const names = Object.keys(signature!.sign(right.body))
        for (const name of names) {
          const value = right.headers[name]!
          const last = value.at(-1) === 'A' ? 'B' : 'A'
          for (const wrong of [
            undefined,
            '',
            value.slice(0, -1),
            value.slice(0, 8),
            `${value}A`,
            value.slice(0, -2) + last + value.at(-1),
          ])
            expect(client().verify({ ...right, headers: { ...right.headers, [name]: wrong } }), `${wrong}`).toBe(false)
        }
        const again = Buffer.from(JSON.stringify(JSON.parse(right.body.toString())))
        expect(client().verify({ ...right, body: again })).toBe(false)
        expect(client().verify({ ...right, body: Buffer.concat([right.body, Buffer.from(' ')]) })).toBe(false)
      },
    )

    test.each(deliveries.map((each) => [each.topic, each] as const))(
      '%s: carries what the fixture says',
      (_topic, each) => {
        const delivery = client().read(signed(each))!
        expect(delivery).toMatchObject({ topic: each.topic, resource: each.resource })
        expect(delivery.items.map((item) => item.id)).toEqual(each.ids)
        for (const item of delivery.items) {
          expect(item.stale === true).toBe(each.stale === true)
          expect(item.deleted === true).toBe(each.deleted === true)
          if (!item.stale && !item.deleted) expect(signed(each).body.toString()).toContain(item.text)
          if (item.stale) expect(one.resources[each.resource]!.fetch, 'a stale item is read afresh').toBeDefined()
        }
      },
    )

    test('a topic that nobody asked for is passed over, and an unreadable body is said to be one', () => {
      const other = {
        ...deliveries[0]!,
        headers: Object.fromEntries(Object.keys(deliveries[0]!.headers ?? {}).map((name) => [name, 'nothing.known'])),
      }
      const unknown: WebhookRequest = {
        ...signed(other),
        body: Buffer.from('{"webhook_type":"Nothing known","description":"nothing.known"}'),
      }
      expect(client().read(unknown)).toBeUndefined()
      const broken: WebhookRequest = { ...signed(deliveries[0]!), body: Buffer.from('{"id": 1') }
      expect(() => client().read(broken)).toThrow(
        expect.objectContaining({ kind: 'invalid', code: 'HUB_WEBHOOK_UNREADABLE' }),
      )
    })

    const ping = fixtures.read<{ headers: Record<string, string>; text: string }>('ping.json')
    if (ping)
      test('a test call is known as one, without a signature; a delivery is none', () => {
        expect(client().isPing({ headers: ping.headers, body: Buffer.from(ping.text), query: {} })).toBe(true)
        for (const each of deliveries) expect(client().isPing(signed(each))).toBe(false)
      })
  })
}
