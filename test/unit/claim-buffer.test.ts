import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ClaimBuffer } from '../../activities/claim-buffer.ts'
import type { Claimed, ClaimResult } from '../../db/claim.ts'

const recipient = (seq: number): Claimed => ({
  seq,
  attempts: 1,
  contactId: String(seq),
  address: `a${seq}@example.com`,
  firstName: null,
  lastName: null,
  externalId: null,
  language: null,
  timeZone: null,
  attributes: {},
})
const batch = (...seqs: number[]): ClaimResult => ({
  claimed: seqs.map(recipient),
  skipped: 0,
  lastSeq: seqs.at(-1) ?? null,
})
const nothing = batch()

/** Takes as a sender does: whatever is here, and again when something changes, until nothing more will come. */
function takingAll(options: { claimMore: () => Promise<ClaimResult>; wanted?: (waiting: number) => number }) {
  const taken: number[] = []
  const { promise: ended, resolve, reject } = Promise.withResolvers<number[]>()
  const takeAll = (): void => {
    try {
      for (let next = buffer.next(); next !== undefined; next = buffer.next()) taken.push(next.seq)
      if (buffer.isExhausted()) resolve(taken)
    } catch (error) {
      reject(error)
    }
  }
  const buffer = new ClaimBuffer({ wanted: (waiting) => (waiting > 1 ? 0 : 10), ...options, onChange: takeAll })
  takeAll()
  return { buffer, taken, ended }
}

test('hands out everything in order, and ends when a claim finds nothing', async () => {
  const answers = [batch(1, 2, 3), { claimed: [], skipped: 2, lastSeq: 5 }, batch(6), nothing]
  const { ended } = takingAll({ claimMore: async () => answers.shift() ?? nothing })
  expect(await ended).toEqual([1, 2, 3, 6])
})

test('claims ahead as soon as few are waiting, as many as are wanted, and never two claims at once', async () => {
  const limits: number[] = []
  const answers = [batch(1, 2, 3, 4), batch(5, 6, 7, 8)]
  const claimMore = async (limit: number): Promise<ClaimResult> => {
    limits.push(limit)
    await sleep(5)
    return answers.shift() ?? nothing
  }
  const wanted = (waiting: number) => (waiting > 2 ? 0 : 10 - waiting)
  const buffer = new ClaimBuffer({ claimMore, wanted, onChange: () => {} })
  expect(buffer.next()).toBeUndefined()
  await sleep(20)
  expect([buffer.next()?.seq, buffer.next()?.seq]).toEqual([1, 2])
  expect(limits).toEqual([10])
  expect([buffer.next()?.seq, buffer.next()?.seq, buffer.next()]).toEqual([3, 4, undefined])
  expect(limits).toEqual([10, 8])
  await sleep(20)
  expect(buffer.next()?.seq).toBe(5)
  expect(buffer.isExhausted()).toBe(false)
})

test('a stop waits for the claim under way and hands over what nobody will send', async () => {
  let answer: (result: ClaimResult) => void = () => {}
  const claimMore = () => new Promise<ClaimResult>((resolve) => (answer = resolve))
  const buffer = new ClaimBuffer({ claimMore, wanted: () => 10, onChange: () => {} })
  expect(buffer.next()).toBeUndefined()
  const stopped = buffer.stop()
  answer(batch(1, 2))
  expect((await stopped).map((row) => row.seq)).toEqual([1, 2])
  expect(buffer.next()).toBeUndefined()
  expect(buffer.isExhausted()).toBe(true)
})

test('a failed claim reaches whoever asks for more', async () => {
  const { ended } = takingAll({ claimMore: () => Promise.reject(new Error('no database')) })
  await expect(ended).rejects.toThrow('no database')
})
