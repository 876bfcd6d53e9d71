import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import postgres from 'postgres'

// The floor: the least that a server can do to record the same. Node's bare HTTP server and the product's driver with
// as many connections. A POST to /<campaign>/<contact> makes the rows that an unsubscribe makes, all of them in one
// statement and therefore one transaction; a GET reads the recipient's row and answers with a constant page.
// No token to verify, no other contact with the address to look for, no words to choose, no log.
// `floor-server.ts <database url> <connections> <bytes of the page>`

const [url = '', connections = '', pageBytes = ''] = process.argv.slice(2)
const sql = postgres(url, { max: Number(connections) })
const page = 'x'.repeat(Number(pageBytes))

const record = (campaignId: string, contactId: string, ip: string | null) => sql`
  with sent as (
    select contact_id, address_key, unnest(category_ids) as category_id
    from recipient where campaign_id = ${campaignId} and contact_id = ${contactId}
  ), refused as (
    insert into address_refusal (address_key, channel, category_id)
    select address_key, 'email', category_id from sent on conflict do nothing
  ), unsubscribed as (
    insert into subscription (category_id, contact_id, status, source)
    select category_id, contact_id, 'unsubscribed', 'one_click' from sent
    on conflict (category_id, contact_id) do update
      set status = excluded.status, source = excluded.source, changed_at = now()
  )
  insert into consent_event (contact_id, action, through, channel, address_key, category_id, campaign_id, ip)
  select contact_id, 'unsubscribed', 'one_click', 'email', address_key, category_id, ${campaignId}, ${ip} from sent`

const look = (campaignId: string, contactId: string) =>
  sql`select address, category_ids from recipient where campaign_id = ${campaignId} and contact_id = ${contactId}`

async function answer({ method, url = '', socket }: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, campaignId = '', contactId = ''] = url.split('/')
  if (method === 'POST') {
    await record(campaignId, contactId, socket.remoteAddress ?? null)
    response.end('You were unsubscribed.\n')
  } else {
    await look(campaignId, contactId)
    response.end(page)
  }
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    response.writeHead(500).end(String(error))
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : null })
})
process.on('disconnect', () => process.exit())
