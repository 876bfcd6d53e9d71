import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Refusal } from '../../domain/refusal.ts'
import { languages } from '../../domain/wording/language.ts'
import { modeWordings } from '../../domain/wording/modes.ts'
import { optInWordings } from '../../domain/wording/opt-in.ts'
import { preferenceWordings } from '../../domain/wording/preferences.ts'
import { wordingText } from '../../domain/wording/texts.ts'
import { wordings } from '../../domain/wording/wording.ts'

const versions = languages.flatMap((language) =>
  [wordings, modeWordings, preferenceWordings, optInWordings].map((words) => words[language].version),
)
const hashOf = (version: string): string =>
  createHash('sha256')
    .update(JSON.stringify(wordingText(version).pages))
    .digest('hex')
    .slice(0, 16)

describe('the words that a version stands for', () => {
  test('every version has its own, without a hole', () => {
    expect(new Set(versions).size).toBe(16)
    for (const version of versions) {
      const { pages } = wordingText(version)
      for (const line of pages.flatMap(({ lines }) => lines)) expect(line).toMatch(/^(?!.*undefined).*\S/)
    }
  })

  // Consent events name the version: words that change under it would make them prove what nobody saw.
  test('do not change: other words are a new version', () => {
    expect(Object.fromEntries(versions.map((version) => [version, hashOf(version)]))).toEqual({
      'modes-de-1': '0ceba92c7861aeb2',
      'modes-en-1': '9dd1eda46c4648f9',
      'modes-es-1': '016607dd4f0d674a',
      'modes-uk-1': '0fe79700b91883ab',
      'opt-in-de-1': 'b6b5b7c100b12654',
      'opt-in-en-1': '7f3c717989aaeb65',
      'opt-in-es-1': 'dcd7389e7e6e69b4',
      'opt-in-uk-1': '1b45f7c616099f04',
      'preferences-de-1': 'e97cbb54df1a82d3',
      'preferences-en-1': 'a85379173de1b6e7',
      'preferences-es-1': '60a2b6e2e79b1177',
      'preferences-uk-1': '4d800d80307303b1',
      'unsubscribe-de-1': '7433d7f89a22e44a',
      'unsubscribe-en-1': 'c3224e47263d60f4',
      'unsubscribe-es-1': '344878b26a774c8d',
      'unsubscribe-uk-1': '07e16d4011e2b244',
    })
  })

  test.each(['unsubscribe-en-2', 'unsubscribe-fr-1', '', '__proto__'])('"%s" is none', (version) => {
    expect(() => wordingText(version)).toThrow(Refusal)
  })
})
