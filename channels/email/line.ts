import type { Outcome, OutgoingMessage } from '../channel.ts'

/** A message and who waits for its fate. */
export interface Delivery {
  message: OutgoingMessage
  settle: (outcome: Outcome) => void
}

/** One connection that is logged in and carries messages. It never carries one twice. */
export interface Line {
  /** Open, with nothing under way. */
  isIdle: () => boolean
  /** Goes on as far as it can, and takes the next message if there is room for one. */
  advance: (next: () => Delivery | undefined) => void
  /** Called at every tick of the clock that all lines share. */
  tick: () => void
  /** Says goodbye; for a line that stands idle. */
  quit: () => void
  /** Ends at once. What is under way gets its outcome from how far it had come. */
  close: () => void
}

export interface LineEvents {
  /** `advance` would do something. */
  onReady: () => void
  /** The line is of no more use. Called once. */
  onEnd: () => void
}

/** Limits in ticks of the shared clock. */
export interface Patience {
  /** For the reply to a command. */
  command: number
  /** For the reply to a message: it may be filtered, replicated and written to disk before. */
  message: number
}

/** A server that does not answer QUIT must not keep the process from ending. */
export const longestGoodbyeMs = 5_000
