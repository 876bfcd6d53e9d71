import { beforeAll, describe, expect, test } from 'vitest'
import { seedContact } from '../setup/seed.ts'
import { createShop } from './shop.ts'

type Shop = Awaited<ReturnType<typeof createShop>>
let shop: Shop
beforeAll(async () => {
  shop = await createShop()
})

/** Arguments that hold no spaces. */
const words = (text: string): string[] => text.trim().split(/\s+/)

const succeed = async (...args: string[]) => {
  const { code, stdout, stderr } = await shop.addressee(args)
  expect({ code, args, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, args, stderr: '' })
  return { stdout, stderr }
}
const refuse = async (...args: string[]) => {
  const { code, stdout, stderr } = await shop.addressee(args)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  return stderr
}

describe('addressee resources', () => {
  test('create takes every setting', async () => {
    const created = await shop.json<{ key: string }>(
      words(`
        resources create --key full --name Full --from-name Full
        --from-address news@full.example --list-label Full --list-id news.full.example
        --reply-to help@full.example --reply-to-name Help --description All_of_it
        --access-group shops --site-url https://full.example/ --site-url https://in.full.example/
        --contact-source shop --tracking-domain links.full.example --no-list-unsubscribe
        --called-url https://full.example/called --unsubscribe-mode delayed --unsubscribe-timer 600
        --unsubscribe-page-url https://full.example/bye?smid={send_message_id} --prohibited-reason No.
        --frequency 3/7d --frequency 1/12h --raise-new-addresses --colour #AA00ff
        --channel email --channel sms={"callerId":"FULL"} --channel custom:fax={"a":"b=c"}
      `),
    )
    expect(created.key).toBe('full')
    expect(await shop.json(['resources', 'show', 'full'])).toMatchObject({
      replyToName: 'Help',
      replyTo: 'help@full.example',
      description: 'All_of_it',
      accessGroup: 'shops',
      siteUrls: ['https://full.example/', 'https://in.full.example/'],
      contactSources: ['shop'],
      trackingDomain: 'links.full.example',
      listUnsubscribe: false,
      calledUrl: 'https://full.example/called',
      unsubscribeMode: 'delayed',
      unsubscribeTimerSeconds: 600,
      unsubscribePageUrl: 'https://full.example/bye?smid={send_message_id}',
      prohibitedReason: 'No.',
      frequencyPolicy: [
        { messages: 3, days: 7 },
        { messages: 1, hours: 12 },
      ],
      raisesNewAddresses: true,
      colour: '#aa00ff',
      channels: { email: {}, sms: { callerId: 'FULL' }, 'custom:fax': { a: 'b=c' } },
    })
  })

  test('update changes what is named, clears what is named, and says what it is now', async () => {
    const { stdout, stderr } = await succeed(
      ...words(`
        resources update full --name Fuller --unsubscribe-mode instant --list-unsubscribe
        --clear unsubscribe-page-url --clear frequency --clear site-url --no-raise-new-addresses
      `),
    )
    expect(stderr).toMatch(/^warning: No DKIM key/)
    for (const line of [/^name +Fuller$/m, /^unsubscribe mode +instant$/m, /^unsubscribe timer seconds +-$/m])
      expect(stdout).toMatch(line)
    expect(await shop.json(['resources', 'show', 'full'])).toMatchObject({
      frequencyPolicy: null,
      siteUrls: [],
      unsubscribePageUrl: null,
      raisesNewAddresses: false,
      listUnsubscribe: true,
      description: 'All_of_it',
    })
  })

  test.each([
    [
      ['--unsubscribe-mode', 'delayed', '--unsubscribe-timer', '1860'],
      'error: unsubscribeTimerSeconds: must be at most 1800 seconds (30 minutes). Correct the value.\n',
    ],
    [
      ['--unsubscribe-page-url', 'javascript:alert(1)'],
      'error: unsubscribePageUrl: must be an http or https URL. Correct the value.\n',
    ],
    [['--list-id', '<news.acme.example>'], 'error: listId: a List-ID is words of'],
    [['--clear', 'name'], 'error: name: '],
    [
      ['--clear', 'nothing'],
      'error: nothing: is not a field of a resource, or cannot be changed. Remove it, or correct its name.\n',
    ],
    [
      ['--dkim-domain', 'acme.example'],
      'error: dkim: needs --dkim-domain, --dkim-selector and --dkim-key-file together.',
    ],
  ])('update refuses %s', async (options, says) => {
    expect(await refuse('resources', 'update', 'acme', ...options)).toContain(says)
  })

  test.each([
    [['--frequency', 'often'], "argument 'often' is invalid. Write it as 3/7d or 1/12h."],
    [['--channel', 'sms={'], `argument 'sms={' is invalid. Write it as sms={"callerId":"ACME"}.`],
    [
      ['--unsubscribe-mode', 'never'],
      "argument 'never' is invalid. Allowed choices are instant, confirm, delayed, prohibited.",
    ],
  ])('update cannot read %s', async (options, says) => {
    const { code, stderr } = await shop.addressee(['resources', 'update', 'acme', ...options])
    expect(code).toBe(64)
    expect(stderr).toContain(says)
  })

  test('clone, list, delete: out of use for good', async () => {
    expect((await succeed('resources', 'clone', 'full', 'twin', '--name', 'Twin')).stdout).toBe('twin\n')
    expect((await succeed('resources', 'list')).stdout).toMatch(/^twin +Twin +Full <news@full.example>/m)
    expect((await succeed('resources', 'delete', 'twin')).stderr).toBe(
      'Resource twin is deleted. Its key stays taken.\n',
    )
    expect((await succeed('resources', 'list')).stdout).not.toMatch(/^twin/m)
    expect((await succeed('resources', 'list', '--deleted')).stdout).toMatch(/^twin +Twin \(deleted\)/m)
    expect(await refuse('resources', 'delete', 'twin')).toContain('resource twin was deleted; its key stays taken')
  })

  test('token shows and rotates', async () => {
    const { stdout: first } = await succeed('resources', 'token', 'acme')
    expect(first).toMatch(/^[0-9a-f]{64}\n$/)
    const rotated = await shop.json<{ token: string }>(['resources', 'token', 'acme', '--rotate'])
    expect((await succeed('resources', 'token', 'acme')).stdout).toBe(`${rotated.token}\n`)
    expect(`${rotated.token}\n`).not.toBe(first)
  })

  test('subscribers come page by page', async () => {
    const { id } = await shop.json<{ id: string }>(['categories', 'show', 'news'])
    const contacts = [
      await seedContact(shop.db, { subscriptions: { [id]: 'subscribed' } }),
      await seedContact(shop.db, { subscriptions: { [id]: 'pending' } }),
    ]
    const { stdout, stderr } = await succeed('resources', 'subscribers', 'acme', '--limit', '1')
    expect(stdout).toMatch(
      new RegExp(`^${contacts[0]} +- +contact-${contacts[0]}@example.com +news +subscribed +\\S+Z$`, 'm'),
    )
    const cursor = /^There are more: --cursor (\S+)\n$/.exec(stderr)?.[1] ?? ''
    const rest = await shop.json<{ subscribers: { contactId: string }[]; next: null }>([
      'resources',
      'subscribers',
      'acme',
      '--cursor',
      cursor,
    ])
    expect(rest).toMatchObject({ subscribers: [{ contactId: contacts[1], status: 'pending' }], next: null })
    expect(await refuse('resources', 'subscribers', 'acme', '--cursor', 'x')).toContain('error: cursor: is none.')
  })

  test('prefer says which address goes first', async () => {
    const contact = await seedContact(shop.db, { address: null })
    const values = { contact_id: contact, channel: 'email', address_key: Buffer.alloc(16) }
    for (const value of ['one@acme.example', 'two@acme.example'])
      await shop.db
        .insertInto('contact_address')
        .values({ ...values, value })
        .execute()
    await succeed('resources', 'prefer', 'acme', contact, '--address', 'two@acme.example', '--priority', '-5')
    expect(await shop.db.selectFrom('resource_address').select(['value', 'priority']).execute()).toEqual([
      { value: 'two@acme.example', priority: -5 },
    ])
    expect(await refuse('resources', 'prefer', 'acme', contact, '--priority', 'high')).toContain(
      'error: priority: must be',
    )
  })
})

