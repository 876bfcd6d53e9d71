import type { Random } from '../../dev/sample/random.ts'

export interface RandomRequest {
  path: string
  method: string
  headers: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer>
}

/** What stands for the address, the id and the external id of a contact, to be filled in with known and unknown ones. */
export const placeholders = { email: '<email>', contactId: '<contact>', externalId: '<external>' }
const { email, contactId, externalId } = placeholders

const values = [
  [email, contactId, externalId, '0', '1', '-1', '1e9', '9'.repeat(30), 'acme', 'news', 'x'.repeat(300), ''],
  ["' or 1=1 --", '../../etc/passwd', '%00', '%', '%zz', '%E0%A4%A', 'null', '__proto__', 'constructor', '<script>'],
  ['ключ', '👩‍👩‍👧', 'a b', 'a@b@c', '*', 'openapi.json', 'adr_', 'CONSENT_WITH_NOTICE', '2030-01-31T09:00:00Z'],
].flat()
const fields = [
  ['email', 'contactId', 'externalId', 'category', 'resource', 'key', 'title', 'limit', 'cursor', 'kind', 'reason'],
  ['emailAddress', 'subscriptionId', 'legalBasis', 'legalBasisExplanation', 'attributes', 'content', 'categories'],
  ['name', 'type', 'fields', 'channel', 'channels', 'url', 'since', 'event', 'accessGroup', 'state', 'archived'],
  ['token', 'smid', 'rtoken', 'shown', 'sendAt', 'now', '__proto__', 'constructor', 'toString', ''],
].flat()
const types = ['application/json', 'application/json; charset=utf-16', 'text/plain', 'multipart/form-data', '', 'a/b/c']

/** A request to a route of the app: close to what it takes, and wrong in some way. */
export function randomRequest(random: Random, route: { method: string; path: string }): RandomRequest {
  const written = route.path.replaceAll(/:\w+(\{[^}]*\})?/g, () => encoded(random, random.pick(values)))
  const method = random.chance(0.8)
    ? route.method
    : random.pick(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
  const path = `${random.chance(0.05) ? `/${mutated(random, written.slice(1))}` : written}${query(random)}`
  const headers: Record<string, string> = {}
  if (random.chance(0.9)) headers['Content-Type'] = random.chance(0.8) ? 'application/json' : random.pick(types)
  if (random.chance(0.2)) headers['Idempotency-Key'] = random.pick(['a', 'b', 'x'.repeat(300), 'a b'])
  if (random.chance(0.2)) headers['Accept'] = random.pick(['application/json', 'text/html', '*/*', ';;;q='])
  if (random.chance(0.1)) headers['Accept-Language'] = random.pick(['de', 'uk;q=2', '*', ',,,;', 'x'.repeat(500)])
  if (method === 'GET' || method === 'HEAD') return { path, method, headers }
  return { path, method, headers, body: body(random) }
}

const encoded = (random: Random, value: string): string =>
  value.includes('<') || random.chance(0.7) ? encodeURIComponent(value) : value.replaceAll(/[?#\s]/g, '')

function query(random: Random): string {
  if (random.chance(0.5)) return ''
  const pairs = Array.from(
    { length: 1 + random.below(4) },
    () => `${random.pick(fields)}=${encoded(random, random.pick(values))}`,
  )
  return `?${pairs.join('&')}`
}

function body(random: Random): string | Uint8Array<ArrayBuffer> {
  const text = JSON.stringify(json(random, 0))
  const chance = random.below(20)
  if (chance === 0) return mutated(random, text)
  if (chance === 1) return new Uint8Array(Array.from({ length: random.below(200) }, () => random.below(256)))
  if (chance === 2) return '['.repeat(random.below(10_000))
  if (chance === 3) return `{"email":"a@example.com","email":${text}}`
  return text
}

function json(random: Random, depth: number): unknown {
  const kind = depth === 0 ? 0 : random.below(depth > 4 ? 5 : 8)
  if (kind === 0 || kind > 6)
    return Object.fromEntries(
      Array.from({ length: random.below(6) }, () => [random.pick(fields), json(random, depth + 1)]),
    )
  if (kind === 1) return random.pick([0, 1, -1, 1e308, 0.1, true, false, null])
  if (kind === 6) return Array.from({ length: random.below(5) }, () => json(random, depth + 1))
  return random.pick(values)
}

/** One letter out, in or changed. */
export function mutated(random: Random, text: string): string {
  const at = random.below(text.length + 1)
  const letter = random.pick(['', '"', '{', '\0', '\ud800', '%', '/', 'x', '\u202e'])
  return text.slice(0, at) + letter + text.slice(at + random.below(2))
}
