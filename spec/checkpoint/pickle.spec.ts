import * as Either from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { unpickle, type Value } from '../../src/checkpoint/pickle.js'
import { describe as sentence } from '../../src/core/fault.js'
import { bytesOf, dict, global, int, orderedDict, pickle, text, tuple } from './crafted.js'

const allowed = (name: string): boolean => ['collections.OrderedDict', 'known.thing'].includes(name)
const read = (bytes: Uint8Array): Either.Either<unknown, Value> => unpickle(bytes, allowed)
const problem = (bytes: Uint8Array): string => {
  const result = unpickle(bytes, allowed)
  return Either.isLeft(result) ? sentence(result.left[0]) : 'read'
}

describe('unpickle', () => {
  it.each<[string, Uint8Array, Value]>([
    ['None', pickle('N'), null],
    ['True', pickle(0x88), true],
    ['a byte', pickle('K', 255), 255],
    ['two bytes', pickle('M', 0x34, 0x12), 0x1234],
    ['a negative integer', pickle(int(-7)), -7],
    ['a long of no bytes', pickle(0x8a, 0), 0],
    ['a negative long', pickle(0x8a, 1, 0xff), -1],
    ['a negative long of six bytes', pickle(0x8a, 6, 0, 0, 0, 0, 0, 0xff), -(2 ** 40)],
    ['a long beyond 2^53', pickle(0x8a, 8, 1, 0, 0, 0, 0, 0, 0, 0x80), -(2n ** 63n) + 1n],
    ['a float', pickle('G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0), 1.5],
    ['text', pickle(text('größe 😀')), 'größe 😀'],
    ['text that begins with a byte order mark', pickle(text('\ufeffx')), '\ufeffx'],
    ['short strings of both protocols', pickle('U', 1, 'a', 0x8c, 1, 'b', 0x86), { _tag: 'Tuple', items: ['a', 'b'] }],
    [
      'tuples',
      pickle(')', 0x85, 'N', 'K', 1, 0x87),
      { _tag: 'Tuple', items: [{ _tag: 'Tuple', items: [{ _tag: 'Tuple', items: [] }] }, null, 1].slice(0) as Value[] },
    ],
    ['a list', pickle(']', 'Na', '(', 'K', 1, 'K', 2, 'e'), { _tag: 'List', items: [null, 1, 2] }],
    [
      'a dictionary',
      pickle('}', 'K', 1, 'Ns', '(', 'K', 2, 'Nu'),
      {
        _tag: 'Dict',
        entries: new Map([
          [1, null],
          [2, null],
        ]),
      },
    ],
    [
      'an ordered dictionary and its state',
      pickle(orderedDict({ a: bytesOf('N') }), dict({}), 'b'),
      { _tag: 'Dict', entries: new Map([['a', null]]) },
    ],
    [
      'the memo',
      pickle('K', 5, 'q', 3, '0', 'h', 3, 'r', 0, 1, 0, 0, 'j', 0, 1, 0, 0, 0x86),
      { _tag: 'Tuple', items: [5, 5] },
    ],
    [
      'protocol 4',
      bytesOf(0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0, 0x8c, 5, 'known', 0x8c, 5, 'thing', 0x93, 0x94, '.'),
      { _tag: 'Global', name: 'known.thing' },
    ],
    [
      'a call as a record of it',
      pickle(global('known', 'thing'), tuple(int(1)), 'R'),
      { _tag: 'Call', callee: 'known.thing', args: [1] },
    ],
    [
      'a new object as a record of it',
      pickle(global('known', 'thing'), ')', 0x81, dict({}), 'b'),
      { _tag: 'Call', callee: 'known.thing', args: [] },
    ],
    ['a persistent id', pickle(text('id'), 'Q'), { _tag: 'Persistent', id: 'id' }],
  ])('reads %s', (_, bytes, value) => {
    expect(read(bytes)).toEqual(Either.right(value))
  })

  it.each<[string, Uint8Array, string]>([
    ['os.system', pickle(global('os', 'system'), tuple(text('true')), 'R'), 'it names the global "os.system"'],
    ['eval by protocol 4', pickle(text('builtins'), text('eval'), 0x93), 'it names the global "builtins.eval"'],
    [
      'a name inside a known name',
      pickle(global('known', 'thing.__class__')),
      'it names the global "known.thing.__class__"',
    ],
    ['names with control characters', pickle(global('known\u001b[2J', 'thing')), 'the global "known\\u001b[2J.thing"'],
    ['a global whose name is not text', pickle('N', 'N', 0x93), 'it names the global "null.null"'],
    ['a call of a list', pickle(']', ')', 'R'), 'it calls something that is not a name'],
    [
      'a call with a list of arguments',
      pickle(global('known', 'thing'), ']', 'R'),
      'it calls something without arguments',
    ],
    ['a recall of nothing', pickle('h', 9), 'it recalls value 9, which it never remembered'],
    ['a pop of nothing', pickle('0'), 'it takes a value that is not on its stack'],
    ['a pop below a mark', pickle('N', '(', '0'), 'it takes a value that is not on its stack'],
    ['a mark that is not there', pickle('N', 't'), 'it takes a mark that is not on its stack'],
    ['an append to a tuple', pickle(')', 'N', 'a'), 'it appends to something that is not a list'],
    ['items set in a list', pickle(']', 'N', 'N', 's'), 'it sets items of something that is not a dictionary'],
    ['an odd number of items', pickle('}', '(', 'N', 'u'), 'it sets items of something that is not a dictionary'],
    ['no stop', bytesOf(0x80, 2, 'N'), 'it ends inside an instruction'],
    ['nothing', new Uint8Array(0), 'it ends inside an instruction'],
    ['text longer than the pickle', pickle('X', 0xff, 0xff, 0xff, 0xff, 'a'), 'it ends inside an instruction'],
    ['bytes of negative length', pickle('B', 0xfb, 0xff, 0xff, 0xff), 'it ends inside an instruction'],
    ['a name without an end', pickle('cos'), 'it ends inside a name'],
    ['text that is not UTF-8', pickle('X', 1, 0, 0, 0, 0xff), 'its pickle was refused'],
    ['protocol 6', bytesOf(0x80, 6, 'N.'), 'its protocol is newer than 5'],
    ['persistent ids as lines', pickle('Pos\n'), 'it has the instruction 0x50'],
    ['extension registry codes', pickle(0x82, 1), 'it has the instruction 0x82'],
    ['an old-style instance', pickle('(', 'ios\nsystem\n'), 'it names the global "os.system"'],
  ])('refuses %s', (_, bytes, sentenceOfProblem) => {
    expect(problem(bytes)).toContain(sentenceOfProblem)
  })

  it('reads lists that contain themselves', () => {
    const result = read(pickle(']', 'q', 0, 'h', 0, 'a'))
    expect(Either.isRight(result) && (result.right as { items: Value[] }).items[0] === result.right).toBe(true)
  })

  it('does not mind deep nesting', () => {
    expect(
      Either.isRight(
        read(
          pickle(
            ')',
            Uint8Array.from({ length: 500_000 }, () => 0x85),
          ),
        ),
      ),
    ).toBe(true)
    expect(Either.isRight(read(pickle('('.repeat(500_000), 'N')))).toBe(true)
  })

  it('makes and remembers no more than a million objects', () => {
    expect(
      problem(
        pickle(
          'N',
          Uint8Array.from({ length: 1_000_001 }, () => 0x94),
        ),
      ),
    ).toContain('remembers more than')
    expect(problem(pickle('}'.repeat(1_000_001)))).toContain('it makes more than 1000000 objects')
  })
})
