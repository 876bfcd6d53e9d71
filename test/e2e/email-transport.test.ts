import { SMTPServer } from 'smtp-server'
import { afterEach, describe, expect, it } from 'vitest'
import { createEmailChannel } from '../../channels/email/email-channel.ts'
import { freePort } from '../../dev/free-port.ts'
import { createTokens } from '../../domain/unsubscribe-token.ts'
import { campaignLike, recipientLike } from '../setup/campaign.ts'
import { drop, say, startScriptedSmtp } from '../setup/scripted-smtp.ts'
import { fateAgainst, message, transportTo } from '../setup/smtp-transport.ts'

describe('a server that is not there', () => {
  it('is unavailable: nobody listens', async () => {
    const outcome = await transportTo(`smtp://127.0.0.1:${await freePort()}`).send(message())
    expect(outcome.kind).toBe('unavailable')
  })

  it('is unavailable: no such host', async () => {
    const outcome = await transportTo('smtp://nowhere.invalid:25?dnsTimeout=2000').send(message())
    expect(outcome.kind).toBe('unavailable')
  })

  it('is misconfigured: it speaks no SMTP', async () => {
    const outcome = await fateAgainst({ greeting: say('HTTP/1.1 400 Bad Request') })
    expect(outcome.outcome.kind).toBe('misconfigured')
  })

  it('is misconfigured: it speaks no TLS, or has a certificate of its own', async () => {
    const plain = await startScriptedSmtp()
    expect((await transportTo(`smtps://127.0.0.1:${plain.port}`).send(message())).kind).toBe('misconfigured')
    const real = await startRealServer({ secure: true })
    expect((await transportTo(`smtps://127.0.0.1:${real.port}`).send(message())).kind).toBe('misconfigured')
    const trusted = transportTo(`smtps://127.0.0.1:${real.port}?tls.rejectUnauthorized=false`)
    expect((await trusted.send(message())).kind).toBe('accepted')
    expect(real.recipients).toEqual(['ada@example.com'])
  })

  it('is misconfigured: it must offer STARTTLS and does not', async () => {
    const { outcome } = await fateAgainst({ STARTTLS: say('502 5.5.1 what?') }, '?requireTLS=true')
    expect(outcome).toEqual({ kind: 'misconfigured', code: 502, response: '502 5.5.1 what?' })
  })
})

describe('connections', () => {
  it('are used again, also after a refusal, and never more at once than allowed', async () => {
    const server = await startScriptedSmtp({ RCPT: say('550 5.1.1 no such user') })
    const transport = transportTo(server.url, 2)
    expect((await transport.send(message())).kind).toBe('refused')
    server.change({ RCPT: say('250 2.1.5 ok') })
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, n) => transport.send(message(`n${n}@example.com`))),
    )
    expect(outcomes.map((each) => each.kind)).toEqual(Array.from({ length: 40 }, () => 'accepted'))
    expect(server.messages).toHaveLength(40)
    expect(server.connections()).toBe(2)
    expect(server.commands.filter((command) => command === 'RSET')).toHaveLength(1)
  })

  it('are not used again once the server was out of step', async () => {
    const server = await startScriptedSmtp({ DATA: say('503 5.5.1 out of step') })
    const transport = transportTo(server.url)
    expect((await transport.send(message())).kind).toBe('deferred')
    server.change({ DATA: say('354 go on') })
    expect((await transport.send(message())).kind).toBe('accepted')
    expect(server.connections()).toBe(2)
  })

  it('are renewed before a server counts too many messages', async () => {
    const server = await startScriptedSmtp()
    const transport = transportTo(server.url)
    for (let n = 0; n < 101; n += 1) await transport.send(message())
    expect(server.connections()).toBe(2)
    expect(server.messages).toHaveLength(101)
  })

  it.each([
    ['drops', drop],
    ['answers 421', say('421 4.4.2 idle for too long')],
  ])(
    'that the server %s at the second message cost that message nothing, and it is not sent by itself',
    async (_name, step) => {
      const server = await startScriptedSmtp()
      const transport = transportTo(server.url)
      expect((await transport.send(message())).kind).toBe('accepted')
      server.change({ MAIL: step })
      expect((await transport.send(message())).kind).toBe('unavailable')
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(server.commands.filter((command) => command.startsWith('MAIL'))).toHaveLength(2)
      expect(server.messages).toHaveLength(1)
      server.change({ MAIL: say('250 ok') })
      expect((await transport.send(message())).kind).toBe('accepted')
    },
  )

  it('that the server closes while they stand idle are replaced unseen', async () => {
    const server = await startScriptedSmtp()
    const transport = transportTo(server.url)
    await transport.send(message())
    server.onEach((socket) => socket.end('421 4.4.2 idle for too long\r\n'))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await transport.send(message())).kind).toBe('accepted')
    expect(server.connections()).toBe(2)
  })

  it('that break after the dot do not carry the message again', async () => {
    const server = await startScriptedSmtp({ message: drop })
    const transport = transportTo(server.url, 3)
    const outcomes = await Promise.all([1, 2, 3].map(() => transport.send(message())))
    expect(outcomes.map((each) => each.kind)).toEqual(['uncertain', 'uncertain', 'uncertain'])
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(server.messages).toHaveLength(3)
  })
})

