import { z } from 'zod'
import { closestName } from './closest-name.ts'
import type { RefusalDetails } from './refusal.ts'

/** Below this an attacker who holds one link could try secrets until its signature fits. */
const shortestSecret = 16

const url = (schemes: readonly string[]) =>
  z.string().regex(new RegExp(`^(${schemes.join('|')})://\\S+$`), `must begin with ${schemes[0]}:// and name a host`)

const secret = z.string().min(shortestSecret, `must be secrets of at least ${shortestSecret} characters each`)

/** `host:port`; an IPv6 host stands in brackets; port 0 means any that is free. */
const address = z
  .string()
  .regex(/^(\[[\da-f:.]+\]|[^\s:[\]]+):\d{1,5}$/i, 'must be host:port')
  .refine((value) => hostAndPort(value).port <= 65_535, 'must have a port of at most 65535')

const proxy = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'must be addresses or ranges such as 10.0.0.0/8, comma separated',
})

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be a whole number from ${least} to ${most}`)

/**
 * Every environment variable of the project, with what it is for. Each process picks those it needs.
 * TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and the other TEMPORAL_* are read by Temporal's own envconfig.
 */
export const settings = {
  DATABASE_URL: url(['postgres', 'postgresql']).meta({
    description: 'The PostgreSQL database that holds everything.',
    example: 'postgres://addressee:password@localhost:5432/addressee',
  }),
  SMTP_URL: url(['smtp', 'smtps']).meta({
    description: 'The mail server that messages are handed to; smtps:// for TLS from the first byte.',
    example: 'smtp://user:password@mail.example.com:587',
  }),
  ADDRESSEE_PUBLIC_URL: url(['https', 'http'])
    .refine((value) => !/[?#]/.test(value), 'must have neither query nor fragment')
    .transform((value) => value.replace(/\/+$/, ''))
    .meta({
      description: 'Where recipients reach `addressee http`; unsubscribe links begin with it.',
      example: 'https://mail.example.com',
    }),
  ADDRESSEE_SECRET: z
    .string()
    .transform((value) => value.split(',').map((each) => each.trim()))
    .pipe(z.tuple([secret], secret))
    .meta({
      description:
        'Signs unsubscribe links and consent documents. Several, comma separated: the first signs, every one verifies.',
      example: 'the output of `openssl rand -hex 32`',
    }),
  ADDRESSEE_SMTP_CONNECTIONS: wholeNumber(1, 200)
    .default(10)
    .meta({ description: 'Connections to the mail server per worker process.', example: '10' }),
  ADDRESSEE_METRICS_ADDRESS: address
    .optional()
    .meta({ description: 'Where the worker answers Prometheus; unset: nowhere.', example: '127.0.0.1:9464' }),
  ADDRESSEE_HTTP_ADDRESS: address
    .default('127.0.0.1:8080')
    .meta({ description: 'Where `addressee http` listens.', example: '127.0.0.1:8080' }),
  ADDRESSEE_PRIVATE_WEBHOOKS: z.enum(['refuse', 'allow'], { error: 'must be refuse or allow' }).default('refuse').meta({
    description: 'Whether webhooks may lead to private addresses, and by http://. For development.',
    example: 'allow',
  }),
  ADDRESSEE_TRUSTED_PROXIES: z
    .string()
    .transform((value) => value.split(',').map((each) => each.trim()))
    .pipe(z.array(proxy))
    .optional()
    .meta({
      description:
        'Addresses and ranges (CIDR) of proxies before `addressee http`, comma separated: whose X-Forwarded-For is believed.',
      example: '10.0.0.0/8,fd00::/8',
    }),
  ADDRESSEE_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], {
      error: 'must be trace, debug, info, warn, error or fatal',
    })
    .default('info')
    .meta({ description: 'The least severe messages that are logged.', example: 'info' }),
}

export type LogLevel = z.output<(typeof settings)['ADDRESSEE_LOG_LEVEL']>

/** The environment as a process finds it; an empty value counts as not set, as in a `.env` with a blank. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Configuration that no process can start with: every problem at once. Exit code 64 at the command line. */
export class ConfigError extends Error {
  readonly problems: RefusalDetails[]

  constructor(problems: RefusalDetails[]) {
    super(problems.map(({ field, rule, remedy }) => `${field}: ${rule}. ${remedy}`).join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Reads the settings that a process picked: `parseSettings(z.object({ DATABASE_URL: settings.DATABASE_URL }), env)`.
 * No message holds a value: some of them are secrets.
 * @throws ConfigError naming every setting that is missing or wrong, and every `ADDRESSEE_*` that nobody knows.
 */
export function parseSettings<S extends z.ZodObject>(schema: S, env: Environment): z.output<S> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const result = schema.safeParse(given)
  const wrong = (result.error?.issues ?? []).map((issue) => problemOf(String(issue.path[0]), issue.message, given))
  const problems = [...new Map(wrong.map((each) => [each.field + each.rule, each])).values(), ...unknownNames(env)]
  if (!result.success || problems.length > 0) throw new ConfigError(problems)
  return result.data
}

function problemOf(field: string, rule: string, given: Environment): RefusalDetails {
  const example = String(settings[field as keyof typeof settings].meta()?.['example'])
  return {
    field,
    rule: given[field] === undefined ? 'is not set' : rule,
    remedy: `Set it in the environment or in .env, for example to ${example}.`,
  }
}

function unknownNames(env: Environment): RefusalDetails[] {
  const known = Object.keys(settings)
  return Object.keys(env)
    .filter((name) => name.startsWith('ADDRESSEE_') && !known.includes(name))
    .map((name) => {
      const meant = closestName(name, known)
      const all = `Known are ${known.filter((each) => each.startsWith('ADDRESSEE_')).join(', ')}.`
      return {
        field: name,
        rule: 'is not a setting of addressee',
        remedy: meant === null ? `Remove it. ${all}` : `Did you mean ${meant}?`,
      }
    })
}

/** Takes `host:port` apart; the brackets of an IPv6 host are dropped, as sockets want it. */
export function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) }
}
