import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../channels/channel.ts'
import {
  drop,
  hang,
  inTurn,
  later,
  quiet,
  type Script,
  type Step,
  say,
  sayAndEnd,
  sayInPieces,
  startScriptedSmtp,
} from '../setup/scripted-smtp.ts'
import { message, transportTo } from '../setup/smtp-transport.ts'

// Longer than other files: it is one dialogue, and each point at which it can break has its case beside the others.

const hello = say('250-test.example.com', '250 PIPELINING')
const patience = '?socketTimeout=300'
const queued = say('250 2.0.0 Ok: queued as A1')

/** What becomes of messages handed in at once, over one connection at a time. */
async function fatesOf(count: number, script: Script) {
  const server = await startScriptedSmtp({ EHLO: hello, ...script })
  const transport = transportTo(`${server.url}${patience}`)
  const outcomes = await Promise.all(Array.from({ length: count }, (_, n) => transport.send(numbered(n + 1))))
  const short = outcomes.map((each) => ('code' in each ? `${each.kind} ${each.code}` : each.kind))
  return { ...server, outcomes, short }
}

const numbered = (n: number) => message(`n${n}@example.com`, `${n}\r\n`)
const envelope = (n: number): string => `MAIL FROM:<news@example.org>\r\nRCPT TO:<n${n}@example.com>\r\nDATA\r\n`
const commandsOf = (n: number): string[] => envelope(n).trimEnd().split('\r\n')

describe('the envelope of the next message', () => {
  it('travels right behind a message, in one piece with it', async () => {
    const { chunks, short } = await fatesOf(3, {})
    expect(short).toEqual(['accepted', 'accepted', 'accepted'])
    expect(chunks.slice(1)).toEqual([envelope(1), `1\r\n.\r\n${envelope(2)}`, `2\r\n.\r\n${envelope(3)}`, '3\r\n.\r\n'])
  })

  it('travels at once when the message before it is still being judged', async () => {
    const reached = Promise.withResolvers<Parameters<Step>[0]>()
    const server = await startScriptedSmtp({
      EHLO: hello,
      message: inTurn((socket) => {
        hang(socket)
        reached.resolve(socket)
      }, queued),
    })
    const transport = transportTo(server.url)
    const first = transport.send(numbered(1))
    const socket = await reached.promise
    const second = transport.send(numbered(2))
    await expect.poll(() => server.chunks.at(-1)).toBe(envelope(2))
    socket.destroy()
    expect([(await first).kind, (await second).kind]).toEqual(['uncertain', 'unavailable'])
  })

  it('comes along when it is handed in only after the fate of the message before', async () => {
    const go = ['250 ok', '250 ok', '354 go on']
    const server = await startScriptedSmtp({
      EHLO: hello,
      MAIL: quiet,
      RCPT: quiet,
      // The reply to a message and those to the envelope behind it, at once.
      DATA: inTurn(say(...go), say('250 queued', ...go)),
      message: inTurn(quiet, quiet, quiet, quiet, quiet, queued),
    })
    const transport = transportTo(server.url)
    expect(transport.capacity).toBe(2)
    let next = 1
    const lane = async () => {
      while (next <= 6) {
        expect((await transport.send(numbered(next++))).kind).toBe('accepted')
        // Work between two messages, as far as it waits for nothing outside.
        for (let hop = 0; hop < 20; hop += 1) await Promise.resolve()
      }
    }
    await Promise.all([lane(), lane()])
    const between = [1, 2, 3, 4, 5].map((n) => `${n}\r\n.\r\n${envelope(n + 1)}`)
    expect(server.chunks.slice(1)).toEqual([envelope(1), ...between, '6\r\n.\r\n'])
  })

  it('leaves by another connection when one is being opened', async () => {
    const server = await startScriptedSmtp({ EHLO: hello, greeting: inTurn(say('220 hello'), later(say('220 hello'))) })
    const transport = transportTo(server.url, 2)
    await Promise.all([transport.send(numbered(1)), transport.send(numbered(2))])
    expect(server.chunks.slice(-2)).toEqual([envelope(2), '2\r\n.\r\n'])
    expect(server.connections()).toBe(2)
  })

  it('waits for nothing when there is no other message', async () => {
    const { chunks } = await fatesOf(1, {})
    expect(chunks.slice(1)).toEqual([envelope(1), '1\r\n.\r\n'])
  })
})

