import { expect } from 'vitest'
import { createTokens } from '../../domain/link-token.ts'
import type { Command } from '../cli/command.ts'
import { eventually } from './eventually.ts'
import { secret } from './spawned-worker.ts'

/** Starts `addressee http`. @returns its URL. */
export async function startHttp(command: Command): Promise<string> {
  const http = command.start(['http'], { env: { ADDRESSEE_HTTP_ADDRESS: '127.0.0.1:0' } })
  return eventually(() => /"url":"([^"]+)"/.exec(http.stdout())?.[1] ?? expect.fail('not started'))
}

const tokens = createTokens([secret])
const atOnce = 16

/**
 * What mail clients do when people press their button (RFC 8058), in this order, 16 at once.
 * @returns for each contact when the answer was here, in milliseconds since 1970: by then it was committed.
 */
export async function pressOneClick(
  httpUrl: string,
  campaignId: string,
  contactIds: string[],
): Promise<Map<string, number>> {
  const answers = new Map<string, number>()
  const waiting = [...contactIds]
  const lane = async (): Promise<void> => {
    for (let contactId = waiting.shift(); contactId !== undefined; contactId = waiting.shift()) {
      const token = tokens.sign({ campaignId, contactId, scope: 'unsubscribe' })
      const response = await fetch(`${httpUrl}/u/${token}`, { method: 'POST', body: 'List-Unsubscribe=One-Click' })
      await response.text()
      expect(response.status).toBe(200)
      answers.set(contactId, performance.timeOrigin + performance.now())
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return answers
}
