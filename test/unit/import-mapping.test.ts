import { expect, test } from 'vitest'
import { mapColumns } from '../../client/import/mapping.ts'

/** What became of each column, in one word. */
const uses = (headers: string[], mapping?: Record<string, string>) =>
  mapColumns(headers, mapping).map(({ use }) => {
    switch (use.kind) {
      case 'field':
        return use.field
      case 'attribute':
        return `attribute:${use.key}`
      case 'ignore':
        return 'ignore'
    }
  })

const fields = ['externalId', 'email', 'firstName', 'lastName', 'language', 'timeZone', 'categories', 'optOut']

test.each([
  [['ID', 'E-Mail', 'First name', 'Last name', 'Language', 'Time zone', 'Topics', 'Unsubscribed']],
  [['customer_id', 'EMAIL', 'firstName', 'SURNAME', 'locale', 'timezone', 'Subscriptions', 'opt-out']],
  [['Kundennummer', 'E-Mail-Adresse', 'Vorname', 'Nachname', 'Sprache', 'Zeitzone', 'Themen', 'abgemeldet']],
  [['External ID', ' mail ', "Ім'я", 'Прізвище', 'Мова', 'Часовий пояс', 'Категорії', 'Opted out']],
])('usual names are understood: %j', (headers) => {
  expect(uses(headers)).toEqual(fields)
})

test('other columns are attributes; names that meet are told apart', () => {
  expect(uses(['email', 'Mail', 'Lifetime value (€)', 'Город', '', 'City', 'city', '!!'])).toEqual([
    'email',
    'attribute:mail',
    'attribute:lifetime_value_eur',
    'attribute:gorod',
    'attribute:column_5',
    'attribute:city',
    'attribute:city_2',
    'attribute:column_8',
  ])
})

test('a mapping wins over names, and takes the field from a column that would have had it', () => {
  const mapping = { 'work mail': 'email', city: 'attribute:town', notes: 'ignore', tz: 'timeZone' }
  expect(uses(['email', 'work mail', 'city', 'notes', 'tz'], mapping)).toEqual([
    'attribute:email',
    'email',
    'attribute:town',
    'ignore',
    'timeZone',
  ])
})

test.each<[string[], Record<string, string> | undefined, string]>([
  [['id', 'name'], undefined, 'mapping: no column holds the e-mail address (the columns are: id, name)'],
  [['email'], { email: 'ignore' }, 'mapping: no column holds the e-mail address'],
  [['email'], { phone: 'attribute:phone' }, 'mapping.phone: the file has no column of this name'],
  [['email', 'x'], { x: 'emial' }, 'mapping.x: "emial" is nothing that a column can be'],
  [['email', 'x'], { x: 'attribute:' }, 'mapping.x: "attribute:" is nothing that a column can be'],
  [['email', 'x'], { x: 'attribute:a.b' }, 'mapping.x: "attribute:a.b" is nothing that a column can be'],
  [['email', 'x'], { x: 'toString' }, 'mapping.x: "toString" is nothing that a column can be'],
  [['a', 'b'], { a: 'email', b: 'email' }, 'mapping: two columns are mapped to email'],
])('%j with %j is refused', (headers, mapping, sentence) => {
  expect(() => mapColumns(headers, mapping)).toThrow(sentence)
})
