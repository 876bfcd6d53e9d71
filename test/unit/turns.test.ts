import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Turns } from '../../activities/turns.ts'

const never = new AbortController().signal

test('one at a time for each key, in the order of asking', async () => {
  const turns = new Turns()
  const log: string[] = []
  const work = async (key: string, name: string): Promise<void> => {
    const end = await turns.take(key, never)
    log.push(`${name} begins`)
    await sleep(5)
    log.push(`${name} ends`)
    end?.()
  }
  await Promise.all([work('a', 'first'), work('a', 'second'), work('a', 'third')])
  expect(log).toEqual(['first begins', 'first ends', 'second begins', 'second ends', 'third begins', 'third ends'])
})

test('another key does not wait', async () => {
  const turns = new Turns()
  await turns.take('a', never)
  expect(await turns.take('b', never)).toBeTypeOf('function')
})

test('who gives up waiting is passed over, and nobody overtakes', async () => {
  const turns = new Turns()
  const endFirst = await turns.take('a', never)
  const impatient = new AbortController()
  const given = turns.take('a', impatient.signal)
  let thirdHasIt = false
  const third = turns.take('a', never).then(() => (thirdHasIt = true))
  impatient.abort()
  expect(await given).toBeNull()
  await sleep(5)
  expect(thirdHasIt).toBe(false)
  endFirst?.()
  await third
  expect(await turns.take('b', AbortSignal.abort())).toBeNull()
})
