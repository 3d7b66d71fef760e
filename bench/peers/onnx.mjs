// node onnx.mjs s model.onnx [--steps 4]
// Writes the network that is benchmarked (checkpoint 7, one still image) as an ONNX file, as one who exports it for
// speed would. Batch norm is folded into the convolutions, the stem runs once, time is the batch axis of convolutions
// and products (float32 [T, C, H, W]), neurons are unrolled over the steps, and the attention's scales multiply y, the
// smaller operand of each product. The drawing is an interpreter of the model's text, so it is the same network.
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import proto from 'onnx-proto'
import { affineOf, neuronNumbers } from '../../dist/interpreters/affine.js'
import { forward, network } from '../../dist/model/network.js'
import { subject } from '../subject.mjs'

const { onnx } = proto
const { AttributeType } = onnx.AttributeProto
const { FLOAT, INT64 } = onnx.TensorProto.DataType

const tensorOf = (name, dims, data) => ({
  name,
  dims,
  dataType: data instanceof Float32Array ? FLOAT : INT64,
  rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
})

const attributeOf = ([name, value]) =>
  Array.isArray(value) ? { name, type: AttributeType.INTS, ints: value } : { name, type: AttributeType.INT, i: value }

const describe = (name, dims) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
})

/** A convolution's weights and bias with the batch norm after it folded in, rounded once. */
const folded = ({ convolution: { weight }, norm }) => {
  const { gain, shift } = affineOf('float64')(norm)
  const fan = weight.data.length / gain.length
  return [Float32Array.from(weight.data, (w, i) => w * gain[Math.floor(i / fan)]), Float32Array.from(shift)]
}

/**
 * Kernels that draw nodes, for one sample and a run from rest. A value is the name of an ONNX tensor, with its channels
 * and its steps; what is `held` has one frame for all steps. Paths name the tensors as a trace names its lines.
 */
