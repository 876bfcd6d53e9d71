import { describe, expect, it } from 'vitest'
import { verifySmtpServer } from '../../channels/email/verify-server.ts'
import { freePort } from '../../dev/free-port.ts'
import { Refusal, Unavailable } from '../../domain/refusal.ts'
import { say, startScriptedSmtp } from '../setup/scripted-smtp.ts'

const login = say('250-test.example.com', '250 AUTH PLAIN')

describe('looking at the server before work begins', () => {
  const problemOf = (url: string): Promise<unknown> =>
    verifySmtpServer(url).then(
      () => null,
      (error: unknown) => error,
    )

  it('is content with a server that lets us in', async () => {
    const server = await startScriptedSmtp()
    expect(await problemOf(server.url)).toBeNull()
    expect(server.commands.filter((command) => command.startsWith('MAIL'))).toEqual([])
  })

  it('says that nobody answers', async () => {
    const port = await freePort()
    const problem = await problemOf(`smtp://user:secret@127.0.0.1:${port}`)
    expect(problem).toBeInstanceOf(Unavailable)
    expect(String(problem)).toContain(`The mail server 127.0.0.1:${port} does not answer: `)
    expect(String(problem)).not.toContain('secret')
  })

  it('says that the login is refused, without the password', async () => {
    const server = await startScriptedSmtp({ EHLO: login, AUTH: say('535 5.7.8 wrong password') })
    const problem = await problemOf(`smtp://user:secret@127.0.0.1:${server.port}`)
    expect(problem).toBeInstanceOf(Refusal)
    expect((problem as Refusal).message).toBe(
      `SMTP_URL: the mail server 127.0.0.1:${server.port} refuses the connection: 535 5.7.8 wrong password. ` +
        'Correct user, password, port or TLS settings in SMTP_URL.',
    )
  })

  it.each([
    '',
    'mail.example.com',
    'http://mail.example.com',
    'smtp://',
    'smtp://%00:secret@/',
    'smtp://a b:secret@c d',
  ])('refuses the URL "%s" without repeating it', async (url) => {
    const problem = await problemOf(url)
    expect(problem).toBeInstanceOf(Refusal)
    expect((problem as Refusal).details.field).toBe('SMTP_URL')
    expect(String(problem)).not.toContain('secret')
  })
})