describe('replies', () => {
  it.each([1, 2, 3, 5, 7, 11, 20])('in pieces of %i bytes are put together', async (length) => {
    const go = '250 2.1.0 ok\r\n250-2.1.5 the\r\n250 2.1.5 recipient\r\n354 go on\r\n'
    const { short, outcomes, messages } = await fatesOf(2, {
      MAIL: quiet,
      RCPT: quiet,
      DATA: inTurn(sayInPieces(go, length), sayInPieces(`250-wait\r\n250 queued as é1\r\n${go}`, length)),
      message: inTurn(quiet, sayInPieces('250 queued as B2\r\n', length)),
    })
    expect(short).toEqual(['accepted', 'accepted'])
    expect(outcomes.map((each) => each.response)).toEqual(['250-wait 250 queued as é1', '250 queued as B2'])
    expect(messages).toEqual(['1', '2'])
  })

  it('that go on for ever, a byte at a time, are not waited for', async () => {
    const trickle: Step = (socket) => {
      hang(socket)
      const timer = setInterval(() => socket.write('250-more\r\n'), 20)
      socket.on('close', () => clearInterval(timer))
    }
    const { short, messages } = await fatesOf(2, { message: trickle })
    expect(short).toEqual(['uncertain', 'unavailable'])
    expect(messages).toEqual(['1'])
  })

  it('that are longer than any reply is are not waited for', async () => {
    const { short } = await fatesOf(1, { message: say(...Array.from({ length: 10_000 }, () => '250-and so on')) })
    expect(short).toEqual(['uncertain'])
  })
})

describe('a connection that ends with a second envelope on the wire', () => {
  it.each([
    ['after the first message', { message: drop }, ['uncertain', 'unavailable'], 1],
    ['in silence after the first message', { message: hang }, ['uncertain', 'unavailable'], 1],
    ['within the reply to the first message', { message: sayAndEnd('25') }, ['uncertain', 'unavailable'], 1],
    [
      'within a refusal of the first message',
      { message: sayAndEnd('554 5.7.1 sp') },
      ['deferred 554', 'unavailable'],
      1,
    ],
    ['out of step', { message: say('354 go on') }, ['uncertain', 'unavailable'], 1],
    ['with what is no reply', { message: say('what?') }, ['uncertain', 'unavailable'], 1],
    ['with 421 for the first message', { message: say('421 4.3.2 closing') }, ['deferred 421', 'unavailable'], 1],
    ['at the second MAIL', { MAIL: inTurn(say('250 ok'), drop) }, ['accepted', 'unavailable'], 1],
    ['at the second RCPT', { RCPT: inTurn(say('250 ok'), drop) }, ['accepted', 'unavailable'], 1],
    ['at the second DATA', { DATA: inTurn(say('354 go'), drop) }, ['accepted', 'unavailable'], 1],
    ['in silence at the second DATA', { DATA: inTurn(say('354 go'), hang) }, ['accepted', 'unavailable'], 1],
    ['after the second message', { message: inTurn(queued, drop) }, ['accepted', 'uncertain'], 2],
    ['with 421 at the second MAIL', { MAIL: inTurn(say('250 ok'), say('421 bye')) }, ['accepted', 'unavailable'], 1],
    ['with 421 at the second RCPT', { RCPT: inTurn(say('250 ok'), say('421 bye')) }, ['accepted', 'deferred 421'], 1],
    [
      'with 503 at the second MAIL',
      { MAIL: inTurn(say('250 ok'), say('503 nested')) },
      ['accepted', 'deferred 503'],
      1,
    ],
  ] satisfies [string, Script, string[], number][])('%s', async (_name, script, expected, sent) => {
    // Replies that leave together with the end of the connection may be lost with it.
    const calm = Object.fromEntries(Object.entries(script).map(([point, step]) => [point, later(step)]))
    const { short, messages, connections } = await fatesOf(2, calm)
    expect(short).toEqual(expected)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(messages).toEqual(['1', '2'].slice(0, sent))
    expect(connections()).toBe(1)
  })

  it('leaves the messages behind them to another one', async () => {
    const { short, messages, connections } = await fatesOf(4, { message: inTurn(later(drop), queued) })
    expect(short).toEqual(['uncertain', 'unavailable', 'accepted', 'accepted'])
    expect(messages).toEqual(['1', '3', '4'])
    expect(connections()).toBe(2)
  })
})

