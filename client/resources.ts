import { z } from 'zod'
import type { Connection } from '../db/connect.ts'
import { createResource, listResources } from '../db/resources.ts'
import { keyPattern } from '../domain/category-key.ts'
import { Refusal } from '../domain/refusal.ts'
import {
  checkListId,
  checkSenderAddress,
  type DkimKey,
  type DkimSettings,
  readDkimKey,
} from '../domain/sender-rules.ts'

export interface NewResource {
  /** Immutable; campaigns and categories name the resource by it. */
  key: string
  name: string
  fromName: string
  fromAddress: string
  replyTo?: string
  /** What List-ID shows to people, such as "Acme News" (no angle brackets). */
  listLabel: string
  /** What List-ID identifies the list by, such as `news.acme.example` (RFC 2919). */
  listId: string
  /**
   * Signs the mail, with an RSA key of at least 1024 bits (RFC 8301 recommends 2048) or an Ed25519 key (RFC 8463), in PEM
   * form. RSA is what every receiver can verify.
   */
  dkim?: DkimSettings
}

export interface Resource {
  id: string
  key: string
  name: string
  fromName: string
  fromAddress: string
  replyTo: string | null
  listLabel: string
  listId: string
  dkimDomain: string | null
  dkimSelector: string | null
}

const schema = z.strictObject({
  key: z.string().max(100).regex(keyPattern, 'must be lower-case letters, digits and single hyphens'),
  name: z.string().min(1).max(200),
  fromName: z.string().min(1).max(200),
  fromAddress: z.string(),
  replyTo: z.string().optional(),
  listLabel: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^<>]*$/, 'must hold no angle brackets'),
  listId: z.string(),
  dkim: z.strictObject({ domain: z.string(), selector: z.string(), privateKey: z.string() }).optional(),
})

/** On whose behalf messages go out. */
export class Resources {
  readonly #database: Connection

  constructor(database: Connection) {
    this.#database = database
  }

  /**
   * Creates a resource. A key that is taken is that resource, unchanged.
   * @returns warnings: what receivers may hold against the mail.
   * @throws {Refusal} naming the field that cannot be.
   */
  async create(resource: NewResource): Promise<{ id: string; key: string; created: boolean; warnings: string[] }> {
    const parsed = schema.safeParse(resource)
    if (!parsed.success) throw refusalOf(parsed.error)
    const { key, name, fromName, listLabel, listId, dkim } = parsed.data
    const dkimKey = dkim === undefined ? null : readDkimKey(dkim, 'dkim')
    const fromAddress = checkSenderAddress(parsed.data.fromAddress, 'fromAddress')
    const row = {
      key,
      name,
      from_name: fromName,
      from_address: fromAddress,
      reply_to: parsed.data.replyTo === undefined ? null : checkSenderAddress(parsed.data.replyTo, 'replyTo'),
      list_label: listLabel,
      list_id: checkListId(listId, 'listId').toLowerCase(),
      dkim_domain: dkim?.domain ?? null,
      dkim_selector: dkim?.selector ?? null,
      dkim_private_key: dkim?.privateKey ?? null,
    }
    const created = await createResource(this.#database.db, row)
    return { ...created, key, warnings: [...warningsOf(fromAddress, listId, dkim?.domain), ...keyWarnings(dkimKey)] }
  }

  async list(): Promise<Resource[]> {
    const rows = await listResources(this.#database.db)
    return rows.map((row) => ({
      id: row.id,
      key: row.key,
      name: row.name,
      fromName: row.from_name,
      fromAddress: row.from_address,
      replyTo: row.reply_to,
      listLabel: row.list_label,
      listId: row.list_id,
      dkimDomain: row.dkim_domain,
      dkimSelector: row.dkim_selector,
    }))
  }
}

function refusalOf(error: z.ZodError): Refusal {
  const [issue] = error.issues
  const field = issue?.path.join('.') || (issue?.code === 'unrecognized_keys' ? (issue.keys[0] ?? '') : '')
  return new Refusal({ field, rule: issue?.message ?? 'is wrong', remedy: 'Correct it and create the resource again.' })
}

function warningsOf(fromAddress: string, listId: string, dkimDomain: string | undefined): string[] {
  const sender = fromAddress.slice(fromAddress.lastIndexOf('@') + 1)
  const strays = (domain: string) =>
    domain !== sender && !domain.endsWith(`.${sender}`) && !sender.endsWith(`.${domain}`)
  return [
    ...(strays(listId.toLowerCase())
      ? [`listId ${listId} is not under the sender's domain ${sender}: receivers may not show the unsubscribe button.`]
      : []),
    ...(dkimDomain === undefined
      ? ['No DKIM key: large receivers refuse or hide bulk mail that is not signed, unless your mail server signs it.']
      : []),
    ...(dkimDomain !== undefined && strays(dkimDomain)
      ? [`dkim.domain ${dkimDomain} does not align with the sender's domain ${sender} (RFC 7489).`]
      : []),
  ]
}

/** RFC 8463 6: a signature by an algorithm that a receiver does not know is none to it. */
const keyWarnings = (key: DkimKey | null): string[] =>
  key?.algorithm === 'ed25519-sha256'
    ? [
        'dkim.privateKey is an Ed25519 key: receivers that do not know it yet take the mail for unsigned. RSA is known to all.',
      ]
    : []
