import type { UnsubscribeScope } from '../../db/unsubscribe-scope.ts'
import type { TokenClaims, Tokens } from '../../domain/link-token.ts'

/**
 * The resource's own unsubscribe page, told which message it is about (`{send_message_id}`) and by whom
 * (`{resource_token}`). Null when it has none, or one that is no web address.
 */
export function ownPage(scope: UnsubscribeScope, claims: TokenClaims, tokens: Tokens): string | null {
  if (scope.pageUrl === null) return null
  const values: Record<string, string> = {
    send_message_id: tokens.sign({ ...claims, scope: 'message' }),
    resource_token: scope.resourceToken,
  }
  const url = scope.pageUrl.replaceAll(/\{(send_message_id|resource_token)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ''),
  )
  const parsed = URL.parse(url)
  return parsed !== null && /^https?:$/.test(parsed.protocol) ? parsed.href : null
}
