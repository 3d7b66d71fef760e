// A process that answers questions (docs/protocol.md), but for what it computes.
import { createInterface } from 'node:readline'
import { decodeTensor, protocolVersion } from '../../dist/laws/protocol.js'

/** What a message means: tensors and numbers in the place of what stands for them. */
const reading = (kept) => {
  const read = (value) => {
    if (typeof value === 'string' && /^(NaN|-?Infinity)$/.test(value)) return Number(value)
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) return value.map(read)
    if ('dtype' in value) return decodeTensor(value.dtype, 'a tensor', value)
    if (Object.keys(value).join() === 'name') return kept.get(value.name)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, read(inner)]))
  }
  return read
}

/** Answers until the input ends: `answer(operation, parameters, inputs)` gives the outputs as a message has them. */
export const answering = async (greeting, answer) => {
  const kept = new Map()
  const read = reading(kept)
  const fields = async ({ ask, name, tensor, parameters, inputs = [] }) => {
    if (ask === 'hello') return { protocol: protocolVersion, ...greeting }
    if (ask === 'keep') kept.set(name, read(tensor))
    else if (ask === 'forget') kept.delete(name)
    else if (!greeting.operations.includes(ask)) return { missing: true }
    else return { outputs: await answer(ask, read(parameters), inputs.map(read)) }
    return {}
  }
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, ...question } = JSON.parse(line)
    const said = await fields(question).catch((error) => ({ error: String(error) }))
    process.stdout.write(`${JSON.stringify({ id, ...said })}\n`)
  }
}
