export type FieldValue = string | number | boolean

/**
 * What somebody typed into a custom field.
 * @returns null for nothing, undefined for what the field cannot hold.
 */
export function fieldInput(
  type: 'integer' | 'float' | 'line' | 'boolean',
  text: string,
): FieldValue | null | undefined {
  const typed = text.trim()
  if (type === 'boolean') return typed !== ''
  if (typed === '') return null
  switch (type) {
    case 'integer':
      return /^[+-]?\d{1,16}$/.test(typed) && Number.isSafeInteger(Number(typed)) ? Number(typed) : undefined
    case 'float':
      return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(typed) ? finite(Number(typed)) : undefined
    case 'line':
      return typed.length <= longestLine && !/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(typed) ? typed : undefined
  }
}

export const longestLine = 1000

const finite = (number: number): number | undefined => (Number.isFinite(number) ? number : undefined)
