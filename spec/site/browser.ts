/** The built site in headless Chromium: pages watched, looked at in both themes and at both widths. @module */
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Milliseconds until what should be there is given up: only what never comes is to fail, however slow the machine. */
export const PATIENCE = 120_000

/** A phone and a desktop. */
export const [PHONE, DESKTOP] = [375, 1280] as const

/** The rules about colours: a theme changes nothing else. */
const COLOURS: readonly string[] = ['color-contrast', 'link-in-text-block']

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu', '--in-process-gpu'] })

export const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

export interface Opened {
  readonly page: Page
  /** What went wrong since it was opened: console errors and warnings, exceptions, refused and foreign requests. */
  readonly wrong: readonly string[]
}

/** Whether a page of VitePress is alive; the pages of source files never are. */
const alive = 'document.querySelector("#app") === null || document.querySelector("#app").__vue_app__ !== undefined'

/** A page of the site, watched. */
export const open = async (context: BrowserContext, origin: string, path: string): Promise<Opened> => {
  context.setDefaultTimeout(PATIENCE)
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
  await page.waitForFunction(alive)
  return { page, wrong }
}

/**
 * Until what moves has come to rest, or three seconds: a colour on its way has no contrast to judge. What was opened just now
 * begins to move some frames later.
 */
const settled = (page: Page): Promise<unknown> =>
  page.evaluate(`Promise.race([
    (async () => {
      for (let frame = 0; frame < 6; frame++) await new Promise(requestAnimationFrame)
      while (document.getAnimations().some(({ playState }) => playState === 'running')) {
        await Promise.allSettled(document.getAnimations().map(({ finished }) => finished))
        await new Promise(requestAnimationFrame)
      }
    })(),
    new Promise((done) => setTimeout(done, 3000)),
  ])`)

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly target: unknown }[]
}

/** What axe finds on a page as it is, one line a place: by its default rules, or by some. */
const violations = async (page: Page, rules: readonly string[] | null): Promise<readonly string[]> => {
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axe)
  const options = { resultTypes: ['violations'], ...(rules === null ? {} : { runOnly: rules }) }
  const found = await page.evaluate<readonly Violation[]>(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
  )
  return found.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} at ${String(target)}`))
}

const sideways = async (page: Page): Promise<readonly string[]> => {
  const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
  return wide > 0 ? [`scrolls sideways by ${wide}`] : []
}

/** What is wrong with a page as it is: at each of the widths by all rules, and at the last in the dark by those of colours. */
export const faultsOf = async (page: Page, where: string, widths: readonly number[]): Promise<readonly string[]> => {
  const found: string[] = []
  const look = async (width: number, colorScheme: 'light' | 'dark', rules: readonly string[] | null): Promise<void> => {
    await page.setViewportSize({ width, height: 800 })
    await page.emulateMedia({ colorScheme })
    await settled(page)
    const here = [...(await violations(page, rules)), ...(await sideways(page))]
    found.push(...here.map((fault) => `${where}, ${colorScheme}, ${width}: ${fault}`))
  }
  for (const width of widths) await look(width, 'light', null)
  await look(widths.at(-1)!, 'dark', COLOURS)
  return found
}
