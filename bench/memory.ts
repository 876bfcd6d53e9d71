import { type Audience, loadAudiences } from './stage/audience.ts'
import { sendCampaign } from './stage/campaign.ts'
import { forgetPeakOf, peakMebibytesOf } from './stage/cpu.ts'
import { say } from './stage/say.ts'
import { onStage, type Stage } from './stage/stage.ts'
import { startWorker, stopWorkers } from './stage/worker.ts'

/** What the larger campaign may take more than the smaller one. */
const limitMebibytes = 50

export interface MemoryOptions {
  recipients: number
  /** Of the campaign that it is compared with. */
  few: number
}

/**
 * The most memory that a worker holds while it sends a campaign, for a large one and for a small one, each in a fresh
 * process. The small one is the floor: what a worker needs for any campaign.
 */
export const memory = ({ recipients, few }: MemoryOptions): Promise<object> =>
  onStage(async (stage) => {
    const [small, large] = [
      { key: 'few', size: few },
      { key: 'everybody', size: recipients },
    ]
    await loadAudiences(stage, [small, large])
    const [floor, product] = [await measure(stage, small), await measure(stage, large)]
    const difference = product.peakMebibytes - floor.peakMebibytes
    return { benchmark: 'memory', floor, product, difference, limitMebibytes, within: difference <= limitMebibytes }
  })

interface Peak {
  recipients: number
  seconds: number
  startMebibytes: number
  peakMebibytes: number
}

async function measure(stage: Stage, audience: Audience): Promise<Peak> {
  const worker = await startWorker(stage)
  try {
    const startMebibytes = await peakMebibytesOf(worker.pid)
    // A start bundles the workflows, which takes more memory for a moment than sending: it would hide the difference.
    await forgetPeakOf(worker.pid)
    const { seconds } = await sendCampaign(stage, { key: audience.key, audience })
    const peakMebibytes = await peakMebibytesOf(worker.pid)
    say(`${audience.size} recipients: ${peakMebibytes} MiB at most, ${startMebibytes} MiB at the start`)
    return { recipients: audience.size, seconds: Math.round(seconds), startMebibytes, peakMebibytes }
  } finally {
    await stopWorkers([worker])
  }
}
