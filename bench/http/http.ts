import { createTokens } from '../../domain/link-token.ts'
import { cpuSecondsOf, cpuSecondsOfFamily } from '../stage/cpu.ts'
import { type DatabaseStage, onDatabase } from '../stage/database.ts'
import { median, percentile, round2 } from '../stage/figures.ts'
import { say } from '../stage/say.ts'
import { pidOf } from '../stage/stage.ts'
import { type Edge, startFloor, startProduct } from './edges.ts'
import { freezeRecipients } from './recipients.ts'
import { countRecorded, requireRecorded } from './recorded.ts'
import { type Answers, type Method, requestAll } from './requests.ts'

export interface HttpOptions {
  /** For each method in each round. */
  requests: number
  atOnce: number
  rounds: number
}

const secret = 'a secret of the benchmark'

/**
 * One-click POSTs and GETs of the page to `addressee http`, every one with the link of another recipient, beside a
 * bare server that makes the same rows (bench/http/floor-server.ts), alternating.
 */
export const http = ({ requests, atOnce, rounds }: HttpOptions): Promise<object> =>
  onDatabase([], async (stage) => {
    await using open = new AsyncDisposableStack()
    const campaignId = await freezeRecipients(stage, 2 * (1 + rounds) * requests)
    const floor = await startFloor(stage)
    open.defer(floor.stop)
    const product = await startProduct(stage, secret)
    open.defer(product.stop)
    const measured: Measured[] = []
    for (let round = 0; round <= rounds; round += 1) {
      const links = linksFrom(campaignId, 2 * round * requests, requests)
      const figures = await measure(stage, { floor, product }, links, atOnce)
      // The first round only warms up.
      if (round > 0) measured.push(figures)
    }
    const answers = { get: report(measured, 'GET'), post: report(measured, 'POST') }
    return { benchmark: 'http', requests, atOnce, rounds, ...answers }
  })

type Name = 'floor' | 'product'
type Paths = Record<Name, string[]>

/** The next recipients for the floor, and those behind them for the product: nobody unsubscribes twice. */
function linksFrom(campaignId: string, after: number, count: number): Paths {
  const tokens = createTokens([secret])
  const contacts = (first: number) => Array.from({ length: count }, (_, index) => String(first + index))
  return {
    floor: contacts(after + 1).map((contactId) => `/${campaignId}/${contactId}`),
    product: contacts(after + count + 1).map(
      (contactId) => `/u/${tokens.sign({ campaignId, contactId, scope: 'unsubscribe' })}`,
    ),
  }
}

interface Run extends Answers {
  edgeCpu: number
  postgresCpu: number
}
type Measured = Record<Method, Record<Name, Run>>

async function measure(
  stage: DatabaseStage,
  edges: Record<Name, Edge>,
  paths: Paths,
  atOnce: number,
): Promise<Measured> {
  const run = (method: Method, name: Name) =>
    withCpu(stage, edges[name], () => requestAll(edges[name].url, method, paths[name], atOnce))
  // The pages first: after the button was pressed they would say another thing.
  const get = { floor: await run('GET', 'floor'), product: await run('GET', 'product') }
  const before = await countRecorded(stage)
  const post = { floor: await run('POST', 'floor'), product: await run('POST', 'product') }
  requireRecorded(before, await countRecorded(stage), paths.floor.length + paths.product.length)
  say(`GET: floor ${perSecond(get.floor)}/s, addressee ${perSecond(get.product)}/s`)
  say(`POST: floor ${perSecond(post.floor)}/s, addressee ${perSecond(post.product)}/s`)
  return { GET: get, POST: post }
}

async function withCpu({ folder }: DatabaseStage, { pid }: Edge, work: () => Promise<Answers>): Promise<Run> {
  const postgres = await pidOf(folder, 'postgres')
  const [edgeBefore, postgresBefore] = [await cpuSecondsOf(pid), await cpuSecondsOfFamily(postgres)]
  const answers = await work()
  return {
    ...answers,
    edgeCpu: (await cpuSecondsOf(pid)) - edgeBefore,
    postgresCpu: (await cpuSecondsOfFamily(postgres)) - postgresBefore,
  }
}

const perSecond = ({ seconds, milliseconds }: Answers): number => Math.round(milliseconds.length / seconds)

function report(measured: Measured[], method: Method): object {
  const of = (name: Name) => {
    const runs = measured.map((each) => each[method][name])
    const middle = (figure: (run: Run) => number) => median(runs.map(figure))
    const micros = (seconds: number, { milliseconds }: Run) => Math.round((1e6 * seconds) / milliseconds.length)
    return {
      perSecond: middle(perSecond),
      p50Milliseconds: round2(middle((run) => percentile(run.milliseconds, 50))),
      p99Milliseconds: round2(middle((run) => percentile(run.milliseconds, 99))),
      edgeMicroseconds: middle((run) => micros(run.edgeCpu, run)),
      postgresMicroseconds: middle((run) => micros(run.postgresCpu, run)),
    }
  }
  const [floor, product] = [of('floor'), of('product')]
  return { floor, product, shareOfFloor: round2(product.perSecond / floor.perSecond) }
}
