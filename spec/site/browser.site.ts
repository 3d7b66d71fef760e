/** The built site in headless Chromium, used as a reader would. */
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pages, serve } from './built.js'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Every page but those of source files, of which one stands for all. */
const read = pages.filter((page) => !page.startsWith('source/src') && !/^source\/[^i]/.test(page))
const all = [...read, 'source/src/model/kernels.ts.html']

let browser: Browser
let server: Server
let isolated: Server
const originOf = (of: Server): string => `http://127.0.0.1:${(of.address() as AddressInfo).port}`

beforeAll(async () => {
  server = await serve()
  isolated = await serve({ isolated: true })
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] })
})
afterAll(async () => {
  await browser.close()
  server.close()
  isolated.close()
})

interface Opened {
  readonly page: Page
  /** What went wrong since it was opened: console errors and warnings, exceptions, refused and foreign requests. */
  readonly wrong: readonly string[]
}

/** A page of the site, watched. */
const open = async (context: BrowserContext, path: string, origin = originOf(server)): Promise<Opened> => {
  const page = await context.newPage()
  const wrong: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) wrong.push(`${path}: ${message.text()}`)
  })
  page.on('pageerror', ({ message }) => wrong.push(`${path}: ${message}`))
  page.on('response', (response) => {
    if (response.status() >= 400) wrong.push(`${path}: ${response.status()} ${response.url()}`)
  })
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) wrong.push(`${path}: asks ${url}`)
  })
  await page.goto(`${origin}/${path}`, { waitUntil: 'load' })
  await page.waitForFunction('document.querySelector("#app")?.__vue_app__ !== undefined')
  return { page, wrong }
}

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly target: unknown }[]
}

/** What axe's default rules find on a page, one line a place. */
const violations = async (page: Page, where: string): Promise<readonly string[]> => {
  await page.evaluate(axe)
  const found = await page.evaluate<readonly Violation[]>(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )
  return found.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${where}: ${id} at ${String(target)}`))
}

const sideways = async (page: Page, where: string): Promise<readonly string[]> => {
  const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
  return wide > 0 ? [`${where} scrolls sideways by ${wide}`] : []
}

describe('every page', () => {
  it.each([
    ['light', 1280],
    ['light', 375],
    ['dark', 1280],
    ['dark', 375],
  ] as const)('is sound and accessible, %s, %i wide', async (colorScheme, width) => {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
    const found: string[] = []
    for (const path of all) {
      const { page, wrong } = await open(context, path)
      found.push(...(await violations(page, path)), ...(await sideways(page, path)), ...wrong)
      await page.close()
    }
    await context.close()
    expect(found).toEqual([])
  })

  it('shows its figures and their numbers without JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    const empty: string[] = []
    let figures = 0
    for (const path of read) {
      await page.goto(`${originOf(server)}/${path}`)
      for (const figure of await page.locator('figure').all()) {
        figures++
        const id = await figure.getAttribute('id')
        if ((await figure.locator('svg, ol, pre').count()) === 0) empty.push(`${path}#${id} has no picture`)
        if (id !== 'playground' && (await figure.locator('table td').count()) === 0)
          empty.push(`${path}#${id}: no table`)
      }
    }
    await context.close()
    expect(empty).toEqual([])
    expect(figures).toBeGreaterThanOrEqual(7)
  })
})