const drawing = () => {
  const nodes = []
  const constants = new Map()
  const constant = (name, dims, data) => {
    if (!constants.has(name)) constants.set(name, tensorOf(name, dims, data))
    return name
  }
  const scalar = (value) => constant(`scalar ${value}`, [], Float32Array.of(value))
  const draw = (opType, input, output, attributes = {}) => {
    nodes.push({ name: output[0], opType, input, output, attribute: Object.entries(attributes).map(attributeOf) })
    return output[0]
  }
  const reshape = (name, dims, output) =>
    draw('Reshape', [name, constant(`shape ${dims}`, [dims.length], BigInt64Array.from(dims, BigInt))], [output])

  const convolve = (path, p, name, output) => {
    const { weight, stride, padding, groups } = p.convolution
    const [weights, bias] = folded(p)
    const inputs = [constant(`${path}.weight`, weight.shape, weights), constant(`${path}.bias`, [bias.length], bias)]
    return draw('Conv', [name, ...inputs], [output], {
      kernel_shape: weight.shape.slice(2),
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
      group: groups,
    })
  }

  const neuron = (path, p, { name, steps, held }) => {
    const { kind, leak, threshold, soft, rest } = neuronNumbers('float32')(p)
    if (kind !== 'LIF' || soft || rest !== 0) throw new Error('only LIF neurons with a hard reset to 0 can be drawn')
    const each = Array.from({ length: steps }, (_, t) => `${path}.${t}`)
    const inputs = each.map((at) => (held ? name : `${at}.x`))
    if (!held) draw('Split', [name], inputs, { axis: 0 })
    let v
    const spikes = each.map((at, t) => {
      const difference = v === undefined ? inputs[t] : draw('Sub', [inputs[t], v], [`${at}.difference`])
      const charge = draw('Mul', [difference, scalar(1 / leak)], [`${at}.charge`]) // what / 2 gives, since tau is 2
      const h = v === undefined ? charge : draw('Add', [v, charge], [`${at}.h`])
      const fires = draw('GreaterOrEqual', [h, scalar(threshold)], [`${at}.fires`])
      const s = draw('Cast', [fires], [`${at}.s`], { to: FLOAT })
      if (t < steps - 1) v = draw('Mul', [h, draw('Sub', [scalar(1), s], [`${at}.keep`])], [`${at}.v`]) // beats Where
      return s
    })
    return draw('Concat', spikes, [path], { axis: 0 })
  }

  /** y times the scale of each head. */
  const scaled = (path, scale, y) =>
    draw('Mul', [y.name, constant(`${path}.scale`, [scale.length, 1, 1], Float32Array.from(scale))], [`${path}.y`])

  const at = (path) => ({
    stem: (p) => {
      const pool = ({ kernel, stride, padding }, name) =>
        draw('MaxPool', [name], [path], {
          kernel_shape: [kernel, kernel],
          strides: [stride, stride],
          pads: [padding, padding, padding, padding],
        })
      return (image) => ({
        ...image,
        name:
          p.pool === null
            ? convolve(path, p, image.name, path)
            : pool(p.pool, convolve(path, p, image.name, `${path}.conv`)),
        channels: p.convolution.weight.shape[0],
      })
    },
    hold: (steps) => (current) => ({ ...current, steps, held: true }),
    fire: (p) => (current) => (membranes) => [{ ...current, name: neuron(path, p, current), held: false }, membranes],
    synapse: (p) => (spikes) => ({
      ...spikes,
      name: convolve(path, p, spikes.name, path),
      channels: p.convolution.weight.shape[0],
    }),
    splitHeads: (heads) => (y) => {
      const perHead = reshape(y.name, [0, heads, y.channels / heads, -1], `${path}.heads`)
      draw('Split', [perHead], [`${path}.1`, `${path}.2`], { axis: 2 })
      const half = { ...y, heads, channels: y.channels / 2 }
      return [
        { ...half, name: `${path}.1` },
        { ...half, name: `${path}.2` },
      ]
    },
    dstT: (scale) => (y, x) => {
      const left = draw('Transpose', [scaled(path, scale, y)], [`${path}.yT`], { perm: [0, 1, 3, 2] })
      const right = reshape(x.name, [0, y.heads, y.channels / y.heads, -1], `${path}.x`)
      return { ...y, name: draw('MatMul', [left, right], [path]) }
    },
    dst: (scale) => (y, attn) => ({ ...y, name: draw('MatMul', [scaled(path, scale, y), attn.name], [path]) }),
    mergeHeads:
      ({ height, width }) =>
      (y) => ({ ...y, name: reshape(y.name, [0, y.channels, height, width], path) }),
    add: (a, b) => ({ ...a, name: draw('Add', [a.name, b.name], [path]), held: a.held && b.held }),
    meanPool: (x) => ({ ...x, name: draw('Flatten', [draw('GlobalAveragePool', [x.name], [`${path}.mean`])], [path]) }),
    classify: (weight) => (x) => {
      const rows = constant(`${path}.weight`, weight.shape, Float32Array.from(weight.data))
      const product = draw('Gemm', [x.name, rows], [`${path}.product`], { transB: 1 })
      return { ...x, name: reshape(product, [0, 1, weight.shape[0]], path) }
    },
    scope: (label) => at(path === '' ? label : `${path}.${label}`),
  })
  return { kernels: at(''), nodes, constants }
}

/**
 * The bytes of an ONNX file of a {@link subject}, from its image `[1, c, H, W]` to its logits `[T, 1, classes]`.
 *
 * @param spikes - whether the spikes of every neuron layer are outputs too, under their paths
 */
export const onnxOf = ({ config, parameters, image }, steps, spikes = false) => {
  const { kernels, nodes, constants } = drawing()
  const input = { name: 'image', channels: config.channels, steps: 1, held: false }
  const { name } = forward(network(kernels)(parameters))(steps)(input)
  const fired = spikes
    ? nodes.filter(({ opType }) => opType === 'Concat').map(({ output }) => ({ name: output[0] }))
    : []
  return onnx.ModelProto.encode({
    irVersion: 8,
    producerName: 'spikingresformer',
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: config.name,
      node: nodes,
      initializer: [...constants.values()],
      input: [describe('image', image.shape.slice(1))],
      output: [describe(name, [steps, 1, config.classes]), ...fired],
    },
  }).finish()
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { steps: { type: 'string', default: '4' } },
  })
  const [variant, file] = positionals
  if (file === undefined) {
    console.error('usage: node onnx.mjs VARIANT FILE [--steps 4]')
    process.exit(2)
  }
  writeFileSync(file, onnxOf(subject(variant), Number(values.steps)))
}
