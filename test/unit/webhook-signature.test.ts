import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { newWebhookSecret, signatureHeaders } from '../../domain/webhook-signature.ts'

// The example that the libraries of Standard Webhooks are tested with.
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const message = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  at: new Date(1_614_265_330_000),
  body: '{"test": 2432232314}',
}
const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='

test('the published example', () => {
  expect(signatureHeaders(message, [secret])).toEqual({
    'webhook-id': message.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': signature,
  })
})

test('every secret signs, each with a signature of its own', () => {
  const next = newWebhookSecret()
  const [first, second, ...rest] = signatureHeaders(message, [next, secret])['webhook-signature'].split(' ')
  expect(second).toBe(signature)
  expect(rest).toEqual([])
  const key = Buffer.from(next.replace('whsec_', ''), 'base64')
  const expected = createHmac('sha256', key).update(`${message.id}.1614265330.${message.body}`).digest('base64')
  expect(first).toBe(`v1,${expected}`)
})

test('a body in other letters than ASCII is signed as its bytes', () => {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const bytes = Buffer.from(`${message.id}.1614265330.{"reason":"ні, дякую ✋"}`, 'utf8')
  const headers = signatureHeaders({ ...message, body: '{"reason":"ні, дякую ✋"}' }, [secret])
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(bytes).digest('base64')}`)
})

test('a new secret has 32 bytes, and is another each time', () => {
  const secrets = Array.from({ length: 10 }, newWebhookSecret)
  expect(new Set(secrets).size).toBe(10)
  for (const each of secrets) expect(Buffer.from(each.replace(/^whsec_/, ''), 'base64')).toHaveLength(32)
})
