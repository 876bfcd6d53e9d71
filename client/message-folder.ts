import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from '../domain/refusal.ts'

/** The templates of a message in one language. */
export interface FolderContent {
  subject: string
  /** Null for a message that is plain text only. */
  html: string | null
  text: string
}

/** `en.html.liquid`, `de-AT.subject.liquid`. */
const templateName = /^([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)\.(subject|text|html)\.liquid$/

/**
 * Reads a message from a folder of templates named `<language>.<subject|text|html>.liquid`. Other files are left
 * alone. Whether the templates work is checked when the message is saved.
 * @returns content by language.
 * @throws Refusal for a folder without templates, and a language without a subject or text.
 */
export async function loadMessageFolder(folder: string): Promise<Record<string, FolderContent>> {
  const names = await listFolder(folder)
  const languages = new Set(names.flatMap((name) => templateName.exec(name)?.[1] ?? []))
  if (languages.size === 0)
    throw new Refusal({
      field: folder,
      rule: 'the folder holds no templates',
      remedy: 'Name them <language>.subject.liquid, <language>.text.liquid and <language>.html.liquid.',
    })
  const entries = [...languages].toSorted().map(async (language) => [language, await load(folder, language, names)])
  return Object.fromEntries(await Promise.all(entries)) as Record<string, FolderContent>
}

async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const rule = code === 'ENOENT' ? 'there is no such folder' : `the folder cannot be read (${code})`
    throw new Refusal({ field: folder, rule, remedy: 'Pass the folder that holds the templates.' })
  }
}

async function load(folder: string, language: string, names: readonly string[]): Promise<FolderContent> {
  const read = (name: string) => readFile(join(folder, name), 'utf8')
  const subject = required(folder, `${language}.subject.liquid`, names)
  const text = required(folder, `${language}.text.liquid`, names)
  const html = `${language}.html.liquid`
  return {
    // Editors end a file with a line end; a subject has none.
    subject: (await read(subject)).trim(),
    html: names.includes(html) ? await read(html) : null,
    text: await read(text),
  }
}

function required(folder: string, name: string, names: readonly string[]): string {
  if (names.includes(name)) return name
  throw new Refusal({
    field: join(folder, name),
    rule: 'the file is missing',
    remedy: 'Every language has a subject and a text; HTML is optional.',
  })
}
