import type { Tokens } from '../../domain/link-token.ts'
import type { OptInNotice, OutgoingMessage } from '../channel.ts'
import { field, mailbox } from './header-value.ts'
import { clock, fullName, linkPrefix, subjectField } from './headers.ts'
import { compileBody } from './mime.ts'
import { optInWords } from './opt-in-words.ts'
import { refuseUnsafeAddress, sealOf } from './seal.ts'
import { checkSender } from './sender.ts'

/**
 * The mail that asks for a confirmation: from the resource's sender and signed like its campaigns, but no bulk mail.
 * There is nothing to unsubscribe from: who does nothing is not subscribed.
 */
export function composeOptIn(notice: OptInNotice, tokens: Tokens): OutgoingMessage | Promise<OutgoingMessage> {
  const { requestId, number, to, category, publicUrl } = notice
  refuseUnsafeAddress(to.address)
  const sender = checkSender(notice.sender)
  const words = optInWords(to.language)
  const link = linkPrefix(publicUrl, 'o') + tokens.sign({ scope: 'opt_in', requestId, contactId: to.contactId })
  const subject = (number === 2 ? words.reminder : '') + words.subject(category, sender.name)
  const told = [words.text(category, sender.name), words.button, link, words.ignore] as const
  const body = compileBody(`opt-in-${requestId}`, {
    text: [textOf(told)],
    html: [htmlOf(words.language, subject, told)],
  })
  const headers =
    `Date: ${clock()()}\r\n` +
    field('From', mailbox(sender.fromName, sender.fromAddress)) +
    (sender.replyTo === null ? '' : field('Reply-To', sender.replyTo)) +
    field('To', mailbox(fullName(to), to.address)) +
    subjectField(subject) +
    `Message-ID: <opt-in-${requestId}.${number}@${sender.domain}>\r\n` +
    // RFC 3834 5: nobody's absence note should answer it.
    'Auto-Submitted: auto-generated\r\n' +
    body.headers
  return sealOf(sender)(to.address, headers, body.write([], []))
}

type Told = readonly [text: string, button: string, link: string, ignore: string]

const textOf = ([text, button, link, ignore]: Told): string => `${text}\n\n${button}:\n${link}\n\n${ignore}\n`

const htmlOf = (language: string, subject: string, [text, button, link, ignore]: Told): string => `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(subject)}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif">
<p>${escaped(text)}</p>
<p style="margin:24px 0"><a href="${escaped(link)}" style="display:inline-block;padding:12px 24px;border-radius:8px;background:#14478f;color:#ffffff;font-weight:600;text-decoration:none">${button}</a></p>
<p>${ignore}</p>
</body>
</html>
`

const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
