/** For systems that want a name in two parts where the hub has one: the last word is the family name. */
export default {
  title: 'Given or family part of a name',
  args: { part: '`given` or `family`' },
  run(name: string, { part }: { part: string }) {
    const words = name.trim().split(/\s+/)
    const family = words.length > 1 ? words.pop() : undefined
    return part === 'family' ? family : words.join(' ')
  },
  examples: [
    { value: 'Ada King Lovelace', args: { part: 'given' }, result: 'Ada King' },
    { value: 'Ada King Lovelace', args: { part: 'family' }, result: 'Lovelace' },
    { value: 'さくら', args: { part: 'given' }, result: 'さくら' },
    { value: 'さくら', args: { part: 'family' } },
  ],
}
