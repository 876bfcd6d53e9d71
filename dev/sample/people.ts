import type { Random } from './random.ts'

/** People of one part of the world: names as they write them, and as their addresses spell them. */
interface People {
  share: number
  languages: readonly string[]
  zones: readonly string[]
  cities: readonly string[]
  first: readonly string[]
  last: readonly string[]
}

const words = (text: string): string[] => text.split(' ')

const peoples: readonly People[] = [
  {
    share: 52,
    languages: words('en en en en-GB'),
    zones: words('Europe/London America/New_York America/Los_Angeles Australia/Sydney'),
    cities: ['London', 'Leeds', 'New York', 'Portland', 'Sydney', 'Washington, D.C.'],
    first: words('Ada:ada Grace:grace Alan:alan Mary-Jane:mary-jane Oliver:oliver Emma:emma Noah:noah Ruby:ruby'),
    last: words("Lovelace:lovelace Hopper:hopper O'Neill:oneill Smith:smith Taylor:taylor Brown:brown Walker:walker"),
  },
  {
    share: 26,
    languages: words('de de de de-AT'),
    zones: words('Europe/Berlin Europe/Vienna Europe/Zurich'),
    cities: ['Berlin', 'Köln', 'Wien', 'Zürich', 'München', 'Frankfurt (Oder)'],
    first: words('Jürgen:juergen Käthe:kaethe Anna:anna Björn:bjoern Sönke:soenke Lena:lena Uwe:uwe'),
    last: words('Müller:mueller Weiß:weiss Schröder:schroeder Jäger:jaeger Krause:krause Lübke:luebke'),
  },
  {
    share: 9,
    languages: words('fr es pl en'),
    zones: words('Europe/Paris Europe/Madrid Europe/Warsaw America/Sao_Paulo'),
    cities: ['Paris', 'León', 'Łódź', 'São Paulo', 'Besançon'],
    first: words('Zoë:zoe François:francois José:jose Łukasz:lukasz Inês:ines Siân:sian'),
    last: words('García:garcia Dąbrowska:dabrowska Lefèvre:lefevre Núñez:nunez Gonçalves:goncalves'),
  },
  {
    share: 6,
    languages: words('uk en'),
    zones: words('Europe/Kyiv Europe/Sofia'),
    cities: ['Київ', 'Львів', 'Одеса', 'София'],
    first: words('Олена:olena Тарас:taras Юлія:yuliia Андрій:andrii Софія:sofiia'),
    last: words('Шевченко:shevchenko Коваленко:kovalenko Бойко:boiko Мельник:melnyk'),
  },
  {
    share: 4,
    languages: words('ja zh-Hans ko en'),
    zones: words('Asia/Tokyo Asia/Shanghai Asia/Seoul'),
    cities: ['東京', '上海', '서울', '大阪'],
    first: words('花子:hanako 太郎:taro 小明:xiaoming 서연:seoyeon'),
    last: words('山田:yamada 佐藤:sato 王:wang 김:kim'),
  },
  {
    share: 3,
    languages: words('ar he en'),
    zones: words('Africa/Cairo Asia/Jerusalem Asia/Dubai'),
    cities: ['القاهرة', 'תל אביב', 'دبي'],
    first: words('محمد:mohamed فاطمة:fatima דוד:david נועה:noa'),
    last: words('الحسن:alhasan علي:ali כהן:cohen לוי:levi'),
  },
]

const crowd = peoples.flatMap((people) => Array<People>(people.share).fill(people))

export interface Person {
  firstName: string
  lastName: string
  /** First and last name in ASCII with a dot between. */
  mailbox: string
  language: string
  timeZone: string
  city: string
}

/** Somebody who could be anybody. */
export function somebody(random: Random): Person {
  const people = random.pick(crowd)
  const [firstName = '', first] = random.pick(people.first).split(':')
  const [lastName = '', last] = random.pick(people.last).split(':')
  return {
    firstName,
    lastName,
    mailbox: `${first}.${last}`,
    language: random.chance(0.06) ? '' : random.pick(people.languages),
    timeZone: random.chance(0.08) ? '' : random.pick(people.zones),
    city: random.pick(people.cities),
  }
}
