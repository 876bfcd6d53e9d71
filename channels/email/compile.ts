import type { Tokens } from '../../domain/link-token.ts'
import { Refusal } from '../../domain/refusal.ts'
import { compileTemplate, type Template, type TemplateScope } from '../../domain/template.ts'
import type { CampaignContent, CompiledCampaign, Content, Recipient } from '../channel.ts'
import { compileHeaders, linkPrefix, subjectField } from './headers.ts'
import { type CompiledBody, compileBody } from './mime.ts'
import { refuseUnsafeAddress, sealOf } from './seal.ts'
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
 * `unsubscribe_url` in a template is the recipient's own link, `preferences_url` that of their preference page. A template
 * that does not use them gets nothing appended: the List-Unsubscribe header is there, unless the resource leaves it out.
 * @throws Refusal for a template, a sender or a public address that could not be sent.
 */
export function compileCampaign(campaign: CampaignContent, tokens: Tokens): CompiledCampaign {
  const sender = checkSender(campaign.sender)
  const unsubscribePrefix = linkPrefix(campaign.publicUrl, 'u')
  const preferencesUrl = preferenceLinks(campaign, tokens)
  const writeHeaders = compileHeaders(campaign.campaignId, sender)
  const contentFor = chooseContent(campaign)
  const seal = sealOf(sender)
  const tokenFor = ({ contactId }: Recipient): string =>
    tokens.sign({ campaignId: campaign.campaignId, contactId, scope: 'unsubscribe' })
  return {
    compose: (recipient) => {
      refuseUnsafeAddress(recipient.address)
      const token = tokenFor(recipient)
      const unsubscribeUrl = unsubscribePrefix + token
      const content = contentFor(recipient.language)
      const scope = scopeOf(campaign, recipient, unsubscribeUrl, preferencesUrl(recipient))
      const headers =
        writeHeaders({ recipient, subjectField: content.subject(scope), token, unsubscribeUrl }) + content.body.headers
      const body = content.body.write(content.text.fill(scope), content.html?.fill(scope) ?? [])
      return seal(recipient.address, headers, body)
    },
  }
}

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

/** Each token is a hash: none is made for a message that does not use it. */
function preferenceLinks(campaign: CampaignContent, tokens: Tokens): (recipient: Recipient) => string {
  const { campaignId, content, publicUrl } = campaign
  const sources = [...content.values()].flatMap(({ subject, text, html }) => [subject, text, html ?? ''])
  if (!sources.some((source) => source.includes('preferences_url'))) return () => ''
  const prefix = linkPrefix(publicUrl, 'p')
  return ({ contactId }) => prefix + tokens.sign({ campaignId, contactId, scope: 'preferences' })
}

const scopeOf = (
  campaign: CampaignContent,
  recipient: Recipient,
  unsubscribeUrl: string,
  preferencesUrl: string,
): TemplateScope => ({
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
  preferences_url: preferencesUrl,
})
