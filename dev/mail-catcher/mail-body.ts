/**
 * The HTML part of a mail as a document of its own, to be framed: it runs no script, submits no form, and loads
 * nothing from elsewhere unless the reader asked for images. Its links open in a new tab.
 */
export function mailBody(html: string, withImages: boolean): Response {
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `img-src data:${withImages ? ' https: http:' : ''}`,
    "frame-ancestors 'self'",
    // Also when somebody opens it by itself, outside the frame.
    'sandbox allow-popups allow-popups-to-escape-sandbox',
  ]
  return new Response(withLinksInNewTab(html), {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  })
}

/** After the doctype, not before it: otherwise the browser would lay the mail out in its old mode. */
const withLinksInNewTab = (html: string): string => {
  const doctype = /^\s*<!doctype[^>]*>/i.exec(html)?.[0] ?? ''
  return `${doctype}<base target="_blank">${html.slice(doctype.length)}`
}
