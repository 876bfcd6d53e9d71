import { rate, runSender, type Timed } from './senders/run-sender.ts'
import { median, round2 } from './stage/figures.ts'
import { say } from './stage/say.ts'
import { startSink } from './stage/sink.ts'
import { connections } from './stage/worker.ts'

const bytes = 4096

const senders = {
  floor: { file: './floor.ts', share: 1 },
  product: { file: './transport-sender.ts', share: 1 },
  // So much slower that fewer messages measure it as well.
  nodemailer: { file: './nodemailer-raw.ts', share: 0.1 },
}
type Name = keyof typeof senders

export interface TransportOptions {
  messages: number
  rounds: number
}

/**
 * The transport alone, against a sink in a process of its own: constant messages of 4 KB over 10 connections, beside
 * a bare client and nodemailer's pool, in alternating rounds. Medians; CPU in microseconds a message.
 */
export async function transport({ messages, rounds }: TransportOptions): Promise<object> {
  const sink = await startSink()
  try {
    const runs: Record<Name, Timed[]> = { floor: [], product: [], nodemailer: [] }
    for (let round = 1; round <= rounds; round += 1)
      for (const [name, { file, share }] of Object.entries(senders) as [Name, (typeof senders)[Name]][]) {
        say(`round ${round} of ${rounds}: ${name}`)
        runs[name].push(await runSender(file, [sink.port, Math.round(share * messages), connections, bytes]))
      }
    return { benchmark: 'transport', messages, connections, bytes, rounds, ...report(runs) }
  } finally {
    sink.stop()
  }
}

function report(runs: Record<Name, Timed[]>): object {
  const of = (name: Name) => ({
    perSecond: median(runs[name].map(rate)),
    cpuMicroseconds: round2(median(runs[name].map((run) => (1e6 * run.cpuSeconds) / run.messages))),
  })
  const [floor, product, nodemailer] = [of('floor'), of('product'), of('nodemailer')]
  return {
    floor,
    product,
    nodemailer,
    cpuAboveFloor: round2(product.cpuMicroseconds - floor.cpuMicroseconds),
    shareOfFloor: round2(product.perSecond / floor.perSecond),
    timesNodemailer: round2(product.perSecond / nodemailer.perSecond),
  }
}
