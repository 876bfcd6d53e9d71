import { findRecipientLinks, type RecipientLinks } from './recipient-links.ts'
import type { Stack } from './stack.ts'

/** Where to look after the campaign; null where the server is not ours. */
export type Links = Stack['links'] &
  RecipientLinks & {
    httpApi: string
    /** The Temporal UI's list of delayed unsubscribes that run. */
    pendingUnsubscribes: string | null
  }

export async function findLinks({ links, env }: Pick<Stack, 'links' | 'env'>): Promise<Links> {
  const { inbox, temporalUi } = links
  const recipient = inbox === null ? { unsubscribePage: null, preferencePage: null } : await findRecipientLinks(inbox)
  const httpApi = `http://${env['ADDRESSEE_HTTP_ADDRESS']}/v1/openapi.json`
  return { ...links, ...recipient, httpApi, pendingUnsubscribes: temporalUi && pendingFilter(temporalUi) }
}

const pendingFilter = (ui: string): string =>
  `${ui}/namespaces/default/workflows?query=${encodeURIComponent('WorkflowType="unsubscribe" AND ExecutionStatus="Running"')}`

/** For people: a line a link. */
export function linkLines({ temporalUi, ...links }: Links): string[] {
  const lines: [string, string | null][] = [
    ['inbox', links.inbox],
    ['the campaign', temporalUi],
    ['unsubscribe page', links.unsubscribePage],
    ['preference page', links.preferencePage],
    ['about to leave', links.pendingUnsubscribes],
    ['HTTP API', `${links.httpApi} (a key: npm run -s addressee -- api-keys create me --scope admin)`],
  ]
  return lines.filter(([, link]) => link !== null).map(([name, link]) => `  ${name.padEnd(18)}${link}`)
}
