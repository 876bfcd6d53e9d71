import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import type { Html } from './page.ts'

// What is left of a delay, counted by the browser from what the server says is left: clocks differ. When nothing is
// left the page is asked for again, which then says what became of it. Without JavaScript the sentence above stands.
const script = `(() => {
const left = document.getElementById('left')
const due = performance.now() + 1000 * Number(left.dataset.seconds)
const tick = () => {
  const seconds = Math.max(0, Math.ceil((due - performance.now()) / 1000))
  left.textContent = Math.floor(seconds / 60) + ':' + String(seconds % 60).padStart(2, '0')
  if (seconds > 0) setTimeout(tick, 500)
  else setTimeout(() => location.replace(location.pathname), 3000)
}
tick()
})()`

/** For the policy of a page that counts down. */
export const countdownHash = createHash('sha256').update(script).digest('base64')

export const countdown = (seconds: number): Html =>
  html`<p role="timer" id="left" class="timer" data-seconds="${Math.max(0, Math.ceil(seconds))}"></p>
<script>${raw(script)}</script>`