describe('a reader', () => {
  let context: BrowserContext
  beforeAll(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  })
  afterAll(() => context.close())

  /** Opens a page, uses it, and sees that it stayed sound and accessible. */
  const use = async (path: string, using: (page: Page) => Promise<void>): Promise<void> => {
    const { page, wrong } = await open(context, path)
    await using(page)
    expect([...(await violations(page, path)), ...wrong]).toEqual([])
    await page.close()
  }

  it('drives a neuron by hand, and finds the state in the address', () =>
    use('neuron.html', async (page) => {
      const figure = page.locator('#a-neuron')
      const before = await figure.locator('.finding').innerText()
      await figure.getByLabel('input of step 1', { exact: true }).fill('3')
      await expect.poll(() => figure.locator('.finding').innerText()).not.toBe(before)
      const cited = page.url()
      expect(cited).toContain('#a-neuron?x=3_')
      const said = await figure.locator('.finding').innerText()
      const again = await context.newPage()
      await again.goto(cited)
      await expect.poll(() => again.locator('#a-neuron .finding').innerText()).toBe(said)
      await again.close()
    }))

  it('picks a digit, draws a digit, and gets the class and the additions', () =>
    use('index.html', async (page) => {
      const figure = page.locator('#one-query')
      const answer = (): Promise<string> => figure.locator('.counter').innerText()
      expect(await answer()).toMatch(/reads a 2\./)
      await figure.getByLabel('a handwritten 7').click()
      await expect.poll(answer, { timeout: 20_000 }).toMatch(/reads a 7\./)
      await figure.getByText('Draw one').click()
      await figure.getByRole('button', { name: 'Clear' }).click()
      for (const cell of [11, 19, 27, 35, 43, 51]) await figure.locator(`[data-cell="${cell}"]`).click()
      await expect.poll(answer, { timeout: 20_000 }).toMatch(/reads a 1\./)
      await figure.getByLabel('time, in additions').fill('10')
      await expect.poll(answer).toMatch(/^\d additions so far, where a dense attention multiplies 10 times/)
      await figure.getByLabel('Layer').selectOption('5')
      await expect.poll(() => figure.locator('.told').innerText(), { timeout: 20_000 }).toContain('layers.2.5')
    }))

  it('turns the dial, and maps and numbers change', () =>
    use('scale.html', async (page) => {
      const figure = page.locator('#turn-the-scale')
      const verdict = figure.locator('.verdict')
      await expect.poll(() => verdict.innerText(), { timeout: 20_000 }).toContain('No spike differs')
      const lit = (): Promise<number> => figure.locator('.maps .on:not([fill-opacity="0"])').count()
      const before = await lit()
      await figure.getByRole('slider').fill('0')
      await expect.poll(() => verdict.innerText(), { timeout: 20_000 }).toContain('layers.0.0.activation_attn')
      expect(await verdict.innerText()).toContain('scale.value fails')
      expect(await lit()).toBeLessThan(before)
      const random = page.locator('#random-scale')
      const bars = (): Promise<string | null> => random.locator('svg').getAttribute('aria-label')
      const drawn = await bars()
      await random.getByLabel('Tokens').fill('0')
      await expect.poll(bars, { timeout: 20_000 }).not.toBe(drawn)
    }))

  it('breaks a law and reads the counterexample; an endless loop is ended, and the page never waits', () =>
    use('verify.html', async (page) => {
      const figure = page.locator('#playground')
      const said = (): Promise<string> => figure.locator('[role="status"]').innerText()
      await figure.getByLabel('Start from').selectOption({ label: 'time folded into batch' })
      await figure.getByRole('button', { name: 'Judge it' }).click()
      await expect.poll(said, { timeout: 20_000 }).toMatch(/smallest case: [\s\S]*replay: --only 'fire.samples' --seed/)
      expect(await said()).toMatch(/its logits differ by up to [\d.]+/)
      await figure.locator('textarea').fill('export const kernels = {')
      await figure.getByRole('button', { name: 'Judge it' }).click()
      await expect.poll(said, { timeout: 20_000 }).toContain('SyntaxError')
      await figure.getByLabel('Start from').selectOption({ label: 'never answers' })
      await figure.getByRole('button', { name: 'Judge it' }).click()
      // While the loop runs the page answers at once.
      await page.locator('#kill-matrix').getByLabel('Find a law or a mistake').fill('fire.tie')
      await expect
        .poll(() => page.locator('#kill-matrix [role="status"]').innerText(), { timeout: 1000 })
        .toMatch(/^\d+ of \d+ mutants$/)
      await expect.poll(said, { timeout: 20_000 }).toContain('the worker was ended')
      await figure.getByLabel('Start from').selectOption({ label: 'right: the scores' })
      await figure.getByRole('button', { name: 'Judge it' }).click()
      await expect.poll(said, { timeout: 20_000 }).toMatch(/^(\d+) of \1 laws hold/)
    }))

  it('opens a block of the network and chooses another', () =>
    use('network.html', async (page) => {
      await page.locator('#network summary').nth(1).click()
      await page.getByText('layers.0.0.firing_rate_x').first().waitFor()
      await page.getByLabel('Configuration').selectOption('s')
      await expect.poll(() => page.locator('#network figcaption').innerText()).toContain('224')
    }))

  it('searches, offline', () =>
    use('neuron.html', async (page) => {
      await page.getByRole('button', { name: 'Search' }).click()
      await page.locator('#search-field').fill('hard reset')
      await page.locator('dialog.search li a').first().waitFor()
      expect(await violations(page, 'the search dialog')).toEqual([])
      await context.setOffline(true)
      await page.locator('#search-field').fill('firing rate')
      await expect.poll(() => page.locator('dialog.search [role="status"]').innerText()).toMatch(/places/)
      await context.setOffline(false)
      await page.keyboard.press('Escape')
      await expect.poll(() => page.locator('dialog.search').count()).toBe(0)
    }))

  it('opens the menus of a phone', async () => {
    const phone = await browser.newContext({ viewport: { width: 375, height: 800 } })
    const { page, wrong } = await open(phone, 'neuron.html')
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.locator('.VPSidebar.open').waitFor()
    await page.waitForTimeout(600)
    expect([...(await violations(page, 'the sidebar')), ...wrong]).toEqual([])
    await phone.close()
  })

  it('does the same where the page may share memory', async () => {
    const { page, wrong } = await open(context, 'index.html', originOf(isolated))
    expect(await page.evaluate('crossOriginIsolated')).toBe(true)
    await page.locator('#one-query').getByLabel('a handwritten 5').click()
    await expect.poll(() => page.locator('#one-query .counter').innerText(), { timeout: 20_000 }).toMatch(/reads a 5\./)
    expect(wrong).toEqual([])
    await page.close()
  })
})

describe('the first page', () => {
  it('arrives in at most 200 kB, the weights aside', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    const bodies: Promise<readonly [string, Buffer]>[] = []
    page.on('response', (response) => {
      bodies.push(response.body().then((body) => [response.url(), body] as const))
    })
    const start = Date.now()
    await page.goto(`${originOf(server)}/`, { waitUntil: 'load' })
    await page.waitForFunction('document.querySelector("#app")?.__vue_app__ !== undefined')
    const alive = Date.now() - start
    await page.waitForTimeout(3000)
    const sizes = (await Promise.all(bodies)).map(([url, body]) => [url, gzipSync(body).length] as const)
    const first = sizes.filter(([url]) => !url.includes('safetensors')).reduce((sum, [, size]) => sum + size, 0)
    console.log(`the first page: ${Math.round(first / 1000)} kB gzip without the weights, alive after ${alive} ms`)
    expect(first).toBeLessThanOrEqual(200_000)
    await context.close()
  })
})
