import { expect, test } from 'vitest'
import { z } from 'zod'
import { ConfigError, type Environment, hostAndPort, parseSettings, settings } from '../../domain/settings.ts'
import { parseHttpConfig } from '../../http/config.ts'

const good = { DATABASE_URL: 'postgres://me:hunter2@db/addressee', ADDRESSEE_SECRET: 'sixteen letters!' }
const all = z.object(settings)

function refused(env: Environment, schema: z.ZodObject = all): ConfigError {
  try {
    parseSettings(schema, env)
  } catch (error) {
    if (error instanceof ConfigError) return error
  }
  throw new Error('these settings should have been refused')
}
const problemsOf = (env: Environment, schema?: z.ZodObject): string[] =>
  refused(env, schema).problems.map(({ field, rule }) => `${field} ${rule}`)
const problemsWith = (name: string, value: string): string[] =>
  problemsOf({ [name]: value }, z.object({ [name]: settings[name as keyof typeof settings] }))

test('the edge needs a database and a secret; the rest has defaults', () => {
  expect(parseHttpConfig(good)).toEqual({
    databaseUrl: good.DATABASE_URL,
    secrets: [good.ADDRESSEE_SECRET],
    temporal: {},
    listen: { host: '127.0.0.1', port: 8080 },
    trustedProxies: [],
    logLevel: 'info',
  })
})

test('several secrets, an IPv6 address, and settings of the other processes', () => {
  const config = parseHttpConfig({
    ...good,
    ADDRESSEE_SECRET: 'the newest of them, the one before that',
    ADDRESSEE_HTTP_ADDRESS: '[::1]:0',
    ADDRESSEE_TRUSTED_PROXIES: '192.0.2.7, 10.0.0.0/8,fd00::/8',
    ADDRESSEE_LOG_LEVEL: 'debug',
    ADDRESSEE_SMTP_CONNECTIONS: '3',
    SMTP_URL: 'smtp://mail',
    PATH: '/usr/bin',
  })
  expect(config.secrets).toEqual(['the newest of them', 'the one before that'])
  expect(config.listen).toEqual({ host: '::1', port: 0 })
  expect(config.logLevel).toBe('debug')
  expect(config.trustedProxies).toEqual(['192.0.2.7', '10.0.0.0/8', 'fd00::/8'])
})

test('every problem is told at once, with its remedy', () => {
  const env = { ADDRESSEE_SECRET: 'short', ADDRESSEE_HTTP_ADDRESS: '8080', ADDRESSEE_LOG_LEVL: 'info' }
  expect(() => parseHttpConfig(env)).toThrow(
    new ConfigError([
      {
        field: 'DATABASE_URL',
        rule: 'is not set',
        remedy:
          'Set it in the environment or in .env, for example to postgres://addressee:password@localhost:5432/addressee.',
      },
      {
        field: 'ADDRESSEE_SECRET',
        rule: 'must be secrets of at least 16 characters each',
        remedy: 'Set it in the environment or in .env, for example to the output of `openssl rand -hex 32`.',
      },
      {
        field: 'ADDRESSEE_HTTP_ADDRESS',
        rule: 'must be host:port',
        remedy: 'Set it in the environment or in .env, for example to 127.0.0.1:8080.',
      },
      {
        field: 'ADDRESSEE_LOG_LEVL',
        rule: 'is not a setting of addressee',
        remedy: 'Did you mean ADDRESSEE_LOG_LEVEL?',
      },
    ]),
  )
})

test('a name that resembles none lists those there are', () => {
  expect(() => parseHttpConfig({ ...good, ADDRESSEE_QUEUE_THINGS: '1' })).toThrow(
    'ADDRESSEE_QUEUE_THINGS: is not a setting of addressee. Remove it. Known are ADDRESSEE_PUBLIC_URL, ADDRESSEE_SECRET,',
  )
})

test('no message holds a secret', () => {
  const env = {
    DATABASE_URL: 'mysql://me:hunter2@db',
    ADDRESSEE_SECRET: 'long enough to be one, hunter2',
    SMTP_URL: 'https://me:hunter2@mail',
    ADDRESSEE_PUBLIC_URL: 'https://hunter2?x',
    ADDRESSEE_SECRETT: 'hunter2',
  }
  const { problems, message } = refused(env)
  expect(problems.map(({ field }) => field).toSorted()).toEqual(Object.keys(env).toSorted())
  expect(message).not.toContain('hunter2')
})

test('a blank in .env is a setting that is not set', () => {
  expect(problemsOf({ ...good, DATABASE_URL: '' }, z.object({ DATABASE_URL: settings.DATABASE_URL }))).toEqual([
    'DATABASE_URL is not set',
  ])
  expect(parseHttpConfig({ ...good, ADDRESSEE_LOG_LEVEL: '' }).logLevel).toBe('info')
})

test.each([
  ['ADDRESSEE_SMTP_CONNECTIONS', '0', 'must be a whole number from 1 to 200'],
  ['ADDRESSEE_SMTP_CONNECTIONS', '201', 'must be a whole number from 1 to 200'],
  ['ADDRESSEE_SMTP_CONNECTIONS', '1e2', 'must be a whole number from 1 to 200'],
  ['ADDRESSEE_SMTP_CONNECTIONS', '-1', 'must be a whole number from 1 to 200'],
  ['ADDRESSEE_METRICS_ADDRESS', '9464', 'must be host:port'],
  ['ADDRESSEE_METRICS_ADDRESS', '::1:9464', 'must be host:port'],
  ['ADDRESSEE_HTTP_ADDRESS', 'localhost:65536', 'must have a port of at most 65535'],
  ['ADDRESSEE_TRUSTED_PROXIES', 'balancer', 'must be addresses or ranges such as 10.0.0.0/8, comma separated'],
  ['ADDRESSEE_TRUSTED_PROXIES', '10.0.0.0/33', 'must be addresses or ranges such as 10.0.0.0/8, comma separated'],
  ['ADDRESSEE_TRUSTED_PROXIES', '10.0.0.1,', 'must be addresses or ranges such as 10.0.0.0/8, comma separated'],
  ['ADDRESSEE_LOG_LEVEL', 'loud', 'must be trace, debug, info, warn, error or fatal'],
  ['ADDRESSEE_PUBLIC_URL', 'mail.example.com', 'must begin with https:// and name a host'],
  ['ADDRESSEE_PUBLIC_URL', 'https://mail.example.com/?a', 'must have neither query nor fragment'],
  ['ADDRESSEE_SECRET', 'the newest of them,', 'must be secrets of at least 16 characters each'],
])('%s = %s is refused', (name, value, rule) => {
  expect(problemsWith(name, value)).toEqual([`${name} ${rule}`])
})

test('values become what they mean', () => {
  const { ADDRESSEE_PUBLIC_URL, ADDRESSEE_SMTP_CONNECTIONS } = settings
  expect(
    parseSettings(z.object({ ADDRESSEE_PUBLIC_URL, ADDRESSEE_SMTP_CONNECTIONS }), {
      ADDRESSEE_PUBLIC_URL: 'https://mail.example.com/news/',
      ADDRESSEE_SMTP_CONNECTIONS: '200',
    }),
  ).toEqual({ ADDRESSEE_PUBLIC_URL: 'https://mail.example.com/news', ADDRESSEE_SMTP_CONNECTIONS: 200 })
  expect(hostAndPort('mail.example.com:25')).toEqual({ host: 'mail.example.com', port: 25 })
})

test('every setting says what it is for and gives an example', () => {
  for (const setting of Object.values(settings))
    expect(setting.meta()).toMatchObject({ description: expect.any(String), example: expect.any(String) })
})
