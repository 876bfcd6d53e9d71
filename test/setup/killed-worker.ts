import type { FaultSink } from './fault-sink.ts'
import type { FaultWorker } from './fault-site.ts'

const connectionsOfAWorker = 10

/** `kill -9`. @returns how many recipients it may leave `unknown`: two for each connection, and 50 ms of its sending. */
export async function killWorker(worker: FaultWorker, sink: FaultSink): Promise<number> {
  const killedAt = Date.now()
  worker.process.kill('SIGKILL')
  await worker.ended
  return Math.ceil(2 * connectionsOfAWorker + 0.05 * ratePerSecond(worker.name, sink, killedAt))
}

/** Messages that the sink took from it in the last half second, or since its first if that was less. */
function ratePerSecond(client: string, sink: FaultSink, at: number): number {
  const instants = sink.accepted().flatMap((message) => (message.client === client ? [message.acceptedAt] : []))
  const since = Math.max(at - 500, Math.min(instants[0] ?? at, at - 50))
  return (1000 * instants.filter((instant) => instant > since && instant <= at).length) / (at - since)
}
