/** The built site in headless Chromium, used as a reader would. */
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodePytorch } from '../../src/checkpoint/pytorch.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/checkpoint/safetensors.js'
import { splitDigits } from '../../src/input/digits.js'
import { bundledDigits } from '../../src/node/bundled.js'
import { right } from '../right.js'
import { DESKTOP, faultsOf, launch, open, originOf, PATIENCE, PHONE } from './browser.js'
import { serve } from './built.js'
import { png } from './png.js'

const testDigits = async () => splitDigits(right(await bundledDigits())).test

let browser: Browser
let server: Server
let isolated: Server

beforeAll(async () => {
  server = await serve()
  isolated = await serve({ isolated: true })
  browser = await launch()
})
afterAll(async () => {
  await browser.close()
  server.close()
  isolated.close()
})

describe('a reader', () => {
  let context: BrowserContext
  beforeAll(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  })
  afterAll(() => context.close())

  /** Opens a page, uses it, and sees that it stayed sound and accessible. */
  const use = async (path: string, using: (page: Page) => Promise<void>): Promise<void> => {
    const { page, wrong } = await open(context, originOf(server), path)
    await using(page)
    expect([...(await faultsOf(page, path, [DESKTOP])), ...wrong]).toEqual([])
    await page.close()
  }

  /** What another reader finds at the address a page has now. */
  const cited = async (page: Page, finding: (again: Page) => Promise<void>): Promise<void> => {
    const again = await context.newPage()
    await again.goto(page.url())
    await finding(again)
    await again.close()
  }

  it('drives a neuron by hand, and finds the state in the address', () =>
    use('neuron.html', async (page) => {
      const figure = page.locator('#a-neuron')
      const before = await figure.locator('.finding').innerText()
      await figure.getByLabel('input of step 1', { exact: true }).fill('3')
      await expect.poll(() => figure.locator('.finding').innerText()).not.toBe(before)
      expect(page.url()).toContain('#a-neuron?x=3_')
      const said = await figure.locator('.finding').innerText()
      await cited(page, (again) => expect.poll(() => again.locator('#a-neuron .finding').innerText()).toBe(said))
    }))

  it('picks a digit, draws a digit, and gets the class and the additions', () =>
    use('index.html', async (page) => {
      const figure = page.locator('#one-query')
      const answer = (): Promise<string> => figure.locator('.counter').innerText()
      expect(await answer()).toMatch(/reads a 2\./)
      await figure.getByLabel('a handwritten 7').click()
      await expect.poll(answer).toMatch(/reads a 7\./)
      await figure.getByText('Draw one').click()
      await figure.getByRole('button', { name: 'Clear' }).click()
      for (const cell of [11, 19, 27, 35, 43, 51]) await figure.locator(`[data-cell="${cell}"]`).click()
      await expect.poll(answer).toMatch(/reads a 1\./)
      await figure.getByLabel('time, in additions').fill('10')
      await expect.poll(answer).toMatch(/^\d additions so far, where a dense attention multiplies 10 times/)
      await figure.getByLabel('Layer').selectOption('5')
      await expect.poll(() => figure.locator('.told').innerText()).toContain('layers.2.5')
    }))

  it('turns the dial, and maps and numbers change', () =>
    use('scale.html', async (page) => {
      const figure = page.locator('#turn-the-scale')
      const verdict = figure.locator('.verdict')
      await expect.poll(() => verdict.innerText()).toContain('No spike differs')
      const lit = (): Promise<number> => figure.locator('.maps .on:not([fill-opacity="0"])').count()
      const before = await lit()
      await figure.getByRole('slider').fill('0')
      await expect.poll(() => verdict.innerText()).toContain('layers.0.0.activation_attn')
      expect(await verdict.innerText()).toContain('scale.value fails')
      expect(await lit()).toBeLessThan(before)
      const random = page.locator('#random-scale')
      const bars = (): Promise<string | null> => random.locator('svg').getAttribute('aria-label')
      const drawn = await bars()
      await random.getByLabel('Tokens').fill('0')
      await expect.poll(bars).not.toBe(drawn)
      const few = await bars()
      await random.getByLabel('Seed').fill('7')
      await expect.poll(bars).not.toBe(few)
      expect(await random.locator('figcaption').innerText()).toContain('from seed 7')
      const seventh = await bars()
      await cited(page, (again) =>
        expect.poll(() => again.locator('#random-scale svg').getAttribute('aria-label')).toBe(seventh),
      )
    }))

  it('breaks a law and reads the counterexample; an endless loop is ended, and the page never waits', () =>
    use('verify.html', async (page) => {
      const figure = page.locator('#playground')
      const said = (of = page): Promise<string> => of.locator('#playground [role="status"]').innerText()
      const judged = async (wanted: RegExp, of = page): Promise<void> => {
        await of.getByRole('button', { name: 'Judge it' }).click()
        await expect.poll(() => said(of)).toMatch(wanted)
      }
      // Where others use the machine too, three seconds may be few.
      await figure.getByLabel('Ended after').fill('60')
      await figure.getByLabel('Start from').selectOption({ label: 'time folded into batch' })
      await judged(/its logits differ by up to [\d.]+/)
      const folded = await said()
      expect(folded).toMatch(/smallest case: [\s\S]*replay: --only 'fire.samples' --seed/)
      await cited(page, async (again) => {
        await judged(/its logits differ/, again)
        expect(await said(again)).toBe(folded)
      })
      await figure.locator('textarea').fill('export const kernels = {')
      await judged(/SyntaxError/)
      await figure.getByLabel('Start from').selectOption({ label: 'never answers' })
      await figure.getByLabel('Ended after').fill('3')
      // While the loop runs the page goes on: its timers tick, and what a reader types is answered.
      await page.evaluate(`{
        const [status, { postMessage }] = [document.querySelector('#playground [role="status"]'), Worker.prototype]
        Worker.prototype.postMessage = function (...given) {
          window.ticks = 0
          setInterval(() => { if (status.innerText.includes('Judging.')) ticks++ }, 20)
          postMessage.apply(this, given)
        }
      }`)
      await figure.getByRole('button', { name: 'Judge it' }).click()
      await page.locator('#kill-matrix').getByLabel('Find a law or a mistake').fill('fire.tie')
      await expect
        .poll(() => page.locator('#kill-matrix [role="status"]').innerText())
        .toMatch(/^([1-9]|\d\d) of \d+ mutants$/)
      await expect.poll(() => said()).toContain('the worker was ended')
      expect(await page.evaluate('ticks')).toBeGreaterThan(20)
      await figure.getByLabel('Start from').selectOption({ label: 'right: the scores' })
      await figure.getByLabel('Ended after').fill('60')
      await judged(/^(\d+) of \1 laws hold/)
    }))

  it('classifies a checkpoint and an image of their own, and reads what is wrong with broken ones', () =>
    use('checkpoint.html', async (page) => {
      const { values, label } = (await testDigits())[7]!
      const weights = readFileSync(new URL('../../data/digits.safetensors', import.meta.url))
      const tensors = right(decodeSafetensors(weights)).tensors
      const torch = right(await encodePytorch(tensors)())
      const figure = page.locator('#own-checkpoint')
      const classify = async (checkpoint: Uint8Array, name: string): Promise<void> => {
        await figure
          .getByLabel('Checkpoint', { exact: true })
          .setInputFiles({ name, mimeType: '', buffer: Buffer.from(checkpoint) })
        await figure.getByRole('button', { name: 'Classify' }).click()
        await expect.poll(() => figure.getByRole('status').innerText()).toMatch(/^(Done|It could)/)
      }
      const answer = (): Promise<string> => figure.locator('.finding').innerText()
      const faults = (): Promise<readonly string[]> => figure.locator('.faults li').allInnerTexts()
      await page.evaluate(`{
        window.heard = []
        const status = document.querySelector('#own-checkpoint [role="status"]')
        new MutationObserver(() => heard.push(status.innerText)).observe(status, { childList: true, characterData: true, subtree: true })
      }`)
      await figure.getByLabel('Image', { exact: true }).setInputFiles({
        name: 'mine.png',
        mimeType: 'image/png',
        buffer: png(
          8,
          values.map((ink) => (ink * 255) / 16),
        ),
      })
      await classify(weights, 'mine.safetensors')
      expect(await answer()).toContain(`The best class is ${label},`)
      expect(await page.evaluate<readonly string[]>('heard')).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^\d+ tensors: building/),
          expect.stringMatching(/^computing layers\.2/),
        ]),
      )
      expect(await figure.locator('figcaption').innerText()).toContain('running on one')
      await classify(torch, 'mine.pth')
      expect(await answer()).toContain(`The best class is ${label},`)
      await classify(weights.subarray(0, 100_000), 'mine.safetensors')
      expect(await faults()).toEqual([
        expect.stringMatching(
          /^not a readable safetensors file: its tensors need .*; the file is damaged or incomplete/,
        ),
      ])
      await classify(torch.subarray(0, 100_000), 'mine.pth')
      expect(await faults()).toEqual([expect.stringContaining('zip')])
      const without = new Map([...tensors].filter(([key]) => key !== 'classifier.weight'))
      await classify(right(encodeSafetensors(without, {})), 'mine.safetensors')
      expect((await faults()).join()).toContain('say which network it is with --variant')
      await figure.getByLabel('Network (--variant)').selectOption('digits')
      await figure.getByRole('button', { name: 'Classify' }).click()
      await expect.poll(async () => (await faults()).join()).toContain('classifier.weight')
      await figure.getByLabel('Image', { exact: true }).setInputFiles({
        name: 'mine.png',
        mimeType: 'image/png',
        buffer: Buffer.from('not an image'),
      })
      await classify(weights, 'mine.safetensors')
      expect(await faults()).toEqual([expect.stringContaining('cannot decode it as an image')])
    }))

  it('trains a network, pauses, goes on by steps, and gets the bits of the build', () =>
    use('training.html', async (page) => {
      const figure = page.locator('#live-training')
      const step = async (): Promise<number> =>
        Number(/^Step (\d+) of/.exec(await figure.getByRole('status').innerText())?.[1] ?? 0)
      const once = figure.getByRole('button', { name: 'One step' })
      await once.click()
      await expect.poll(step).toBe(1)
      await figure.getByRole('button', { name: 'Train' }).click()
      await expect.poll(step).toBeGreaterThan(10)
      await figure.getByRole('button', { name: 'Pause' }).click()
      // The step under way is the last one; only then may another be asked for.
      await expect.poll(() => once.isEnabled()).toBe(true)
      const paused = await step()
      await once.click()
      await expect.poll(step).toBe(paused + 1)
      expect(await figure.getByRole('status').innerText()).toContain(
        `All ${paused + 1} losses so far are those of the build, to the last bit.`,
      )
      await figure.getByRole('button', { name: 'From the start' }).click()
      await expect.poll(step).toBe(0)
    }))

  it('opens a block of the network and chooses another', () =>
    use('network.html', async (page) => {
      await page.locator('#network summary').nth(1).click()
      await page.getByText('layers.0.0.firing_rate_x').first().waitFor()
      await page.getByLabel('Configuration').selectOption('s')
      await expect.poll(() => page.locator('#network figcaption').innerText()).toContain('224')
    }))

  it('searches, offline', async () => {
    const { page, wrong } = await open(context, originOf(server), 'questions.html')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.locator('#search-field').fill('hard reset')
    await page.locator('dialog.search li a').first().waitFor()
    expect(await faultsOf(page, 'the search dialog', [PHONE, DESKTOP])).toEqual([])
    await context.setOffline(true)
    await page.locator('#search-field').fill('firing rate')
    await expect.poll(() => page.locator('dialog.search [role="status"]').innerText()).toMatch(/places/)
    await context.setOffline(false)
    await page.keyboard.press('Escape')
    await expect.poll(() => page.locator('dialog.search').count()).toBe(0)
    expect(wrong).toEqual([])
    await page.close()
  })

  it('opens the menus of a phone', async () => {
    const phone = await browser.newContext({ viewport: { width: PHONE, height: 800 } })
    const { page, wrong } = await open(phone, originOf(server), 'questions.html')
    const menus = [
      ['the sidebar', page.getByRole('button', { name: 'Menu' }), page.locator('.VPSidebar.open')],
      ['the outline', page.getByText('On this page').first(), page.locator('.outline-menu details[open]')],
      ['the navigation', page.getByRole('button', { name: 'mobile navigation' }), page.locator('.VPNavScreen')],
    ] as const
    const found: string[] = []
    for (const [name, button, opened] of menus) {
      await button.click()
      await opened.waitFor()
      found.push(...(await faultsOf(page, name, [PHONE])))
      await page.goto(page.url(), { waitUntil: 'load' })
    }
    expect([...found, ...wrong]).toEqual([])
    await phone.close()
  })

  it('sees no motion but what they start, and none where nobody looks', async () => {
    const moving = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    // The page's clock is the test's: it stands until the test lets a second pass.
    await moving.clock.install({ time: 0 })
    const { page, wrong } = await open(moving, originOf(server), 'index.html')
    await moving.clock.pauseAt(3_600_000)
    const time = page.locator('#one-query').getByLabel('time, in additions')
    const now = (): Promise<number> => time.inputValue().then(Number)
    const inOneSecond = async (): Promise<number> => {
      const before = await now()
      await moving.clock.runFor(1000)
      return (await now()) - before
    }
    await time.fill('0')
    expect(await inOneSecond()).toBe(0)
    await page.locator('#one-query').getByRole('button', { name: 'Play' }).click()
    expect(await inOneSecond()).toBeGreaterThan(4)
    await page.evaluate(`new Promise((away) => {
      const figure = document.querySelector('#one-query')
      figure.style.marginTop = '3000px'
      scrollTo(0, 0)
      new IntersectionObserver((seen) => { if (seen.every(({ isIntersecting }) => !isIntersecting)) away() }).observe(figure)
    })`)
    expect(await inOneSecond()).toBe(0)
    expect(await now()).toBeLessThan(72)
    expect(wrong).toEqual([])
    await moving.close()
    const still = await browser.newContext({ reducedMotion: 'reduce' })
    const { page: stepped } = await open(still, originOf(server), 'index.html')
    const figure = stepped.locator('#one-query')
    await figure.getByLabel('time, in additions').fill('0')
    expect(await figure.getByRole('button', { name: 'Play' }).count()).toBe(0)
    await figure.getByRole('button', { name: 'One further' }).click()
    expect(await figure.getByLabel('time, in additions').inputValue()).toBe('1')
    await figure.getByRole('button', { name: 'Back' }).click()
    expect(await figure.getByLabel('time, in additions').inputValue()).toBe('0')
    await still.close()
  })

  it('does the same where the page may share memory', async () => {
    const { page, wrong } = await open(context, originOf(isolated), 'index.html')
    expect(await page.evaluate('crossOriginIsolated')).toBe(true)
    await page.locator('#one-query').getByLabel('a handwritten 5').click()
    await expect.poll(() => page.locator('#one-query .counter').innerText()).toMatch(/reads a 5\./)
    expect(wrong).toEqual([])
    await page.close()
  })
})