describe('a message refused between two others', () => {
  const ok = say('250 ok')
  const go = say('354 go on')
  const noUser = say('550 5.1.1 no such user')
  const noRecipients = say('554 5.5.1 no valid recipients')
  const outOfStep = say('503 5.5.1 out of step')

  it.each([
    ['at RCPT and DATA', { RCPT: inTurn(ok, noUser, ok), DATA: inTurn(go, noRecipients, go) }, 'refused 550'],
    ['at RCPT, and DATA out of step', { RCPT: inTurn(ok, noUser, ok), DATA: inTurn(go, outOfStep, go) }, 'refused 550'],
    [
      'at MAIL, and the rest out of step',
      { MAIL: inTurn(ok, say('452 4.3.1 full'), ok), RCPT: inTurn(ok, outOfStep, ok), DATA: inTurn(go, outOfStep, go) },
      'deferred 452',
    ],
    ['at DATA', { DATA: inTurn(go, say('451 4.3.0 no space'), go) }, 'deferred 451'],
  ] satisfies [string, Script, string][])('%s leaves the others alone, after RSET', async (_name, script, fate) => {
    const { short, commands, messages, chunks, connections } = await fatesOf(3, script)
    expect(short).toEqual(['accepted', fate, 'accepted'])
    expect(messages).toEqual(['1', '3'])
    expect(commands.slice(1)).toEqual([...commandsOf(1), ...commandsOf(2), 'RSET', ...commandsOf(3)])
    expect(chunks.at(-2)).toBe(`RSET\r\n${envelope(3)}`)
    expect(connections()).toBe(1)
  })

  it('after its data leaves the others alone', async () => {
    const { short, commands, messages } = await fatesOf(3, { message: inTurn(queued, say('554 5.7.1 spam'), queued) })
    expect(short).toEqual(['accepted', 'refused 554', 'accepted'])
    expect(messages).toEqual(['1', '2', '3'])
    expect(commands).not.toContain('RSET')
  })

  it.each([
    ['takes', queued],
    ['refuses', noRecipients],
  ])('at RCPT only is ended by its dot, and the server %s an empty message for nobody', async (_name, answer) => {
    const { short, messages, chunks } = await fatesOf(3, {
      RCPT: inTurn(ok, noUser, ok),
      message: inTurn(queued, answer, queued),
    })
    expect(short).toEqual(['accepted', 'refused 550', 'accepted'])
    expect(messages).toEqual(['1', '', '3'])
    expect(chunks.slice(-2)).toEqual([`.\r\n${envelope(3)}`, '3\r\n.\r\n'])
  })

  it('at MAIL only ends the connection: nothing is written that could be taken for a message', async () => {
    const { short, messages, connections } = await fatesOf(3, { MAIL: inTurn(ok, say('550 5.7.1 not you'), ok) })
    expect(short).toEqual(['accepted', 'misconfigured 550', 'accepted'])
    expect(messages).toEqual(['1', '3'])
    expect(connections()).toBe(2)
  })

  it('and a RSET that is refused end the connection', async () => {
    const { short, messages } = await fatesOf(3, {
      RCPT: inTurn(ok, noUser, ok),
      DATA: inTurn(go, noRecipients, go),
      RSET: say('500 what?'),
    })
    expect(short).toEqual(['accepted', 'refused 550', 'unavailable'])
    expect(messages).toEqual(['1'])
  })
})

