import { SMTPServer } from 'smtp-server'
import { afterEach, describe, expect, it } from 'vitest'
import { createEmailChannel } from '../../channels/email/email-channel.ts'
import { freePort } from '../../dev/free-port.ts'
import { createTokens } from '../../domain/link-token.ts'
import { campaignLike, composeUnsigned } from '../setup/campaign.ts'
import { dialogues, drop, inTurn, say, sayAndEnd, startScriptedSmtp } from '../setup/scripted-smtp.ts'
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

describe.each(dialogues)('connections, %s,', (_dialogue, hello) => {
  it('are used again, also after a refusal, and never more at once than allowed', async () => {
    const server = await startScriptedSmtp({ ...hello, RCPT: say('550 no such user'), DATA: say('554 no recipients') })
    const transport = transportTo(server.url, 2)
    expect((await transport.send(message())).kind).toBe('refused')
    server.change({ RCPT: say('250 2.1.5 ok'), DATA: say('354 go on') })
    const outcomes = await Promise.all(
      Array.from({ length: 40 }, (_, n) => transport.send(message(`n${n}@example.com`))),
    )
    expect(outcomes.map((each) => each.kind)).toEqual(Array.from({ length: 40 }, () => 'accepted'))
    expect(server.messages).toHaveLength(40)
    expect(server.connections()).toBe(2)
    expect(server.commands.filter((command) => command === 'RSET')).toHaveLength(1)
  })

  it('are not used again once the server was out of step', async () => {
    const server = await startScriptedSmtp({ ...hello, DATA: say('503 5.5.1 out of step') })
    const transport = transportTo(server.url)
    expect((await transport.send(message())).kind).toBe('deferred')
    server.change({ DATA: say('354 go on') })
    expect((await transport.send(message())).kind).toBe('accepted')
    expect(server.connections()).toBe(2)
  })

  it('are renewed before a server counts too many messages', async () => {
    const server = await startScriptedSmtp(hello)
    const transport = transportTo(server.url)
    for (let n = 0; n < 1_001; n += 1) await transport.send(message())
    expect(server.connections()).toBe(2)
    expect(server.messages).toHaveLength(1_001)
  })

  it('are renewed also when they never stand idle', async () => {
    const server = await startScriptedSmtp(hello)
    const transport = transportTo(server.url)
    await Promise.all(Array.from({ length: 2_001 }, () => transport.send(message())))
    expect(server.connections()).toBe(3)
    expect(server.messages).toHaveLength(2_001)
    expect(server.commands.filter((command) => command === 'QUIT')).toHaveLength(2)
  })

  it.each([
    ['drops', drop],
    ['answers 421', say('421 4.4.2 idle for too long')],
  ])(
    'that the server %s at the second message cost that message nothing, and it is not sent by itself',
    async (_name, step) => {
      const server = await startScriptedSmtp(hello)
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
    const server = await startScriptedSmtp(hello)
    const transport = transportTo(server.url)
    await transport.send(message())
    server.onEach(sayAndEnd('421 4.4.2 idle for too long\r\n'))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await transport.send(message())).kind).toBe('accepted')
    expect(server.connections()).toBe(2)
  })

  it('that the server refuses beside one that works cost no message', async () => {
    const server = await startScriptedSmtp({ ...hello, greeting: inTurn(say('220 hello'), say('421 one is enough')) })
    const transport = transportTo(server.url, 3)
    const outcomes = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => transport.send(message(`n${n}@example.com`))))
    expect(outcomes.map((each) => each.kind)).toEqual(Array.from({ length: 6 }, () => 'accepted'))
    expect(server.messages).toHaveLength(6)
  })

  it('that break after the dot do not carry the message again', async () => {
    const server = await startScriptedSmtp({ ...hello, message: drop })
    const transport = transportTo(server.url, 3)
    const outcomes = await Promise.all([1, 2, 3].map(() => transport.send(message())))
    expect(outcomes.map((each) => each.kind)).toEqual(['uncertain', 'uncertain', 'uncertain'])
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(server.messages).toHaveLength(3)
  })
})

