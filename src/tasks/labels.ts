/** The names of a network's classes, from the files that are in use for them. @module */
import * as Either from 'fp-ts/lib/Either.js'
import { describe, type Faults, refuse, shortened } from '../core/fault.js'

/** The name under which a safetensors file's metadata hold the names of the classes, in JSON. */
export const CLASSES = 'classes'

type Labels = Either.Either<Faults, readonly string[]>

const asked = 'give one label a line, or JSON: a list, or an object from class numbers to labels'

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A label, or torchvision's pair of a synset and a label. */
const labelOf = (value: unknown): string | null =>
  typeof value === 'string'
    ? value
    : Array.isArray(value) && value.length === 2 && typeof value[1] === 'string'
      ? value[1]
      : null

const complete = (labels: readonly (string | null | undefined)[], what: string): Labels => {
  const missing = labels.findIndex((label) => label === null || label === undefined)
  return missing < 0
    ? Either.right(labels as readonly string[])
    : Either.left(refuse(`it is ${what} without a label for class ${missing}`, asked))
}

/** Labels under their class numbers, or class numbers under their labels. */
const fromRecord = (record: Readonly<Record<string, unknown>>): Labels => {
  for (const inner of ['id2label', 'label_names', 'label2id', 'class_to_idx']) {
    const value = record[inner]
    if (value !== undefined) return fromJson(value)
  }
  const entries = Object.entries(record)
  const inverse = entries.length > 0 && entries.every(([, value]) => Number.isSafeInteger(value))
  const byClass = new Map(
    inverse
      ? entries.map(([label, k]) => [k as number, label] as const)
      : entries.map(([k, value]) => [/^\d+$/.test(k) ? Number(k) : -1, labelOf(value)] as const),
  )
  return complete(
    Array.from({ length: entries.length }, (_, k) => byClass.get(k)),
    'a JSON object',
  )
}

const fromJson = (value: unknown): Labels =>
  Array.isArray(value)
    ? complete(value.map(labelOf), 'a JSON list')
    : isRecord(value)
      ? fromRecord(value)
      : Either.left(refuse('it is JSON, but neither a list nor an object', asked))

const fromLines = (text: string): Labels => {
  const lines = text.replace(/(\r?\n)+$/, '').split(/\r?\n/)
  const blank = lines.findIndex((line) => line.trim() === '')
  if (blank >= 0) return Either.left(refuse(`line ${blank + 1} of it is blank`, 'give one label a line'))
  return lines.every((line) => /^n\d{8}\s+\S/.test(line))
    ? Either.left(refuse('it is a list of synsets with descriptions', 'keep the labels alone, one a line'))
    : Either.right(lines)
}

const read = (text: string): Labels => {
  const bare = text.replace(/^\u{feff}/u, '')
  // What another encoding, or an archive, becomes where it is read as UTF-8.
  if (/[\p{Cc}\u{fffd}]/u.test(bare.replace(/[\t\r\n]/g, '')))
    return Either.left(refuse('it is no text in UTF-8', 'save it as UTF-8, one label a line'))
  if (!/^\s*[{[]/.test(bare)) return fromLines(bare)
  const json = Either.tryCatch(
    () => JSON.parse(bare) as unknown,
    () => null,
  )
  if (Either.isRight(json)) return fromJson(json.right)
  return Either.left(
    /^\s*\{\s*\d+\s*:/.test(bare) || /['"]\s*:\s*\d/.test(bare)
      ? refuse('it is a Python dictionary', 'write it with json.dump, or give one label a line')
      : refuse('it begins as JSON and is none', asked),
  )
}

/**
 * The labels of a file, as many as the network has classes: one a line; or JSON, a list, an object from class numbers to
 * labels or to torchvision's pairs of synset and label, from labels to class numbers, or one of these under `id2label`,
 * `label_names` or `class_to_idx`.
 *
 * @example
 * parseLabels(2)('ant\nbee\n') // => Either.right(['ant', 'bee'])
 * parseLabels(1)('{"0": ["n01440764", "tench"]}') // => Either.right(['tench'])
 */
export const parseLabels =
  (classes: number) =>
  (text: string): Labels => {
    const labels = read(text)
    return Either.isLeft(labels) || labels.right.length === classes
      ? labels
      : Either.left(
          refuse(
            `it has ${labels.right.length} labels (the first is ${shortened(JSON.stringify(labels.right[0] ?? ''))}), but the network has ${classes} classes`,
            'give one label a class',
          ),
        )
  }

/**
 * The names of a network's classes in the metadata of its checkpoint, null where there are none. Names that are not one a
 * class change nothing of what the network computes: they are left out, and a note says why.
 *
 * @example
 * labelsIn(2)({ classes: '["ant","bee"]' }) // => { labels: ['ant', 'bee'], note: null }
 * labelsIn(2)({}) // => { labels: null, note: null }
 */
export const labelsIn =
  (classes: number) =>
  (
    metadata: Readonly<Record<string, string>>,
  ): { readonly labels: readonly string[] | null; readonly note: string | null } => {
    const text = Object.hasOwn(metadata, CLASSES) ? metadata[CLASSES]! : null
    if (text === null) return { labels: null, note: null }
    const read = parseLabels(classes)(text)
    return Either.isRight(read)
      ? { labels: read.right, note: null }
      : { labels: null, note: `the names of its classes are left out: ${describe(read.left[0])}` }
  }