describe('what is written', () => {
  const wireOf = async (raw: Buffer | string, to = 'ada@example.com', extensions: string[] = []) => {
    const server = await startScriptedSmtp({
      EHLO: say('250-test.example.com', ...extensions.map((each) => `250-${each}`), '250 PIPELINING'),
    })
    const outcome = await transportTo(server.url).send({ from: 'news@example.org', to, raw })
    expect(outcome.kind).toBe('accepted')
    return { data: server.chunks.slice(2).join(''), mail: server.commands[1], rcpt: server.commands[2] }
  }

  it.each([
    ['nothing to stuff', 'a\r\nb.\r\n', 'a\r\nb.\r\n.\r\n'],
    ['a dot at the beginning', '.a\r\n', '..a\r\n.\r\n'],
    ['dots at line beginnings', 'a\r\n.\r\n.\r\n..b\r\n', 'a\r\n..\r\n..\r\n...b\r\n.\r\n'],
    ['a dot after a line feed alone', 'a\n.\nb\r\n', 'a\n..\nb\r\n.\r\n'],
    ['one byte', 'x', 'x\r\n.\r\n'],
    ['one dot', '.', '..\r\n.\r\n'],
  ])('%s', async (_name, raw, data) => {
    expect((await wireOf(raw)).data).toBe(data)
    expect((await wireOf(Buffer.from(raw))).data).toBe(data)
  })

  it('every byte, in messages of every length around a piece', async () => {
    // Every value but those of line ends and dots.
    const byteAt = (n: number): number => (n % 200) + 50
    for (const length of [65_530, 65_531, 65_532, 131_063, 131_064, 200_000]) {
      const raw = Buffer.from(Array.from({ length }, (_, n) => byteAt(n)))
      expect((await wireOf(raw)).data).toBe(`${raw.toString('latin1')}\r\n.\r\n`)
    }
  })

  it('what the message needs, as far as the server has announced it', async () => {
    const all = ['SIZE 1000000', '8BITMIME', 'SMTPUTF8']
    const needy = Buffer.from('Subject: é\r\n')
    expect((await wireOf('a\r\n', 'ada@example.com', all)).mail).toBe('MAIL FROM:<news@example.org> SIZE=3')
    const { mail, rcpt } = await wireOf(needy, 'é@example.com', all)
    expect(mail).toBe('MAIL FROM:<news@example.org> SIZE=13 BODY=8BITMIME SMTPUTF8')
    expect(rcpt).toBe(`RCPT TO:<${Buffer.from('é').toString('latin1')}@example.com>`)
    expect((await wireOf(needy, 'é@example.com')).mail).toBe('MAIL FROM:<news@example.org>')
  })

  it.each(['', 'a>b@example.com', 'ada@example.com>\r\nRCPT TO:<eve@example.com'])(
    'is never an address like %j',
    async (to) => {
      const server = await startScriptedSmtp({ EHLO: hello })
      const outcome = await transportTo(server.url).send({ ...message(), to })
      expect(outcome).toEqual({ kind: 'deferred', code: null, response: 'No SMTP command can carry the address' })
      expect(server.connections()).toBe(0)
    },
  )
})

describe('many messages at once', () => {
  const many = Array.from({ length: 10_000 }, (_, n) => numbered(n))

  it('arrive once each', async () => {
    const server = await startScriptedSmtp({ EHLO: hello })
    const transport = transportTo(server.url, 10)
    const outcomes = await Promise.all(many.map((each) => transport.send(each)))
    expect(new Set(outcomes.map((each) => each.kind))).toEqual(new Set(['accepted']))
    expect(server.messages.toSorted()).toEqual(many.map((_, n) => String(n)).toSorted())
  })

  it('have the fate that the server saw, through refusals and connections that break', async () => {
    const ids = new Set<string>()
    let turn = 0
    const server = await startScriptedSmtp({
      EHLO: hello,
      RCPT: (socket) => say((turn += 1) % 7 === 0 ? '550 5.1.1 no such user' : '250 ok')(socket),
      message: (socket) => {
        if ((turn += 1) % 501 === 0) socket.destroy()
        else if (turn % 97 === 0) say('451 4.3.0 later')(socket)
        else say(`250 queued as q${turn}`)(socket)
      },
    })
    const transport = transportTo(server.url, 10)
    const outcomes = await Promise.all(many.map((each) => transport.send(each)))
    const taken = new Map<string, number>()
    for (const id of server.messages.filter((each) => each !== '')) taken.set(id, (taken.get(id) ?? 0) + 1)
    const seen = (kinds: Outcome['kind'][]) =>
      outcomes.flatMap(({ kind }, n) => (kinds.includes(kind) ? [String(n)] : []))
    expect([...taken.values()].every((count) => count === 1)).toBe(true)
    expect(seen(['accepted']).filter((id) => !taken.has(id))).toEqual([])
    expect(seen(['refused', 'unavailable']).filter((id) => taken.has(id))).toEqual([])
    expect(
      outcomes
        .flatMap((each) => (each.kind === 'accepted' && each.serverId !== null ? [each.serverId] : []))
        .every((id) => !ids.has(id) && ids.add(id)),
    ).toBe(true)
    for (const kind of ['accepted', 'refused', 'deferred', 'uncertain'] as const) expect(seen([kind])).not.toEqual([])
  })
})
