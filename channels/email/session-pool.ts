import { openSession, type Session } from './session.ts'
import type { SmtpSettings } from './smtp-url.ts'

// Servers close what stands idle, some within half a minute; a message handed to a connection in that moment
// would come back as `unavailable`.
const longestIdleMs = 10_000

// Some servers count the messages of a connection and answer 421 at the limit; no usual limit is lower.
const messagesPerSession = 100

interface Idle {
  session: Session
  since: number
}

export interface SessionPool {
  /** One that stands idle, or a new one. @throws SmtpError when none can be opened. */
  take: () => Promise<Session>
  /** Keeps it for the next message, if it is good for one. */
  giveBack: (session: Session) => Promise<void>
  close: () => void
}

/** Sessions that are opened when needed and used again. How many there are at once, its user decides. */
export function createSessionPool(settings: SmtpSettings): SessionPool {
  const idle: Idle[] = []
  const messagesOf = new Map<Session, number>()
  let closed = false

  const open = async (): Promise<Session> => {
    const session = await openSession(settings)
    messagesOf.set(session, 0)
    return session
  }

  const leave = (session: Session): void => {
    messagesOf.delete(session)
    session.quit()
  }

  // The last one first: what is not needed grows old and is left.
  const takeIdle = (): Session | undefined => {
    const last = idle.pop()
    if (last === undefined) return undefined
    if (last.session.isOpen() && Date.now() - last.since < longestIdleMs) return last.session
    leave(last.session)
    return takeIdle()
  }

  return {
    take: async () => takeIdle() ?? (await open()),
    giveBack: async (session) => {
      const isReady = await session.recover()
      const messages = (messagesOf.get(session) ?? 0) + 1
      messagesOf.set(session, messages)
      if (isReady && !closed && messages < messagesPerSession) idle.push({ session, since: Date.now() })
      else leave(session)
    },
    close: () => {
      closed = true
      for (const { session } of idle.splice(0)) leave(session)
      for (const session of messagesOf.keys()) session.close()
    },
  }
}