describe('the first page', () => {
  it('arrives in at most 200 kB, the weights aside', async () => {
    const context = await browser.newContext()
    context.setDefaultTimeout(PATIENCE)
    const page = await context.newPage()
    const bodies: Promise<readonly [string, Buffer]>[] = []
    page.on('response', (response) => {
      bodies.push(response.body().then((body) => [response.url(), body] as const))
    })
    const start = performance.now()
    const since = (): number => Math.round(performance.now() - start)
    await page.goto(`${originOf(server)}/`, { waitUntil: 'load' })
    await page.waitForFunction('document.querySelector("#app")?.__vue_app__ !== undefined')
    const alive = since()
    await page.locator('#one-query').getByLabel('a handwritten 7').click()
    await page.getByText('reads a 7.').waitFor()
    const answered = since()
    const sizes = (await Promise.all(bodies)).map(([url, body]) => [url, gzipSync(body).length] as const)
    const first = sizes.filter(([url]) => !url.includes('safetensors')).reduce((sum, [, size]) => sum + size, 0)
    console.log(
      `the first page: ${Math.round(first / 1000)} kB gzip without the weights, alive after ${alive} ms, a digit picked then is read after ${answered} ms`,
    )
    expect(sizes.map(([url]) => url).join()).toContain('safetensors')
    expect(first).toBeLessThanOrEqual(200_000)
    await context.close()
  })
})
