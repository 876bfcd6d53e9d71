import { expect, test } from 'vitest'
import { seenContacts } from '../../client/import/seen.ts'

test('each id is new once, whatever its neighbours', () => {
  const ids = ['1', '2', '8', '9', '32767', '32768', '65536', '9000000000000000']
  const seen = seenContacts()
  expect(ids.map(seen.add)).toEqual(ids.map(() => true))
  expect(ids.map(seen.add)).toEqual(ids.map(() => false))
  expect(['0', '3', '32769'].map(seen.add)).toEqual([true, true, true])
})