describe('addressee categories', () => {
  test('create and update take every setting', async () => {
    await succeed(
      ...words(`
        categories create Кава --resource acme --description Coffee --channel email
        --purpose Marketing --communication-method Email --default --internal --required
        --no-listed --double-opt-in --frequency 1/7d
      `),
    )
    expect(await shop.json(['categories', 'show', 'kava'])).toMatchObject({
      title: 'Кава',
      channels: ['email'],
      purpose: 'Marketing',
      communicationMethod: 'Email',
      isDefault: true,
      isInternal: true,
      isRequired: true,
      isListed: false,
      doubleOptIn: true,
      consent: 'opt_in',
      frequencyPolicy: [{ messages: 1, days: 7 }],
    })
    const { stdout } = await succeed('categories', 'update', 'kava', '--title', 'Tea', '--listed', '--clear', 'channel')
    expect(stdout).toMatch(/^title +Tea$/m)
    expect(await shop.json(['categories', 'show', 'kava'])).toMatchObject({
      title: 'Tea',
      channels: null,
      isListed: true,
    })
    expect(await refuse('categories', 'update', 'kava', '--consent', 'opt_out')).toContain(
      'error: consent: cannot become',
    )
  })

  test('archive, unarchive, cap and delete', async () => {
    expect((await succeed('categories', 'archive', 'kava')).stderr).toBe('Category kava is archived.\n')
    expect((await succeed('categories', 'list', '--resource', 'acme')).stdout).not.toContain('kava')
    expect((await succeed('categories', 'list', '--archived')).stdout).toMatch(/^kava +Tea \(archived\)/m)
    const { active } = await shop.json<{ active: number }>(['categories', 'cap', '2'])
    expect(active).toBe(2)
    expect(await refuse('categories', 'unarchive', 'kava')).toContain(
      'error: category: 2 categories are active, and 2 may be',
    )
    expect((await succeed('categories', 'cap')).stdout).toBe('active  2\nmay be  2\n')
    expect((await succeed('categories', 'cap', 'none')).stdout).toContain('any number')
    expect((await succeed('categories', 'unarchive', 'kava')).stderr).toBe('Category kava is active.\n')
    expect((await succeed('categories', 'delete', 'kava')).stderr).toBe(
      'Category kava is deleted; its key stays taken.\n',
    )
    expect(await refuse('categories', 'show', 'kava')).toContain('category kava was deleted')
    expect((await shop.addressee(['categories', 'cap', 'many'])).code).toBe(64)
  })

  test('exclude one contact, then everybody', async () => {
    const { id } = await shop.json<{ id: string }>(['categories', 'show', 'offers'])
    const one = await seedContact(shop.db, { subscriptions: { [id]: 'subscribed' } })
    await seedContact(shop.db, { subscriptions: { [id]: 'subscribed' } })
    expect((await succeed('categories', 'exclude', 'offers', one, '--by', 'grace')).stdout).toBe('1 taken out\n')
    expect(await shop.json(['categories', 'empty', 'offers'])).toEqual({ excluded: 1 })
    expect(await refuse('categories', 'exclude', 'offers', 'nobody@example.com')).toContain('there is no contact')
  })
})

