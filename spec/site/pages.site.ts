/** Every page of the built site in headless Chromium, as it opens. */
import type { Server } from 'node:http'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultsOf, launch, open, originOf, WIDTHS } from './browser.js'
import { pages, read, serve } from './built.js'

/** Every page but those of source files, of which one stands for all; the largest first. */
const written = pages.filter((page) => !/^source\/[^i]/.test(page))
const all = [...written, '404.html', 'source/src/model/kernels.ts.html'].sort((a, b) => read(b).length - read(a).length)
/** Pages looked at at a time. */
const LANES = 2

let browser: Browser
let server: Server

beforeAll(async () => {
  server = await serve()
  browser = await launch()
})
afterAll(async () => {
  await browser.close()
  server.close()
})

describe('every page', () => {
  it.each(WIDTHS)('is sound and accessible, light and dark, %i wide', async (width) => {
    const context = await browser.newContext({ viewport: { width, height: 800 } })
    const left = [...all]
    const found: string[] = []
    const lane = async (): Promise<void> => {
      for (let path = left.shift(); path !== undefined; path = left.shift()) {
        const { page, wrong } = await open(context, originOf(server), path)
        found.push(...(await faultsOf(page, path, [width])), ...wrong)
        await page.close()
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    await context.close()
    expect(found).toEqual([])
  })

  it('shows its figures and their numbers without JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
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
    await context.close()
    expect(empty).toEqual([])
    expect(figures).toEqual(expect.arrayContaining(['one-query', 'turn-the-scale', 'a-neuron', 'playground']))
  })
})
