import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createCommand } from './command.ts'

const { addressee, folder } = createCommand()
const nobody = 'postgres://nobody@127.0.0.1:1/nothing'
const noAnswer =
  'error: PostgreSQL does not answer: connect ECONNREFUSED 127.0.0.1:1. ' +
  'Check DATABASE_URL, and that the server runs and lets us in.\n'

describe('help', () => {
  test('goes to stdout, names the exit codes, and ends with 0', async () => {
    const { code, stdout, stderr } = await addressee(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const line of ['  0   done', '  64  the command line or the configuration is wrong'])
      expect(stdout).toContain(line)
    for (const command of ['up', 'worker', 'http', 'migrate', 'contacts', 'campaigns'])
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'))
  })

  test('of a command has examples', async () => {
    const { code, stdout } = await addressee(['help', 'contacts'])
    expect({ code, first: stdout.split('\n')[0] }).toEqual({
      code: 0,
      first: 'Usage: addressee contacts [options] [command]',
    })
    expect((await addressee(['campaigns', 'schedule', '--help'])).stdout).toContain('Examples:\n  $ addressee')
  })

  test('the version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await addressee(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })
})

describe('a wrong command line ends with 64 and says what was meant', () => {
  test.each([
    { args: ['campaigns', 'lsit'], says: "error: unknown command 'lsit'\n(Did you mean list?)\n" },
    { args: ['campaigns', 'list', '--jsn'], says: "error: unknown option '--jsn'\n(Did you mean --json?)\n" },
    { args: ['campaigns', 'show'], says: "error: missing required argument 'campaign'\n" },
    {
      args: ['campaigns', 'list', '--limit', 'many'],
      says: "error: option '--limit <number>' argument 'many' is invalid. It must be a whole number from 1 on.\n",
    },
    {
      args: ['contacts', 'import', 'x.csv', '--source', 'x', '--map', 'email'],
      says: `error: option '--map <column=field>' argument 'email' is invalid. Write it as "Column=field".\n`,
    },
    {
      args: ['campaigns', 'preview'],
      says: 'error: give either the key of a campaign, or --resource and what else makes one\n',
    },
  ])('$args', async ({ args, says }) => {
    const { code, stdout, stderr } = await addressee(args, { env: { DATABASE_URL: nobody } })
    expect({ code, stdout, stderr }).toEqual({ code: 64, stdout: '', stderr: `${says}(--help shows what there is)\n` })
  })

  test('a noun alone shows its help on stderr', async () => {
    const { code, stdout, stderr } = await addressee(['campaigns'])
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
    expect(stderr).toContain('Usage: addressee campaigns [options] [command]')
  })
})

describe('configuration', () => {
  test('what is missing is named, before anything is opened', async () => {
    const remedy = 'Set it in the environment or in .env, for example to'
    expect(await addressee(['campaigns', 'list'])).toEqual({
      code: 64,
      stdout: '',
      stderr: `error: DATABASE_URL: is not set. ${remedy} postgres://addressee:password@localhost:5432/addressee.\n`,
    })
    const { code, stderr } = await addressee(['worker'], { env: { DATABASE_URL: nobody } })
    expect(code).toBe(64)
    expect(stderr.split('\n').map((line) => line.split('. ')[0])).toEqual([
      'error: SMTP_URL: is not set',
      'error: ADDRESSEE_PUBLIC_URL: is not set',
      'error: ADDRESSEE_SECRET: is not set',
      '',
    ])
  })

  test('a misspelt setting is an error, not a default', async () => {
    const env = { DATABASE_URL: nobody, ADDRESSEE_SMTP_CONECTIONS: '5' }
    expect(await addressee(['campaigns', 'list'], { env })).toEqual({
      code: 64,
      stdout: '',
      stderr:
        'error: ADDRESSEE_SMTP_CONECTIONS: is not a setting of addressee. Did you mean ADDRESSEE_SMTP_CONNECTIONS?\n',
    })
  })

  test.each(['migrate', 'http'])('%s without PostgreSQL ends with 69', async (command) => {
    const env = { DATABASE_URL: nobody, ADDRESSEE_SECRET: 'a secret for tests only' }
    expect(await addressee([command], { env })).toEqual({ code: 69, stdout: '', stderr: noAnswer })
  })

  test('.env is read, and the environment wins over it', async () => {
    writeFileSync(join(folder, '.env'), `DATABASE_URL=${nobody}\n`)
    const fromFile = await addressee(['campaigns', 'list'])
    const overruled = await addressee(['campaigns', 'list'], { env: { DATABASE_URL: 'mysql://elsewhere' } })
    expect(fromFile).toEqual({ code: 69, stdout: '', stderr: noAnswer })
    expect(overruled.code).toBe(64)
    expect(overruled.stderr).toMatch(/^error: DATABASE_URL: must begin with postgres:\/\/ and name a host\. /)
  })
})