describe('an independent SMTP server', () => {
  it('takes messages after a login', async () => {
    const real = await startRealServer({ user: 'ada', pass: 'p@ss:word' })
    const transport = transportTo(`smtp://ada:p%40ss%3Aword@127.0.0.1:${real.port}?tls.rejectUnauthorized=false`, 2)
    const outcomes = await Promise.all([1, 2, 3].map((n) => transport.send(message(`n${n}@example.com`))))
    expect(outcomes.map((each) => each.kind)).toEqual(['accepted', 'accepted', 'accepted'])
    expect(real.recipients.toSorted()).toEqual(['n1@example.com', 'n2@example.com', 'n3@example.com'])
    expect(real.bodies[0]).toBe('Subject: hi\r\n\r\nhello\r\n')
  })
})

describe('the whole channel', () => {
  it('sends what it composed', async () => {
    const server = await startScriptedSmtp()
    const channel = createEmailChannel({
      smtpUrl: server.url,
      connections: 3,
      tokens: createTokens(['a secret for tests']),
    })
    const composed = channel.compile(campaignLike()).compose(recipientLike())
    expect((await channel.transport.send(composed)).kind).toBe('accepted')
    expect(channel.transport.connections).toBe(3)
    expect(server.commands.slice(1, 3)).toEqual(['MAIL FROM:<news@example.org>', 'RCPT TO:<ada@example.com>'])
    expect(server.messages).toEqual([composed.raw.toString('latin1').slice(0, -2)])
    channel.transport.close()
  })
})

interface RealServer {
  port: number
  recipients: string[]
  bodies: string[]
}

async function startRealServer(options: { secure?: boolean; user?: string; pass?: string }): Promise<RealServer> {
  const recipients: string[] = []
  const bodies: string[] = []
  const server = new SMTPServer({
    secure: options.secure ?? false,
    authOptional: options.user === undefined,
    onAuth: (auth, _session, done) =>
      auth.username === options.user && auth.password === options.pass
        ? done(null, { user: auth.username })
        : done(new Error('wrong password')),
    onData: (stream, session, done) => {
      recipients.push(...session.envelope.rcptTo.map((each) => each.address))
      let body = ''
      stream.on('data', (bytes: Buffer) => (body += bytes.toString()))
      stream.on('end', () => {
        bodies.push(body)
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A client that does not trust the certificate is an error to the server, and what the test wants.
  server.on('error', () => {})
  realServers.push(server)
  const { port } = server.server.address() as { port: number }
  return { port, recipients, bodies }
}

const realServers: SMTPServer[] = []
afterEach(() => {
  for (const server of realServers.splice(0)) server.close()
})
