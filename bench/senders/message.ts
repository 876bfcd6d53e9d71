// The message of the dispatch benchmark: about 4 KB of HTML and text together, with a dozen places to fill in.

const paragraph =
  'Spring is here, and with it the long evenings for which this newsletter has been saving its better stories. '

const text = `Hello {{ contact.first_name | default: "there" }},

${Array.from({ length: 8 }, () => paragraph).join('\n')}

Your plan: {{ contact.attributes.plan | default: "free" }}. Your city: {{ contact.attributes.city | default: "somewhere" }}.

To stop this mail: {{ unsubscribe_url }}
{{ resource.name }}
`

const html = `<!doctype html><html><body style="margin:0;background:#f4f4f4">
<table role="presentation" width="100%"><tr><td style="padding:24px;font-family:Arial,sans-serif">
<h1 style="font-size:22px">Hello {{ contact.first_name | default: "there" }}</h1>
${Array.from({ length: 14 }, () => `<p style="line-height:1.5">${paragraph}</p>`).join('\n')}
<p>Your plan: <b>{{ contact.attributes.plan | default: "free" }}</b>, in {{ contact.attributes.city | default: "somewhere" }}.</p>
<p><a href="{{ unsubscribe_url }}">Unsubscribe</a> from {{ resource.name }}</p>
</td></tr></table></body></html>
`

export const content = { en: { subject: 'Spring news for {{ contact.first_name | default: "you" }}', html, text } }