describe('addressee fields', () => {
  test('define, list, set, update, delete', async () => {
    const contact = await seedContact(shop.db)
    const define = (key: string, ...options: string[]) =>
      succeed('fields', 'define', 'acme', key, '--name', key, ...options)
    await define('shoe_size', '--type', 'integer', '--default', '42', '--listed')
    await define('vip', '--type', 'boolean')
    await define('plan', '--type', 'line')
    expect((await define('plan', '--type', 'line')).stderr).toBe('Field plan exists already; nothing was changed.\n')
    expect((await succeed('fields', 'list', 'acme')).stdout).toMatch(
      /^shoe_size +shoe_size +email +integer +42 +no +yes$/m,
    )
    expect(await shop.json(['fields', 'set', 'acme', contact, 'vip=true', 'plan=a=b'])).toEqual({
      shoe_size: 42,
      vip: true,
      plan: 'a=b',
    })
    expect(await shop.json(['fields', 'set', 'acme', contact, 'shoe_size=-1', 'plan='])).toEqual({
      shoe_size: -1,
      vip: true,
    })
    expect(await refuse('fields', 'set', 'acme', contact, 'vip=yes')).toBe(
      'error: fields.vip: must be true or false. Correct the value.\n',
    )
    expect(await refuse('fields', 'set', 'acme', contact, 'vpi=true')).toContain(
      'error: fields.vpi: is not a custom field',
    )
    expect(await refuse('fields', 'set', 'acme', contact, 'vip')).toContain('error: vip: is no key=value')
    const updated = await shop.json([
      'fields',
      'update',
      'acme',
      'shoe_size',
      '--clear',
      'default',
      '--required',
      '--no-listed',
    ])
    expect(updated).toMatchObject({ defaultValue: null, isRequired: true, isListed: false })
    expect(await refuse('fields', 'update', 'acme', 'sise')).toContain('there is no custom field sise')
    expect((await succeed('fields', 'delete', 'acme', 'vip')).stderr).toContain('Field vip of acme is deleted')
    expect((await shop.json<object[]>(['fields', 'list', 'acme'])).length).toBe(2)
  })

  test('help has examples', async () => {
    for (const command of [['fields'], ['resources', 'create'], ['resources', 'update'], ['categories', 'update']])
      expect((await succeed(...command, '--help')).stdout).toContain('Examples:\n  $ addressee')
  })
})
