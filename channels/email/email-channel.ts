import type { Tokens } from '../../domain/link-token.ts'
import type { Channel } from '../channel.ts'
import { compileCampaign } from './compile.ts'
import { composeOptIn } from './opt-in.ts'
import { createSmtpTransport } from './transport.ts'

/** E-mail over SMTP. Opens no connection before the first message. @throws Refusal for an SMTP URL that is none. */
export const createEmailChannel = (options: { smtpUrl: string; connections: number; tokens: Tokens }): Channel => ({
  compile: (campaign) => compileCampaign(campaign, options.tokens),
  composeOptIn: (notice) => composeOptIn(notice, options.tokens),
  transport: createSmtpTransport({ url: options.smtpUrl, connections: options.connections }),
})
