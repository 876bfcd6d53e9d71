import type { Channel } from '../channels/channel.ts'
import type { Db } from '../db/connect.ts'

/** What activities need of the process that they run in. */
export interface DispatchDeps {
  db: Db
  channel: Channel
  /** Where the edge answers, without a slash at the end: the links in the messages lead there. */
  publicUrl: string
  /** Aborts when this process is told to stop: claimed messages are finished or given back, nothing more is claimed. */
  stopping: AbortSignal
}
