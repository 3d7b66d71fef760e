/** The page of *In a page*, as it stands there: its two files beside the package, in headless Chromium. */
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { splitDigits } from '../../src/input/digits.js'
import { bundledDigits } from '../../src/node/bundled.js'
import { right } from '../right.js'
import { launch, open, originOf } from './browser.js'
import { fileIn, serveFiles } from './built.js'
import { png } from './png.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const text = readFileSync(`${root}docs/browser.md`, 'utf8')
const blocks = (language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, block]) => block!)
const checkpoint = `${root}data/digits.safetensors`

let browser: Browser
let server: Server

beforeAll(async () => {
  const [script] = blocks('js')
  const [page] = blocks('html')
  const own: Readonly<Record<string, string>> = {
    '/index.html': page!,
    '/classify.js': script!,
    '/favicon.ico': '',
  }
  const installed = fileIn(root)
  server = await serveFiles((path) => own[path] ?? installed(path.replace(/^\/node_modules\/spikingresformer\//, '')))
  browser = await launch()
})
afterAll(async () => {
  await browser.close()
  server.close()
})

describe('a page of a reader', () => {
  it('is two files', () => {
    expect([blocks('js').length, blocks('html').length]).toEqual([1, 1])
  })

  it('classifies the images and the checkpoint that are chosen, and says what is wrong with others', async () => {
    const { page, wrong } = await open(await browser.newContext(), originOf(server), 'index.html')
    const answer = (of: Page): Promise<string> => of.locator('#answer').innerText()
    const choose = (greys: readonly number[]): Promise<void> =>
      page.getByLabel('Image').setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer: png(8, greys) })
    const digits = splitDigits(right(await bundledDigits())).test
    await page.getByLabel('Checkpoint').setInputFiles(checkpoint)
    for (const { values, label } of [3, 7].map((of) => digits.find((digit) => digit.label === of)!)) {
      const bright = values.map((ink) => Math.round((ink * 255) / 16))
      await choose(bright)
      await expect
        .poll(() => answer(page))
        .toMatch(new RegExp(`^class ${label}: -?\\d+\\.\\d{3}(\\nclass \\d: .*){4}$`))
      const said = await answer(page)
      await page.getByLabel('dark ink on bright paper').check()
      await choose(bright.map((grey) => 255 - grey))
      await expect.poll(() => answer(page)).toBe(said)
      await page.getByLabel('dark ink on bright paper').uncheck()
    }
    await page.getByLabel('Checkpoint').setInputFiles({
      name: 'half.safetensors',
      mimeType: '',
      buffer: readFileSync(checkpoint).subarray(0, 100_000),
    })
    await expect.poll(() => answer(page)).toMatch(/^not a readable safetensors file/)
    expect(wrong).toEqual([])
  })
})
