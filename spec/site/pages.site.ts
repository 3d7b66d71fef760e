/** Every page of the built site in headless Chromium, as it opens. */
import type { Server } from 'node:http'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DESKTOP, faultsOf, launch, open, originOf, PATIENCE, PHONE } from './browser.js'
import { pages, read, serve } from './built.js'

/** Every page but those of source files, of which one stands for all; the largest first. */
const written = pages.filter((page) => !/^source\/[^i]/.test(page))
const all = [...written, '404.html', 'source/src/model/kernels.ts.html'].sort((a, b) => read(b).length - read(a).length)
let browser: Browser
let context: BrowserContext
let server: Server

beforeAll(async () => {
  server = await serve()
  browser = await launch()
  context = await browser.newContext()
})
afterAll(async () => {
  await browser.close()
  server.close()
})

describe('every page', () => {
  it.concurrent.each(all)('%s is sound and accessible, light and dark, on a phone and on a desktop', async (path) => {
    const { page, wrong } = await open(context, originOf(server), path)
    const found = await faultsOf(page, path, [PHONE, DESKTOP])
    await page.close()
    expect([...found, ...wrong]).toEqual([])
  })

  it('shows its figures and their numbers without JavaScript', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false })
    plain.setDefaultTimeout(PATIENCE)
    const page = await plain.newPage()
    const empty: string[] = []
    const figures: (string | null)[] = []
    for (const path of written.filter((name) => read(name).includes('<figure'))) {
      await page.goto(`${originOf(server)}/${path}`)
      for (const figure of await page.locator('figure').all()) {
        const id = await figure.getAttribute('id')
        figures.push(id)
        if ((await figure.locator('svg, ol, pre').count()) === 0) empty.push(`${path}#${id} has no picture`)
        if ((await figure.locator('table td').count()) === 0) empty.push(`${path}#${id}: no table`)
      }
    }
    await plain.close()
    expect(empty).toEqual([])
    expect(figures).toEqual(expect.arrayContaining(['one-query', 'turn-the-scale', 'a-neuron', 'playground']))
  })
})
