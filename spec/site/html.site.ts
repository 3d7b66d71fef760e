/** The built pages as text: every link, anchor, image and script is there. */
import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dist, pages, read } from './built.js'

const base = process.env['DOCS_BASE'] ?? '/'

const entities: Readonly<Record<string, string>> = { amp: '&', quot: '"', lt: '<', gt: '>', '#39': "'" }
const unescaped = (text: string): string =>
  text.replace(/&(amp|quot|lt|gt|#39);/g, (_, name: string) => entities[name]!)

/** The values of an attribute in a page. */
const values = (html: string, name: string): readonly string[] =>
  [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'g'))].map(([, value]) => unescaped(value!))

const anchors = new Map(pages.map((page) => [page, new Set(values(read(page), 'id'))]))

/** The file of the site an address means; null: it is another site's, or data. */
const fileOf = (page: string, address: string): string | null => {
  if (/^[a-z]+:|^\/\//.test(address)) return null
  const [path = ''] = address.split(/[?#]/)
  if (path === '') return page
  const file = path.startsWith('/') ? path.slice(base.length) : posix.join(posix.dirname(page), path)
  return decodeURIComponent(file === '' || file.endsWith('/') ? `${file}index.html` : file)
}

const faultOf = (page: string, address: string): string | null => {
  const file = fileOf(page, address)
  if (file === null) return null
  if (address.startsWith('/') && !address.startsWith(base)) return `${address} is outside ${base}`
  const found = [file, `${file}.html`].find((name) => existsSync(join(dist, name)) && !name.endsWith('/'))
  if (found === undefined) return `there is no ${address}`
  const anchor = decodeURIComponent(/#([^?]*)/.exec(address)?.[1] ?? '')
  return anchor === '' || anchors.get(found)?.has(anchor) ? null : `${address} has no such anchor`
}

describe('the built pages', () => {
  it('are there', () => {
    expect(pages).toContain('index.html')
    expect(pages.length).toBeGreaterThan(100)
  })

  it('link only to pages, anchors and files that are there', () => {
    const faults = pages.flatMap((page) => {
      const html = read(page)
      const addresses = new Set([...values(html, 'href'), ...values(html, 'src')])
      return [...addresses].flatMap((address) => {
        const fault = faultOf(page, address)
        return fault === null ? [] : [`${page}: ${fault}`]
      })
    })
    expect(faults).toEqual([])
  })

  it('have each anchor once', () => {
    const twice = pages.flatMap((page) => {
      const ids = values(read(page), 'id')
      return [...new Set(ids.filter((id, i) => ids.indexOf(id) !== i))].map((id) => `${page}#${id}`)
    })
    expect(twice).toEqual([])
  })

  it('take fonts, scripts, images and data from themselves alone', () => {
    const outside = pages.flatMap((page) =>
      [
        ...read(page).matchAll(/<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)="((?:https?:)?\/\/[^"]+)"/g),
      ].map(([, address]) => `${page}: ${address}`),
    )
    expect(outside).toEqual([])
  })

  it('show formulas as formulas', () => {
    expect(pages.filter((page) => /class=['"][^'"]*katex-error/.test(read(page)))).toEqual([])
  })
})
