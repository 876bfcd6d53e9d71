import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../dev/free-port.ts'
import { type MailCatcher, startMailCatcher } from '../../dev/mail-catcher/catcher.ts'

let folder: string
let smtpPort: number
let inboxPort: number
let catcher: MailCatcher

const start = async () => {
  smtpPort = await freePort()
  inboxPort = await freePort()
  catcher = await startMailCatcher({ folder, smtpPort, inboxPort })
}
const get = (path: string) => fetch(`http://127.0.0.1:${inboxPort}${path}`)
const json = async (path: string) => JSON.parse(await (await get(path)).text())

async function send(...mails: object[]): Promise<void> {
  const transport = createTransport({ host: '127.0.0.1', port: smtpPort, pool: true, maxConnections: 4 })
  await Promise.all(mails.map((mail) => transport.sendMail(mail)))
  transport.close()
}

const nasty = {
  from: 'News <news@acme.test>',
  to: 'Ünal@bücher.test',
  subject: 'Grüße <script>alert(1)</script>',
  text: 'Guten Tag <b>& so</b>',
  html: '<!doctype html><p onclick="alert(1)">Hallo</p><a href="https://shop.test/">Laden</a><script>alert(2)</script>',
  headers: { 'List-ID': 'Acme News <news.acme.test>' },
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'addressee-catcher-'))
  await start()
})
afterAll(async () => {
  await catcher.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('what comes by SMTP', () => {
  test('is read back through the API, decoded', async () => {
    await send(nasty)
    const { messages } = await json(`/api/messages?to=${encodeURIComponent('ÜNAL@xn--bcher-kva.test')}`)
    expect(messages).toHaveLength(1)
    expect(messages[0]).toMatchObject({
      from: 'news@acme.test',
      subject: nasty.subject,
      listId: 'Acme News <news.acme.test>',
    })
    const mail = await json(`/api/messages/${messages[0].id}`)
    expect(mail.text.trim()).toBe('Guten Tag <b>& so</b>')
    expect(mail.html.trim()).toBe(nasty.html)
    expect(mail.headers).toContainEqual({ name: 'List-ID', value: 'Acme News <news.acme.test>' })
  })

  test('is kept byte for byte, and a search takes whole addresses in the API', async () => {
    await send(
      { ...nasty, to: 'ann@x.test', envelope: { from: '', to: ['ann@x.test', 'bo@x.test'] } },
      { ...nasty, to: 'joann@x.test' },
    )
    const { messages } = await json('/api/messages?to=ann@x.test&limit=5')
    expect(messages.map((mail: { to: string[]; from: string }) => [mail.from, mail.to])).toEqual([
      ['', ['ann@x.test', 'bo@x.test']],
    ])
    const raw = Buffer.from(await (await get(`/messages/${messages[0].id}.eml`)).arrayBuffer())
    expect(raw.length).toBe(messages[0].size)
    expect(
      raw
        .toString()
        .split('\r\n')
        .find((line) => line.startsWith('To:')),
    ).toBe('To: ann@x.test')
    expect(await readFile(join(folder, 'mail.data'))).toSatisfy((data: Buffer) => data.includes(raw))
  })

  test('larger than the limit is refused with 552 and not kept', async () => {
    const { total } = await json('/api/messages?limit=1')
    const big = { ...nasty, text: 'x'.repeat(11 * 1024 * 1024) }
    await expect(send(big)).rejects.toMatchObject({ responseCode: 552 })
    expect((await json('/api/messages?limit=1')).total).toBe(total)
  })
})

test('many mails over several connections keep an id, and their own bytes, each', async () => {
  const numbered = Array.from({ length: 300 }, (_, n) => ({ ...nasty, to: `many-${n}@x.test`, subject: `Number ${n}` }))
  await send(...numbered)
  const { messages } = await json('/api/messages?limit=300')
  const ids = messages.map((mail: { id: number }) => mail.id)
  expect(ids).toEqual(Array.from({ length: 300 }, (_, n) => ids[0] - n))
  expect(new Set(messages.map((mail: { subject: string }) => mail.subject)).size).toBe(300)
  const one = messages[123]
  const raw = await (await get(`/messages/${one.id}/source`)).text()
  expect(raw).toContain(`To: ${one.to[0]}\r\n`)
  expect(raw).toContain(`Subject: ${one.subject}\r\n`)
})

describe('the pages', () => {
  test('list the newest first, a page at a time, and find a part of an address', async () => {
    await send(...Array.from({ length: 60 }, (_, n) => ({ ...nasty, to: `page-${n}@list.test` })))
    const first = await (await get('/?q=@LIST.test')).text()
    const older = /href="(\/\?before=\d+&amp;q=%40LIST.test)"/.exec(first)?.[1]?.replace('&amp;', '&') ?? ''
    const second = await (await get(older)).text()
    const shown = (page: string) => [...page.matchAll(/page-(\d+)@list\.test/g)].map((match) => match[1])
    expect(shown(first)).toHaveLength(50)
    expect(shown(second)).toHaveLength(10)
    expect(new Set([...shown(first), ...shown(second)]).size).toBe(60)
    expect(second).not.toContain('>Older<')
  })

  test('escape what the mail says, and let its HTML do nothing', async () => {
    await send({ ...nasty, to: 'evil@x.test' })
    const { messages } = await json('/api/messages?to=evil@x.test')
    const page = await get(`/messages/${messages[0].id}`)
    const text = await page.text()
    expect(text).toContain('Grüße &lt;script&gt;alert(1)&lt;/script&gt;')
    expect(text).not.toContain('<script')
    expect(text).toContain('sandbox="allow-popups allow-popups-to-escape-sandbox"')
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'self'; frame-src 'self'/,
    )
    const body = await get(`/messages/${messages[0].id}/html`)
    expect(await body.text()).toMatch(/^<!doctype html><base target="_blank"><p onclick/)
    expect(body.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox",
    )
    const withImages = await get(`/messages/${messages[0].id}/html?images=1`)
    expect(withImages.headers.get('content-security-policy')).toContain('img-src data: https: http:;')
  })

  test('say 404 for a mail that is not there', async () => {
    for (const path of ['/messages/999999', '/messages/999999.eml', '/api/messages/999999', '/nothing'])
      expect((await get(path)).status).toBe(404)
  })
})

test('a restart keeps every mail, and drops what a kill left half-written', async () => {
  const before = await json('/api/messages?limit=1')
  await catcher.stop()
  await appendFile(join(folder, 'mail.index.jsonl'), '{"id":99999,"at":"20')
  await appendFile(join(folder, 'mail.data'), 'half a ma')
  await start()
  expect(await json('/api/messages?limit=1')).toEqual(before)
  await send({ ...nasty, to: 'after@x.test', subject: 'After' })
  const { messages, total } = await json('/api/messages?limit=1')
  expect([total, messages[0].id, messages[0].subject]).toEqual([before.total + 1, before.messages[0].id + 1, 'After'])
  expect(await (await get(`/messages/${messages[0].id}/source`)).text()).toContain('To: after@x.test\r\n')
})

test('the unsubscribe button posts what RFC 8058 says', async () => {
  const seen: string[] = []
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => seen.push(`${request.method} ${request.url} ${chunk.toString()}`))
    request.on('end', () => response.end())
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const headers = {
    'List-Unsubscribe': `<http://127.0.0.1:${port}/u/token>, <mailto:leave@acme.test>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  }
  await send({ ...nasty, to: 'leaver@x.test', headers })
  const { messages } = await json('/api/messages?to=leaver@x.test')
  const url = `http://127.0.0.1:${inboxPort}/messages/${messages[0].id}/unsubscribe`
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const forged = await fetch(url, { method: 'POST', headers: { ...form, origin: 'https://evil.test' } })
  expect([forged.status, seen]).toEqual([403, []])
  const pressed = await fetch(url, { method: 'POST', headers: { ...form, origin: `http://127.0.0.1:${inboxPort}` } })
  expect(await pressed.text()).toContain(`http://127.0.0.1:${port} answered 200: unsubscribed.`)
  expect(seen).toEqual(['POST /u/token List-Unsubscribe=One-Click'])
  server.close()
})
