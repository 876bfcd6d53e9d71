import type { Tokens } from '../../domain/link-token.ts'
import { Refusal } from '../../domain/refusal.ts'
import { compileTemplate, type Template, type TemplateScope } from '../../domain/template.ts'
import type { CampaignContent, CompiledCampaign, Content, OutgoingMessage, Recipient } from '../channel.ts'
import { type DkimSigner, dkimSigner } from './dkim.ts'
import { compileHeaders, subjectField, unsubscribePrefix } from './headers.ts'
import { type CompiledBody, compileBody } from './mime.ts'
import { checkSender } from './sender.ts'

interface CompiledContent {
  /** The whole header field. */
  subject: (scope: TemplateScope) => string
  text: Template
  html: Template | null
  body: CompiledBody
}

/**
 * Compiles a campaign: templates, headers and MIME structure once, for each recipient only what differs.
 * `unsubscribe_url` in a template is the recipient's own link. A template that does not use it gets nothing
 * appended: the List-Unsubscribe header is there, unless the resource leaves it out.
 * @throws Refusal for a template, a sender or a public address that could not be sent.
 */
export function compileCampaign(campaign: CampaignContent, tokens: Tokens): CompiledCampaign {
  const sender = checkSender(campaign.sender)
  const linkPrefix = unsubscribePrefix(campaign.publicUrl)
  const writeHeaders = compileHeaders(campaign.campaignId, sender)
  const contentFor = chooseContent(campaign)
  const sign = sender.dkim === null ? unsigned : dkimSigner(sender.dkim)
  const senderIsAscii = isAscii(sender.fromAddress) && isAscii(sender.replyTo ?? '')
  const tokenFor = ({ contactId }: Recipient): string =>
    tokens.sign({ campaignId: campaign.campaignId, contactId, scope: 'unsubscribe' })
  return {
    compose: (recipient) => {
      refuseUnsafeAddress(recipient.address)
      const token = tokenFor(recipient)
      const unsubscribeUrl = linkPrefix + token
      const content = contentFor(recipient.language)
      const scope = scopeOf(campaign, recipient, unsubscribeUrl)
      const headers =
        writeHeaders({ recipient, subjectField: content.subject(scope), token, unsubscribeUrl }) + content.body.headers
      const body = content.body.write(content.text.fill(scope), content.html?.fill(scope) ?? [])
      const signedBy = (signature: string): OutgoingMessage => {
        const raw = `${signature}${headers}\r\n${body}`
        // Of all that it holds only an address can be beyond ASCII, and needs SMTPUTF8 then (RFC 6532).
        const isString = senderIsAscii && isAscii(recipient.address)
        return { from: sender.fromAddress, to: recipient.address, raw: isString ? raw : Buffer.from(raw) }
      }
      const signature = sign(headers, body)
      return typeof signature === 'string' ? signedBy(signature) : signature.then(signedBy)
    },
  }
}

const unsigned: DkimSigner = () => ''

/** The recipient's language, else its primary subtag (`pt` for `pt-BR`), else the campaign's default. */
function chooseContent(campaign: CampaignContent): (language: string | null) => CompiledContent {
  const compiled = new Map<string, CompiledContent>()
  for (const [language, content] of campaign.content)
    compiled.set(language.toLowerCase(), compileContent(campaign.campaignId, language, content))
  const fallback = compiled.get(campaign.defaultLanguage.toLowerCase())
  if (fallback === undefined)
    throw new Refusal({
      field: 'message.defaultLanguage',
      rule: `the message has no content in its default language, ${campaign.defaultLanguage}`,
      remedy: `Add it, or choose one of ${[...compiled.keys()].join(', ') || 'the languages that you add'}.`,
    })
  return (language) => {
    const tag = language?.toLowerCase() ?? ''
    return compiled.get(tag) ?? compiled.get(tag.split('-', 1)[0] ?? '') ?? fallback
  }
}

function compileContent(campaignId: string, language: string, content: Content): CompiledContent {
  const path = `message.content.${language}`
  const subject = compileSubject(compileTemplate(content.subject, `${path}.subject`, 'none'))
  const text = compileTemplate(content.text, `${path}.text`, 'none')
  const html = content.html === null ? null : compileTemplate(content.html, `${path}.html`, 'html')
  return { subject, text, html, body: compileBody(campaignId, { text: text.literals, html: html?.literals ?? null }) }
}

function compileSubject(template: Template): (scope: TemplateScope) => string {
  const [literal = '', ...others] = template.literals
  const constant = subjectField(literal)
  return others.length === 0 ? () => constant : (scope) => subjectField(template.render(scope))
}

const scopeOf = (campaign: CampaignContent, recipient: Recipient, unsubscribeUrl: string): TemplateScope => ({
  contact: {
    first_name: recipient.firstName,
    last_name: recipient.lastName,
    external_id: recipient.externalId,
    email: recipient.address,
    language: recipient.language,
    time_zone: recipient.timeZone,
    attributes: recipient.attributes,
  },
  resource: { name: campaign.sender.name },
  campaign: { key: campaign.campaignKey },
  unsubscribe_url: unsubscribeUrl,
  subscription:
    recipient.subscription === undefined
      ? campaign.subscriptionDefaults
      : { ...campaign.subscriptionDefaults, ...recipient.subscription },
})

const isAscii = (address: string): boolean => !/[^\0-\x7f]/.test(address)

/** Addresses are checked when they come in. This is the last gate before a header line and an SMTP command. */
function refuseUnsafeAddress(address: string): void {
  const isSafe = /^[\p{L}\p{N}\p{M}.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$/u.test(address)
  if (!isSafe || Buffer.byteLength(address) > 254) throw new Error('no header can carry the address')
}
