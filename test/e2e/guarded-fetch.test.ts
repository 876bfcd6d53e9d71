import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { type Guard, guardedPost, type Resolve } from '../../activities/guarded-fetch.ts'
import { atEnd } from '../setup/at-end.ts'
import { createReceiver } from '../setup/receiver.ts'

const request = { headers: { 'content-type': 'application/json' }, body: '{}' }
const refusing = (resolve: Resolve): Guard => ({ privateWebhooks: 'refuse', resolve })
const leadsTo =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

const receiver = await createReceiver()
const portOf = (url: string): string => new URL(url).port

test.each([
  ['the metadata of a cloud', ['169.254.169.254']],
  ['loopback', ['127.0.0.1']],
  ['loopback in IPv6', ['::1']],
  ['a private address behind a public one', ['93.184.215.14', '127.0.0.1']],
])('a name that leads to %s is not called', async (_, addresses) => {
  const before = receiver.connections()
  const url = `https://innocent.example:${portOf(receiver.url)}/`
  await expect(guardedPost(refusing(leadsTo(...addresses)), { url, ...request })).rejects.toThrow(
    `innocent.example leads to a private or local address (${addresses.at(-1)})`,
  )
  expect(receiver.connections()).toBe(before)
})

test('a name that leads elsewhere at the second look is looked at once, and called where it led first', async () => {
  // Public first; whoever asks again is sent to what listens here.
  const asked: string[] = []
  const rebinding: Resolve = async (name) => {
    asked.push(name)
    // A public address at which nobody answers on such a port.
    return [{ address: asked.length === 1 ? '192.31.196.1' : '127.0.0.1', family: 4 }]
  }
  const before = receiver.connections()
  const url = `https://rebinding.example:${portOf(receiver.url)}/`
  const ended = await guardedPost(refusing(rebinding), { url, ...request }).catch((error: Error) => error)
  expect(ended).toBeInstanceOf(Error)
  expect(asked).toEqual(['rebinding.example'])
  expect(receiver.connections()).toBe(before)
})

test('the next request looks again', async () => {
  const asked: string[] = []
  const resolve: Resolve = async (name) => {
    asked.push(name)
    return [{ address: '127.0.0.1', family: 4 }]
  }
  const guard: Guard = { privateWebhooks: 'allow', resolve }
  const url = `http://shop.example:${portOf(receiver.url)}/`
  for (const _ of [1, 2]) expect((await guardedPost(guard, { url, ...request })).status).toBe(200)
  expect(asked).toEqual(['shop.example', 'shop.example'])
})

test.each([
  ['http://shop.example/', 'the URL must begin with https://'],
  ['https://169.254.169.254/latest/meta-data/', 'the URL must not lead to a private or local address'],
  ['https://[::1]/', 'the URL must not lead to a private or local address'],
  ['https://ada:secret@shop.example/', 'the URL must hold no user name and no password'],
])('%s is not called at all', async (url, why) => {
  const asked = leadsTo('93.184.215.14')
  await expect(guardedPost(refusing(asked), { url, ...request })).rejects.toThrow(why)
})

const open: Guard = { privateWebhooks: 'allow' }

test('a redirect is given back and not followed', async () => {
  const inside = await createReceiver()
  receiver.answer = (_, response) => void response.writeHead(307, { location: inside.url }).end()
  const { status } = await guardedPost(open, { url: receiver.url, ...request })
  expect(status).toBe(307)
  expect(inside.connections()).toBe(0)
})

test('of an endless answer the first 64 KiB are read', async () => {
  receiver.answer = (_, response) => {
    const chunk = Buffer.alloc(16 * 1024, 'a')
    const pour = (): void => void (response.destroyed || response.write(chunk, () => setImmediate(pour)))
    pour()
  }
  const { status, body } = await guardedPost(open, { url: receiver.url, ...request })
  expect(status).toBe(200)
  expect(body).toHaveLength(64 * 1024)
})

test('a body too long to be meant is not sent', async () => {
  const body = 'a'.repeat(1024 * 1024 + 1)
  await expect(guardedPost(open, { url: receiver.url, headers: {}, body })).rejects.toThrow(/longer than 1048576/)
})

test('who accepts and says nothing, or never comes to an end, is given up after 15 seconds', async () => {
  const silent = createServer((socket) => socket.on('error', () => {}))
  const { port } = await new Promise<AddressInfo>((done) => {
    silent.listen(0, '127.0.0.1', () => done(silent.address() as AddressInfo))
  })
  atEnd(() => silent.close())
  const drip = await createReceiver()
  drip.answer = (_, response) => {
    const timer = setInterval(() => response.write('.'), 500)
    response.once('close', () => clearInterval(timer))
  }
  const ends = [`http://127.0.0.1:${port}/`, drip.url].map((url) => guardedPost(open, { url, ...request }))
  for (const end of ends) await expect(end).rejects.toThrow('no answer within 15 seconds')
})
