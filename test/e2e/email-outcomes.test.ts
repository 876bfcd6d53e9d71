import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../channels/channel.ts'
import {
  dialogues,
  drop,
  hang,
  type Script,
  say,
  sayAndEnd,
  sayInPieces,
  startScriptedSmtp,
} from '../setup/scripted-smtp.ts'
import { fateAgainst, message, transportTo } from '../setup/smtp-transport.ts'

const login = say('250-test.example.com', '250 AUTH PLAIN')
const patience = '?socketTimeout=300&greetingTimeout=300'

describe.each(dialogues)('%s', (_dialogue, hello) => {
  describe('a message that the server takes', () => {
    it('is accepted with its queue id', async () => {
      const { outcome, messages, commands } = await fateAgainst(hello)
      expect(outcome).toEqual({ kind: 'accepted', serverId: '4WfXyZ1', response: '250 2.0.0 Ok: queued as 4WfXyZ1' })
      expect(messages).toEqual(['Subject: hi\r\n\r\nhello'])
      expect(commands.slice(1)).toEqual(['MAIL FROM:<news@example.org>', 'RCPT TO:<ada@example.com>', 'DATA'])
    })

    it.each([
      ['250 OK id=1tAbCd-0002xy-3K', '1tAbCd-0002xy-3K'],
      ['250 2.0.0 4AIMx0aB012345 Message accepted for delivery', '4AIMx0aB012345'],
      ['250 2.6.0 <id@host> [InternalId=123] Queued mail for delivery', null],
      ['250 thanks', null],
    ])('%s', async (reply, serverId) => {
      const { outcome } = await fateAgainst({ ...hello, message: say(reply) })
      expect(outcome).toEqual({ kind: 'accepted', serverId, response: reply })
    })

    it('is accepted from replies of several lines, in single bytes, and cut to what a ledger needs', async () => {
      const inBytes = await fateAgainst({
        ...hello,
        message: sayInPieces('250-2.0.0 thank\r\n250 2.0.0 queued as AB12\r\n', 1),
      })
      expect(inBytes.outcome).toEqual({
        kind: 'accepted',
        serverId: 'AB12',
        response: '250-2.0.0 thank 250 2.0.0 queued as AB12',
      })
      const long = await fateAgainst({ ...hello, message: say(`250 ${'é'.repeat(600)}\u0000`) })
      expect(long.outcome).toEqual({ kind: 'accepted', serverId: null, response: `250 ${'é'.repeat(496)}` })
    })

    it('arrives whole: dots, long bodies, every byte', async () => {
      const server = await startScriptedSmtp(hello)
      const body = `.\r\n..\r\n.x\r\n${'a line of text\r\n'.repeat(20_000)}end`
      await transportTo(server.url).send(message('ada@example.com', `Subject: x\r\n\r\n${body}\r\n`))
      const received = server.messages.map((each) => each.replaceAll(/^\./gm, ''))
      expect(received).toEqual([`Subject: x\r\n\r\n${body}`])
    })
  })

  describe('a reply at each point', () => {
    const refused = (code: number, response: string, addressIsDead = false): Outcome => ({
      kind: 'refused',
      code,
      response,
      addressIsDead,
    })
    const deferred = (code: number, response: string): Outcome => ({ kind: 'deferred', code, response })
    const unavailable = (response: string): Outcome => ({ kind: 'unavailable', response })
    const misconfigured = (code: number, response: string): Outcome => ({ kind: 'misconfigured', code, response })

    // Every reply is also given to a client that sends the whole envelope at once; there, a server that has refused the
    // recipient may take DATA all the same, and gets an empty message for nobody.
    const cases: [keyof Script, string, (code: number, response: string) => Outcome][] = [
      ['greeting', '421 4.3.2 busy', (_, response) => unavailable(response)],
      ['greeting', '450 4.3.2 later', (_, response) => unavailable(response)],
      ['greeting', '554 5.7.1 you are listed', misconfigured],
      ['EHLO', '421 4.3.2 busy', (_, response) => unavailable(response)],
      ['MAIL', '421 4.4.2 closing', (_, response) => unavailable(response)],
      ['MAIL', '451 4.3.0 try later', deferred],
      ['MAIL', '530 5.7.0 authentication required', misconfigured],
      ['MAIL', '550 5.7.1 sender not allowed', misconfigured],
      ['MAIL', '553 sender rejected', misconfigured],
      ['MAIL', '552 5.3.4 too large', refused],
      ['MAIL', '550 5.6.7 address needs SMTPUTF8', refused],
      ['RCPT', '550 5.1.1 no such user', (code, response) => refused(code, response, true)],
      ['RCPT', '550-5.1.1 no', (code, response) => refused(code, `${response} 550 5.1.1 such user`, true)],
      ['RCPT', '553 5.1.3 bad syntax', (code, response) => refused(code, response, true)],
      ['RCPT', '556 5.1.10 accepts no mail', (code, response) => refused(code, response, true)],
      ['RCPT', '550 5.1.8 bad sender system', refused],
      ['RCPT', '550 5.7.1 policy', refused],
      ['RCPT', '552 5.2.2 mailbox full', refused],
      ['RCPT', '550 no such user', refused],
      ['RCPT', '530 5.7.0 must issue STARTTLS first', misconfigured],
      ['RCPT', '554 5.7.1 <ada@example.com>: Relay access denied', misconfigured],
      ['RCPT', '450 4.2.0 greylisted', deferred],
      ['RCPT', '452 4.5.3 too many recipients', deferred],
      ['RCPT', '421 4.7.0 slow down', deferred],
      ['DATA', '451 4.3.0 no space', deferred],
      ['DATA', '503 5.5.1 out of step', deferred],
      ['DATA', '554 5.5.1 no valid recipients', refused],
      ['DATA', '421 4.3.2 closing', deferred],
      ['message', '451 4.7.1 later', deferred],
      ['message', '421 4.3.2 closing', deferred],
      ['message', '554 5.7.1 spam', refused],
      ['message', '550 5.1.1 gone', (code, response) => refused(code, response, true)],
    ]
    it.each(cases)('%s %s', async (point, reply, expected) => {
      const lines = reply.includes('-5') ? [reply, '550 5.1.1 such user'] : [reply]
      const { outcome } = await fateAgainst({ ...hello, [point]: say(...lines) })
      expect(outcome).toEqual(expected(Number(reply.slice(0, 3)), reply))
    })

    it('is the same when the server refuses DATA after the recipient', async () => {
      const script = { RCPT: say('550 5.1.1 no such user'), DATA: say('554 5.5.1 no valid recipients') }
      const { outcome, messages } = await fateAgainst({ ...hello, ...script })
      expect(outcome).toEqual(refused(550, '550 5.1.1 no such user', true))
      expect(messages).toEqual([])
    })

    it('a failed login is ours, a login that fails for now is the server’s', async () => {
      const withLogin = async (reply: string) => {
        const server = await startScriptedSmtp({ EHLO: login, AUTH: say(reply) })
        const outcome = await transportTo(`smtp://user:secret%20word@127.0.0.1:${server.port}`).send(message())
        expect(server.commands.some((command) => command.startsWith('MAIL'))).toBe(false)
        return outcome
      }
      expect(await withLogin('535 5.7.8 wrong password')).toEqual(misconfigured(535, '535 5.7.8 wrong password'))
      expect(await withLogin('454 4.7.0 directory is down')).toEqual(unavailable('454 4.7.0 directory is down'))
    })
  })

  describe('a connection that ends', () => {
    it.each([
      ['before the greeting', { greeting: drop }],
      ['in silence before the greeting', { greeting: hang }],
      ['at EHLO', { EHLO: drop }],
      ['at MAIL', { MAIL: drop }],
      ['at RCPT', { RCPT: drop }],
      ['at DATA', { DATA: drop }],
      ['at DATA in silence', { DATA: hang }],
      ['at DATA within a reply', { DATA: sayAndEnd('35') }],
    ] satisfies [string, Script][])('%s left nothing behind', async (_name, script) => {
      const { outcome, messages } = await fateAgainst({ ...hello, ...script }, patience)
      expect(outcome.kind).toBe('unavailable')
      expect(messages).toEqual([])
    })

    it.each([
      ['before the reply', { message: drop }],
      ['in silence', { message: hang }],
      ['within the reply', { message: sayAndEnd('25') }],
      ['within an acceptance', { message: sayAndEnd('250 2.0.0 Ok: queued as 4Wf') }],
      ['after the first line of a reply', { message: sayAndEnd('250-2.0.0 Ok\r\n') }],
      ['with a reply that is none', { message: say('what?') }],
      ['with a reply that is out of step', { message: say('354 go on') }],
    ] satisfies [string, Script][])('after the dot %s leaves the fate uncertain', async (_name, script) => {
      const { outcome, messages } = await fateAgainst({ ...hello, ...script }, patience)
      expect(outcome.kind).toBe('uncertain')
      expect(messages).toHaveLength(1)
    })

    it('within a refusal after the dot is a refusal for now', async () => {
      const { outcome } = await fateAgainst({ ...hello, message: sayAndEnd('554 5.7.1 spa') })
      expect(outcome).toEqual({ kind: 'deferred', code: 554, response: '554 5.7.1 spa' })
    })

    it('in the middle of a message is known not to have delivered it', async () => {
      const server = await startScriptedSmtp({
        ...hello,
        DATA: (socket) => {
          socket.write('354 go on\r\n')
          socket.pause()
          setTimeout(() => socket.resetAndDestroy(), 100)
        },
      })
      const outcome = await transportTo(server.url).send(message('ada@example.com', 'x'.repeat(40_000_000)))
      expect(outcome).toMatchObject({ kind: 'deferred', code: null })
      expect(server.messages).toEqual([])
    })

    it('by our own close leaves no message without an outcome', async () => {
      const reached = Promise.withResolvers<void>()
      const server = await startScriptedSmtp({ ...hello, message: () => reached.resolve() })
      const transport = transportTo(server.url)
      const outcome = transport.send(message())
      await reached.promise
      transport.close()
      expect((await outcome).kind).toBe('uncertain')
      expect(await transport.send(message())).toEqual({ kind: 'unavailable', response: 'The transport is closed' })
    })
  })
})
