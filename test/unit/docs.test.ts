import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { createProgram } from '../../client/cli/program.ts'
import { settings } from '../../domain/settings.ts'

// What is written for people stays true when the code changes.

const project = new URL('../../', import.meta.url)
const read = (path: string): Promise<string> => readFile(new URL(path, project), 'utf8')

function defaultOf(setting: (typeof settings)[keyof typeof settings]): string {
  const { success, data } = setting.safeParse(undefined)
  if (!success) return 'required'
  return data === undefined ? 'none' : `\`${String(data)}\``
}

/** An example that says in words where to get one holds code of its own. */
const asCode = (example: string): string => (example.includes('`') ? example : `\`${example}\``)

const rows = Object.entries(settings).map(([name, setting]) => {
  const { description, example } = setting.meta() ?? {}
  return `| \`${name}\` | ${description} | ${defaultOf(setting)} | ${asCode(String(example))} |`
})

test("the README's table holds every setting, with its purpose, default and example", async () => {
  const table = (await read('README.md')).split('\n').filter((line) => /^\| `[A-Z_]+` \|/.test(line))
  expect(table).toEqual(rows)
})

test('.env.example names every setting', async () => {
  const names = [...(await read('.env.example')).matchAll(/^#? ?([A-Z_]+)=/gm)].map(([, name]) => name)
  expect(names.filter((name) => !name?.startsWith('TEMPORAL_'))).toEqual(Object.keys(settings))
})

/** `resources create`, `resources show` … of a row that says `addressee resources create`, `show`. */
function commandsOf(row: string): string[] {
  const [first = '', ...others] = [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '')
  const [, group = '', name] = first.split(' ')
  return name === undefined ? [group] : [name, ...others].map((each) => `${group} ${each}`)
}

test("the README's table holds every command, groups in the order of --help", async () => {
  const rows = (await read('README.md')).split('\n').filter((line) => line.startsWith('| `addressee '))
  const documented = rows.flatMap(commandsOf)
  const existing = createProgram().commands.flatMap((group) =>
    group.commands.length === 0 ? [group.name()] : group.commands.map((each) => `${group.name()} ${each.name()}`),
  )
  expect(documented.toSorted()).toEqual(existing.toSorted())
  const groups = (commands: string[]) => [...new Set(commands.map((command) => command.split(' ')[0]))]
  expect(groups(documented)).toEqual(groups(existing))
})

async function markdownFiles(): Promise<string[]> {
  const top = (await readdir(project)).filter((name) => name.endsWith('.md'))
  const docs = (await readdir(new URL('docs/', project))).filter((name) => name.endsWith('.md'))
  return [...top, ...docs.map((name) => `docs/${name}`)]
}

const withoutCode = (markdown: string): string => markdown.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, '')

/** As GitHub makes them of headings. */
const anchorsOf = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

async function isThere(target: string, from: URL): Promise<boolean> {
  const url = new URL(target, from)
  const anchor = decodeURIComponent(url.hash.slice(1))
  url.hash = ''
  return existsSync(url) && (anchor === '' || anchorsOf(await readFile(url, 'utf8')).includes(anchor))
}

test('every relative link leads somewhere', async () => {
  const dead: string[] = []
  let followed = 0
  for (const file of await markdownFiles())
    for (const [, target = ''] of withoutCode(await read(file)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      followed += 1
      if (!(await isThere(target, new URL(file, project)))) dead.push(`${file}: ${target}`)
    }
  expect(dead).toEqual([])
  expect(followed).toBeGreaterThan(5)
})
