import { loadClientConnectConfig } from '@temporalio/envconfig'
import { NativeConnection, Runtime } from '@temporalio/worker'
import type { Logger } from 'pino'
import { stageSecondsBuckets } from '../activities/metrics.ts'
import { Refusal, Unavailable } from '../domain/refusal.ts'
import { temporalLogger } from './logger.ts'

/**
 * Sets up what all Workers of the process share. Must come before any connection to Temporal.
 * @param metricsAddress `host:port` where Prometheus finds the SDK's figures and ours.
 * @throws {Refusal} when that address cannot be listened on.
 */
export function installRuntime(log: Logger, metricsAddress: string | undefined): void {
  try {
    Runtime.install({
      logger: temporalLogger(log),
      // Signals are ours: the order of a shutdown is written in main.ts.
      shutdownSignals: [],
      telemetryOptions: {
        logging: { filter: { core: 'WARN', other: 'ERROR' }, forward: {} },
        ...(metricsAddress === undefined ? {} : { metrics: { prometheus: prometheus(metricsAddress) } }),
      },
    })
  } catch (error) {
    if (metricsAddress === undefined) throw error
    throw new Refusal({
      field: 'ADDRESSEE_METRICS_ADDRESS',
      rule: `the metrics page cannot be served at ${metricsAddress}: ${error instanceof Error ? error.message : String(error)}`,
      remedy: 'Choose a free host:port, or leave the setting out to have no metrics page.',
    })
  }
}

// The names that Temporal's own dashboards expect: ..._total, ..._seconds.
const prometheus = (bindAddress: string) => ({
  bindAddress,
  countersTotalSuffix: true,
  unitSuffix: true,
  useSecondsForDurations: true,
  histogramBucketOverrides: { addressee_stage_seconds: stageSecondsBuckets },
})

export interface TemporalConnection {
  connection: NativeConnection
  namespace: string
}

/**
 * Connects as Temporal's own environment configuration says: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TLS, profiles.
 * @throws Unavailable when nobody answers.
 */
export async function connectTemporal(): Promise<TemporalConnection> {
  const { connectionOptions, namespace } = loadClientConnectConfig()
  const address = connectionOptions.address ?? 'localhost:7233'
  try {
    return { connection: await NativeConnection.connect(connectionOptions), namespace: namespace ?? 'default' }
  } catch (error) {
    const remedy = 'Start a Temporal server there, or set TEMPORAL_ADDRESS.'
    throw new Unavailable(`Temporal does not answer at ${address}`, remedy, error)
  }
}
