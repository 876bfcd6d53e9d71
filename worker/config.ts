import { z } from 'zod'
import { type Environment, type LogLevel, parseSettings, settings } from '../domain/settings.ts'
import type { PrivateWebhooks } from '../domain/webhook-url.ts'

export interface WorkerConfig {
  databaseUrl: string
  smtpUrl: string
  smtpConnections: number
  publicUrl: string
  /** The first signs, every one verifies. */
  secrets: readonly [string, ...string[]]
  /** `host:port` of the Prometheus page; undefined: none. */
  metricsAddress: string | undefined
  privateWebhooks: PrivateWebhooks
  logLevel: LogLevel
}

const picked = z.object({
  DATABASE_URL: settings.DATABASE_URL,
  SMTP_URL: settings.SMTP_URL,
  ADDRESSEE_SMTP_CONNECTIONS: settings.ADDRESSEE_SMTP_CONNECTIONS,
  ADDRESSEE_PUBLIC_URL: settings.ADDRESSEE_PUBLIC_URL,
  ADDRESSEE_SECRET: settings.ADDRESSEE_SECRET,
  ADDRESSEE_METRICS_ADDRESS: settings.ADDRESSEE_METRICS_ADDRESS,
  ADDRESSEE_PRIVATE_WEBHOOKS: settings.ADDRESSEE_PRIVATE_WEBHOOKS,
  ADDRESSEE_LOG_LEVEL: settings.ADDRESSEE_LOG_LEVEL,
})

/** @throws ConfigError naming everything that is missing or wrong. */
export function parseWorkerConfig(env: Environment): WorkerConfig {
  const parsed = parseSettings(picked, env)
  return {
    databaseUrl: parsed.DATABASE_URL,
    smtpUrl: parsed.SMTP_URL,
    smtpConnections: parsed.ADDRESSEE_SMTP_CONNECTIONS,
    publicUrl: parsed.ADDRESSEE_PUBLIC_URL,
    secrets: parsed.ADDRESSEE_SECRET,
    metricsAddress: parsed.ADDRESSEE_METRICS_ADDRESS,
    privateWebhooks: parsed.ADDRESSEE_PRIVATE_WEBHOOKS,
    logLevel: parsed.ADDRESSEE_LOG_LEVEL,
  }
}
