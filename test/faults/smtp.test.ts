import { expect, inject, test } from 'vitest'
import type { RecipientRow } from '../../db/ledger.ts'
import { createFaultSite, type FaultSite } from '../setup/fault-site.ts'
import { flawless } from '../setup/ledger-and-sink.ts'

const size = inject('faultSize')

/** Slow, in pieces; by the last digit of a recipient's number refused; and now and then the end around the last dot. */
const everythingAtOnce = {
  delayMs: 2,
  pieceBytes: 7,
  refusals: [
    { at: 'RCPT', digit: 1, reply: '450 4.2.1 try later', times: 'first' },
    { at: 'message', digit: 2, reply: '451 4.3.0 try later', times: 'first' },
    { at: 'RCPT', digit: 3, reply: '450 4.2.1 never today', times: 'always' },
    { at: 'RCPT', digit: 4, reply: '550 5.1.1 no such user', times: 'always' },
    { at: 'message', digit: 5, reply: '552 5.3.4 too big', times: 'always' },
  ],
  mishaps: [
    { kind: 'drop', oneIn: 211 },
    { kind: 'take_and_drop', oneIn: 223 },
    { kind: 'take_and_stammer', oneIn: 227 },
    { kind: 'take_and_hang', oneIn: 499 },
  ],
} satisfies Parameters<FaultSite['sink']['behave']>[0]

const fateByDigit = ({ address, state, reason }: RecipientRow): string =>
  `${/(\d)@/.exec(address)?.[1]}: ${state} ${reason ?? ''}`

test('smtp: refusals, slow and broken replies, and connections that end around the last dot', async () => {
  const site = await createFaultSite()
  await site.sink.behave(everythingAtOnce)
  await site.startWorker({ smtp: '&socketTimeout=2000' })
  const campaign = await site.schedule('everything', size, { retryDelaysSeconds: [1, 1] })
  const { counts } = await campaign.reaches('finished')
  expect(await campaign.verdict()).toEqual(flawless)
  expect(counts.unknown).toBeGreaterThan(0)
  expect(counts).toMatchObject({ failed: (3 * size) / 10, sent: size - (3 * size) / 10 - counts.unknown })

  await site.sink.behave()
  expect(await campaign.settleUnknown()).toBe(counts.unknown)
  expect(await campaign.verdict()).toEqual(flawless)
  expect([...new Set((await campaign.ledger()).map(fateByDigit))].toSorted()).toEqual([
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
