import { setTimeout as sleep } from 'node:timers/promises'
import { MockActivityEnvironment } from '@temporalio/testing'
import { expect, test } from 'vitest'
import { SettlementWriter } from '../../activities/settlement-writer.ts'
import type { Settlement } from '../../db/settle.ts'

const sent = (seq: number): Settlement => ({ seq, state: 'sent', response: '250', serverId: null })
const seqs = (groups: Settlement[][]) => groups.map((group) => group.map((each) => each.seq))

test('what ends within a moment is written together, once', async () => {
  const groups: Settlement[][] = []
  const writer = new SettlementWriter(async (group) => groups.push(group))
  for (const seq of [1, 2, 3]) void writer.add(sent(seq))
  expect(groups).toEqual([])
  await writer.flush()
  void writer.add(sent(4))
  await writer.flush()
  expect(seqs(groups)).toEqual([[1, 2, 3], [4]])
})

test('a group that could not be written is written again, and nothing is lost meanwhile', async () => {
  const groups: Settlement[][] = []
  let broken = true
  const writer = new SettlementWriter(async (group) => {
    if (broken) throw new Error('no database')
    groups.push(group)
  })
  await new MockActivityEnvironment().run(async () => {
    void writer.add(sent(1))
    const flushed = writer.flush()
    await sleep(50)
    void writer.add(sent(2))
    broken = false
    await flushed
  })
  expect(seqs(groups)).toEqual([[1], [2]])
})

test('whoever adds waits while too much is unwritten', async () => {
  const database = Promise.withResolvers<void>()
  const writer = new SettlementWriter(() => database.promise)
  void writer.add(sent(0))
  await sleep(40)
  for (let seq = 1; seq <= 1000; seq += 1) expect(writer.add(sent(seq))).toBeUndefined()
  let admitted = false
  const room = writer.add(sent(1001))?.then(() => (admitted = true))
  expect(room).toBeDefined()
  await sleep(40)
  expect(admitted).toBe(false)
  database.resolve()
  await room
  expect(admitted).toBe(true)
})
