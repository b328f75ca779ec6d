import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { contentSecurityPolicyOf, escapeHtml, renderPage } from './html.ts'

test('the characters that end a text or an attribute are escaped', () => {
  assert.equal(escapeHtml(`<a b="c" d='e'>&</a>`), '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;&lt;/a&gt;')
})

test('the title is escaped; head and body are taken as HTML', () => {
  const page = renderPage({
    lang: 'es-MX',
    title: 'Ana & <Beto>',
    style: '',
    head: '<meta name="x">',
    body: '<p>Hola</p>',
  })

  assert.match(page, /<html lang="es-MX">/)
  assert.match(page, /<title>Ana &amp; &lt;Beto&gt;<\/title><meta name="x">/)
  assert.match(page, /<body><p>Hola<\/p><\/body>/)
})

test('the policy allows exactly the style that the page carries', () => {
  const style = 'body{margin:0}'
  const [, written] = /<style>(.*)<\/style>/s.exec(renderPage({ lang: 'en', title: '', style, body: '' }))!
  const hash = createHash('sha256').update(written!).digest('base64')

  assert.match(contentSecurityPolicyOf(style), new RegExp(`style-src 'sha256-${hash.replaceAll('+', '\\+')}';`))
})