describe('an independent SMTP server', () => {
  const user = { user: 'ada', pass: 'p@ss:word' }
  it.each([
    ['in the clear', { hideSTARTTLS: true }, 'smtp', ''],
    ['after STARTTLS', {}, 'smtp', ''],
    ['after STARTTLS and a login', user, 'smtp', 'ada:p%40ss%3Aword@'],
    ['over TLS', { secure: true }, 'smtps', ''],
    ['over TLS, after a login', { secure: true, ...user }, 'smtps', 'ada:p%40ss%3Aword@'],
  ] satisfies [string, RealOptions, string, string][])(
    'takes messages %s, over a socket of ours',
    async (_name, options, protocol, login) => {
      const real = await startRealServer(options)
      const transport = transportTo(`${protocol}://${login}127.0.0.1:${real.port}?tls.rejectUnauthorized=false`, 2)
      const to = Array.from({ length: 20 }, (_, n) => `n${n}@example.com`)
      const outcomes = await Promise.all(to.map((each) => transport.send(message(each))))
      expect(outcomes.map((each) => each.kind)).toEqual(to.map(() => 'accepted'))
      expect(real.recipients.toSorted()).toEqual(to.toSorted())
      expect(new Set(real.bodies)).toEqual(new Set(['Subject: hi\r\n\r\nhello\r\n']))
      expect(real.isSecure).toEqual(to.map(() => !('hideSTARTTLS' in options)))
      // The library would not say how large the message is.
      expect(real.mailParameters).toEqual(to.map(() => ({ SIZE: '22' })))
    },
  )
})

describe('the whole channel', () => {
  it('sends what it composed', async () => {
    const server = await startScriptedSmtp()
    const channel = createEmailChannel({
      smtpUrl: server.url,
      connections: 3,
      tokens: createTokens(['a secret for tests']),
    })
    const composed = composeUnsigned(channel.compile(campaignLike()))
    expect((await channel.transport.send(composed)).kind).toBe('accepted')
    expect(channel.transport.connections).toBe(3)
    expect(server.commands.slice(1, 3)).toEqual(['MAIL FROM:<news@example.org>', 'RCPT TO:<ada@example.com>'])
    expect(server.messages).toEqual([composed.raw.toString().slice(0, -2)])
    channel.transport.close()
  })
})

interface RealServer {
  port: number
  recipients: string[]
  bodies: string[]
  mailParameters: unknown[]
  isSecure: boolean[]
}

interface RealOptions {
  secure?: boolean
  hideSTARTTLS?: boolean
  user?: string
  pass?: string
}

async function startRealServer({ user, pass, ...options }: RealOptions): Promise<RealServer> {
  const seen = { recipients: [] as string[], bodies: [] as string[], mailParameters: [] as unknown[] }
  const isSecure: boolean[] = []
  const server = new SMTPServer({
    ...options,
    size: 1_000_000,
    authOptional: user === undefined,
    onAuth: (auth, _session, done) =>
      auth.username === user && auth.password === pass
        ? done(null, { user: auth.username })
        : done(new Error('wrong password')),
    onData: (stream, session, done) => {
      seen.recipients.push(...session.envelope.rcptTo.map((each) => each.address))
      seen.mailParameters.push(session.envelope.mailFrom && session.envelope.mailFrom.args)
      isSecure.push(session.secure)
      let body = ''
      stream.on('data', (bytes: Buffer) => (body += bytes.toString()))
      stream.on('end', () => {
        seen.bodies.push(body)
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A client that does not trust the certificate is an error to the server, and what the test wants.
  server.on('error', () => {})
  realServers.push(server)
  const { port } = server.server.address() as { port: number }
  return { port, ...seen, isSecure }
}

const realServers: SMTPServer[] = []
afterEach(() => {
  for (const server of realServers.splice(0)) server.close()
})
