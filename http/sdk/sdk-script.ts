import { createHash } from 'node:crypto'

// What runs on the resource's own page: plain script of the kind that browsers have known for years. It holds no secret,
// and stores and reads nothing.
const script = (id: string) => `'use strict';
class AkUnsub {
  constructor({ rtoken, pxl_domain } = {}) {
    this.rtoken = rtoken
    this.url = pxl_domain ? 'https://' + pxl_domain + '/sdk/unsub' : AkUnsub.url
  }
  confirmUnsub(smid, categories) {
    return this.send('confirm', smid, categories)
  }
  cancelUnsub(smid, categories) {
    return this.send('cancel', smid, categories)
  }
  static confirmUnsub(smid, categories) {
    return new AkUnsub().confirmUnsub(smid, categories)
  }
  static cancelUnsub(smid, categories) {
    return new AkUnsub().cancelUnsub(smid, categories)
  }
  async send(action, smid, categories) {
    const response = await fetch(this.url + '?id=' + encodeURIComponent(AkUnsub.id), {
      method: 'POST',
      credentials: 'omit',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ action, smid, rtoken: this.rtoken, categories }),
    }).catch(() => null)
    const answer = response && (await response.json().catch(() => null))
    if (answer && response.ok) return answer
    throw Object.assign(new Error(answer ? answer.message : 'The server could not be asked.'), {
      code: answer ? answer.code : 'unreachable',
    })
  }
}
AkUnsub.id = ${JSON.stringify(id)}
AkUnsub.url = new URL('unsub', document.currentScript.src).href
`

/** The browser SDK for one resource. */
export const sdkScript = (id: string): { text: string; etag: string } => {
  const text = script(id)
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
}
