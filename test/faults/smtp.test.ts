import { expect, inject, test } from 'vitest'
import type { RecipientRow } from '../../db/ledger.ts'
import { createFaultSite } from '../setup/fault-site.ts'
import { flawless } from '../setup/ledger-and-sink.ts'

const size = inject('faultSize')

/** The last digit of a recipient's number: the sink refuses by it. */
const digitOf = ({ address }: RecipientRow): number => Number(/(\d)@/.exec(address)?.[1])

test('smtp: slow, replies in pieces; refused for good, for a while, and for ever a while', {
  timeout: 300_000,
}, async () => {
  const site = await createFaultSite()
  await site.sink.behave({
    delayMs: 2,
    pieceBytes: 7,
    refusals: [
      { at: 'RCPT', digit: 1, reply: '450 4.2.1 try later', times: 'first' },
      { at: 'message', digit: 2, reply: '451 4.3.0 try later', times: 'first' },
      { at: 'RCPT', digit: 3, reply: '450 4.2.1 never today', times: 'always' },
      { at: 'RCPT', digit: 4, reply: '550 5.1.1 no such user', times: 'always' },
      { at: 'message', digit: 5, reply: '552 5.3.4 too big', times: 'always' },
    ],
  })
  await site.startWorker()
  const campaign = await site.schedule('refused', size, { retryDelaysSeconds: [1, 1] })
  await campaign.reaches('finished')
  expect(await campaign.verdict()).toEqual(flawless)

  const fates = new Set((await campaign.ledger()).map((row) => `${digitOf(row)}: ${row.state} ${row.reason ?? ''}`))
  expect([...fates].toSorted()).toEqual([
    '0: sent ',
    '1: sent ',
    '2: sent ',
    '3: failed deferred_too_often',
    '4: failed refused',
    '5: failed refused',
    '6: sent ',
    '7: sent ',
    '8: sent ',
    '9: sent ',
  ])
  const suppressed = await site.installation.db
    .selectFrom('suppression')
    .innerJoin('contact_address', 'contact_address.address_key', 'suppression.address_key')
    .select(['value', 'kind'])
    .execute()
  expect(suppressed).toHaveLength(size / 10)
  expect(suppressed.every(({ value, kind }) => value.endsWith('4@example.com') && kind === 'bounced')).toBe(true)
})

test('smtp: connections that end around the last dot, or fall silent', { timeout: 300_000 }, async () => {
  const site = await createFaultSite()
  const mishaps = [
    { kind: 'drop', oneIn: 211 },
    { kind: 'take_and_drop', oneIn: 223 },
    { kind: 'take_and_stammer', oneIn: 227 },
    { kind: 'take_and_hang', oneIn: 499 },
  ] as const
  await site.sink.behave({ mishaps: [...mishaps] })
  await site.startWorker({ smtp: '&socketTimeout=2000' })
  const campaign = await site.schedule('mishaps', size)
  const { counts } = await campaign.reaches('finished')
  expect(await campaign.verdict()).toEqual(flawless)
  expect(counts.unknown).toBeGreaterThan(0)
  expect(counts).toMatchObject({ failed: 0, sent: size - counts.unknown })

  await site.sink.behave()
  expect(await campaign.settleUnknown()).toBe(counts.unknown)
  expect((await campaign.now()).counts).toMatchObject({ sent: size })
  expect(await campaign.verdict()).toEqual(flawless)
})
