import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'csv-parse/sync'
import { afterAll, expect, test } from 'vitest'
import { loadMessageFolder } from '../../client/message-folder.ts'
import { ensureSample } from '../../dev/sample/ensure-sample.ts'
import { generateSample } from '../../dev/sample/generate.ts'
import { compileTemplate, type TemplateScope } from '../../domain/template.ts'

const scratch = await mkdtemp(join(tmpdir(), 'addressee-sample-'))
afterAll(() => rm(scratch, { recursive: true }))

const { csv, expectations } = generateSample()

test('the sample is the same bytes every time', () => {
  expect(createHash('sha256').update(csv).digest('hex')).toBe(
    'f534a15188941f07f016b37eafc3aeb72fb92370da7c973c8de460495f497533',
  )
  expect(generateSample().csv).toBe(csv)
})

test('the sample holds 20,000 rows, with this much trouble', () => {
  expect(csv.startsWith('\uFEFFID,E-Mail,First name,Last name,Language,Time zone,Topics,')).toBe(true)
  expect(csv.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
  const records = parse(csv, { bom: true, relax_column_count: true })
  expect(records).toHaveLength(20_001)
  const { problems, ...counts } = expectations
  expect(problems).toHaveLength(counts.rejected + counts.warnings)
  expect(counts).toEqual({
    rows: 20000,
    oddities: {
      addressWithTwoAts: 59,
      upperCaseDuplicate: 435,
      headerInjection: 33,
      shortRow: 80,
      repeatedWithChanges: 108,
      oddName: 108,
      addressOf300Characters: 25,
      longRow: 70,
      addressWithDoubleDot: 56,
      spacesAround: 418,
      internationalDomain: 228,
      plusTag: 219,
      unclearOptOut: 38,
      withoutId: 190,
      unknownCategory: 91,
      addressWithoutAt: 64,
      addressWithTrailingDot: 42,
      invalidTimeZone: 110,
      unknownLanguage: 95,
      addressWithSpace: 36,
      repeated: 118,
      addressMissing: 68,
      formula: 32,
    },
    rejected: 629,
    warnings: 205,
    repeated: 226,
    contacts: 19145,
    optedOut: 802,
    subscribed: 23535,
    newsRecipients: 13290,
  })
})

test('every address of the sample belongs to a reserved domain', () => {
  const domains = new Set(
    Array.from(csv.matchAll(/@([\w.-]*\.[\w-]+|[^\s,;"@]+)/g), ([, domain]) => domain?.toLowerCase()),
  )
  domains.delete('sum(a1:a9)')
  expect(domains.size).toBeGreaterThan(8)
  for (const domain of domains) expect(domain).toMatch(/^(example\.(com|net|org)|[^@]+\.(example|test))$/)
})

test('the sample file is written once, whole', async () => {
  const folder = join(scratch, 'new')
  const path = await ensureSample(folder)
  expect(await readFile(path, 'utf8')).toBe(csv)
  expect(await readdir(folder)).toEqual(['contacts.csv'])
  await writeFile(path, 'mine')
  expect(await ensureSample(folder)).toBe(path)
  expect(await readFile(path, 'utf8')).toBe('mine')
})

const newsletter = fileURLToPath(new URL('../../dev/sample/newsletter/', import.meta.url))
const scope: TemplateScope = {
  contact: {
    first_name: null,
    last_name: null,
    external_id: null,
    email: 'ada@example.com',
    language: 'de-AT',
    time_zone: null,
    attributes: { city: '<Wien>', plan: 'gold' },
  },
  resource: { name: 'Walks' },
  campaign: { key: 'may' },
  unsubscribe_url: 'https://mail.example.com/u/token',
}

test('the newsletter has two languages, and each renders with what a contact may lack', async () => {
  const message = await loadMessageFolder(newsletter)
  expect(Object.keys(message)).toEqual(['de', 'en'])
  for (const [language, { subject, html, text }] of Object.entries(message)) {
    const rendered = compileTemplate(html ?? '', `${language}.html`, 'html').render(scope)
    const plain = compileTemplate(text, `${language}.text`, 'none').render(scope)
    expect(compileTemplate(subject, `${language}.subject`, 'none').render(scope)).toMatch(/^(Hallo|Hello), /)
    expect(rendered).toContain('href="https://mail.example.com/u/token"')
    expect(rendered).toContain('&lt;Wien&gt;')
    expect(rendered.match(/<li>/g)).toHaveLength(4)
    expect(plain).toContain(': https://mail.example.com/u/token\n')
    expect(plain).toContain('<Wien>')
    for (const output of [rendered, plain]) {
      expect(output).toContain('ada@example.com')
      expect(output).toMatch(/gold member|Gold-Mitglied/)
      expect(output).not.toMatch(/[{}]|undefined|null/)
    }
  }
})

test('a folder without templates, without a text, or that is not there is refused by name', async () => {
  const folder = join(scratch, 'message')
  await expect(loadMessageFolder(folder)).rejects.toThrow('message: there is no such folder')
  await mkdir(folder)
  await writeFile(join(folder, 'README.md'), '')
  await expect(loadMessageFolder(folder)).rejects.toThrow('message: the folder holds no templates')
  await writeFile(join(folder, 'en.subject.liquid'), 'Hi\n')
  await expect(loadMessageFolder(folder)).rejects.toThrow('en.text.liquid: the file is missing')
  await writeFile(join(folder, 'en.text.liquid'), 'Text\n')
  expect(await loadMessageFolder(folder)).toEqual({ en: { subject: 'Hi', html: null, text: 'Text\n' } })
  await writeFile(join(folder, 'de-AT.html.liquid'), '<p>')
  await expect(loadMessageFolder(folder)).rejects.toThrow('de-AT.subject.liquid: the file is missing')
})
