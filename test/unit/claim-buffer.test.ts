import { expect, test } from 'vitest'
import { createClaimBuffer } from '../../activities/claim-buffer.ts'
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

const takeAll = async (buffer: ReturnType<typeof createClaimBuffer>): Promise<number[]> => {
  const taken: number[] = []
  for (let next = await buffer.take(); next !== undefined; next = await buffer.take()) taken.push(next.seq)
  return taken
}

test('hands out everything in order, and ends when a claim finds nothing', async () => {
  const answers = [batch(1, 2, 3), { claimed: [], skipped: 2, lastSeq: 5 }, batch(6), nothing]
  expect(
    await takeAll(
      createClaimBuffer(
        async () => answers.shift() ?? nothing,
        () => 1,
      ),
    ),
  ).toEqual([1, 2, 3, 6])
})

test('claims ahead as soon as few are waiting, and never two claims at once', async () => {
  let underWay = 0
  let most = 0
  const answers = [batch(1, 2, 3, 4), batch(5, 6, 7, 8)]
  const claimMore = async () => {
    most = Math.max(most, (underWay += 1))
    await new Promise((resolve) => setTimeout(resolve, 5))
    underWay -= 1
    return answers.shift() ?? nothing
  }
  const buffer = createClaimBuffer(claimMore, () => 2)
  expect((await buffer.take())?.seq).toBe(1)
  expect(answers).toHaveLength(1)
  expect((await buffer.take())?.seq).toBe(2)
  expect((await buffer.take())?.seq).toBe(3)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(answers).toHaveLength(0)
  const lanes = await Promise.all([takeAll(buffer), takeAll(buffer), takeAll(buffer)])
  expect(lanes.flat().toSorted()).toEqual([4, 5, 6, 7, 8])
  expect(most).toBe(1)
})

test('a stop waits for the claim under way and hands over what nobody will send', async () => {
  let answer: (result: ClaimResult) => void = () => {}
  const claimMore = () => new Promise<ClaimResult>((resolve) => (answer = resolve))
  const buffer = createClaimBuffer(claimMore, () => 1)
  const waiting = buffer.take()
  const stopped = buffer.stop()
  answer(batch(1, 2))
  expect((await stopped).map((row) => row.seq).length + ((await waiting) === undefined ? 0 : 1)).toBe(2)
  expect(await buffer.take()).toBeUndefined()
})

test('a failed claim reaches whoever waits for it', async () => {
  const buffer = createClaimBuffer(
    () => Promise.reject(new Error('no database')),
    () => 1,
  )
  await expect(buffer.take()).rejects.toThrow('no database')
})
