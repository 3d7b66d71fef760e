/** Reads a reader's checkpoint and image, and classifies, all in this worker. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { imageOf, sourceOfBlob, sourceOfBytes } from 'spikingresformer'
import weights from '../../../data/digits.safetensors?url'
import { classified, type Subject, sentencesOf, type Told, type Wishes } from './checkpoint'

/** What the worker is asked: the files a reader chose; null where none is, then the digits network or a digit of the test set. */
export interface Asked {
  readonly checkpoint: File | null
  readonly picture: File | null
  readonly digit: readonly number[]
  readonly wishes: Wishes
}

/** What it says: how far it is, and in the end what was found, or the sentences of what is wrong. */
export type Said =
  | { readonly kind: 'doing'; readonly doing: string; readonly share: number }
  | { readonly kind: 'told'; readonly told: Told }
  | { readonly kind: 'faults'; readonly sentences: readonly string[] }

const say = (said: Said): void => postMessage(said)

/** A picture's samples as its file has them: not turned, no colours converted, nothing mixed with what is transparent. */
const subjectOf = async (picture: File): Promise<Subject | string> => {
  const undecoded = `${picture.name}: this browser cannot decode it as an image; give a PNG or JPEG image`
  const bitmap = await createImageBitmap(picture, {
    imageOrientation: 'none',
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  }).catch(() => null)
  if (bitmap === null) return undecoded
  const { width, height } = bitmap
  const context = new OffscreenCanvas(width, height).getContext('2d')
  if (context === null) return undecoded
  context.drawImage(bitmap, 0, 0)
  const { data } = context.getImageData(0, 0, width, height)
  const pixels = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i++) pixels.set(data.subarray(4 * i, 4 * i + 3), 3 * i)
  const image = imageOf({ height, width }, 3, pixels)
  return Either.isLeft(image)
    ? sentencesOf(image.left).join('; ')
    : { kind: 'picture', name: picture.name, image: image.right }
}

const bundled = async (): Promise<Uint8Array> => {
  const response = await fetch(weights)
  if (!response.ok) throw new Error(`the weights did not arrive: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

const answer = async ({ checkpoint, picture, digit, wishes }: Asked): Promise<Said> => {
  const subject: Subject | string = picture === null ? { kind: 'digit', values: digit } : await subjectOf(picture)
  if (typeof subject === 'string') return { kind: 'faults', sentences: [subject] }
  const source = checkpoint === null ? sourceOfBytes(await bundled()) : sourceOfBlob(checkpoint)
  const told = await classified(source, subject, wishes, (doing, share) => say({ kind: 'doing', doing, share }))()
  return Either.isRight(told)
    ? { kind: 'told', told: told.right }
    : { kind: 'faults', sentences: sentencesOf(told.left) }
}

addEventListener('message', ({ data }: MessageEvent<Asked>) => {
  answer(data).then(say, (error: unknown) =>
    say({ kind: 'faults', sentences: [error instanceof Error ? error.message : String(error)] }),
  )
})
