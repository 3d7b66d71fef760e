/** Label files as they are published: read, or refused by what they are. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseLabels } from '../../src/tasks/labels.js'
import { right, sentences } from '../right.js'

const golden = (name: string): string => readFileSync(join(import.meta.dirname, '../golden/borders', name), 'utf8')
const ten = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine']

describe('labels', () => {
  it.each<[string, string]>([
    ['one a line, with a byte-order mark and CRLF', golden('labels-bom-crlf.txt')],
    ['blank lines at the end', golden('labels-two-blank.txt')],
    ['torchvision’s index', golden('labels-index.json')],
    ['a JSON list', JSON.stringify(ten)],
    ['class numbers to labels', JSON.stringify({ ...ten })],
    ['labels to class numbers', JSON.stringify(Object.fromEntries(ten.map((label, k) => [label, k])))],
    ['a model’s configuration', JSON.stringify({ architecture: 'x', label_names: ten, num_classes: 10 })],
    ['id2label', JSON.stringify({ id2label: { ...ten } })],
  ])('are read from %s', (_, text) => {
    expect(right(parseLabels(10)(text))).toEqual(ten)
  })

  it.each<[string, string, string]>([
    [
      'eleven lines',
      golden('labels-11-background.txt'),
      'it has 11 labels (the first is "background"), but the network has 10',
    ],
    ['a Python dictionary', golden('labels-dict.txt'), 'it is a Python dictionary; write it with json.dump'],
    ['synsets', golden('labels-synset.txt'), 'it is a list of synsets with descriptions'],
    ['a blank line inside', ten.join('\n').replace('four', ''), 'line 5 of it is blank'],
    ['half a JSON object', '{"0": "a"', 'it begins as JSON and is none'],
    ['a hole', JSON.stringify({ 0: 'a', 2: 'b' }), 'it is a JSON object without a label for class 1'],
    ['UTF-16', 'c\0a\0t\0\n\0d\0o\0g\0\n\0', 'it is no text in UTF-8; save it as UTF-8, one label a line'],
    ['Latin-1', new TextDecoder().decode(Uint8Array.of(0x63, 0xe9, 0x0a, 0x64, 0x0a)), 'it is no text in UTF-8'],
    ['an archive', '\u001f\ufffd\u0008', 'it is no text in UTF-8'],
    ['numbers', '[1, 2]', 'it is a JSON list without a label for class 0'],
  ])('are refused: %s', (_, text, problem) => {
    expect(sentences(parseLabels(10)(text))).toEqual([expect.stringContaining(problem)])
  })
})
