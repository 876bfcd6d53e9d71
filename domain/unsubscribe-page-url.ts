import { z } from 'zod'
import { isWebUrl, longestUrl } from './field-rules.ts'

const placeholders = ['{send_message_id}', '{resource_token}'] as const

/**
 * The address of a resource's own unsubscribe page. `{send_message_id}` and `{resource_token}` may stand in its path,
 * its query or its fragment, never in the host: whoever is sent there must be known beforehand.
 */
export const unsubscribePageUrl = z
  .string()
  .max(longestUrl, `must have at most ${longestUrl} characters`)
  .refine((url) => isWebUrl(withValues(url, 'x')), 'must be an http or https URL')
  .refine((url) => !/[{}]/.test(withValues(url, 'x')), `may hold only the placeholders ${placeholders.join(' and ')}`)
  .refine(
    (url) => URL.parse(withValues(url, 'x'))?.host === URL.parse(withValues(url, 'y'))?.host,
    'must have its placeholders behind the host',
  )

const withValues = (url: string, value: string): string =>
  placeholders.reduce((written, placeholder) => written.replaceAll(placeholder, value), url)

/** Whether the page can know which message the person came from. */
export const tellsMessage = (url: string): boolean => url.includes('{send_message_id}')
