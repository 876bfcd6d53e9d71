import { z } from 'zod'
import type { TemporalOptions } from '../client/temporal.ts'
import { type Environment, hostAndPort, type LogLevel, parseSettings, settings } from '../domain/settings.ts'

export interface HttpConfig {
  databaseUrl: string
  /** The first signs, every one verifies. */
  secrets: readonly [string, ...string[]]
  /** Port 0: any that is free. */
  listen: { host: string; port: number }
  /** Addresses and ranges of proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: string[]
  /** Empty: as Temporal's own environment configuration says. */
  temporal: TemporalOptions
  logLevel: LogLevel
}

const picked = z.object({
  DATABASE_URL: settings.DATABASE_URL,
  ADDRESSEE_SECRET: settings.ADDRESSEE_SECRET,
  ADDRESSEE_HTTP_ADDRESS: settings.ADDRESSEE_HTTP_ADDRESS,
  ADDRESSEE_TRUSTED_PROXIES: settings.ADDRESSEE_TRUSTED_PROXIES,
  ADDRESSEE_LOG_LEVEL: settings.ADDRESSEE_LOG_LEVEL,
})

/** @throws ConfigError naming everything that is missing or wrong. */
export function parseHttpConfig(env: Environment): HttpConfig {
  const parsed = parseSettings(picked, env)
  return {
    databaseUrl: parsed.DATABASE_URL,
    secrets: parsed.ADDRESSEE_SECRET,
    listen: hostAndPort(parsed.ADDRESSEE_HTTP_ADDRESS),
    trustedProxies: parsed.ADDRESSEE_TRUSTED_PROXIES ?? [],
    temporal: {},
    logLevel: parsed.ADDRESSEE_LOG_LEVEL,
  }
}
