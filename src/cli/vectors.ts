/** `vectors`: every operation's parameters, inputs and right outputs as files, for a port to replay. @module */
import { Command } from 'commander'
import { pipe } from 'fp-ts/lib/function.js'
import * as TaskEither from 'fp-ts/lib/TaskEither.js'
import { writeVectors } from '../node/vectors.js'
import type { Perform } from './io.js'
import { printable } from './io.js'

/** The command. */
export const vectorsCommand = (perform: Perform): Command =>
  new Command('vectors')
    .description('write vectors: parameters, inputs and right outputs of every operation, for a port to replay')
    .argument('<folder>', 'where to write them; made if it is not there')
    .addHelpText(
      'after',
      `
One safetensors file a vector, in both precisions, and manifest.json with the requirements each shows. The metadata has
the operation, its parameters, inputs and outputs as JSON that names the file's tensors. The same bytes every time.

Examples:
  $ spikingresformer vectors vectors`,
    )
    .action(async (folder: string) =>
      perform(
        pipe(
          writeVectors(folder),
          TaskEither.map((count) => `${printable(folder)}: ${count} vectors and manifest.json\n`),
        ),
      ),
    )
